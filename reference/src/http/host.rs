//! The host that a request is for (RFC 9110, section 7.2; RFC 9112, section 3.2; RFC 9113, section 8.3.1).

use std::fmt;
use std::net::Ipv6Addr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri, Version};

use super::error::Fault;

/// A host, perhaps with a port (RFC 3986, sections 3.2.2 and 3.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

impl Host {
    /// Reads a host: a name, or an address, which stands in brackets if it is one of IPv6.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let port = match text.strip_prefix('[') {
            Some(literal) => {
                let (address, rest) = literal.split_once(']')?;
                address.parse::<Ipv6Addr>().ok()?;
                rest.strip_prefix(':').or(rest.is_empty().then_some(""))?
            }
            None => {
                let (name, port) = text.split_once(':').unwrap_or((text, ""));
                if name.is_empty() || !is_registered_name(name) {
                    return None;
                }
                port
            }
        };
        let is_valid = port.bytes().all(|byte| byte.is_ascii_digit());
        is_valid.then(|| Self(text.to_owned()))
    }

    /// The same host with a port, unless it has one.
    pub(crate) fn with_port(self, port: u16) -> Self {
        let behind_address = self.0.rsplit(']').next().unwrap_or(&self.0);
        if behind_address.contains(':') {
            self
        } else {
            Self(format!("{}:{port}", self.0))
        }
    }

    /// The host that a request is for. Only HTTP/1.0 can do without one.
    ///
    /// # Errors
    /// Refuses a request that names none, several, or one that is none.
    pub(crate) fn of_request(
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Fault> {
        let mut lines = headers.get_all(HOST).iter();
        let (line, second) = (lines.next(), lines.next());
        let named = line.map(|line| line.to_str().ok().and_then(Self::parse));
        let target = uri
            .authority()
            .map(|authority| Self::parse(Authority::as_str(authority)));
        if second.is_some() || named == Some(None) || target == Some(None) {
            return Err(Fault::HostInvalid);
        }
        let (named, target) = (named.flatten(), target.flatten());
        let is_missing = match version {
            Version::HTTP_09 | Version::HTTP_10 => false,
            Version::HTTP_11 => named.is_none(),
            _ => named.is_none() && target.is_none(),
        };
        // In HTTP/1 the target counts, whatever the header says.
        let may_differ = version <= Version::HTTP_11 || named.is_none() || target.is_none();
        if is_missing || !(may_differ || named == target) {
            return Err(Fault::HostInvalid);
        }
        Ok(target.or(named))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Host {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// `reg-name` of RFC 3986 without its escapes: no name of a host has any, and what others read of a URL with one differs.
fn is_registered_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use http::{Request, Version};
    use proptest::prelude::*;

    use super::Host;
    use crate::http::error::Fault;

    #[test]
    fn a_host_is_a_name_or_an_address_perhaps_with_a_port() {
        for text in [
            "a",
            "a.example:5000",
            "192.0.2.1",
            "[::1]",
            "[2001:db8::1]:443",
            "a:",
            "a_b",
        ] {
            assert!(Host::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            ":1",
            "a b",
            "x\"><script>",
            "evil/..@x",
            "a@b",
            "a:b",
            "a:1:2",
            "[::1",
            "[\"",
            "[a]",
            "[::1]x",
            "a%20b",
            "a%2Fb",
            "a%2",
            "a%zz",
            "a#b",
            "a?b",
            "ä",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_port_is_added_where_there_is_none() {
        for (text, expected) in [
            ("a", "a:1"),
            ("a:2", "a:2"),
            ("[::1]", "[::1]:1"),
            ("[::1]:2", "[::1]:2"),
        ] {
            assert_eq!(Host::parse(text).unwrap().with_port(1).as_ref(), expected);
        }
    }

    /// The host of a request with a target and lines of `Host`.
    fn host(version: Version, target: &str, lines: &[&str]) -> Result<Option<String>, Fault> {
        let request = lines
            .iter()
            .fold(Request::builder().uri(target), |request, line| {
                request.header("host", *line)
            });
        let (head, ()) = request.body(()).unwrap().into_parts();
        let host = Host::of_request(version, &head.uri, &head.headers)?;
        Ok(host.map(|host| host.to_string()))
    }

    #[test]
    fn a_request_names_one_host() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        let invalid = Err(Fault::HostInvalid);
        for (version, target, lines, expected) in [
            (Version::HTTP_11, "/v2/", &["a:1"][..], named("a:1")),
            (Version::HTTP_11, "/v2/", &[], invalid.clone()),
            (Version::HTTP_11, "/v2/", &["a", "a"], invalid.clone()),
            (Version::HTTP_11, "/v2/", &["a b"], invalid.clone()),
            (Version::HTTP_11, "http://b/v2/", &["a"], named("b")),
            (Version::HTTP_11, "http://b/v2/", &[], invalid.clone()),
            (Version::HTTP_11, "http://u@b/v2/", &["b"], invalid.clone()),
            (Version::HTTP_10, "/v2/", &[], Ok(None)),
            (Version::HTTP_10, "/v2/", &["a"], named("a")),
            (Version::HTTP_2, "http://b/v2/", &[], named("b")),
            (Version::HTTP_2, "http://b/v2/", &["b"], named("b")),
            (Version::HTTP_2, "http://b/v2/", &["a"], invalid.clone()),
            (Version::HTTP_2, "/v2/", &[], invalid.clone()),
        ] {
            assert_eq!(
                host(version, target, lines),
                expected,
                "{version:?} {target} {lines:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_that_ends_a_quotation_or_a_path_is_a_host(text in ".*") {
            if Host::parse(&text).is_some() {
                prop_assert!(!text.contains(['"', '<', '>', '/', '\\', '@', ' ', '?', '#']));
            }
        }
    }
}
