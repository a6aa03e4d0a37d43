//! The body of a request, which has to come at a least rate.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::error::Fault;

/// How much of a body is read after the answer, so that the client gets to see the answer.
const DRAINED_BYTES: u64 = 256 * 1024 * 1024;

/// The body of a request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    rate: MinimumRate,
}

impl RequestBody {
    /// A body whose client may be silent for `patience`, and in each such time that it is waited for has to send
    /// `rate` bytes a second.
    pub(crate) fn new(incoming: Incoming, patience: Duration, rate: u64) -> Self {
        Self {
            incoming,
            rate: MinimumRate::new(patience, rate),
        }
    }

    /// The next part; `None` at the end of the body.
    ///
    /// # Errors
    /// Fails if the body ends before its announced length, or comes too slowly.
    pub(crate) async fn next_part(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let began = Instant::now();
            let frame = timeout(self.rate.left(), self.incoming.frame()).await;
            let length = match &frame {
                Ok(Some(Ok(frame))) => frame.data_ref().map_or(0, Bytes::len),
                _ => 0,
            };
            self.rate.came(length as u64, began.elapsed())?;
            match frame.map_err(|_| Fault::BodyTooSlow)? {
                None => return Ok(None),
                Some(frame) => {
                    // A frame of trailers says nothing about content.
                    if let Ok(part) = frame.map_err(|_| Fault::SizeInvalid)?.into_data() {
                        return Ok(Some(part));
                    }
                }
            }
        }
    }

    /// Whether nothing is to come.
    pub(crate) fn is_at_end(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads what a client still sends after it was answered: a connection that is closed on unread bytes is reset,
    /// and the answer may be lost with it.
    pub(crate) async fn drain(mut self) {
        let mut drained = 0;
        while drained < DRAINED_BYTES {
            match self.next_part().await {
                Ok(Some(part)) => drained += part.len() as u64,
                _ => return,
            }
        }
    }
}

/// How fast a body comes. Only the time counts in which the client is waited for.
#[derive(Debug)]
struct MinimumRate {
    patience: Duration,
    /// The bytes that have to come in each time of `patience`.
    least: u64,
    /// The time that was waited since the body was last found to be fast enough.
    waited: Duration,
    /// The bytes that have come since then.
    came: u64,
}

impl MinimumRate {
    fn new(patience: Duration, rate: u64) -> Self {
        Self {
            patience,
            least: rate.saturating_mul(patience.as_secs()),
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// How long the next part may take.
    fn left(&self) -> Duration {
        self.patience.saturating_sub(self.waited)
    }

    /// Counts a part.
    fn came(&mut self, bytes: u64, waited: Duration) -> Result<(), Fault> {
        self.came += bytes;
        self.waited += waited;
        if self.came >= self.least.max(1) {
            self.waited = Duration::ZERO;
            self.came = 0;
        }
        if self.waited >= self.patience {
            return Err(Fault::BodyTooSlow);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::MinimumRate;
    use crate::http::error::Fault;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_body_that_drips_is_too_slow() {
        let mut rate = MinimumRate::new(SECOND * 10, 100);
        for _ in 0..9 {
            assert_eq!(rate.came(1, SECOND), Ok(()));
        }
        assert_eq!(rate.left(), SECOND);
        assert_eq!(rate.came(1, SECOND), Err(Fault::BodyTooSlow));
    }

    #[test]
    fn a_body_that_comes_at_the_least_rate_is_not() {
        let mut rate = MinimumRate::new(SECOND * 10, 100);
        for _ in 0..100 {
            assert_eq!(rate.came(125, SECOND), Ok(()));
        }
    }

    #[test]
    fn what_came_fast_is_no_credit_for_later() {
        let mut rate = MinimumRate::new(SECOND * 10, 100);
        assert_eq!(rate.came(1 << 30, SECOND), Ok(()));
        for _ in 0..9 {
            assert_eq!(rate.came(1, SECOND), Ok(()));
        }
        assert_eq!(rate.came(1, SECOND), Err(Fault::BodyTooSlow));
    }

    #[test]
    fn without_a_rate_only_silence_is_too_slow() {
        let mut rate = MinimumRate::new(SECOND * 10, 0);
        for _ in 0..100 {
            assert_eq!(rate.came(1, SECOND * 9), Ok(()));
        }
        assert_eq!(rate.came(0, SECOND * 10), Err(Fault::BodyTooSlow));
    }
}
