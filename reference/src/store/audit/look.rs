//! What an audit looks at: every digest, every reference, every upload, every file.

use redb::ReadableTable as _;
use uuid::Uuid;

use super::blobs::{SHARE, StoredBlob, damaged};
use super::{Audit, AuditFinding, Damage};
use crate::protocol::{Algorithm, Hasher, ManifestType};
use crate::store::StoreError;
use crate::store::files::Files;
use crate::store::manifests::{parse_stored, stored_digest};
use crate::store::strays::strays_of;
use crate::store::tables::View;
use crate::store::uploads::hash_file;

/// What is looked at, and what is found.
pub(super) struct Look<'a> {
    pub(super) view: &'a View,
    pub(super) files: &'a dyn Files,
    pub(super) audit: Audit,
    pub(super) damage: Damage,
}

impl Look<'_> {
    fn fault(&mut self, what: String, remedy: &'static str) {
        self.audit.faults.push(AuditFinding { what, remedy });
    }

    /// Every blob has a file with its digest, and every link a blob.
    pub(super) fn at_blobs(&mut self) -> Result<(), StoreError> {
        let marked = self.view.damaged()?;
        let mut share = Vec::with_capacity(SHARE);
        for row in self.view.blobs()?.iter()? {
            let (digest, row) = row?;
            let (digest, (file, size)) = (digest.value(), row.value());
            self.audit.blobs += 1;
            self.audit.bytes += size;
            share.push(StoredBlob {
                digest: digest.to_owned(),
                file: Uuid::from_u128(file),
                size,
                is_marked: marked.get(digest)?.is_some(),
            });
            if share.len() == SHARE {
                self.at_files_of(&share);
                share.clear();
            }
        }
        self.at_files_of(&share);
        self.at_links()
    }

    fn at_files_of(&mut self, blobs: &[StoredBlob]) {
        let damaged = damaged(self.files, blobs);
        for (place, blob) in blobs.iter().enumerate() {
            let digest = &blob.digest;
            if damaged.contains(&place) {
                let remedy = "it is taken out of every repository, and its file is in lost/";
                self.fault(format!("blob {digest} is not whole"), remedy);
                self.damage.blobs.insert(digest.clone());
                self.damage.lost.push(blob.file);
            } else if blob.is_marked {
                let what = format!("blob {digest} is marked as damaged and is whole");
                self.fault(what, "it can be read again");
                self.damage.marks.insert(digest.clone());
            }
        }
    }

    fn at_links(&mut self) -> Result<(), StoreError> {
        let blobs = self.view.blobs()?;
        for row in self.view.links()?.iter()? {
            let (key, _) = row?;
            let (name, digest) = key.value();
            if blobs.get(digest)?.is_none() {
                let what = format!("{name} has blob {digest}, which does not exist");
                self.fault(what, "the repository has it no more");
                self.damage.links.insert((name.to_owned(), digest.to_owned()));
            } else if self.damage.blobs.contains(digest) {
                self.damage.links.insert((name.to_owned(), digest.to_owned()));
            }
        }
        Ok(())
    }

    /// Every manifest has its digest and can be read, and every tag points to one.
    pub(super) fn at_manifests(&mut self) -> Result<(), StoreError> {
        let manifests = self.view.manifests()?;
        for row in manifests.iter()? {
            let (key, row) = row?;
            let (name, digest) = key.value();
            let (_, media_type, bytes) = row.value();
            self.audit.manifests += 1;
            self.audit.bytes += bytes.len() as u64;
            let kind = ManifestType::parse(media_type);
            let is_whole = stored_digest(digest).is_ok_and(|digest| {
                kind.is_some_and(|kind| kind.digest(digest.algorithm(), bytes) == digest)
            }) && parse_stored(digest, media_type, bytes).is_ok();
            if !is_whole {
                let what = format!("manifest {digest} of {name} is not whole");
                self.fault(what, "it is removed");
                self.damage.manifests.insert((name.to_owned(), digest.to_owned()));
            }
        }
        for row in self.view.tags()?.iter()? {
            let (key, digest) = row?;
            let (name, tag) = key.value();
            self.audit.tags += 1;
            let target = (name.to_owned(), digest.value().to_owned());
            if manifests.get((name, digest.value()))?.is_none() || self.damage.manifests.contains(&target) {
                self.fault(
                    format!("tag {tag} of {name} points to no manifest"),
                    "it is removed",
                );
                self.damage.tags.insert((name.to_owned(), tag.to_owned()));
            }
        }
        Ok(())
    }

    /// Every upload has what was acknowledged of it.
    pub(super) fn at_uploads(&mut self) -> Result<(), StoreError> {
        let uploads = self.view.uploads()?;
        for row in self.view.checkpoints()?.iter()? {
            let (id, checkpoint) = row?;
            let (length, state) = checkpoint.value();
            let upload = uploads.get(id.value())?;
            let algorithm = upload.and_then(|upload| Algorithm::parse(upload.value().1));
            let id = Uuid::from_u128(id.value());
            let is_whole = algorithm.is_some_and(|algorithm| {
                let kept = Hasher::restore(algorithm, state).map(Hasher::finish);
                let found = self
                    .files
                    .open(id)
                    .and_then(|file| hash_file(file.as_ref(), length, algorithm));
                // A state of another kind says nothing of the content.
                found.is_ok_and(|found| kept.is_none_or(|kept| kept == found))
            });
            // Before the first byte there is no file.
            if length > 0 && !is_whole {
                let what = format!("upload {id} is not what was acknowledged");
                self.fault(what, "it is cancelled");
                self.damage.uploads.insert(id);
                self.damage.files.push(id);
            }
        }
        Ok(())
    }

    /// Every file belongs to a blob or an upload.
    pub(super) fn at_files(&mut self) -> Result<(), StoreError> {
        for file in strays_of(self.view, self.files.list()?)? {
            self.fault(format!("file {file} belongs to nothing"), "it is removed");
            self.damage.files.push(file);
        }
        Ok(())
    }
}
