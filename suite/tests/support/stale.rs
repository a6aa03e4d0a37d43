//! A registry whose reads lag behind its writes.

use std::time::{Duration, Instant};

use assize::endpoint::{Endpoint, EndpointKind};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::layer::{Answered, Layer, reply};

/// Answers from the state before, where the last write is younger than `time`.
pub(super) async fn lagging(
    layer: &Layer,
    request: Request<Incoming>,
    endpoint: &Endpoint<'_>,
    time: Duration,
) -> Answered {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let repository = endpoint.repository().unwrap_or_default().to_owned();
    let reference = endpoint.reference().unwrap_or_default();
    let (this, list) = (format!("{repository}@{reference}"), format!("{repository}@"));
    let is_manifest = matches!(endpoint.kind(), EndpointKind::Tag | EndpointKind::Manifest);
    if is_manifest && *request.method() == Method::PUT {
        let old = layer.list(&repository).await;
        let response = layer.pass(request).await?;
        let mut pushed = layer.seen.pushed.lock().unwrap();
        let now = Instant::now();
        pushed.entry(this).or_insert((now, None));
        let digest = response.headers().get("Docker-Content-Digest");
        if let Some(digest) = digest.and_then(|value| value.to_str().ok()) {
            pushed
                .entry(format!("{repository}@{digest}"))
                .or_insert((now, None));
        }
        let stale = pushed
            .get(&list)
            .filter(|(at, _)| at.elapsed() < time)
            .and_then(|(_, old)| old.clone());
        pushed.insert(list, (now, stale.or(old)));
        return Ok(response);
    }
    let young = |key: &str| {
        let pushed = layer.seen.pushed.lock().unwrap();
        pushed.get(key).filter(|(at, _)| at.elapsed() < time).cloned()
    };
    if reads && is_manifest && young(&this).is_some() {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not yet"}]}"#;
        return Ok(reply(404, &[("Content-Type", "application/json")], body));
    }
    if let (true, EndpointKind::Tags, None, Some((_, Some(old)))) =
        (reads, endpoint.kind(), request.uri().query(), young(&list))
    {
        let mut response = reply(200, &[("Content-Type", "application/json")], "");
        *response.body_mut() = Full::new(old);
        return Ok(response);
    }
    layer.pass(request).await
}

impl Layer {
    /// The tags of a repository, as they are now.
    async fn list(&self, repository: &str) -> Option<Bytes> {
        let uri = format!("{}/v2/{repository}/tags/list", self.upstream);
        let request = Request::get(uri).body(Full::new(Bytes::new())).ok()?;
        let response = self.client.request(request).await.ok()?;
        let is_there = response.status() == StatusCode::OK;
        let body = response.into_body().collect().await.ok()?.to_bytes();
        is_there.then_some(body)
    }
}
