//! A request and an answer as a deviation sees them.

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::Value as Json;

/// A request on its way to the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, as written.
    pub path: String,
    /// The query, as written; empty if there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The number of the connection that it came over.
    pub connection: u64,
}

/// The kinds of resource, by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/v2/`.
    Base,
    /// `/v2/<name>/manifests/<tag>`.
    Tag,
    /// `/v2/<name>/manifests/<digest>`.
    Manifest,
    /// `/v2/<name>/blobs/<digest>`.
    Blob,
    /// `/v2/<name>/blobs/uploads/`.
    Uploads,
    /// `/v2/<name>/blobs/uploads/<session>`.
    Session,
    /// `/v2/<name>/tags/list`.
    Tags,
    /// `/v2/<name>/referrers/<digest>`.
    Referrers,
    /// `/v2/_catalog`.
    Catalog,
    /// Anything else.
    Other,
}

impl Call {
    /// The kind of resource that it asks for.
    pub fn kind(&self) -> Kind {
        let segments: Vec<&str> = self.path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["v2"] | ["v2", ""] => Kind::Base,
            ["v2", "_catalog"] => Kind::Catalog,
            ["v2", .., "blobs", "uploads"] | ["v2", .., "blobs", "uploads", ""] => Kind::Uploads,
            ["v2", .., "blobs", "uploads", _] => Kind::Session,
            ["v2", .., "blobs", _] => Kind::Blob,
            ["v2", .., "manifests", reference] if reference.contains(':') => Kind::Manifest,
            ["v2", .., "manifests", _] => Kind::Tag,
            ["v2", .., "tags", "list"] => Kind::Tags,
            ["v2", .., "referrers", _] => Kind::Referrers,
            _ => Kind::Other,
        }
    }

    /// Whether it is this method of this kind of resource.
    pub fn is(&self, method: &Method, kind: Kind) -> bool {
        self.method == *method && self.kind() == kind
    }

    /// Whether it reads (GET or HEAD) this kind of resource.
    pub fn reads(&self, kind: Kind) -> bool {
        matches!(self.method, Method::GET | Method::HEAD) && self.kind() == kind
    }

    /// Whether it is this method of a manifest, by tag or by digest.
    pub fn is_of_manifest(&self, method: &Method) -> bool {
        self.method == *method && matches!(self.kind(), Kind::Tag | Kind::Manifest)
    }

    /// The repository; empty where the path has none.
    pub fn repository(&self) -> &str {
        let rest = self.path.strip_prefix("/v2/").unwrap_or_default();
        ["/blobs/", "/manifests/", "/tags/", "/referrers/"]
            .iter()
            .filter_map(|mark| rest.rfind(mark))
            .max()
            .map_or("", |end| {
                rest[..end].strip_suffix("/blobs").unwrap_or(&rest[..end])
            })
    }

    /// The last segment of the path: a tag, a digest, a session.
    pub fn reference(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// A parameter of the query, its percent-encoding of colons and slashes undone.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = value
                .replace("%3A", ":")
                .replace("%3a", ":")
                .replace("%2F", "/")
                .replace("%2f", "/");
            (key == name).then_some(plain)
        })
    }

    /// Takes a parameter out of the query.
    pub fn drop_parameter(&mut self, name: &str) {
        let kept: Vec<&str> = self
            .query
            .split('&')
            .filter(|pair| pair.split('=').next() != Some(name))
            .collect();
        self.query = kept.join("&");
    }

    /// Sets a parameter of the query.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        self.drop_parameter(name);
        let joint = if self.query.is_empty() { "" } else { "&" };
        self.query = format!("{}{joint}{name}={value}", self.query);
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The same call with another method.
    pub fn with_method(&self, method: Method) -> Call {
        Call {
            method,
            ..self.clone()
        }
    }

    /// A read of another path on behalf of the same client.
    pub fn get(&self, path: &str) -> Call {
        let mut headers = self.headers.clone();
        for name in [
            "content-length",
            "content-type",
            "content-range",
            "range",
            "if-match",
            "if-none-match",
        ] {
            headers.remove(name);
        }
        headers.insert("accept", HeaderValue::from_static("*/*"));
        Call {
            method: Method::GET,
            path: path.to_owned(),
            query: String::new(),
            headers,
            body: Bytes::new(),
            connection: self.connection,
        }
    }
}

