//! What stands in front of the registry: how URLs are printed, and who the client is.
//!
//! Proxies tell both in headers, which are believed only if they come from a trusted address.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::HOST;
use http::uri::Scheme;

use super::host::Host;
use super::peer::{Arrival, Peer};
use super::routes::UrlBuilder;
use crate::config::{Config, Location};

/// Settles how URLs are printed for a request.
pub(crate) fn url_builder(config: &Config, arrival: &Arrival, headers: &HeaderMap) -> UrlBuilder {
    urls_of_form(config.location, config, arrival, headers)
}

/// Settles how URLs are printed that have to be whole, whatever form the others have.
pub(crate) fn whole_urls(config: &Config, arrival: &Arrival, headers: &HeaderMap) -> UrlBuilder {
    urls_of_form(Location::Absolute, config, arrival, headers)
}

fn urls_of_form(form: Location, config: &Config, arrival: &Arrival, headers: &HeaderMap) -> UrlBuilder {
    let peer = arrival.peer;
    let forwarded = if config.trusted_proxies.contains(&peer.address.ip()) {
        Forwarded::read(headers)
    } else {
        Forwarded::default()
    };
    let base = config.base_url.as_ref();
    match (form, base) {
        (Location::Absolute, Some(base)) => UrlBuilder::under(base),
        (Location::Relative, Some(base)) => UrlBuilder::relative(base.path()),
        (Location::Relative, None) => UrlBuilder::relative(&forwarded.prefix),
        (Location::Absolute, None) => {
            let own = if peer.is_secure {
                Scheme::HTTPS
            } else {
                Scheme::HTTP
            };
            let scheme = forwarded.scheme.as_ref().unwrap_or(&own);
            match forwarded.host.as_ref().or(arrival.host.as_ref()) {
                Some(host) => UrlBuilder::absolute(scheme, host.as_ref(), &forwarded.prefix),
                // A client of HTTP/1.0 that does not say how it has found the registry.
                None => UrlBuilder::absolute(scheme, &config.listen.to_string(), &forwarded.prefix),
            }
        }
    }
}

impl UrlBuilder {
    /// URLs as the client of a request sees the registry, by what the headers of the request say: those of proxies, which have
    /// to be trusted, and `Host`. Without a host they are paths.
    #[must_use]
    pub fn of_request(scheme: &Scheme, headers: &HeaderMap) -> Self {
        let forwarded = Forwarded::read(headers);
        let host = || headers.get(HOST)?.to_str().ok().and_then(Host::parse);
        match forwarded.host.clone().or_else(host) {
            Some(host) => {
                let scheme = forwarded.scheme.as_ref().unwrap_or(scheme);
                Self::absolute(scheme, host.as_ref(), &forwarded.prefix)
            }
            None => Self::relative(&forwarded.prefix),
        }
    }
}

/// What a proxy says about the request that it received. What is malformed has not been said.
#[derive(Debug, Default)]
struct Forwarded {
    scheme: Option<Scheme>,
    host: Option<Host>,
    prefix: String,
}

impl Forwarded {
    /// Reads `Forwarded` (RFC 7239), and the `X-Forwarded-…` headers where it is silent.
    fn read(headers: &HeaderMap) -> Self {
        let first = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let standard = first("forwarded").unwrap_or_default();
        let pairs = standard.split(';').filter_map(|pair| pair.trim().split_once('='));
        let parameter = |wanted: &str| {
            let mut found = pairs.clone().filter(|(key, _)| key.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let scheme = parameter("proto").or_else(|| first("x-forwarded-proto"));
        let host = parameter("host").or_else(|| first("x-forwarded-host"));
        let host = host.and_then(|host| Host::parse(&host));
        let port = first("x-forwarded-port").and_then(|port| port.parse().ok());
        Self {
            scheme: scheme.and_then(|scheme| web_scheme(&scheme)),
            host: match (host, port) {
                (Some(host), Some(port)) => Some(host.with_port(port)),
                (host, _) => host,
            },
            prefix: first("x-forwarded-prefix")
                .filter(|prefix| is_plain_path(prefix))
                .unwrap_or_default(),
        }
    }
}

/// The scheme of a registry's URLs.
fn web_scheme(text: &str) -> Option<Scheme> {
    let known = [Scheme::HTTP, Scheme::HTTPS];
    known
        .into_iter()
        .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
}

/// Whether a text is a path that leads down from the root, and to no other host.
fn is_plain_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte);
    let is_segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain);
    let path = text.strip_suffix('/').unwrap_or(text);
    path.is_empty()
        || path
            .strip_prefix('/')
            .is_some_and(|path| path.split('/').all(is_segment))
}

/// The address of the client: the last that no trusted proxy has, as the proxies tell it.
pub(crate) fn client(config: &Config, peer: Peer, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: &IpAddr| config.trusted_proxies.contains(address);
    let peer = peer.address.ip();
    if !is_trusted(&peer) {
        return peer;
    }
    let standard = hops(headers, "forwarded").filter_map(|hop| {
        let mut pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(key, value)| key.eq_ignore_ascii_case("for").then(|| value.trim_matches('"')))
    });
    let mut chain = standard.collect::<Vec<_>>();
    if chain.is_empty() {
        chain = hops(headers, "x-forwarded-for").collect();
    }
    let mut client = peer;
    // Each proxy adds the one before it at the end, so what stands further in front is further away.
    for hop in chain.into_iter().rev() {
        let Some(address) = address(hop) else { break };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    client
}

