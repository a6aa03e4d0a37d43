//! How entries change the metadata. All that changes it goes through here.

use redb::ReadableTable as _;

use super::StoreError;
use super::entry::{Entry, decode};
use super::manifests::{parse_stored, stored_digest};
use super::tables::{Tables, has_second, thirds};

impl Tables<'_> {
    /// Makes an entry, and notes it for the journal.
    pub(super) fn make(&mut self, entry: Entry) -> Result<(), StoreError> {
        self.apply(&entry)?;
        self.made.push(entry);
        Ok(())
    }

    /// Makes an entry that is in the journal already. What is not there cannot be removed, and is no fault.
    pub(super) fn apply(&mut self, entry: &Entry) -> Result<(), StoreError> {
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
                self.note_end(*id)?;
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
            let stored = stored_digest(digest)?;
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
