//! The requests of a scenario that are under way: one that is cut off waits for their answers, which say what was created.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// The requests of one scenario that are under way, whoever in it sends them.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestsUnderWay(Arc<watch::Sender<Sending>>);

#[derive(Debug, Default)]
struct Sending {
    requests: usize,
    is_over: bool,
}

/// A request that is under way; dropped, it is over.
#[derive(Debug)]
pub(super) struct RequestUnderWay(RequestsUnderWay);

impl RequestsUnderWay {
    /// Begins a request; never comes back where no more are to be sent.
    pub(super) async fn begin(&self) -> RequestUnderWay {
        let begun = self.0.send_if_modified(|sending| {
            sending.requests += usize::from(!sending.is_over);
            !sending.is_over
        });
        if !begun {
            pending::<()>().await;
        }
        RequestUnderWay(self.clone())
    }

    /// Lets no more requests begin, and waits until none is under way.
    pub(super) async fn end(&self) {
        self.0.send_modify(|sending| sending.is_over = true);
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|sending| sending.requests == 0).await;
    }
}

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|sending| sending.requests -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_under_way_is_waited_for_and_nothing_else_begins() {
        let under_way = RequestsUnderWay::default();
        let one = under_way.begin().await;
        let other = under_way.clone().begin().await;
        assert!(under_way.end().now_or_never().is_none());
        assert!(under_way.begin().now_or_never().is_none(), "it is over");
        drop(one);
        assert!(under_way.end().now_or_never().is_none());
        drop(other);
        assert!(under_way.end().now_or_never().is_some());
    }
}
