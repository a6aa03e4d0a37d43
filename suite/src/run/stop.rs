//! How a run is stopped from outside.

use std::sync::Arc;

use tokio::sync::Notify;

/// A handle by which a run is stopped: it asks nothing more, cleans up, and says what it had found.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Notify>);

impl Stop {
    /// Stops the run.
    pub fn stop(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody stops the run.
    pub(super) async fn stopped(&self) {
        self.0.notified().await;
    }
}
