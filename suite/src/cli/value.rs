//! The values of options that have a grammar of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use assize::run::is_repository;
use assize::wire::Address;

/// Reads a time such as `500ms`, `5s` or `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("a time is a whole number and one of ms, s and m, as in 500ms or 5s".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{number}` is not a number of times this long"))
}

/// Reads how many scenarios run at the same time.
pub(crate) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "it is the number of scenarios that run at the same time, 1 or more".to_owned())
}

/// Reads the name of a repository.
pub(crate) fn repository(text: &str) -> Result<String, String> {
    let is_one = is_repository(text);
    is_one
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not the name of a repository"))
}

/// Reads a seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Reads where a host is found.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).ok_or_else(|| {
        "it is not a host, a port and an address, as in registry.example.com:443:192.0.2.7".to_owned()
    })
}

/// Reads an address to listen on: a port alone is one of this machine.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    let port = text
        .parse()
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.or_else(|_| text.parse()).map_err(|_| {
        "an address to listen on is a port, or a host and a port, as in 127.0.0.1:5000".to_owned()
    })
}

/// Reads a header line: a name, a colon, and a value.
pub(crate) fn header_line(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| "a header line is a name, a colon and a value, as in 'X-Tenant: me'".to_owned())?;
    http::HeaderName::try_from(name).map_err(|_| format!("`{name}` is not the name of a header line"))?;
    Ok((name.to_owned(), header_value(value.trim())?))
}

/// Reads the value of a header line.
pub(crate) fn header_value(text: &str) -> Result<String, String> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err("no header line can hold a control character".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_is_a_name_and_a_value() {
        let own = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(header_line("X-Tenant: me : you "), own("X-Tenant", "me : you"));
        assert_eq!(header_line("X-Empty:"), own("X-Empty", ""));
        for wrong in ["X-Tenant", "X Tenant: me", ": me", "A: b\r\nC: d"] {
            assert!(header_line(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_found_where_the_user_says() {
        let found = address("R.example:443:[::1]").unwrap();
        assert_eq!((found.host.as_str(), found.port), ("r.example", 443));
        for wrong in [
            "r.example",
            "r.example:443",
            "r.example:x:1.2.3.4",
            "r.example:443:host",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (text, expected) in [
            ("5001", "127.0.0.1:5001"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:0", "[::1]:0"),
        ] {
            assert_eq!(listen(text).unwrap().to_string(), expected);
        }
        assert!(listen("here").is_err());
    }

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in [
            "5",
            "s",
            "5h",
            "1.5s",
            "-1s",
            "99999999999999999999s",
            "18446744073709551615m",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
