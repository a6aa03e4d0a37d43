//! The idle timeout: a connection on which nothing happens because of its client is ended.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The idle timer of one connection.
#[derive(Debug)]
pub(crate) struct IdleTimeout {
    patience: Duration,
    opened: Instant,
    /// When the client last took bytes, in milliseconds since the connection was opened.
    moved: AtomicU64,
    /// When the last request ended, likewise.
    quiet: AtomicU64,
    /// Whether the client does not take what is sent.
    is_stuck: AtomicBool,
    /// The number of requests under way.
    requests: AtomicUsize,
    /// Wakes the connection when it is to give way to another one.
    way: Notify,
}

impl IdleTimeout {
    /// Starts the idle timer of a new connection.
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            patience,
            opened: Instant::now(),
            moved: AtomicU64::new(0),
            quiet: AtomicU64::new(0),
            is_stuck: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            way: Notify::new(),
        }
    }

    /// Begins a request.
    pub(crate) fn begin(self: &Arc<Self>) -> RequestUnderWay {
        self.requests.fetch_add(1, Ordering::Relaxed);
        RequestUnderWay(Arc::clone(self))
    }

    /// Since when no request has been under way; none if one is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.requests.load(Ordering::Relaxed) == 0;
        let quiet = Duration::from_millis(self.quiet.load(Ordering::Relaxed));
        is_idle.then(|| self.opened + quiet)
    }

    /// Lets the connection end, so that there is a place for another one.
    pub(crate) fn give_way(&self) {
        self.way.notify_one();
    }

    /// Waits until the connection is to give way.
    pub(crate) async fn gives_way(&self) {
        self.way.notified().await;
    }

    /// Counts from now on.
    pub(crate) fn renew(&self) {
        self.moved.store(self.age(), Ordering::Relaxed);
        self.quiet.store(self.age(), Ordering::Relaxed);
    }

    /// The milliseconds since the connection was opened.
    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until the connection is to be ended; says why.
    ///
    /// A request that waits for the registry is the registry's own affair, however long it takes.
    pub(crate) async fn over(&self) -> &'static str {
        loop {
            let since = |age: &AtomicU64| self.opened + Duration::from_millis(age.load(Ordering::Relaxed));
            let (since, why) = if self.requests.load(Ordering::Relaxed) == 0 {
                (since(&self.quiet), "the client sends no request")
            } else if self.is_stuck.load(Ordering::Relaxed) {
                (since(&self.moved), "the client does not take its answer")
            } else {
                (Instant::now(), "")
            };
            let deadline = since + self.patience;
            if deadline <= Instant::now() {
                return why;
            }
            sleep_until(deadline).await;
        }
    }
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestUnderWay(Arc<IdleTimeout>);

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        self.0.quiet.store(self.0.age(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream of which it is noticed whether the client takes what is written to it.
#[derive(Debug)]
pub(crate) struct Observed<S> {
    stream: S,
    activity: Arc<IdleTimeout>,
}

impl<S> Observed<S> {
    /// Notices what is written to `stream`.
    pub(crate) const fn new(stream: S, activity: Arc<IdleTimeout>) -> Self {
        Self { stream, activity }
    }

    fn written(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.is_stuck.store(poll.is_pending(), Ordering::Relaxed);
        if poll.is_ready() {
            self.activity.moved.store(self.activity.age(), Ordering::Relaxed);
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::IdleTimeout;

    const PATIENCE: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_connection_without_a_request_is_over_after_a_while() {
        let activity = IdleTimeout::new(PATIENCE);
        assert!(timeout(PATIENCE / 2, activity.over()).await.is_err());
        activity.over().await;
    }

    #[tokio::test]
    async fn a_request_that_the_registry_works_on_is_not_over() {
        let activity = Arc::new(IdleTimeout::new(PATIENCE));
        let request = activity.begin();
        assert!(timeout(PATIENCE * 4, activity.over()).await.is_err());
        drop(request);
        assert_eq!(activity.over().await, "the client sends no request");
    }
}
