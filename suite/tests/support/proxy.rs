//! The proxy itself.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use assize::endpoint::{Endpoint, EndpointKind};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::broken_off::{arriving_late, held_still};
use super::children::keeping_children;
use super::circumstance::{Circumstance, Failure};
use super::instead::{instead, taken_off};
use super::layer::{Answered, Layer, Seen, reply};
use super::stale::lagging;

/// A running proxy. It ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Puts a circumstance before the registry at an address.
    pub(crate) async fn before(upstream: &str, circumstance: Circumstance) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let layer = Arc::new(Layer {
            upstream: upstream.to_owned(),
            client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            circumstance,
            seen: seen.clone(),
        });
        let task = tokio::spawn(async move {
            // They end with the proxy.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let layer = layer.clone();
                let service = service_fn(move |request| answer(layer.clone(), request));
                connections.spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks is the client's affair.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Proxy { address, seen, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests for something beside the path that the API is below.
    pub(crate) fn beside(&self) -> Vec<String> {
        self.seen.beside.lock().unwrap().clone()
    }

    /// The repositories that requests named, in their paths or as a source of a mount.
    pub(crate) fn named(&self) -> Vec<String> {
        let mut named = self.seen.named.lock().unwrap().clone();
        named.sort();
        named.dedup();
        named
    }

    /// How many requests came with each method.
    pub(crate) fn methods(&self) -> BTreeMap<String, usize> {
        self.seen.methods.lock().unwrap().clone()
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.seen.count.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(layer: Arc<Layer>, mut request: Request<Incoming>) -> Answered {
    let number = layer.seen.count.fetch_add(1, Ordering::Relaxed) + 1;
    if let Circumstance::Below(path, front) = layer.circumstance
        && let Err(beside) = taken_off(path, front, &mut request)
    {
        layer.seen.beside.lock().unwrap().push(beside);
        return Ok(reply(
            404,
            &[("Content-Type", "text/html")],
            "<html>Nothing here</html>",
        ));
    }
    let uri = request.uri().clone();
    let endpoint = Endpoint::parse(uri.path(), uri.query().unwrap_or_default());
    let names = endpoint
        .repository()
        .into_iter()
        .chain(endpoint.parameter("from"));
    let method = request.method().to_string();
    *layer.seen.methods.lock().unwrap().entry(method).or_default() += 1;
    layer.seen.named.lock().unwrap().extend(names.map(str::to_owned));
    if let Some(answer) = instead(layer.circumstance, number, &request, &endpoint) {
        return answer;
    }
    match layer.circumstance {
        Circumstance::LimitedFor(after, time)
            if number > after && layer.seen.limited.get_or_init(Instant::now).elapsed() < time =>
        {
            Ok(reply(429, &[("Retry-After", "1")], ""))
        }
        Circumstance::Slow(after, time) if number > after && endpoint.kind() != EndpointKind::Base => {
            tokio::time::sleep(time).await;
            layer.pass(request).await
        }
        Circumstance::Fails(method, kind, failure)
            if kind == endpoint.kind() && request.method().as_str() == method =>
        {
            // What is refused is read, as a registry reads it that fails behind its front door.
            request.into_body().collect().await?;
            let Failure::Status(status) = failure;
            let body = r#"{"errors":[{"code":"UNKNOWN","message":"out of order"}]}"#;
            Ok(reply(status, &[("Content-Type", "application/json")], body))
        }
        Circumstance::Full(room, status, error)
            if matches!(*request.method(), Method::PUT | Method::PATCH) =>
        {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let before = layer.seen.pushed_bytes.fetch_add(body.len(), Ordering::Relaxed);
            if before + body.len() > room {
                return Ok(reply(status, &[("Content-Type", "application/json")], error));
            }
            layer.forward(head, body).await
        }
        Circumstance::KeepsChildren
            if matches!(endpoint.kind(), EndpointKind::Tag | EndpointKind::Manifest) =>
        {
            keeping_children(&layer, request, &endpoint).await
        }
        Circumstance::Lags(time) => lagging(&layer, request, &endpoint, time).await,
        Circumstance::ArrivesLate if endpoint.kind() == EndpointKind::Session => {
            // Who is asked goes on when the client is gone.
            tokio::spawn(arriving_late(layer, request)).await?
        }
        Circumstance::HeldStill if endpoint.kind() == EndpointKind::Session => {
            tokio::spawn(held_still(layer, request)).await?
        }
        _ => layer.pass(request).await,
    }
}
