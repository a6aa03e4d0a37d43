//! The changes of a store: each is made of entries, and an entry made again, in the same order, has the
//! same effect. All that changes the metadata goes through here.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use redb::ReadableTable as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::manifests::parse_stored;
use crate::store::tables::{Tables, has_second, thirds};

/// One step of a change. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub(in crate::store) enum Entry {
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
        content: Content,
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
    /// An upload is open.
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
pub(in crate::store) enum Content {
    Text(String),
    Base64(String),
}

impl Content {
    /// The form in which bytes are written down.
    pub(in crate::store) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(encode(bytes)),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => decode(text),
        }
    }
}

/// Bytes as text.
pub(in crate::store) fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>, StoreError> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|error| StoreError::Damaged(format!("the journal holds no base64: {error}")))
}

impl Tables<'_> {
    /// Makes an entry, and notes it for the journal.
    pub(in crate::store) fn make(&mut self, entry: Entry) -> Result<(), StoreError> {
        self.apply(&entry)?;
        self.made.push(entry);
        Ok(())
    }

    /// Makes an entry that is in the journal already. What is not there cannot be removed, and is no fault.
    pub(in crate::store) fn apply(&mut self, entry: &Entry) -> Result<(), StoreError> {
        match entry {
            Entry::Repository { name, at } => self.create_repository(name, *at),
            Entry::Blob { digest, file, size } => {
                self.blobs.insert(digest.as_str(), (file.as_u128(), *size))?;
                self.damaged.remove(digest.as_str())?;
                Ok(())
            }
            Entry::Link { name, digest, at } => {
                self.create_repository(name, *at)?;
                self.links.insert((name.as_str(), digest.as_str()), *at)?;
                self.holders.insert((digest.as_str(), name.as_str()), ())?;
                Ok(())
            }
            Entry::Unlink { name, digest } => self.unlink(name, digest),
            Entry::Manifest {
                name,
                digest,
                at,
                media_type,
                content,
            } => {
                self.create_repository(name, *at)?;
                self.insert_manifest((name, digest), *at, media_type, &content.bytes()?)
            }
            Entry::RemoveManifest { name, digest } => self.remove_manifest_row(name, digest),
            Entry::Tag { name, tag, digest } => self.set_tag(name, tag, digest),
            Entry::RemoveTag { name, tag } => self.remove_tag(name, tag),
            Entry::Upload { .. } | Entry::Checkpoint { .. } | Entry::EndUpload { .. } => {
                self.apply_to_upload(entry)
            }
            Entry::Damaged { digest, at } => {
                if self.blobs.get(digest.as_str())?.is_some() {
                    self.damaged.insert(digest.as_str(), *at)?;
                }
                Ok(())
            }
            Entry::Whole { digest } => {
                self.damaged.remove(digest.as_str())?;
                Ok(())
            }
        }
    }

    fn apply_to_upload(&mut self, entry: &Entry) -> Result<(), StoreError> {
        match entry {
            Entry::Upload {
                id,
                name,
                algorithm,
                at,
            } => {
                let row = (name.as_str(), algorithm.as_str(), *at);
                self.uploads.insert(id.as_u128(), row)?;
            }
            Entry::Checkpoint {
                id,
                length,
                state,
                at,
            } => {
                let state = decode(state)?;
                self.checkpoints
                    .insert(id.as_u128(), (*length, state.as_slice()))?;
                self.touched.insert(id.as_u128(), *at)?;
            }
            Entry::EndUpload { id } => {
                self.uploads.remove(id.as_u128())?;
                self.checkpoints.remove(id.as_u128())?;
                self.touched.remove(id.as_u128())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn create_repository(&mut self, name: &str, at: u64) -> Result<(), StoreError> {
        if self.repositories.get(name)?.is_none() {
            self.repositories.insert(name, at)?;
        }
        Ok(())
    }

    fn unlink(&mut self, name: &str, digest: &str) -> Result<(), StoreError> {
        self.links.remove((name, digest))?;
        self.holders.remove((digest, name))?;
        if !has_second(&self.holders, digest)? {
            self.blobs.remove(digest)?;
            self.damaged.remove(digest)?;
        }
        Ok(())
    }

    /// Stores the bytes, and what they mean for references and referrers.
    fn insert_manifest(
        &mut self,
        key @ (name, digest): (&str, &str),
        at: u64,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let manifest = parse_stored(digest, media_type, bytes)?;
        self.forget_meaning(name, digest)?;
        self.manifests.insert(key, (at, media_type, bytes))?;
        for target in manifest.targets() {
            self.references
                .insert((name, target.digest().as_str(), digest), ())?;
        }
        if let Some(subject) = &manifest.subject {
            let stored = crate::store::manifests::stored_digest(digest)?;
            let descriptor = manifest.referrer_descriptor(&stored, bytes.len());
            self.referrers
                .insert((name, subject.as_str(), digest), descriptor.as_str())?;
            let artifact_type = manifest.artifact_type.as_deref().unwrap_or_default();
            self.referrer_types
                .insert((name, subject.as_str(), artifact_type, digest), ())?;
        }
        Ok(())
    }

    /// Removes what a manifest meant for references and referrers, if there is one.
    fn forget_meaning(&mut self, name: &str, digest: &str) -> Result<(), StoreError> {
        let manifest = match self.manifests.get((name, digest))? {
            Some(row) => parse_stored(digest, row.value().1, row.value().2)?,
            None => return Ok(()),
        };
        for target in manifest.targets() {
            self.references.remove((name, target.digest().as_str(), digest))?;
        }
        if let Some(subject) = &manifest.subject {
            self.referrers.remove((name, subject.as_str(), digest))?;
            let artifact_type = manifest.artifact_type.as_deref().unwrap_or_default();
            self.referrer_types
                .remove((name, subject.as_str(), artifact_type, digest))?;
        }
        Ok(())
    }

    /// Removes a manifest with the tags that point to it and with its place in a referrers list.
    fn remove_manifest_row(&mut self, name: &str, digest: &str) -> Result<(), StoreError> {
        self.forget_meaning(name, digest)?;
        self.manifests.remove((name, digest))?;
        for tag in thirds(&self.tagged, name, digest)? {
            self.tags.remove((name, tag.as_str()))?;
            self.tagged.remove((name, digest, tag.as_str()))?;
        }
        Ok(())
    }

    fn set_tag(&mut self, name: &str, tag: &str, digest: &str) -> Result<(), StoreError> {
        if let Some(old) = self.tags.insert((name, tag), digest)? {
            self.tagged.remove((name, old.value(), tag))?;
        }
        self.tagged.insert((name, digest, tag), ())?;
        Ok(())
    }

    fn remove_tag(&mut self, name: &str, tag: &str) -> Result<(), StoreError> {
        if let Some(digest) = self.tags.remove((name, tag))? {
            self.tagged.remove((name, digest.value(), tag))?;
        }
        Ok(())
    }
}
