//! The named routes: every path of the protocol is parsed and printed here, and nowhere else
//! (spec: Endpoints).
//!
//! Repository names hold slashes, so a path is read from its end.

use std::fmt;
use std::str::FromStr;

use http::uri::Scheme;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::BaseUrl;
use crate::http::error::{Failure, Fault};
use crate::protocol::{Digest, Name, NotARoute, Reference, Tag};

/// What stands in a query value as it is; everything else is percent-encoded.
const QUERY_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>');

/// An endpoint, with what its path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/v2/` (end-1).
    Base,
    /// `/token` (Docker: Token Authentication).
    Token,
    /// `/token/keys`: what the tokens are checked with, as a JSON Web Key Set (RFC 7517).
    TokenKeys,
    /// `/token/certificate`: the same, as a certificate.
    TokenCertificate,
    /// `/v2/_catalog` (Docker: Listing Repositories).
    Catalog,
    /// `/v2/<name>/blobs/<digest>` (end-2, end-10).
    Blob(Name, Digest),
    /// `/v2/<name>/manifests/<tag-or-digest>` (end-3, end-7, end-9).
    Manifest(Name, Reference),
    /// `/v2/<name>/blobs/uploads/` (end-4, end-11).
    Uploads(Name),
    /// `/v2/<name>/blobs/uploads/<uuid>` (end-5, end-6, end-13, end-14).
    Upload(Name, Uuid),
    /// `/v2/<name>/tags/list` (end-8).
    Tags(Name),
    /// `/v2/<name>/referrers/<digest>` (end-12).
    Referrers(Name, Digest),
}

impl Route {
    /// Reads the path of a request.
    ///
    /// # Errors
    /// Says what is wrong with the path.
    pub(crate) fn parse(path: &str) -> Result<Self, Failure> {
        let decode = |part| percent_decode_str(part).decode_utf8_lossy();
        let segments = path.split('/').skip(1).map(decode).collect::<Vec<_>>();
        let segments = segments.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
        match segments.as_slice() {
            ["v2"] | ["v2", ""] => Ok(Self::Base),
            ["token"] => Ok(Self::Token),
            ["token", "keys"] => Ok(Self::TokenKeys),
            ["token", "certificate"] => Ok(Self::TokenCertificate),
            ["v2", "_catalog"] => Ok(Self::Catalog),
            ["v2", name @ .., "blobs", "uploads"] | ["v2", name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads(parse_name(name)?))
            }
            ["v2", name @ .., "blobs", "uploads", id] => {
                Ok(Self::Upload(parse_name(name)?, parse_upload(id)?))
            }
            ["v2", name @ .., "blobs", digest] => Ok(Self::Blob(parse_name(name)?, parse_digest(digest)?)),
            ["v2", name @ .., "manifests", reference] => {
                Ok(Self::Manifest(parse_name(name)?, parse_reference(reference)?))
            }
            ["v2", name @ .., "tags", "list"] => Ok(Self::Tags(parse_name(name)?)),
            ["v2", name @ .., "referrers", digest] => {
                Ok(Self::Referrers(parse_name(name)?, parse_digest(digest)?))
            }
            _ => Err(Fault::RouteUnknown.into()),
        }
    }
}

impl Route {
    /// The name of the endpoint.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Token => "token",
            Self::TokenKeys => "token-keys",
            Self::TokenCertificate => "token-certificate",
            Self::Catalog => "catalog",
            Self::Blob(..) => "blob",
            Self::Manifest(..) => "manifest",
            Self::Uploads(_) => "uploads",
            Self::Upload(..) => "upload",
            Self::Tags(_) => "tags",
            Self::Referrers(..) => "referrers",
        }
    }
}

impl Route {
    /// What its path names, by the names of the parts of a path.
    pub(crate) fn parts(&self) -> Value {
        match self {
            Self::Base | Self::Token | Self::TokenKeys | Self::TokenCertificate | Self::Catalog => json!({}),
            Self::Uploads(name) | Self::Tags(name) => json!({"name": name.as_str()}),
            Self::Blob(name, digest)
            | Self::Referrers(name, digest)
            | Self::Manifest(name, Reference::Digest(digest)) => {
                json!({"name": name.as_str(), "digest": digest.as_str()})
            }
            Self::Manifest(name, Reference::Tag(tag)) => json!({"name": name.as_str(), "tag": tag.as_str()}),
            Self::Upload(name, id) => json!({"name": name.as_str(), "uuid": id.to_string()}),
        }
    }
}

