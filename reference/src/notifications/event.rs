//! What a request has done that others may want to know, with all that is told about it.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::message::EventTarget;
use crate::config::Action;
use crate::http::routes::{Route, UrlBuilder};
use crate::protocol::{Digest, Name, Reference, Tag};

/// The media type of blobs, of which the registry knows no other.
const BLOB_TYPE: &str = "application/octet-stream";

/// What a request has done. To ask whether something is there is not to do something: a HEAD is no pull, nor is
/// an answer that the client has the content already.
#[derive(Debug)]
pub(crate) enum Event {
    /// A manifest was pulled or pushed.
    Manifest {
        /// Which of the two.
        action: Action,
        /// Where.
        repository: Name,
        /// Its digest.
        digest: Digest,
        /// Its media type.
        media_type: String,
        /// Its bytes.
        content: Bytes,
        /// The tags that it was pulled or pushed by.
        tags: Vec<Tag>,
    },
    /// A blob was pulled, pushed or mounted.
    Blob {
        /// Which of them.
        action: Action,
        /// Where.
        repository: Name,
        /// Its digest.
        digest: Digest,
        /// Its number of bytes.
        size: u64,
        /// The repository that it was mounted from, if the client named one.
        from: Option<String>,
    },
    /// Content was deleted.
    Deleted {
        /// Where.
        repository: Name,
        /// What.
        digest: Digest,
    },
    /// A tag was deleted.
    Untagged {
        /// Where.
        repository: Name,
        /// Which.
        tag: Tag,
    },
}

impl Event {
    /// What was done.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Manifest { action, .. } | Self::Blob { action, .. } => *action,
            Self::Deleted { .. } | Self::Untagged { .. } => Action::Delete,
        }
    }

    /// What it was done to, at the URLs of `urls`: a manifest with several tags is a target under each of them.
    pub(super) fn targets(self, urls: &UrlBuilder, with_references: bool) -> Vec<EventTarget> {
        match self {
            Self::Manifest {
                repository,
                digest,
                media_type,
                content,
                tags,
                ..
            } => {
                let size = Some(content.len() as u64);
                let route = Route::Manifest(repository.clone(), Reference::Digest(digest.clone()));
                let target = EventTarget {
                    references: if with_references {
                        named_by(&content)
                    } else {
                        Vec::new()
                    },
                    media_type: Some(media_type),
                    digest: Some(digest.to_string()),
                    size,
                    length: size,
                    url: Some(urls.url(&route)),
                    ..EventTarget::of(&repository)
                };
                under_each(&tags, target)
            }
            Self::Blob {
                repository,
                digest,
                size,
                from,
                ..
            } => vec![EventTarget {
                media_type: Some(BLOB_TYPE.to_owned()),
                digest: Some(digest.to_string()),
                size: Some(size),
                length: Some(size),
                from_repository: from,
                url: Some(urls.url(&Route::Blob(repository.clone(), digest))),
                ..EventTarget::of(&repository)
            }],
            Self::Deleted { repository, digest } => vec![EventTarget {
                digest: Some(digest.to_string()),
                ..EventTarget::of(&repository)
            }],
            Self::Untagged { repository, tag } => vec![EventTarget {
                tag: Some(tag.to_string()),
                ..EventTarget::of(&repository)
            }],
        }
    }
}

impl EventTarget {
    fn of(repository: &Name) -> Self {
        Self {
            repository: repository.to_string(),
            ..Self::default()
        }
    }
}

fn under_each(tags: &[Tag], target: EventTarget) -> Vec<EventTarget> {
    if tags.is_empty() {
        return vec![target];
    }
    let tagged = tags.iter().map(|tag| EventTarget {
        tag: Some(tag.to_string()),
        ..target.clone()
    });
    tagged.collect()
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
