//! The rate limit: how many requests a client may make (spec: Error Codes, code-14).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::quota::network;

/// How many clients are remembered before those that are not in debt are forgotten.
const REMEMBERED: usize = 10_000;

/// Lets each client make `rate` requests a second, and as many at once after a pause.
#[derive(Debug)]
pub(crate) struct RateLimit {
    pause: Duration,
    burst: Duration,
    /// When each client will have paid for all its requests.
    paid: Mutex<HashMap<IpAddr, Instant>>,
}

impl RateLimit {
    /// A limit of `rate` requests a second; none for 0.
    pub(crate) fn new(rate: u32) -> Option<Self> {
        let burst = Duration::from_secs(1);
        let pause = burst.checked_div(rate)?;
        Some(Self {
            pause,
            burst,
            paid: Mutex::default(),
        })
    }

    /// Counts a request made at `now`; refused, it says how long the client has to wait.
    pub(crate) fn admit(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let client = network(client);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= REMEMBERED {
            paid.retain(|_, until| *until > now);
        }
        let until = paid.get(&client).map_or(now, |until| (*until).max(now)) + self.pause;
        let debt = until - now;
        if debt > self.burst {
            return Err(debt - self.burst);
        }
        paid.insert(client, until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    use super::RateLimit;

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    #[test]
    fn a_client_that_waits_as_long_as_it_is_told_is_admitted() {
        let limiter = RateLimit::new(2).unwrap();
        let start = Instant::now();
        assert!(limiter.admit(CLIENT, start).is_ok());
        assert!(limiter.admit(CLIENT, start).is_ok());
        let wait = limiter.admit(CLIENT, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(limiter.admit(OTHER, start).is_ok());
        assert!(limiter.admit(CLIENT, start + wait).is_ok());
        assert!(limiter.admit(CLIENT, start + wait).is_err());
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert!(RateLimit::new(0).is_none());
    }
}