impl FromStr for Route {
    type Err = NotARoute;

    fn from_str(path: &str) -> Result<Self, NotARoute> {
        Self::parse(path).map_err(|_| NotARoute::new("a path of the protocol", path))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str("/v2/"),
            Self::Token => f.write_str("/token"),
            Self::TokenKeys => f.write_str("/token/keys"),
            Self::TokenCertificate => f.write_str("/token/certificate"),
            Self::Catalog => f.write_str("/v2/_catalog"),
            Self::Blob(name, digest) => write!(f, "/v2/{name}/blobs/{digest}"),
            Self::Manifest(name, reference) => write!(f, "/v2/{name}/manifests/{reference}"),
            Self::Uploads(name) => write!(f, "/v2/{name}/blobs/uploads/"),
            Self::Upload(name, id) => write!(f, "/v2/{name}/blobs/uploads/{id}"),
            Self::Tags(name) => write!(f, "/v2/{name}/tags/list"),
            Self::Referrers(name, digest) => write!(f, "/v2/{name}/referrers/{digest}"),
        }
    }
}

/// Reads a repository name, wherever it stands.
fn parse_name(components: &[&str]) -> Result<Name, Failure> {
    Name::from_components(components)
        .ok_or_else(|| Failure::with_detail(Fault::NameInvalid, components.join("/")))
}

/// Reads a digest, wherever it stands.
pub(crate) fn parse_digest(text: &str) -> Result<Digest, Failure> {
    Digest::parse(text).ok_or_else(|| Failure::with_detail(Fault::DigestInvalid, text))
}

/// Reads a tag, wherever it stands.
pub(crate) fn parse_tag(text: &str) -> Result<Tag, Failure> {
    Tag::parse(text).ok_or_else(|| Failure::with_detail(Fault::ReferenceInvalid, text))
}

/// A colon makes a reference a digest: no tag has one.
fn parse_reference(text: &str) -> Result<Reference, Failure> {
    if text.contains(':') {
        parse_digest(text).map(Reference::Digest)
    } else {
        parse_tag(text).map(Reference::Tag)
    }
}

/// Only the form that the registry prints itself is an upload: 8-4-4-4-12 lower-case hex digits.
fn parse_upload(text: &str) -> Result<Uuid, Failure> {
    let id = Uuid::try_parse(text)
        .ok()
        .filter(|id| id.hyphenated().to_string() == text);
    id.ok_or_else(|| Failure::with_detail(Fault::UploadUnknown, text))
}

/// Prints URLs: under a base URL, or as the client of a request sees the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlBuilder {
    /// Scheme, host and path prefix, or the prefix alone; never with a slash at the end.
    base: String,
}

impl UrlBuilder {
    /// URLs that are paths, under a prefix that a proxy has taken away.
    pub(crate) fn relative(prefix: &str) -> Self {
        Self {
            base: prefix.trim_end_matches('/').to_owned(),
        }
    }

    /// URLs on a host.
    pub(crate) fn absolute(scheme: &Scheme, host: &str, prefix: &str) -> Self {
        Self {
            base: format!("{scheme}://{host}{}", prefix.trim_end_matches('/')),
        }
    }

    /// URLs under a base URL.
    #[must_use]
    pub fn under(base: &BaseUrl) -> Self {
        Self {
            base: base.as_str().to_owned(),
        }
    }

    /// The URL of a route.
    #[must_use]
    pub fn url(&self, route: &Route) -> String {
        format!("{}{route}", self.base)
    }

