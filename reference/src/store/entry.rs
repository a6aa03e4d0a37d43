//! The changes of a store: each is made of entries, and an entry made again, in the same order, has the same effect.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StoreError;

/// One step of a change. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub(super) enum Entry {
    /// A repository exists.
    Repository { name: String, at: u64 },
    /// A file holds a blob, whatever held it before.
    Blob { digest: String, file: Uuid, size: u64 },
    /// A blob can be read in a repository.
    Link { name: String, digest: String, at: u64 },
    /// It cannot any more; out of the last repository, the blob is gone.
    Unlink { name: String, digest: String },
    /// A repository has a manifest.
    Manifest {
        name: String,
        digest: String,
        at: u64,
        media_type: String,
        content: ManifestBytes,
    },
    /// It has it no more, nor the tags that pointed to it.
    RemoveManifest { name: String, digest: String },
    /// A tag points to a manifest.
    Tag {
        name: String,
        tag: String,
        digest: String,
    },
    /// A tag is gone.
    RemoveTag { name: String, tag: String },
    /// An upload is open, and has received something.
    Upload {
        id: Uuid,
        name: String,
        algorithm: String,
        at: u64,
    },
    /// So much of an upload was acknowledged; the state of its hash there is in base64.
    Checkpoint {
        id: Uuid,
        length: u64,
        state: String,
        at: u64,
    },
    /// An upload is over.
    EndUpload { id: Uuid },
    /// The file of a blob was found damaged.
    Damaged { digest: String, at: u64 },
    /// It was found whole after all.
    Whole { digest: String },
}

/// The bytes of a manifest, legible where they are text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ManifestBytes {
    Text(String),
    Base64(String),
}

impl ManifestBytes {
    /// The form in which bytes are written down.
    pub(super) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(encode(bytes)),
        }
    }

    /// The bytes themselves.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => decode(text),
        }
    }
}

/// Bytes as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, StoreError> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|error| StoreError::Damaged(format!("the journal holds no base64: {error}")))
}
