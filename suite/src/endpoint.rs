//! What a path of the registry names: parsed from its end, each part percent-decoded once.
//!
//! It shares nothing with the server's routes: both are held to the specification by `fixtures/vectors`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::wire::Url;
use assize_language::words;

words! {
    /// The kinds of endpoint.
    EndpointKind {
        /// `/v2/`.
        Base = "/v2/",
        /// `/v2/<name>/manifests/<tag>`.
        Tag = "/v2/…/manifests/<tag>",
        /// `/v2/<name>/manifests/<digest>`.
        Manifest = "/v2/…/manifests/<digest>",
        /// `/v2/<name>/blobs/<digest>`.
        Blob = "/v2/…/blobs/<digest>",
        /// `/v2/<name>/blobs/uploads/`.
        Uploads = "/v2/…/blobs/uploads/",
        /// `/v2/<name>/blobs/uploads/<session>`.
        Session = "/v2/…/blobs/uploads/<session>",
        /// `/v2/<name>/tags/list`.
        Tags = "/v2/…/tags/list",
        /// `/v2/<name>/referrers/<digest>`.
        Referrers = "/v2/…/referrers/<digest>",
        /// `/v2/_catalog`.
        Catalog = "/v2/_catalog",
        /// Anything else.
        Other = "another path",
    }
}

/// What a request is about: an endpoint, and the names in its address, which are copied only where they are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    kind: EndpointKind,
    repository: Option<Cow<'a, str>>,
    reference: Option<Cow<'a, str>>,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Endpoint<'a> {
    /// What an address names.
    pub fn of(url: &'a Url) -> Endpoint<'a> {
        // What lies beside the mount of a registry is no endpoint of it.
        let path = url.path_below_mount().unwrap_or_default();
        Endpoint::parse(path, url.query().unwrap_or_default())
    }

    /// What a path and a query name, both as written.
    pub fn parse(path: &'a str, query: &'a str) -> Endpoint<'a> {
        let segments: Vec<&str> = path.split('/').collect();
        let (kind, repository, reference) = match segments.as_slice() {
            ["", "v2"] | ["", "v2", ""] => (EndpointKind::Base, None, None),
            ["", "v2", "_catalog"] => (EndpointKind::Catalog, None, None),
            ["", "v2", name @ .., "blobs", "uploads"] | ["", "v2", name @ .., "blobs", "uploads", ""] => {
                (EndpointKind::Uploads, Some(name), None)
            }
            ["", "v2", name @ .., "blobs", "uploads", session] => {
                (EndpointKind::Session, Some(name), Some(*session))
            }
            ["", "v2", name @ .., "blobs", digest] => (EndpointKind::Blob, Some(name), Some(*digest)),
            ["", "v2", name @ .., "manifests", reference] if decoded(reference).contains(':') => {
                (EndpointKind::Manifest, Some(name), Some(*reference))
            }
            ["", "v2", name @ .., "manifests", tag] => (EndpointKind::Tag, Some(name), Some(*tag)),
            ["", "v2", name @ .., "tags", "list"] => (EndpointKind::Tags, Some(name), None),
            ["", "v2", name @ .., "referrers", digest] => {
                (EndpointKind::Referrers, Some(name), Some(*digest))
            }
            _ => (EndpointKind::Other, None, None),
        };
        Endpoint {
            kind,
            repository: repository.map(|name| decoded(joined(path, name))),
            reference: reference.map(decoded),
            parameters: parameters(query),
        }
    }

    /// Which endpoint it is.
    pub fn kind(&self) -> EndpointKind {
        self.kind
    }

    /// The name of the repository, where the path has one.
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// What stands last in the path: a tag, a digest, a session.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The first value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut named = self.parameters.iter().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| &**value)
    }

    /// The values of every parameter of this name, in order.
    pub fn parameters<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let named = self.parameters.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| &**value)
    }

    /// The names of the parameters of the query, in order.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| &**name)
    }
}

/// The part of a path that these segments of it are, which stand behind `/v2/`.
fn joined<'a>(path: &'a str, segments: &[&str]) -> &'a str {
    let length: usize = segments.iter().map(|segment| segment.len() + 1).sum();
    path.get("/v2/".len().."/v2/".len() + length.saturating_sub(1))
        .unwrap_or_default()
}

fn parameters(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(part: &str) -> Cow<'_, str> {
    percent_decode_str(part).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_known_from_the_end_of_its_path() {
        for (path, kind, repository, reference) in [
            ("/v2/", EndpointKind::Base, None, None),
            ("/v2", EndpointKind::Base, None, None),
            ("/v2/_catalog", EndpointKind::Catalog, None, None),
            (
                "/v2/a/b/manifests/latest",
                EndpointKind::Tag,
                Some("a/b"),
                Some("latest"),
            ),
            (
                "/v2/a/manifests/sha256%3A00",
                EndpointKind::Manifest,
                Some("a"),
                Some("sha256:00"),
            ),
            (
                "/v2/a/manifests/b/blobs/sha256:00",
                EndpointKind::Blob,
                Some("a/manifests/b"),
                Some("sha256:00"),
            ),
            (
                "/v2/blobs/uploads/blobs/uploads/1-2",
                EndpointKind::Session,
                Some("blobs/uploads"),
                Some("1-2"),
            ),
            (
                "/v2/tags/list/tags/list",
                EndpointKind::Tags,
                Some("tags/list"),
                None,
            ),
            ("/v2/a/blobs/uploads/", EndpointKind::Uploads, Some("a"), None),
            (
                "/v2/a/referrers/sha256:00",
                EndpointKind::Referrers,
                Some("a"),
                Some("sha256:00"),
            ),
            ("/", EndpointKind::Other, None, None),
            ("v2/", EndpointKind::Other, None, None),
        ] {
            let endpoint = Endpoint::parse(path, "");
            assert_eq!(endpoint.kind(), kind, "{path}");
            assert_eq!(endpoint.repository(), repository, "{path}");
            assert_eq!(endpoint.reference(), reference, "{path}");
        }
    }

    #[test]
    fn parameters_are_decoded_once() {
        let endpoint = Endpoint::parse("/v2/a/blobs/uploads/", "mount=sha256%3Aaa&from=x%2Fy%2520&&flag");
        assert_eq!(endpoint.parameter("mount"), Some("sha256:aa"));
        assert_eq!(endpoint.parameter("from"), Some("x/y%20"));
        assert_eq!(endpoint.parameter("flag"), Some(""));
        assert_eq!(endpoint.parameter("none"), None);
    }
}
