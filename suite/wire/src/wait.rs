//! How long a server asks its clients to stay away (RFC 6585, section 4, and RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use super::{Headers, number};

/// The wait where a 429 says none: the shortest that `Retry-After` could say.
const USUAL: Duration = Duration::from_secs(1);
/// The longest wait that is borne: half a minute is what registries that limit by the minute ask for at worst.
const LONGEST: Duration = Duration::from_secs(30);

/// How long an answer of this status asks the client to wait; `None` if it does not, or for longer than can be borne.
pub fn wait_asked_for(status: u16, headers: &Headers) -> Option<Duration> {
    if status != 429 {
        return None;
    }
    let Some(text) = headers.get("Retry-After") else {
        return Some(USUAL);
    };
    if let Ok(moment) = httpdate::parse_http_date(text.trim()) {
        let wait = moment.duration_since(SystemTime::now()).unwrap_or_default();
        return (wait <= LONGEST).then_some(wait);
    }
    number(text, LONGEST.as_secs()).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(status: u16, retry_after: &str) -> Option<Duration> {
        wait_asked_for(status, &[("retry-after", retry_after)].into_iter().collect())
    }

    #[test]
    fn a_429_asks_for_a_while() {
        assert_eq!(wait_asked_for(429, &Headers::new()), Some(USUAL));
        assert_eq!(asked(429, " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(asked(429, "30"), Some(LONGEST));
        assert_eq!(asked(503, "7"), None);
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(asked(429, past), Some(Duration::ZERO));
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
            assert_eq!(asked(429, text), None, "{text:?}");
        }
    }
}
