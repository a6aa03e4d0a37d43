//! What stands in front of the registry: how URLs are printed, and who the client is.
//!
//! Proxies tell both in headers, which are believed only if they come from a trusted address.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::HOST;
use http::uri::{Authority, Scheme, Uri};

use crate::config::{Config, Location};
use crate::http::peer::Peer;
use crate::http::routes::UrlBuilder;

/// Settles how URLs are printed for a request.
pub(crate) fn url_builder(config: &Config, peer: Peer, uri: &Uri, headers: &HeaderMap) -> UrlBuilder {
    urls_of_form(config.location, config, peer, uri, headers)
}

/// Settles how URLs are printed that have to be whole, whatever form the others have.
pub(crate) fn whole_urls(config: &Config, peer: Peer, uri: &Uri, headers: &HeaderMap) -> UrlBuilder {
    urls_of_form(Location::Absolute, config, peer, uri, headers)
}

fn urls_of_form(form: Location, config: &Config, peer: Peer, uri: &Uri, headers: &HeaderMap) -> UrlBuilder {
    let forwarded = if config.trusted_proxies.contains(&peer.address.ip()) {
        Forwarded::read(headers)
    } else {
        Forwarded::default()
    };
    let base = config.base_url.as_deref();
    match (form, base) {
        (Location::Absolute, Some(base)) => UrlBuilder::under(base),
        (Location::Relative, Some(base)) => {
            let base = base.parse::<Uri>().unwrap_or_default();
            UrlBuilder::relative(base.path())
        }
        (Location::Relative, None) => UrlBuilder::relative(&forwarded.prefix),
        (Location::Absolute, None) => {
            let host = forwarded
                .host
                .as_deref()
                .or(host(uri, headers))
                .unwrap_or_default();
            let own = if peer.is_secure {
                Scheme::HTTPS
            } else {
                Scheme::HTTP
            };
            let scheme = forwarded.scheme.as_ref().unwrap_or(&own);
            UrlBuilder::absolute(scheme, host, &forwarded.prefix)
        }
    }
}

/// The host that a request was sent to.
pub(crate) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has the host in the request target.
    header.or(uri.authority().map(Authority::as_str))
}

/// What a proxy says about the request that it received.
#[derive(Debug, Default)]
struct Forwarded {
    scheme: Option<Scheme>,
    host: Option<String>,
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
        let host = match (host, first("x-forwarded-port")) {
            (Some(host), Some(port)) if !has_port(&host) => Some(format!("{host}:{port}")),
            (host, _) => host,
        };
        Self {
            scheme: scheme.and_then(|scheme| scheme.to_ascii_lowercase().parse().ok()),
            host,
            prefix: first("x-forwarded-prefix")
                .filter(|prefix| prefix.starts_with('/'))
                .unwrap_or_default(),
        }
    }
}

/// Whether a host, perhaps an IPv6 address in brackets, ends in a port.
fn has_port(host: &str) -> bool {
    host.rsplit_once(']').map_or(host, |(_, rest)| rest).contains(':')
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

    use super::{client, url_builder, whole_urls};
    use crate::config::{Config, Location};
    use crate::http::peer::Peer;
    use crate::http::routes::Route;

    const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn peer(is_secure: bool) -> Peer {
        Peer {
            address: (PROXY, 1).into(),
            is_secure,
        }
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let request = lines.iter().fold(Request::builder(), |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0.headers
    }

    fn base_url(config: &Config, lines: &[(&str, &str)]) -> String {
        url_builder(config, peer(false), &"/v2/".parse().unwrap(), &headers(lines)).url(&Route::Base)
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
        let url = |config: &Config, uri: &str, lines| {
            let urls = whole_urls(config, peer(true), &uri.parse().unwrap(), &headers(lines));
            urls.url(&Route::Base)
        };
        let relative = Config::default();
        assert_eq!(url(&relative, "/v2/", &[("host", "b")]), "https://b/v2/");
        assert_eq!(url(&relative, "https://a:5/v2/", &[]), "https://a:5/v2/");
        let known = Config {
            base_url: Some("https://c/p/".into()),
            ..relative
        };
        assert_eq!(url(&known, "/v2/", &[("host", "b")]), "https://c/p/v2/");
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
            base_url: Some("https://c/p/".into()),
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
        let host = headers(&[("host", "a")]);
        let urls = url_builder(&absolute(), peer(true), &"/v2/".parse().unwrap(), &host);
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
