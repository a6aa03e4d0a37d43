//! A registry in this process and a client for it: what the tests of the protocol are written with.
#![expect(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod process;

use assize_reference::routes::Route;
use assize_reference::{Config, Running, serve};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry and a client that talks to it.
pub(crate) struct Registry {
    pub(crate) running: Running,
    client: reqwest::Client,
    base: String,
}

/// A configuration for tests: any free port, content in memory.
pub(crate) fn config() -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    }
}

impl Registry {
    pub(crate) async fn start(config: Config) -> Self {
        let running = serve(config).await.unwrap();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            base: running.url(),
            running,
            client,
        }
    }

    /// A registry as it comes.
    pub(crate) async fn plain() -> Self {
        Self::start(config()).await
    }

    /// A request to a path, or to what a `Location` says.
    pub(crate) fn request(&self, method: Method, place: &str) -> RequestBuilder {
        let url = if place.starts_with('/') {
            format!("{}{place}", self.base)
        } else {
            place.to_owned()
        };
        self.client.request(method, url)
    }

    pub(crate) async fn send(&self, method: Method, place: &str) -> Response {
        self.request(method, place).send().await.unwrap()
    }

    pub(crate) async fn get(&self, place: &str) -> Response {
        self.send(Method::GET, place).await
    }

    pub(crate) async fn head(&self, place: &str) -> Response {
        self.send(Method::HEAD, place).await
    }

    pub(crate) async fn delete(&self, place: &str) -> Response {
        self.send(Method::DELETE, place).await
    }

    /// Opens an upload; returns its place.
    pub(crate) async fn open_upload(&self, name: &str) -> String {
        let uploads = Route::Uploads(name.parse().unwrap());
        let opened = self.send(Method::POST, &uploads.to_string()).await;
        assert_eq!(opened.status(), StatusCode::ACCEPTED);
        text(opened.headers(), "location")
    }

    /// Adds a chunk to an upload.
    pub(crate) async fn patch(&self, upload: &str, range: Option<&str>, chunk: &[u8]) -> Response {
        let request = self.request(Method::PATCH, upload).body(chunk.to_vec());
        let request = range
            .into_iter()
            .fold(request, |request, range| request.header("content-range", range));
        request.send().await.unwrap()
    }

    /// Closes an upload, with a last part.
    pub(crate) async fn close(&self, upload: &str, digest: &str, last: &[u8]) -> Response {
        let request = self.request(Method::PUT, &format!("{upload}?digest={digest}"));
        request.body(last.to_vec()).send().await.unwrap()
    }

    /// Pushes a blob; returns its digest.
    pub(crate) async fn push_blob(&self, name: &str, content: &[u8]) -> String {
        let digest = sha256(content);
        let upload = self.open_upload(name).await;
        let closed = self.close(&upload, &digest, content).await;
        assert_eq!(closed.status(), StatusCode::CREATED);
        digest
    }

    /// Sends a manifest; a query may follow the reference.
    pub(crate) async fn put_manifest(&self, name: &str, reference: &str, manifest: &Value) -> Response {
        let (reference, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
        let media_type = manifest["mediaType"].as_str().unwrap().to_owned();
        let place = Route::Manifest(name.parse().unwrap(), reference.parse().unwrap());
        let request = self.request(Method::PUT, &format!("{place}{query}"));
        request
            .header(CONTENT_TYPE, media_type)
            .body(manifest.to_string())
            .send()
            .await
            .unwrap()
    }

    /// Pushes a small image with its blobs under a tag; returns its digest.
    pub(crate) async fn push_image(&self, name: &str, tag: &str, seed: &str) -> String {
        let manifest = self.push_image_blobs(name, seed).await;
        let pushed = self.put_manifest(name, tag, &manifest).await;
        assert_eq!(pushed.status(), StatusCode::CREATED);
        sha256(manifest.to_string().as_bytes())
    }

    /// Pushes the blobs of a small image; returns its manifest.
    pub(crate) async fn push_image_blobs(&self, name: &str, seed: &str) -> Value {
        let (config, layer) = (format!("config of {seed}"), format!("layer of {seed}"));
        self.push_blob(name, config.as_bytes()).await;
        self.push_blob(name, layer.as_bytes()).await;
        image(&config, &layer)
    }
}

/// An image manifest of two blobs.
pub(crate) fn image(config: &str, layer: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer.as_bytes())],
    })
}

pub(crate) fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(content), "size": content.len()})
}

pub(crate) fn sha256(content: &[u8]) -> String {
    format!("sha256:{:x}", Hex(&Sha256::digest(content)))
}

pub(crate) fn sha512(content: &[u8]) -> String {
    format!("sha512:{:x}", Hex(&Sha512::digest(content)))
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::LowerHex for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A header as text; empty if it is missing.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default()
}

/// Where an answer points to.
pub(crate) fn location(answer: &Response) -> String {
    text(answer.headers(), LOCATION.as_str())
}

/// The codes in the body of an error.
pub(crate) async fn codes(answer: Response) -> Vec<String> {
    assert_eq!(text(answer.headers(), "content-type"), "application/json");
    let body: Value = answer.json().await.unwrap();
    let errors = body["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["code"].as_str().unwrap().to_owned())
        .collect()
}
