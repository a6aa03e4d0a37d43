//! What is due to a request, and which requirement says so.

use self::Due::{NotFound, Success};
use crate::endpoint::EndpointKind::{self, Base, Blob, Manifest, Referrers, Session, Tag, Tags, Uploads};

/// The requirement that no request which is wrong in itself is answered with a failure.
pub(crate) const CLIENT_FAULT: &str = "errors.client-fault-not-5xx";

/// What a request is to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is granted.
    Success,
    /// What it names is not there.
    NotFound,
    /// It is refused.
    Refusal,
}

/// How a request goes on with an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadStep {
    /// It is the first to bring something, or goes to no upload.
    First,
    /// It brings more to what chunks have brought.
    More,
    /// It brings nothing to what chunks have brought.
    Nothing,
}

/// The requirements that say how a request is answered, by what is due to it, its method and its endpoint.
const STATUSES: [(Due, &str, EndpointKind, &str); 25] = [
    (Success, "GET", Base, "base.get-200"),
    (Success, "GET", Blob, "pull.blob.get-200"),
    (Success, "HEAD", Blob, "head.blob.200"),
    (Success, "DELETE", Blob, "manage.blob.delete-202"),
    (Success, "GET", Manifest, "pull.manifest.get-by-digest-200"),
    (Success, "GET", Tag, "pull.manifest.get-by-tag-200"),
    (Success, "HEAD", Manifest, "head.manifest.200"),
    (Success, "HEAD", Tag, "head.manifest.200"),
    (Success, "PUT", Manifest, "push.manifest.by-digest-201"),
    (Success, "PUT", Tag, "push.manifest.by-tag-201"),
    (Success, "DELETE", Manifest, "manage.manifest.delete-202"),
    (Success, "DELETE", Tag, "manage.tag.delete-202"),
    (Success, "POST", Uploads, "push.session.post-202"),
    (Success, "PATCH", Session, "push.chunk.patch-202"),
    (Success, "PUT", Session, "push.put.201"),
    (Success, "GET", Session, "push.chunk.status-204"),
    (Success, "DELETE", Session, "push.cancel.204"),
    (Success, "GET", Tags, "discovery.tags.200"),
    (Success, "GET", Referrers, "referrers.200"),
    (NotFound, "GET", Blob, "pull.blob.404-unknown"),
    (NotFound, "HEAD", Blob, "head.blob.404"),
    (NotFound, "GET", Manifest, "pull.manifest.404-unknown-digest"),
    (NotFound, "GET", Tag, "pull.manifest.404-unknown-tag"),
    (NotFound, "HEAD", Manifest, "head.manifest.404"),
    (NotFound, "HEAD", Tag, "head.manifest.404"),
];

/// The requirements that say how what closes an upload is answered where chunks came before it.
const CLOSED_AFTER_CHUNKS: [(UploadStep, &str); 2] = [
    (UploadStep::More, "push.chunk.final-chunk-in-put"),
    (UploadStep::Nothing, "push.chunk.closing-put-201"),
];

/// Every requirement that a failure may break, whatever was asked.
pub(crate) fn breakable() -> impl Iterator<Item = &'static str> {
    let ids = STATUSES.iter().map(|(.., id)| *id);
    let of_chunks = CLOSED_AFTER_CHUNKS.iter().map(|(_, id)| *id);
    ids.chain(of_chunks).chain([CLIENT_FAULT])
}

impl Due {
    /// The requirement that says how a request is answered to which this is due.
    pub(crate) fn is_stated_by(
        self,
        method: &str,
        kind: EndpointKind,
        step: UploadStep,
    ) -> Option<&'static str> {
        let after_chunks = CLOSED_AFTER_CHUNKS.iter().find(|(closing, _)| *closing == step);
        if let (Success, "PUT", Session, Some((_, id))) = (self, method, kind, after_chunks) {
            return Some(id);
        }
        let row = STATUSES
            .iter()
            .find(|row| (row.0, row.1, row.2) == (self, method, kind));
        match (row, self) {
            (Some((.., id)), _) => Some(id),
            (None, NotFound | Due::Refusal) => Some(CLIENT_FAULT),
            (None, Success) => None,
        }
    }
}
