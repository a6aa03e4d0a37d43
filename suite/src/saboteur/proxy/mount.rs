//! The path below which a registry has its API, and what it is told of the way to its client.

use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue};

use super::layer::Layer;
use crate::saboteur::call::Reply;

impl Layer {
    /// What stands in a path behind that of the API, if it leads there.
    pub(super) fn path_below_mount<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.honest.mount())
    }

    /// Leads below the mount where a reply does not: what a deviation has written knows of none.
    pub(super) fn mount(&self, reply: &mut Reply) {
        let (mount, place) = (self.honest.mount(), reply.header("location"));
        if !mount.is_empty() && place.starts_with("/v2/") {
            let place = format!("{mount}{place}");
            reply.set("location", &place);
        }
    }

    /// Says to the registry, as a proxy that it believes does, that its client came over TLS, and nothing that the client says.
    pub(super) fn forward(&self, headers: &mut HeaderMap) {
        if self.tls.is_some() {
            for name in [
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-port",
                "x-forwarded-prefix",
            ] {
                headers.remove(name);
            }
            headers.insert(FORWARDED, HeaderValue::from_static("proto=https"));
        }
    }
}