/// An answer on its way to the client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How the body is sent.
    pub framing: Framing,
}

/// The ways to send a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// At once, with its length.
    #[default]
    Whole,
    /// In a few pieces, one after the other, with its length.
    Pieces,
    /// In a few pieces, each with its own length, so that nobody knows the whole before.
    Chunks,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Reply {
        Reply {
            status,
            ..Reply::default()
        }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &Json) -> Reply {
        let mut reply = Reply {
            status,
            ..Reply::default()
        };
        reply.set_body(body.to_string());
        reply.set("content-type", "application/json");
        reply
    }

    /// An answer with an error body of one code.
    pub fn error(status: u16, code: &str) -> Reply {
        Reply::json(
            status,
            &serde_json::json!({ "errors": [{ "code": code, "message": code, "detail": null }] }),
        )
    }

    /// Whether it says that the request succeeded.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Sets a header. What can be no header is left out.
    pub fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
    }

    /// Adds a line to a header.
    pub fn add(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.append(name, value);
        }
    }

    /// Takes a header away.
    pub fn remove(&mut self, name: &str) {
        self.headers.remove(name);
    }

    /// Replaces the body, and the length with it.
    pub fn set_body(&mut self, body: impl Into<Bytes>) {
        self.body = body.into();
        self.set("content-length", &self.body.len().to_string());
    }

    /// Becomes another status.
    pub fn become_status(&mut self, status: u16) {
        self.status = status;
    }

    /// Becomes an error answer.
    pub fn become_error(&mut self, status: u16, code: &str) {
        *self = Reply::error(status, code);
    }

    /// Changes a JSON body; other bodies stay as they are.
    pub fn edit_json(&mut self, edit: impl FnOnce(&mut Json)) {
        if let Ok(mut json) = serde_json::from_slice::<Json>(&self.body) {
            edit(&mut json);
            self.set_body(json.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        Call {
            method: Method::GET,
            path: path.to_owned(),
            query: "mount=sha256%3Aaa&from=x%2Fy".to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            connection: 0,
        }
    }

    #[test]
    fn a_call_knows_what_it_asks_for() {
        let kinds = [
            ("/v2/", Kind::Base),
            ("/v2/a/b/manifests/latest", Kind::Tag),
            ("/v2/a/manifests/sha256:00", Kind::Manifest),
            ("/v2/a/blobs/sha256:00", Kind::Blob),
            ("/v2/a/blobs/uploads/", Kind::Uploads),
            ("/v2/a/blobs/uploads/1-2", Kind::Session),
            ("/v2/a/tags/list", Kind::Tags),
            ("/v2/a/referrers/sha256:00", Kind::Referrers),
            ("/v2/_catalog", Kind::Catalog),
            ("/", Kind::Other),
        ];
        for (path, kind) in kinds {
            assert_eq!(call(path).kind(), kind, "{path}");
        }
    }

    #[test]
    fn the_repository_is_what_stands_before_the_resource() {
        assert_eq!(
            call("/v2/a/manifests/b/blobs/uploads/1").repository(),
            "a/manifests/b"
        );
        assert_eq!(call("/v2/a/b/tags/list").repository(), "a/b");
        assert_eq!(call("/v2/").repository(), "");
    }

    #[test]
    fn parameters_are_read_dropped_and_set() {
        let mut call = call("/v2/a/blobs/uploads/");
        assert_eq!(call.parameter("from").as_deref(), Some("x/y"));
        call.drop_parameter("from");
        call.set_parameter("mount", "other");
        assert_eq!(call.query, "mount=other");
    }
}
