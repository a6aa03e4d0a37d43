//! The heads of requests.

use std::net::{IpAddr, Ipv4Addr};
use std::str::from_utf8;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};
use uuid::Uuid;

use crate::config::{Config, Location};
use crate::http::forwarded::{client, url_builder, whole_urls};
use crate::http::framing;
use crate::http::host::Host;
use crate::http::peer::{Arrival, Peer, RequestId};
use crate::http::routes::Route;
use crate::protocol::Query;

/// The address of a proxy that is trusted.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A target, and the header lines in the lines behind it: whatever a proxy says, the URLs that are printed are URLs of the
/// route that was asked for.
pub(super) fn request(input: &[u8]) {
    let Ok(text) = from_utf8(input) else { return };
    let (target, lines) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(uri) = target.parse::<Uri>() else { return };
    let headers = headers(lines);
    drop(framing::check(&headers));
    let host = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2]
        .map(|version| Host::of_request(version, &uri, &headers).ok().flatten());
    Query::parse(uri.query().unwrap_or_default());
    let Ok(route) = Route::parse(uri.path()) else {
        return;
    };
    assert_eq!(Route::parse(&route.to_string()).ok().as_ref(), Some(&route));
    let config = Config {
        location: Location::Absolute,
        trusted_proxies: vec![PROXY],
        ..Config::default()
    };
    let peer = Peer {
        address: (PROXY, 1).into(),
        is_secure: false,
    };
    for host in host {
        let arrival = Arrival {
            id: RequestId::new(Uuid::nil(), 1),
            peer,
            client: client(&config, peer, &headers),
            host,
        };
        for urls in [
            url_builder(&config, &arrival, &headers),
            whole_urls(&config, &arrival, &headers),
        ] {
            let url = urls.url_with_query(&route, &[("last", target)]);
            assert_leads_to(&url, &route);
        }
    }
}

/// A URL is one on some host, and its path ends with that of the route.
fn assert_leads_to(url: &str, route: &Route) {
    let parsed = url.parse::<Uri>();
    let path = parsed
        .as_ref()
        .map(|uri| uri.path().ends_with(&route.to_string()));
    assert_eq!(path.ok(), Some(true), "{url}");
    assert!(
        parsed.is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty())),
        "{url}"
    );
}

fn headers(lines: &str) -> HeaderMap {
    let lines = lines.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.trim().as_bytes()).ok()?))
    });
    lines.collect()
}