    /// The URL of a route with a query, whose values are percent-encoded.
    #[must_use]
    pub fn url_with_query(&self, route: &Route, query: &[(&str, &str)]) -> String {
        let pairs = query
            .iter()
            .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, QUERY_VALUE)));
        format!("{}?{}", self.url(route), pairs.collect::<Vec<_>>().join("&"))
    }
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{Route, UrlBuilder};
    use crate::protocol::{Algorithm, Digest, Name, Reference, Tag};

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn tag(text: &str) -> Reference {
        Reference::Tag(Tag::parse(text).unwrap())
    }

    fn parse(path: &str) -> Option<Route> {
        Route::parse(path).ok()
    }

    #[test]
    fn paths_are_read_from_their_end() {
        assert_eq!(
            parse("/v2/a/manifests/tags/list"),
            Some(Route::Tags(name("a/manifests")))
        );
        assert_eq!(
            parse("/v2/a/manifests/tags"),
            Some(Route::Manifest(name("a"), tag("tags")))
        );
        assert_eq!(
            parse("/v2/a/blobs/uploads/manifests/b"),
            Some(Route::Manifest(name("a/blobs/uploads"), tag("b")))
        );
        assert_eq!(
            parse("/v2/blobs/blobs/uploads/"),
            Some(Route::Uploads(name("blobs")))
        );
    }

    #[test]
    fn percent_encoded_characters_are_equal_to_plain_ones() {
        assert_eq!(parse("/v2/a/manifests/l%61test"), parse("/v2/a/manifests/latest"));
        let digest = Digest::of(Algorithm::Sha256, b"");
        assert_eq!(
            parse(&format!("/v2/a/blobs/{}", digest.as_str().replace(':', "%3A"))),
            Some(Route::Blob(name("a"), digest))
        );
    }

    #[test]
    fn no_trick_in_a_path_makes_a_name() {
        for path in [
            "/v2/../../etc/passwd/manifests/x",
            "/v2/a/../b/tags/list",
            "/v2/%2e%2e/tags/list",
            "/v2/a%2fb/tags/list",
            "/v2//a/tags/list",
            "/v2/a//tags/list",
            "/v2/a%00/tags/list",
            "/v2/a\\b/tags/list",
            "/v2/a/manifests/..%2f..%2fother",
            "/v2/a/manifests/%2e%2e",
            "/v2/a/blobs/sha256:..%2f..%2fetc",
            "/v2/a/blobs/uploads/..%2f..%2fx",
            "/v2/a/blobs/uploads/%2e%2e",
            "/v2/_catalog/manifests/x",
            "/v2/tags/list",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn urls_stand_under_their_base() {
        let route = Route::Tags(name("a/b"));
        assert_eq!(UrlBuilder::relative("").url(&route), "/v2/a/b/tags/list");
        assert_eq!(
            UrlBuilder::relative("/prefix/").url(&route),
            "/prefix/v2/a/b/tags/list"
        );
        assert_eq!(
            UrlBuilder::absolute(&Scheme::HTTPS, "example.org:5000", "").url(&route),
            "https://example.org:5000/v2/a/b/tags/list"
        );
        assert_eq!(
            UrlBuilder::under(&"http://h/p/".parse().unwrap()).url(&route),
            "http://h/p/v2/a/b/tags/list"
        );
    }

    #[test]
    fn query_values_are_encoded() {
        let url =
            UrlBuilder::relative("").url_with_query(&Route::Catalog, &[("last", "a&b=c d+e%"), ("n", "1")]);
        assert_eq!(url, "/v2/_catalog?last=a%26b%3Dc%20d%2Be%25&n=1");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            name in "[a-z]{1,5}(/(manifests|blobs|tags|uploads|list|referrers|v2|[a-z]{1,5})){0,4}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}",
            content in any::<[u8; 8]>(),
            id in any::<u128>(),
        ) {
            let name = Name::parse(&name).unwrap();
            let digest = Digest::of(Algorithm::Sha256, &content);
            for route in [
                Route::Token,
                Route::TokenKeys,
                Route::TokenCertificate,
                Route::Blob(name.clone(), digest.clone()),
                Route::Manifest(name.clone(), Reference::Tag(Tag::parse(&tag).unwrap())),
                Route::Manifest(name.clone(), Reference::Digest(digest.clone())),
                Route::Uploads(name.clone()),
                Route::Upload(name.clone(), Uuid::from_u128(id)),
                Route::Tags(name.clone()),
                Route::Referrers(name, digest),
            ] {
                prop_assert_eq!(parse(&route.to_string()), Some(route));
            }
        }

        #[test]
        fn no_path_whatever_causes_a_panic(path in "/v2/.{0,40}") {
            parse(&path);
        }
    }
}
