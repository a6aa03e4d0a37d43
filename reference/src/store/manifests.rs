//! Manifests with their tags and their place in referrers lists (spec: Pushing Manifests, Deleting).

use bytes::Bytes;
use redb::ReadableTable as _;

use super::entry::{Entry, ManifestBytes};
use super::tables::Tables;
use super::{Store, StoreError, now};
use crate::config::MissingContent;
use crate::protocol::{Condition, Digest, Manifest, Name, Reference, ReferencedContent, Tag};

/// A manifest to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewManifest {
    /// Its digest, which its bytes have been found to have.
    pub(crate) digest: Digest,
    /// Its bytes, as they came.
    pub(crate) bytes: Bytes,
    /// What the bytes mean.
    pub(crate) manifest: Manifest,
    /// The tags that are to point to it.
    pub(crate) tags: Vec<Tag>,
}

/// A manifest that is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredManifest {
    /// Its digest.
    pub(crate) digest: Digest,
    /// The type that it was pushed with.
    pub(crate) media_type: String,
    /// Its bytes, as they came.
    pub(crate) bytes: Bytes,
}

impl Store {
    /// The manifest that a tag or a digest names (end-3). Who is told that it exists may count on it for a
    /// while.
    pub(crate) async fn manifest(
        &self,
        repository: &Name,
        reference: &Reference,
    ) -> Result<StoredManifest, StoreError> {
        match reference {
            Reference::Digest(digest) => {
                let _lease = self.leases.take(repository, digest).await;
                self.read_manifest(repository, reference)
            }
            Reference::Tag(_) => self.read_manifest(repository, reference),
        }
    }

    fn read_manifest(&self, repository: &Name, reference: &Reference) -> Result<StoredManifest, StoreError> {
        let view = self.metadata.view()?;
        let unknown = || self.unknown_in(repository, StoreError::ManifestUnknown);
        let digest = match reference {
            Reference::Digest(digest) => digest.clone(),
            Reference::Tag(tag) => {
                let row = view
                    .tags()?
                    .get((repository.as_str(), tag.as_str()))?
                    .ok_or_else(unknown)?;
                stored_digest(row.value())?
            }
        };
        let row = view
            .manifests()?
            .get((repository.as_str(), digest.as_str()))?
            .ok_or_else(unknown)?;
        let (_, media_type, bytes) = row.value();
        let (media_type, bytes) = (media_type.to_owned(), Bytes::copy_from_slice(bytes));
        Ok(StoredManifest {
            digest,
            media_type,
            bytes,
        })
    }

    /// Stores a manifest under `reference` if `condition` allows it (end-7).
    pub(crate) async fn put_manifest(
        &self,
        repository: &Name,
        reference: &Reference,
        new: NewManifest,
        condition: Condition,
        missing: MissingContent,
    ) -> Result<(), StoreError> {
        let (repository, reference) = (repository.clone(), reference.clone());
        let storing = self.metadata.change(move |tables| {
            let current = tables.resolve(&repository, &reference)?;
            if !condition.allows_change(current.as_ref()) {
                return Err(StoreError::PreconditionFailed);
            }
            if missing == MissingContent::Refuse {
                tables.require_content(&repository, &new.manifest)?;
            }
            let digest = new.digest.as_str();
            tables.make(Entry::Manifest {
                name: repository.to_string(),
                digest: digest.to_owned(),
                at: now(),
                media_type: new.manifest.kind.as_str().to_owned(),
                content: ManifestBytes::new(&new.bytes),
            })?;
            new.tags.iter().try_for_each(|tag| {
                tables.make(Entry::Tag {
                    name: repository.to_string(),
                    tag: tag.as_str().to_owned(),
                    digest: digest.to_owned(),
                })
            })
        });
        storing.await
    }

    /// Deletes a tag, or a manifest with all its tags, if `condition` allows it (end-9).
    pub(crate) async fn delete_manifest(
        &self,
        repository: &Name,
        reference: &Reference,
        condition: Condition,
    ) -> Result<(), StoreError> {
        let (name, reference) = (repository.clone(), reference.clone());
        let deleting = self.metadata.change(move |tables| {
            let current = tables
                .resolve(&name, &reference)?
                .ok_or(StoreError::ManifestUnknown)?;
            if !condition.allows_change(Some(&current)) {
                return Err(StoreError::PreconditionFailed);
            }
            match &reference {
                Reference::Tag(tag) => tables.make(Entry::RemoveTag {
                    name: name.to_string(),
                    tag: tag.as_str().to_owned(),
                }),
                Reference::Digest(digest) => tables.remove_manifest(&name, digest),
            }
        });
        match deleting.await {
            Err(StoreError::ManifestUnknown) => Err(self.unknown_in(repository, StoreError::ManifestUnknown)),
            outcome => outcome,
        }
    }
}

impl Tables<'_> {
    /// The digest that a reference stands for, if there is such a manifest.
    fn resolve(&self, repository: &Name, reference: &Reference) -> Result<Option<Digest>, StoreError> {
        match reference {
            Reference::Tag(tag) => self.tagged_digest(repository, tag),
            Reference::Digest(digest) => Ok(self.has_manifest(repository, digest)?.then(|| digest.clone())),
        }
    }

    fn tagged_digest(&self, repository: &Name, tag: &Tag) -> Result<Option<Digest>, StoreError> {
        let row = self.tags.get((repository.as_str(), tag.as_str()))?;
        row.map(|row| stored_digest(row.value())).transpose()
    }

    fn has_manifest(&self, repository: &Name, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self
            .manifests
            .get((repository.as_str(), digest.as_str()))?
            .is_some())
    }

    /// Refuses a manifest that names content which the repository does not have. An entry of an index
    /// may be a blob as well (image spec: Image Index).
    fn require_content(&self, repository: &Name, manifest: &Manifest) -> Result<(), StoreError> {
        let mut missing = Vec::new();
        for target in &manifest.required {
            let digest = target.digest();
            let is_blob = self.has_blob(repository, digest)?;
            let is_there = is_blob
                || (matches!(target, ReferencedContent::Manifest(_))
                    && self.has_manifest(repository, digest)?);
            if !is_there {
                missing.push(digest.clone());
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(StoreError::ContentMissing(missing))
        }
    }

    /// Removes a manifest with the tags that point to it and with its place in a referrers list.
    pub(super) fn remove_manifest(&mut self, repository: &Name, digest: &Digest) -> Result<(), StoreError> {
        if !self.has_manifest(repository, digest)? {
            return Err(StoreError::ManifestUnknown);
        }
        self.make(Entry::RemoveManifest {
            name: repository.to_string(),
            digest: digest.as_str().to_owned(),
        })
    }
}

/// Reads a manifest that was understood when it was stored.
pub(super) fn parse_stored(digest: &str, media_type: &str, bytes: &[u8]) -> Result<Manifest, StoreError> {
    Manifest::parse(bytes, Some(media_type)).map_err(|why| StoreError::Damaged(format!("{digest}: {why}")))
}

/// Reads a digest that was well-formed when it was stored.
pub(super) fn stored_digest(text: &str) -> Result<Digest, StoreError> {
    Digest::parse(text).ok_or_else(|| StoreError::Damaged(format!("{text:?} is not a digest")))
}
