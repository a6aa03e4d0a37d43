//! Admission: a request that is too much is refused, any other is answered, and every answer is completed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONTENT_LENGTH, HeaderName, WARNING};
use http::{HeaderValue, Method, Request, Response, StatusCode, request};
use http_body::Body as _;
use hyper::body::Incoming;

use super::access_log::{AccessLogEntry, LoggedBody};
use super::health;
use crate::api;
use crate::app::App;
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::http::host::Host;
use crate::http::idle_timeout::RequestUnderWay;
use crate::http::peer::{Note, Peer};
use crate::http::request_body::RequestBody;
use crate::http::transport::Transport;
use crate::http::{forwarded, framing};
use crate::operation::quota::Permit;

/// `Docker-Distribution-API-Version`.
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// `X-Request-Id`, under which a failure of the registry stands in its log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request that came from `peer`.
pub(super) async fn answer(
    app: Arc<App>,
    peer: Peer,
    transport: Transport,
    under_way: RequestUnderWay,
    request: Request<Incoming>,
) -> Response<LoggedBody> {
    let (head, body) = request.into_parts();
    let limits = &app.config.limits;
    let patience = Duration::from_secs(limits.client_timeout);
    let body = RequestBody::new(body, patience, limits.body_rate);
    let client = forwarded::client(&app.config, peer, &head.headers);
    let method = head.method.clone();
    let mut entry = AccessLogEntry::begin(
        Arc::clone(&app),
        under_way,
        client,
        method.clone(),
        head.uri.path(),
    );
    let (mut response, note) = match admit(&app, client, &head) {
        Err(failure) => (failure.into_response(), Note::default()),
        Ok((permit, host)) => {
            entry.hold(permit);
            if head.uri.path() == health::PATH {
                health::answer(&app, &method).await
            } else {
                api::answer(&app, head, body, entry.arrival(peer, host), transport).await
            }
        }
    };
    entry.answered(response.status(), note);
    complete(&app, &method, &entry, &mut response);
    response.map(|body| LoggedBody::new(body, entry))
}

/// Refuses a request that is too much, by its head, by the number of those of its client, or by the number of all, and
/// one whose head leaves open what is asked of whom; returns its place among those under way, and its host.
fn admit(app: &App, client: IpAddr, head: &request::Parts) -> Result<(Permit, Option<Host>), Failure> {
    if let Some(limit) = &app.rate_limit {
        // Whole seconds, so that a client that waits as it is told has waited long enough.
        limit
            .admit(client, Instant::now())
            .map_err(|wait| Failure::from(Fault::TooManyRequests).retry_after(wait.as_secs() + 1))?;
    }
    let size = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    if size.sum::<usize>() > app.config.limits.header_size {
        return Err(Fault::HeadTooLarge.into());
    }
    framing::check(&head.headers)?;
    let host = Host::of_request(head.version, &head.uri, &head.headers)?;
    let permit = app.request_quota.take(client);
    let permit = permit.ok_or_else(|| Failure::bare(StatusCode::SERVICE_UNAVAILABLE).retry_after(1))?;
    Ok((permit, host))
}

/// Adds what every answer has, and takes its body from the answer to a HEAD.
fn complete(app: &App, method: &Method, entry: &AccessLogEntry, response: &mut Response<Body>) {
    let (status, length) = (response.status(), response.body().size_hint().exact());
    let headers = response.headers_mut();
    // RFC 9110, section 8.6 gives these no length.
    if !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        && let Some(length) = length
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    if status.is_server_error()
        && let Ok(id) = HeaderValue::try_from(entry.id())
    {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    for warning in &app.warnings {
        headers.append(WARNING, warning.clone());
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
}
