//! A registry behind a circumstance: a proxy on loopback that answers in its place, or lets through.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use assize::bundled::{Config, Running, serve};
use assize::endpoint::{Endpoint, EndpointKind};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What stands between the suite and a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Circumstance {
    /// Nothing: requests are noted and passed on.
    Nothing,
    /// After so many requests every one is answered with this status, and this `Retry-After`.
    EverythingIs(usize, u16, Option<&'static str>),
    /// After so many requests every connection is closed without an answer.
    Closes(usize),
    /// After so many requests every one is sent to this address.
    SentTo(usize, &'static str),
    /// Every request is answered with this, from the first on.
    Always(u16, &'static str),
    /// The first so many requests are answered with 429 and this `Retry-After`.
    LimitedAtFirst(usize, Option<&'static str>),
    /// After so many requests every one is answered with 429 and `Retry-After: 1`, for this long.
    LimitedFor(usize, Duration),
    /// Every n-th request is answered with 429 and `Retry-After: 0`.
    Limited(usize),
    /// Every n-th request is answered with 503 and `Retry-After: 1`.
    OutOfService(usize),
    /// After so many requests nothing but the base endpoint is answered in less than this.
    Slow(usize, Duration),
    /// A manifest, and the list of its tag, is not there before this time has passed since its push.
    Lags(Duration),
    /// What a client sent before it went away reaches the registry behind the next question about the upload.
    ArrivesLate,
    /// An upload is in the hands of a client that went away until the next one has tried to go on.
    HeldStill,
    /// Only names of this many components are routed.
    Components(usize),
    /// Every request that would change something is answered with 405.
    ReadOnly,
    /// Once so many bytes were pushed, more are refused with this status and this error.
    Full(usize, u16, &'static str),
    /// After so many requests every write of a manifest is answered with 429 and this `Retry-After`.
    LimitedWrites(usize, &'static str),
    /// The API is below this path, as this front tells it.
    Below(&'static str, Front),
    /// A manifest stays as long as an index refers to it: until then its deletion is answered with 405.
    KeepsChildren,
    /// Requests of this method to endpoints of this kind fail.
    Fails(&'static str, EndpointKind, Failure),
}

/// Whether a front that takes a path off the requests tells the registry so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// By `X-Forwarded-Prefix`.
    Tells,
    /// By nothing, so that the registry answers with addresses that lead beside it.
    IsSilent,
}

/// How a request fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// It is answered with this status.
    Status(u16),
}

/// A running proxy. It ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

/// What went through.
#[derive(Default)]
pub(crate) struct Seen {
    count: AtomicUsize,
    limited: OnceLock<Instant>,
    pushed_bytes: AtomicUsize,
    beside: Mutex<Vec<String>>,
    named: Mutex<Vec<String>>,
    methods: Mutex<BTreeMap<String, usize>>,
    pushed: Mutex<HashMap<String, (Instant, Option<Bytes>)>>,
    indexes: Mutex<HashMap<String, Bytes>>,
    held: Mutex<Option<(Parts, Bytes)>>,
    is_held: AtomicBool,
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

struct Layer {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    circumstance: Circumstance,
    seen: Arc<Seen>,
}

type Answered = Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>>;

fn reply(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
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

/// What is answered in the place of the registry, where the circumstance has an answer of its own to a request.
fn instead(
    circumstance: Circumstance,
    number: usize,
    request: &Request<Incoming>,
    endpoint: &Endpoint<'_>,
) -> Option<Answered> {
    match circumstance {
        Circumstance::EverythingIs(after, status, wait) if number > after => {
            let wait: Vec<(&str, &str)> = wait.iter().map(|wait| ("Retry-After", *wait)).collect();
            return Some(Ok(reply(status, &wait, "<html>not now</html>")));
        }
        Circumstance::LimitedAtFirst(count, wait) if number <= count => {
            let wait: Vec<(&str, &str)> = wait.iter().map(|wait| ("Retry-After", *wait)).collect();
            return Some(Ok(reply(429, &wait, "<html>not now</html>")));
        }
        Circumstance::Closes(after) if number > after => return Some(Err("closed".into())),
        Circumstance::SentTo(after, place) if number > after => {
            return Some(Ok(reply(307, &[("Location", place)], "")));
        }
        Circumstance::Always(status, place) => {
            let headers: &[(&str, &str)] = match place {
                "" => &[("Content-Type", "text/html")],
                place => &[("Location", place)],
            };
            return Some(Ok(reply(status, headers, "<html>Welcome</html>")));
        }
        Circumstance::Limited(every) if number.is_multiple_of(every) => {
            let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#;
            return Some(Ok(reply(
                429,
                &[("Retry-After", "0"), ("Content-Type", "application/json")],
                body,
            )));
        }
        Circumstance::OutOfService(every) if number.is_multiple_of(every) => {
            return Some(Ok(reply(503, &[("Retry-After", "1")], "")));
        }
        Circumstance::ReadOnly if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            return Some(Ok(reply(405, &[("Allow", "GET, HEAD")], "")));
        }
        Circumstance::LimitedWrites(after, wait)
            if number > after && *request.method() == Method::PUT && endpoint.kind() == EndpointKind::Tag =>
        {
            return Some(Ok(reply(429, &[("Retry-After", wait)], "")));
        }
        Circumstance::Components(count)
            if endpoint
                .repository()
                .is_some_and(|name| name.split('/').count() != count) =>
        {
            return Some(Ok(reply(404, &[], "")));
        }
        _ => {}
    }
    None
}

/// Takes a path off a request; what was asked, if it lies beside it.
fn taken_off(path: &str, front: Front, request: &mut Request<Incoming>) -> Result<(), String> {
    let asked = request.uri().to_string();
    let below = asked.strip_prefix(path).filter(|below| below.starts_with('/'));
    let Some(below) = below.and_then(|below| below.parse().ok()) else {
        return Err(format!("{} {asked}", request.method()));
    };
    *request.uri_mut() = below;
    if front == Front::Tells {
        let value = path.parse().map_err(|_| path.to_owned())?;
        request.headers_mut().insert("X-Forwarded-Prefix", value);
    }
    Ok(())
}

/// Answers from the state before, where the last write is younger than `time`.
async fn lagging(
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

/// Refuses to delete what an index of the repository refers to.
async fn keeping_children(layer: &Layer, request: Request<Incoming>, endpoint: &Endpoint<'_>) -> Answered {
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

/// Holds what breaks off until the registry was asked how far the upload is.
async fn arriving_late(layer: Arc<Layer>, request: Request<Incoming>) -> Answered {
    let (mut head, mut body) = request.into_parts();
    let is_question = head.method == Method::GET;
    let mut came = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => came.extend_from_slice(&data),
            Ok(Err(_trailers)) => {}
            Err(_) => {
                let range = head
                    .headers
                    .get(CONTENT_RANGE)
                    .ok_or("no Content-Range")?
                    .to_str()?;
                let first: usize = range.split('-').next().unwrap_or_default().parse()?;
                let range = format!("{first}-{}", first + came.len() - 1);
                head.headers.insert(CONTENT_RANGE, range.parse()?);
                head.headers.remove(CONTENT_LENGTH);
                *layer.seen.held.lock().unwrap() = Some((head, came.freeze()));
                return Err("the client is gone".into());
            }
        }
    }
    let answered = layer.forward(head, came.freeze()).await?;
    let held = layer.seen.held.lock().unwrap().take_if(|_| is_question);
    if let Some((head, body)) = held {
        layer.forward(head, body).await?;
    }
    Ok(answered)
}

/// Refuses to go on with what broke off, once, as a registry does that has not noticed it yet.
async fn held_still(layer: Arc<Layer>, request: Request<Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        layer.seen.is_held.store(true, Ordering::Relaxed);
        return Err("the client is gone".into());
    };
    if head.method == Method::PATCH && layer.seen.is_held.swap(false, Ordering::Relaxed) {
        return Ok(reply(416, &[], ""));
    }
    layer.forward(head, body.to_bytes()).await
}

impl Layer {
    async fn pass(&self, request: Request<Incoming>) -> Answered {
        let (head, body) = request.into_parts();
        self.forward(head, body.collect().await?.to_bytes()).await
    }

    async fn forward(&self, mut head: Parts, body: Bytes) -> Answered {
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

/// A registry in memory, with these changes.
pub(crate) async fn registry(change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    change(&mut config);
    serve(config).await.unwrap()
}
