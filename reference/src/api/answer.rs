//! What answers have in common.

use http::header::{ETAG, HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::notifications::Event;
use crate::protocol::{Digest, entity_tag};
use crate::store::StoreError;

/// `Docker-Content-Digest`.
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// The answer to a request, and what the request has done that others may want to know.
#[derive(Debug)]
pub(super) struct Answer {
    /// What the client is told.
    pub(super) response: Response<Body>,
    /// What others are told.
    pub(super) event: Option<Event>,
}

impl Answer {
    /// An answer to a request that has done something.
    pub(super) const fn with_event(response: Response<Body>, event: Event) -> Self {
        Self {
            response,
            event: Some(event),
        }
    }
}

impl From<Response<Body>> for Answer {
    fn from(response: Response<Body>) -> Self {
        Self {
            response,
            event: None,
        }
    }
}

/// An answer without content.
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Adds a header whose value the registry has made itself.
pub(super) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    match HeaderValue::try_from(value) {
        Ok(value) => drop(response.headers_mut().append(name, value)),
        Err(error) => tracing::error!(%name, %error, "a header value was left out"),
    }
}

/// `201 Created`, with the place of the new content and its digest.
pub(super) fn created(location: &str, digest: &Digest) -> Response<Body> {
    let mut response = empty(StatusCode::CREATED);
    set(&mut response, LOCATION, location);
    set(&mut response, CONTENT_DIGEST, digest.as_str());
    response
}

/// Adds the headers that say which content this is.
pub(super) fn identify(response: &mut Response<Body>, digest: &Digest) {
    set(response, CONTENT_DIGEST, digest.as_str());
    set(response, ETAG, &entity_tag(digest));
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::RepositoryUnknown => Fault::NameUnknown.into(),
            StoreError::BlobUnknown => Fault::BlobUnknown.into(),
            StoreError::ManifestUnknown => Fault::ManifestUnknown.into(),
            StoreError::UploadUnknown => Fault::UploadUnknown.into(),
            StoreError::UploadBusy => Fault::UploadBusy.into(),
            StoreError::OutOfOrder => Fault::ChunkOutOfOrder.into(),
            StoreError::DigestMismatch => Fault::DigestInvalid.into(),
            StoreError::PreconditionFailed => Fault::PreconditionFailed.into(),
            StoreError::ContentMissing(digests) => {
                let details = digests
                    .iter()
                    .map(|digest| serde_json::json!({"digest": digest.as_str()}));
                Self::several(Fault::ManifestBlobUnknown, details)
            }
            StoreError::Files(_) | StoreError::Database(_) | StoreError::Damaged(_) | StoreError::Closed => {
                tracing::error!(%error, "the store failed");
                Self::bare(if error.is_out_of_space() {
                    StatusCode::INSUFFICIENT_STORAGE
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR
                })
            }
        }
    }
}
