//! The door: each request is admitted, answered by its endpoint, and given what every answer has.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, WARNING};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, request};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tower::Service as _;

use crate::activity::UnderWay;
use crate::app::App;
use crate::connection::Peer;
use crate::context::{Context, Received};
use crate::dispatch::dispatch;
use crate::error::{Failure, Fault};
use crate::forwarded;
use crate::record::{Note, Record, Recorded};

/// `Docker-Distribution-API-Version`.
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// `X-Request-Id`, under which a failure of the registry stands in its log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The media type of metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How much of a body is read after the answer, so that the client gets to see the answer.
const DRAINED_BYTES: u64 = 256 * 1024 * 1024;

/// Everything that the registry answers on its address.
///
/// The paths of the protocol have names with slashes in their middle, which no pattern of the router can
/// say: [`crate::routes`] reads them.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .fallback(answer_protocol)
        .with_state(app)
}

/// Everything that the registry answers on the address for metrics.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// Says whether the registry can do its work: whether its store can be read.
async fn health(State(app): State<Arc<App>>) -> Response {
    let note = Extension(Note {
        route: Some("health"),
        ..Note::default()
    });
    match app.store.repositories("", 1) {
        Ok(_) => (note, "ok\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the store cannot be read");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                note,
                "the store cannot be read\n",
            )
                .into_response()
        }
    }
}

/// Prints the metrics, in the OpenMetrics form.
async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, OPEN_METRICS)], app.metrics.to_text())
}

/// Answers a request that came from `peer`: admits it, lets the router answer, adds what every answer has.
pub(crate) async fn answer(
    app: Arc<App>,
    mut router: Router,
    peer: Peer,
    under_way: UnderWay,
    mut request: http::Request<Incoming>,
) -> Result<http::Response<Recorded>, Infallible> {
    let client = forwarded::client(&app.config, peer, request.headers());
    let (method, path) = (request.method().clone(), request.uri().path());
    let mut record = Record::begin(Arc::clone(&app), under_way, client, method, path);
    request.extensions_mut().insert(record.arrival(peer));
    let mut response = match admit(&app, client, request.headers()) {
        Ok(place) => {
            record.hold(place);
            router.call(request).await?
        }
        Err(failure) => failure.into_response(),
    };
    let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
    record.answered(response.status(), note);
    complete(&app, &record, &mut response);
    Ok(response.map(|body| Recorded::new(body, record)))
}

/// Refuses a request that is too much: by its head, by the number of those of its client, or by the number
/// of all; returns its place among those under way.
fn admit(app: &App, client: IpAddr, headers: &HeaderMap) -> Result<OwnedSemaphorePermit, Failure> {
    if let Some(limiter) = &app.limiter {
        // Whole seconds, so that a client that waits as it is told has waited long enough.
        limiter
            .admit(client, Instant::now())
            .map_err(|wait| Failure::from(Fault::TooManyRequests).retry_after(wait.as_secs() + 1))?;
    }
    let size = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    if size.sum::<usize>() > app.config.limits.header_size {
        return Err(Fault::HeadTooLarge.into());
    }
    Arc::clone(&app.places)
        .try_acquire_owned()
        .map_err(|_| Failure::internal(StatusCode::SERVICE_UNAVAILABLE).retry_after(1))
}

/// Adds what every answer has.
fn complete(app: &App, record: &Record, response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    // The router gives every answer the length of its body; RFC 9110, section 8.6 gives these none.
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.remove(CONTENT_LENGTH);
    }
    if status.is_server_error()
        && let Ok(id) = HeaderValue::try_from(record.id())
    {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    for warning in &app.warnings {
        headers.append(WARNING, warning.clone());
    }
}

/// How a request wants to be dealt with, whatever it asks for.
#[derive(Debug, Clone, Copy)]
struct Manner {
    is_safe: bool,
    expects_continue: bool,
    version: Version,
    patience: Duration,
}

impl FromRequestParts<Arc<App>> for Manner {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut request::Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self {
            is_safe: head.method == Method::GET || head.method == Method::HEAD,
            expects_continue: head.headers.contains_key(EXPECT),
            version: head.version,
            patience: Duration::from_secs(app.config.limits.client_timeout),
        })
    }
}

/// Answers a request of the protocol.
async fn answer_protocol(manner: Manner, context: Result<Context, Failure>, mut body: Received) -> Response {
    if manner.is_safe {
        return answer_context(context, &mut body).await;
    }
    // A change runs to its end even if the client hangs up in the middle.
    let change = tokio::spawn(answer_change(manner, context, body));
    change.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an endpoint panicked");
        Failure::internal(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    })
}

async fn answer_context(context: Result<Context, Failure>, body: &mut Received) -> Response {
    let context = match context {
        Ok(context) => context,
        Err(failure) => return failure.into_response(),
    };
    let mut response = dispatch(&context, body).await.into_response();
    response.extensions_mut().insert(context.note());
    response
}

async fn answer_change(manner: Manner, context: Result<Context, Failure>, mut body: Received) -> Response {
    let mut response = answer_context(context, &mut body).await;
    if !body.is_end_stream() && manner.version <= Version::HTTP_11 {
        if manner.expects_continue {
            // The client may or may not send the body now: only a new connection is unambiguous.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        } else {
            tokio::spawn(tokio::time::timeout(manner.patience, drain(body)));
        }
    }
    response
}

/// Reads what a client still sends after it was answered: a connection that is closed on unread bytes
/// is reset, and the answer may be lost with it.
async fn drain(mut body: Received) {
    let mut drained = 0;
    while drained < DRAINED_BYTES {
        match body.frame().await {
            Some(Ok(frame)) => drained += frame.data_ref().map_or(0, |data| data.len() as u64),
            _ => return,
        }
    }
}
