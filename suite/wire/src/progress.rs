//! How far a request has been written: the time for its answer begins when it is through.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep_until};

use super::Fault;

/// How far the request has been written.
pub(super) struct WriteProgress(Mutex<WriteState>);

#[derive(Clone, Copy)]
struct WriteState {
    bytes: u64,
    /// When nothing more was to be written, since all was or since it could not be.
    ended: Option<Instant>,
}

impl WriteProgress {
    pub(super) fn begin() -> WriteProgress {
        WriteProgress(Mutex::new(WriteState {
            bytes: 0,
            ended: None,
        }))
    }

    pub(super) fn made(&self, bytes: usize) {
        self.state().bytes += bytes as u64;
    }

    pub(super) fn end(&self) {
        self.state().ended = Some(Instant::now());
    }

    pub(super) fn written(&self) -> u64 {
        self.state().bytes
    }

    fn state(&self) -> MutexGuard<'_, WriteState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of this, unless the request has been written for so long; while it is being written, its own limits
    /// hold.
    pub(super) async fn answered<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let (answer, late) = (pin!(answer), pin!(self.long_ended(limit)));
        match select(answer, late).await {
            Either::Left((answer, _)) => Ok(answer),
            Either::Right(((), _)) => Err(Fault::Timeout {
                after: limit,
                doing: "waiting for the answer",
            }),
        }
    }

    /// Waits until the request has been written for so long.
    async fn long_ended(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let ended = self.state().ended;
            let end = ended.unwrap_or(now) + limit;
            if now >= end {
                return;
            }
            sleep_until(end).await;
        }
    }
}
