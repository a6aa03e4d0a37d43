//! Addresses as people write them.

use std::net::{Ipv4Addr, SocketAddr};

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

/// Reads an address to listen on: with a host, or the port alone. `5000` is on this machine only, `:5000` on every
/// address of it.
pub(super) fn parse(text: &str) -> Result<SocketAddr, String> {
    let short = match text.strip_prefix(':') {
        Some(port) => port.parse().map(|port| (Ipv4Addr::UNSPECIFIED, port)),
        None => text.parse().map(|port| (Ipv4Addr::LOCALHOST, port)),
    };
    let short = short.map(SocketAddr::from).ok();
    let address = short.or_else(|| text.replace("localhost:", "127.0.0.1:").parse().ok());
    address.ok_or_else(|| {
        format!("{text:?} is no address to listen on, such as 127.0.0.1:5000, [::1]:5000, :5000 or 5000")
    })
}

/// Reads an address in a file.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads an address in a file that may be left out.
pub(super) fn deserialize_some<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_address_has_a_port_and_perhaps_a_host() {
        for (text, expected) in [
            ("5000", "127.0.0.1:5000"),
            (":5000", "0.0.0.0:5000"),
            ("localhost:5000", "127.0.0.1:5000"),
            ("[::1]:0", "[::1]:0"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), expected);
        }
        for text in ["", ":", "65536", "::1", "a:5000", "127.0.0.1", "-1"] {
            assert!(
                parse(text).unwrap_err().contains("is no address to listen on"),
                "{text}"
            );
        }
    }
}
