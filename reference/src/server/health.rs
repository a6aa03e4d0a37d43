//! Whether the registry can do its work, for whoever watches over it.

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use crate::app::App;
use crate::http::body::Body;
use crate::http::error::Failure;
use crate::http::peer::Note;

/// Where the registry says whether it can do its work.
pub(super) const PATH: &str = "/healthz";

/// Says whether the registry can do its work: whether its store can be read.
pub(super) fn answer(app: &App, method: &Method) -> (Response<Body>, Note) {
    let note = Note {
        route: Some("health"),
        ..Note::default()
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let failure = Failure::method_not_allowed(&[Method::GET, Method::HEAD]);
        return (failure.into_response(), note);
    }
    let (status, text) = match app.store.repositories("", 1) {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the store cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n")
        }
    };
    let mut response = plain(text);
    *response.status_mut() = status;
    (response, note)
}

/// An answer of text.
pub(super) fn plain(text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
