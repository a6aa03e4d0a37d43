//! What a request has done, as its answer shows.

use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::event::Target;
use crate::api::{CONTENT_DIGEST, TAG};
use crate::config::Action;
use crate::context::Context;
use crate::protocol::{Digest, Name, Reference};
use crate::routes::Route;

/// The media type of blobs, of which the registry knows no other.
const BLOB_TYPE: &str = "application/octet-stream";

/// What a request has done that others may want to know.
#[derive(Debug)]
pub(super) enum Deed<'a> {
    /// Something was done with a manifest, under these tags.
    Manifest(Action, &'a Name, Digest, Vec<String>),
    /// Something was done with a blob, which was mounted from another repository if one is named.
    Blob(Action, &'a Name, Digest, Option<String>),
    /// Content was deleted.
    Deleted(&'a Name, Digest),
    /// A tag was deleted.
    Untagged(&'a Name, String),
}

impl<'a> Deed<'a> {
    /// What a request has done that was answered so. Asking whether something is there does nothing: a HEAD
    /// is no pull, nor is an answer that the client has the content already.
    pub(super) fn of(context: &'a Context, status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let done = (context.method(), status);
        match (context.route(), done) {
            (Route::Manifest(name, reference), (&Method::GET, StatusCode::OK)) => {
                let tags = Vec::from_iter(tag(reference));
                Some(Self::Manifest(Action::Pull, name, digest(headers)?, tags))
            }
            (Route::Manifest(name, reference), (&Method::PUT, StatusCode::CREATED)) => {
                let further = header(headers, &TAG).unwrap_or_default().split(", ");
                let further = further.filter(|tag| !tag.is_empty()).map(str::to_owned);
                let tags = tag(reference).into_iter().chain(further).collect();
                Some(Self::Manifest(Action::Push, name, digest(headers)?, tags))
            }
            (Route::Manifest(name, reference), (&Method::DELETE, StatusCode::ACCEPTED)) => {
                Some(match reference {
                    Reference::Tag(tag) => Self::Untagged(name, tag.as_str().to_owned()),
                    Reference::Digest(digest) => Self::Deleted(name, digest.clone()),
                })
            }
            // Whoever comes with a signed URL has been told of when the URL was signed.
            (Route::Blob(..), (&Method::GET, _)) if context.is_signed() => None,
            (
                Route::Blob(name, digest),
                (&Method::GET, StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::TEMPORARY_REDIRECT),
            ) => Some(Self::Blob(Action::Pull, name, digest.clone(), None)),
            (Route::Blob(name, digest), (&Method::DELETE, StatusCode::ACCEPTED)) => {
                Some(Self::Deleted(name, digest.clone()))
            }
            (Route::Uploads(name), (&Method::POST, StatusCode::CREATED))
                if context.query().first("mount").is_some() =>
            {
                let from = context.query().first("from").map(str::to_owned);
                Some(Self::Blob(Action::Mount, name, digest(headers)?, from))
            }
            (Route::Uploads(name), (&Method::POST, StatusCode::CREATED))
            | (Route::Upload(name, _), (&Method::PUT, StatusCode::CREATED)) => {
                Some(Self::Blob(Action::Push, name, digest(headers)?, None))
            }
            _ => None,
        }
    }

    /// What was done.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Manifest(action, ..) | Self::Blob(action, ..) => *action,
            Self::Deleted(..) | Self::Untagged(..) => Action::Delete,
        }
    }

    /// What it was done to: a manifest with several tags is a target under each of them.
    pub(super) async fn targets(self, context: &Context, with_references: bool) -> Vec<Target> {
        match self {
            Self::Manifest(_, name, digest, tags) => {
                let target = manifest(context, name, digest, with_references).await;
                if tags.is_empty() {
                    return vec![target];
                }
                let tagged = tags.into_iter().map(|tag| Target {
                    tag: Some(tag),
                    ..target.clone()
                });
                tagged.collect()
            }
            Self::Blob(_, name, digest, from) => vec![blob(context, name, digest, from).await],
            Self::Deleted(name, digest) => vec![Target {
                digest: Some(digest.to_string()),
                ..Target::of(name)
            }],
            Self::Untagged(name, tag) => vec![Target {
                tag: Some(tag),
                ..Target::of(name)
            }],
        }
    }
}

impl Target {
    fn of(name: &Name) -> Self {
        Self {
            repository: name.to_string(),
            ..Self::default()
        }
    }
}

fn tag(reference: &Reference) -> Option<String> {
    match reference {
        Reference::Tag(tag) => Some(tag.as_str().to_owned()),
        Reference::Digest(_) => None,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn digest(headers: &HeaderMap) -> Option<Digest> {
    Digest::parse(header(headers, &CONTENT_DIGEST)?)
}

/// A manifest. Who deletes it at once takes its size and its type away; the push is told nevertheless.
async fn manifest(context: &Context, name: &Name, digest: Digest, with_references: bool) -> Target {
    let reference = Reference::Digest(digest.clone());
    let stored = context.store().manifest(name, &reference).await.ok();
    let size = stored.as_ref().map(|stored| stored.bytes.len() as u64);
    let references = stored.as_ref().filter(|_| with_references);
    Target {
        references: references
            .map(|stored| named_by(&stored.bytes))
            .unwrap_or_default(),
        media_type: stored.map(|stored| stored.media_type),
        digest: Some(digest.to_string()),
        size,
        length: size,
        url: Some(context.whole_url(&Route::Manifest(name.clone(), reference))),
        ..Target::of(name)
    }
}

/// A blob; who deletes it at once takes its size away.
async fn blob(context: &Context, name: &Name, digest: Digest, from: Option<String>) -> Target {
    let size = context.store().blob_size(name, &digest).await.ok();
    Target {
        media_type: Some(BLOB_TYPE.to_owned()),
        digest: Some(digest.to_string()),
        size,
        length: size,
        from_repository: from,
        url: Some(context.whole_url(&Route::Blob(name.clone(), digest))),
        ..Target::of(name)
    }
}

/// The descriptors in a manifest: its config and its layers, or the entries of an index.
fn named_by(manifest: &[u8]) -> Vec<Value> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Written {
        config: Option<Value>,
        layers: Option<Vec<Value>>,
        manifests: Option<Vec<Value>>,
    }
    let written = serde_json::from_slice::<Written>(manifest).unwrap_or_default();
    let lists = [written.layers, written.manifests];
    let named = lists.into_iter().flatten().flatten();
    written.config.into_iter().chain(named).collect()
}
