//! The way of a request through the proxy, and what is kept of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

use super::circumstance::Circumstance;

/// What went through.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) count: AtomicUsize,
    pub(super) limited: OnceLock<Instant>,
    pub(super) pushed_bytes: AtomicUsize,
    pub(super) beside: Mutex<Vec<String>>,
    pub(super) named: Mutex<Vec<String>>,
    pub(super) methods: Mutex<BTreeMap<String, usize>>,
    pub(super) pushed: Mutex<HashMap<String, (Instant, Option<Bytes>)>>,
    pub(super) indexes: Mutex<HashMap<String, Bytes>>,
    pub(super) held: Mutex<Option<(Parts, Bytes)>>,
    pub(super) is_held: AtomicBool,
}

/// What answers a request.
pub(super) struct Layer {
    pub(super) upstream: String,
    pub(super) client: Client<HttpConnector, Full<Bytes>>,
    pub(super) circumstance: Circumstance,
    pub(super) seen: Arc<Seen>,
}

/// What comes of a request; an error closes its connection.
pub(super) type Answered = Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>>;

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
}

impl Layer {
    pub(super) async fn pass(&self, request: Request<Incoming>) -> Answered {
        let (head, body) = request.into_parts();
        self.forward(head, body.collect().await?.to_bytes()).await
    }

    pub(super) async fn forward(&self, mut head: Parts, body: Bytes) -> Answered {
        let path = head
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        head.uri = format!("{}{path}", self.upstream).parse()?;
        head.headers.remove(TRANSFER_ENCODING);
        let passed = self.client.request(Request::from_parts(head, Full::new(body)));
        // That the way to the registry broke is the proxy's own fault, and it says so.
        let Ok(response) = passed.await else {
            return Ok(reply(502, &[], ""));
        };
        let (mut head, body) = response.into_parts();
        head.headers.remove(TRANSFER_ENCODING);
        Ok(Response::from_parts(
            head,
            Full::new(body.collect().await?.to_bytes()),
        ))
    }
}
