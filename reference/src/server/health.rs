//! Whether the registry can do its work, for whoever watches over it.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::time::Instant;

use crate::app::App;
use crate::http::body::Body;
use crate::http::error::Failure;
use crate::http::peer::Note;

/// Where the registry says whether it can do its work.
pub(super) const PATH: &str = "/healthz";

/// How long an answer stands: to find out costs a commit, and everybody may ask.
const FRESH: Duration = Duration::from_secs(1);

/// Says whether the registry can do its work: whether its store takes what is written.
pub(super) async fn answer(app: &App, method: &Method) -> (Response<Body>, Note) {
    let note = Note {
        route: Some("health"),
        ..Note::default()
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let failure = Failure::method_not_allowed(&[Method::GET, Method::HEAD]);
        return (failure.into_response(), note);
    }
    let (status, text) = if is_well(app).await {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store cannot be written to\n",
        )
    };
    let mut response = plain(text);
    *response.status_mut() = status;
    (response, note)
}

async fn is_well(app: &App) -> bool {
    let mut known = app.health.lock().await;
    if let Some((at, is_well)) = *known
        && at.elapsed() < FRESH
    {
        return is_well;
    }
    let probed = app.store.probe().await;
    if let Err(error) = &probed {
        tracing::error!(%error, "the store cannot be written to");
    }
    *known = Some((Instant::now(), probed.is_ok()));
    probed.is_ok()
}

/// An answer of text.
pub(super) fn plain(text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
