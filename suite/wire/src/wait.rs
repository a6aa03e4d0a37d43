//! How long a server asks its clients to stay away (RFC 6585, section 4, and RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use super::{Headers, number};

/// The wait where a 429 says none: the shortest that `Retry-After` could say.
const USUAL: Duration = Duration::from_secs(1);
/// The longest wait that is borne: half a minute is what registries that limit by the minute ask for at worst.
const LONGEST: Duration = Duration::from_secs(30);

/// What a server that is asked too often wants its client to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// To stay away for so long.
    Wait(Duration),
    /// To stay away for longer than can be borne.
    TooLong,
}

impl Limit {
    /// What an answer of this status says, if it is one to too many requests.
    pub fn of(status: u16, headers: &Headers) -> Option<Limit> {
        if status != 429 {
            return None;
        }
        let Some(text) = headers.get("Retry-After") else {
            return Some(Limit::Wait(USUAL));
        };
        let asked = match httpdate::parse_http_date(text.trim()) {
            Ok(moment) => Some(moment.duration_since(SystemTime::now()).unwrap_or_default()),
            Err(_) => number(text, LONGEST.as_secs()).ok().map(Duration::from_secs),
        };
        let borne = asked.filter(|wait| *wait <= LONGEST);
        Some(borne.map_or(Limit::TooLong, Limit::Wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(status: u16, retry_after: &str) -> Option<Limit> {
        Limit::of(status, &[("retry-after", retry_after)].into_iter().collect())
    }

    #[test]
    fn a_429_asks_for_a_while() {
        let wait = |wait| Some(Limit::Wait(wait));
        assert_eq!(Limit::of(429, &Headers::new()), wait(USUAL));
        assert_eq!(asked(429, " 7 "), wait(Duration::from_secs(7)));
        assert_eq!(asked(429, "30"), wait(LONGEST));
        assert_eq!(asked(503, "7"), None);
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(asked(429, past), wait(Duration::ZERO));
    }

    #[test]
    fn what_cannot_be_borne_is_not_waited_for() {
        let future = "Fri, 31 Dec 2100 23:59:59 GMT";
        for text in [
            "31",
            "999999999",
            "18446744073709551616",
            "-1",
            "soon",
            "",
            "1.5",
            future,
        ] {
            assert_eq!(asked(429, text), Some(Limit::TooLong), "{text:?}");
        }
    }
}
