//! A registry that keeps an image as long as an index refers to it.

use assize::endpoint::Endpoint;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::layer::{Answered, Layer, reply};

/// Refuses to delete what an index of the repository refers to.
pub(super) async fn keeping_children(
    layer: &Layer,
    request: Request<Incoming>,
    endpoint: &Endpoint<'_>,
) -> Answered {
    let repository = endpoint.repository().unwrap_or_default().to_owned();
    let key = |digest: &str| format!("{repository}@{digest}");
    let reference = endpoint.reference().unwrap_or_default();
    let (head, body) = request.into_parts();
    let (method, body) = (head.method.clone(), body.collect().await?.to_bytes());
    if method == Method::DELETE {
        let indexes = layer.seen.indexes.lock().unwrap();
        let refers = |index: &Bytes| String::from_utf8_lossy(index).contains(reference);
        let mut others = indexes.iter().filter(|(of, _)| **of != key(reference));
        if others.any(|(of, index)| of.starts_with(&key("")) && refers(index)) {
            return Ok(reply(405, &[("Allow", "GET, HEAD, PUT")], ""));
        }
    }
    let answer = layer.forward(head, body.clone()).await?;
    let mut indexes = layer.seen.indexes.lock().unwrap();
    let digest = answer.headers().get("Docker-Content-Digest");
    match (method, digest.and_then(|digest| digest.to_str().ok())) {
        (Method::DELETE, _) => drop(indexes.remove(&key(reference))),
        (Method::PUT, Some(digest)) if body.windows(11).any(|word| word == b"\"manifests\"") => {
            indexes.insert(key(digest), body);
        }
        _ => {}
    }
    Ok(answer)
}