/// The entries of a list, which may stand in several lines.
fn hops<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers
        .get_all(name)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Reads an address, perhaps with a port; an IPv6 address may stand in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use http::{HeaderMap, Request};

    use uuid::Uuid;

    use super::{client, url_builder, whole_urls};
    use crate::config::{Config, Location};
    use crate::http::host::Host;
    use crate::http::peer::{Arrival, Peer, RequestId};
    use crate::http::routes::Route;

    const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn peer(is_secure: bool) -> Peer {
        Peer {
            address: (PROXY, 1).into(),
            is_secure,
        }
    }

    fn arrival(is_secure: bool, host: Option<&str>) -> Arrival {
        Arrival {
            id: RequestId::new(Uuid::nil(), 1),
            peer: peer(is_secure),
            client: PROXY,
            host: host.map(|host| Host::parse(host).unwrap()),
        }
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let request = lines.iter().fold(Request::builder(), |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0.headers
    }

    fn base_url(config: &Config, lines: &[(&str, &str)]) -> String {
        let host = lines.iter().find(|(name, _)| *name == "host");
        let arrival = arrival(false, host.map(|(_, host)| *host));
        url_builder(config, &arrival, &headers(lines)).url(&Route::Base)
    }

    fn absolute() -> Config {
        Config {
            location: Location::Absolute,
            trusted_proxies: vec![PROXY],
            ..Config::default()
        }
    }

    #[test]
    fn urls_are_those_that_the_client_used() {
        assert_eq!(base_url(&Config::default(), &[("host", "a:5000")]), "/v2/");
        assert_eq!(base_url(&absolute(), &[("host", "a:5000")]), "http://a:5000/v2/");
    }

    #[test]
    fn whole_urls_have_a_host_even_where_others_have_none() {
        let url =
            |config: &Config, host| whole_urls(config, &arrival(true, host), &headers(&[])).url(&Route::Base);
        let relative = Config::default();
        assert_eq!(url(&relative, Some("b")), "https://b/v2/");
        assert_eq!(url(&relative, None), "https://127.0.0.1:5000/v2/");
        let known = Config {
            base_url: Some("https://c/p/".parse().unwrap()),
            ..relative
        };
        assert_eq!(url(&known, Some("b")), "https://c/p/v2/");
    }

    #[test]
    fn what_a_proxy_says_badly_it_has_not_said() {
        let rows: [&[(&str, &str)]; 9] = [
            &[("x-forwarded-proto", "javascript")],
            &[("forwarded", "proto=ftp")],
            &[("x-forwarded-host", "b c")],
            &[("x-forwarded-host", "b/c")],
            &[("forwarded", "host=\"b>c\"")],
            &[("x-forwarded-port", "80@c")],
            &[("x-forwarded-prefix", "//evil.example")],
            &[("x-forwarded-prefix", "/a/../b")],
            &[("x-forwarded-prefix", "a?b")],
        ];
        for lines in rows {
            let lines = [&[("host", "a")], lines].concat();
            assert_eq!(base_url(&absolute(), &lines), "http://a/v2/", "{lines:?}");
        }
    }

    #[test]
    fn a_trusted_proxy_says_what_the_client_used() {
        let rows: [(&[(&str, &str)], &str); 5] = [
            (&[("forwarded", "for=x;proto=https;host=b")], "https://b/v2/"),
            (&[("forwarded", "host=\"b:1\", host=c")], "http://b:1/v2/"),
            (
                &[("x-forwarded-proto", "https"), ("x-forwarded-host", "b, c")],
                "https://b/v2/",
            ),
            (
                &[("x-forwarded-host", "b"), ("x-forwarded-port", "8443")],
                "http://b:8443/v2/",
            ),
            (
                &[("x-forwarded-host", "[::1]"), ("x-forwarded-prefix", "/p/")],
                "http://[::1]/p/v2/",
            ),
        ];
        for (headers, expected) in rows {
            assert_eq!(base_url(&absolute(), headers), expected);
        }
    }

    #[test]
    fn a_stranger_cannot_say_what_the_client_used() {
        let config = Config {
            trusted_proxies: Vec::new(),
            ..absolute()
        };
        assert_eq!(
            base_url(&config, &[("host", "a"), ("x-forwarded-host", "evil")]),
            "http://a/v2/"
        );
    }

    #[test]
    fn a_configured_base_url_settles_it() {
        let config = Config {
            base_url: Some("https://c/p/".parse().unwrap()),
            ..absolute()
        };
        assert_eq!(base_url(&config, &[("host", "a")]), "https://c/p/v2/");
        let relative = Config {
            location: Location::Relative,
            ..config
        };
        assert_eq!(base_url(&relative, &[("host", "a")]), "/p/v2/");
    }

    #[test]
    fn an_encrypted_connection_makes_https() {
        let urls = url_builder(&absolute(), &arrival(true, Some("a")), &headers(&[]));
        assert_eq!(urls.url(&Route::Base), "https://a/v2/");
    }

    #[test]
    fn trusted_proxies_say_who_the_client_is() {
        let rows: [(&[(&str, &str)], &str); 6] = [
            (&[], "10.0.0.1"),
            (&[("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (
                &[("x-forwarded-for", "1.1.1.1, 192.0.2.1, 10.0.0.1")],
                "192.0.2.1",
            ),
            (
                &[
                    ("x-forwarded-for", "1.1.1.1"),
                    ("x-forwarded-for", "192.0.2.1:99"),
                ],
                "192.0.2.1",
            ),
            (
                &[("forwarded", "for=\"[2001:db8::1]:99\";proto=https")],
                "2001:db8::1",
            ),
            (&[("forwarded", "for=_hidden")], "10.0.0.1"),
        ];
        for (lines, expected) in rows {
            assert_eq!(
                client(&absolute(), peer(false), &headers(lines)).to_string(),
                expected
            );
        }
        let trustless = Config::default();
        let lines = headers(&[("x-forwarded-for", "192.0.2.1")]);
        assert_eq!(client(&trustless, peer(false), &lines), PROXY);
    }
}
