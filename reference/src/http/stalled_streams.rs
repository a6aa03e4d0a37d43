//! Streams of HTTP/2 whose client takes nothing: each is ended by itself, whatever else the connection does.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Instant, sleep_until};

/// Stands for a stream that does not wait for its client.
const MOVES: u64 = u64::MAX;

tokio::task_local! {
    /// The stream that the current task serves.
    static CURRENT: Stream;
}

/// What is known of one stream.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Arc<StreamState>);

#[derive(Debug)]
struct StreamState {
    opened: Instant,
    /// Since when it has waited for its client, in milliseconds since it was opened; [`MOVES`] if it does not.
    waits: AtomicU64,
}

impl Stream {
    fn open() -> Self {
        Self(Arc::new(StreamState {
            opened: Instant::now(),
            waits: AtomicU64::new(MOVES),
        }))
    }

    /// The stream that the current task serves, if it serves one.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// The client has taken what there was: the registry's turn begins.
    pub(crate) fn moves(&self) {
        self.0.waits.store(MOVES, Ordering::Relaxed);
    }

    /// There is something to take: the client's turn begins.
    pub(crate) fn waits_for_client(&self) {
        let age = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(MOVES - 1);
        self.0.waits.store(age, Ordering::Relaxed);
    }

    /// Waits until the client has taken nothing for so long, or half as long again.
    async fn stalled(&self, patience: Duration) {
        loop {
            let now = Instant::now();
            let next = match self.0.waits.load(Ordering::Relaxed) {
                MOVES => now + patience / 2,
                age => self.0.opened + Duration::from_millis(age) + patience,
            };
            if next <= now {
                return;
            }
            sleep_until(next).await;
        }
    }
}

/// Runs the streams of a connection, and ends those whose client takes nothing for too long.
#[derive(Debug, Clone)]
pub(crate) struct StreamExecutor {
    patience: Duration,
}

impl StreamExecutor {
    /// Allows a client to take nothing of a stream for so long.
    pub(crate) const fn new(patience: Duration) -> Self {
        Self { patience }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, serving: F) {
        let (stream, patience) = (Stream::open(), self.patience);
        let watched = stream.clone();
        let serving = async move {
            tokio::select! {
                biased;
                () = serving => {}
                () = watched.stalled(patience) => tracing::debug!("a client does not take its answer: the stream is ended"),
            }
        };
        tokio::spawn(CURRENT.scope(stream, serving));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::Stream;

    const PATIENCE: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_stream_is_stalled_when_its_client_has_taken_nothing_for_a_while() {
        let stream = Stream::open();
        assert!(timeout(PATIENCE * 3, stream.stalled(PATIENCE)).await.is_err());
        stream.waits_for_client();
        assert!(timeout(PATIENCE / 2, stream.stalled(PATIENCE)).await.is_err());
        stream.moves();
        assert!(timeout(PATIENCE * 3, stream.stalled(PATIENCE)).await.is_err());
        stream.waits_for_client();
        stream.stalled(PATIENCE).await;
    }
}
