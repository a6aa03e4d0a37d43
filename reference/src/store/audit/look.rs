//! What an audit looks at: every digest, every reference, every upload, every file.

use redb::{ReadableTable as _, ReadableTableMetadata as _};
use uuid::Uuid;

use super::blobs::{SHARE, StoredBlob, read};
use super::derived;
use super::findings::Findings;
use super::watch::{AuditStage, AuditWatch};
use crate::protocol::{Algorithm, Digest, Hasher, ManifestType};
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
    pub(super) watch: &'a AuditWatch,
    /// The first blob that is read; `None` reads all of them.
    pub(super) resume_from: Option<&'a Digest>,
    pub(super) findings: &'a mut Findings,
}

impl Look<'_> {
    /// Looks at everything, until the audit is to end.
    pub(super) fn at_everything(&mut self) -> Result<(), StoreError> {
        self.at_blobs()?;
        self.at_links()?;
        self.at_manifests()?;
        self.at_tags()?;
        self.at_both_sides()?;
        self.at_uploads()?;
        self.at_strays()
    }

    /// Every blob has a file with its digest.
    fn at_blobs(&mut self) -> Result<(), StoreError> {
        let (blobs, marked) = (self.view.blobs()?, self.view.damaged()?);
        self.findings.of_blobs = blobs.len()?;
        self.watch.begin_with(AuditStage::Blobs, self.findings.of_blobs);
        let mut share = Vec::with_capacity(SHARE);
        for row in blobs.iter()? {
            let (digest, row) = row?;
            let (digest, (file, size)) = (digest.value(), row.value());
            self.findings.audit.blobs += 1;
            self.findings.audit.bytes += size;
            if let Some(first) = self.resume_from
                && is_before(digest, first)
            {
                self.findings.leave_out_before(first);
                self.watch.step()?;
                continue;
            }
            share.push(StoredBlob {
                digest: digest.to_owned(),
                file: Uuid::from_u128(file),
                size,
                is_marked: marked.get(digest)?.is_some(),
            });
            if share.len() == SHARE {
                self.at_files_of(&share)?;
                share.clear();
            }
        }
        self.at_files_of(&share)
    }

    fn at_files_of(&mut self, blobs: &[StoredBlob]) -> Result<(), StoreError> {
        let read = read(self.files, blobs, self.watch);
        for (place, blob) in blobs.iter().enumerate() {
            if read.damaged.contains(&place) {
                self.findings.damaged_blob(blob);
            } else if blob.is_marked && place < read.end {
                self.findings.marked_whole_blob(blob);
            }
        }
        self.findings.reach(blobs, read.end);
        Ok(self.watch.go_on()?)
    }

    /// Every blob that a repository has is there.
    fn at_links(&mut self) -> Result<(), StoreError> {
        let (blobs, links) = (self.view.blobs()?, self.view.links()?);
        self.watch.begin_with(AuditStage::Links, links.len()?);
        for row in links.iter()? {
            let (key, _) = row?;
            let (name, digest) = key.value();
            self.watch.step()?;
            let link = (name.to_owned(), digest.to_owned());
            if blobs.get(digest)?.is_none() {
                let what = format!("{name} has blob {digest}, which does not exist");
                self.findings.fault(what, "the repository has it no more");
                self.findings.damage.links.insert(link);
            } else if self.findings.damage.blobs.contains(digest) {
                self.findings.damage.links.insert(link);
            }
        }
        Ok(())
    }

    /// Every manifest has its digest and can be read.
    fn at_manifests(&mut self) -> Result<(), StoreError> {
        let manifests = self.view.manifests()?;
        self.watch.begin_with(AuditStage::Manifests, manifests.len()?);
        for row in manifests.iter()? {
            let (key, row) = row?;
            let (name, digest) = key.value();
            let (_, media_type, bytes) = row.value();
            self.watch.step()?;
            self.findings.audit.manifests += 1;
            self.findings.audit.bytes += bytes.len() as u64;
            let kind = ManifestType::parse(media_type);
            let is_whole = stored_digest(digest).is_ok_and(|digest| {
                kind.is_some_and(|kind| kind.digest(digest.algorithm(), bytes) == digest)
            }) && parse_stored(digest, media_type, bytes).is_ok();
            if !is_whole {
                let what = format!("manifest {digest} of {name} is not whole");
                self.findings.fault(what, "it is removed");
                let manifest = (name.to_owned(), digest.to_owned());
                self.findings.damage.manifests.insert(manifest);
            }
        }
        Ok(())
    }

    /// Every tag points to a manifest.
    fn at_tags(&mut self) -> Result<(), StoreError> {
        let (manifests, tags) = (self.view.manifests()?, self.view.tags()?);
        self.watch.begin_with(AuditStage::Tags, tags.len()?);
        for row in tags.iter()? {
            let (key, digest) = row?;
            let (name, tag) = key.value();
            self.watch.step()?;
            self.findings.audit.tags += 1;
            let target = (name.to_owned(), digest.value().to_owned());
            if manifests.get((name, digest.value()))?.is_none()
                || self.findings.damage.manifests.contains(&target)
            {
                let what = format!("tag {tag} of {name} points to no manifest");
                self.findings.fault(what, "it is removed");
                self.findings
                    .damage
                    .tags
                    .insert((name.to_owned(), tag.to_owned()));
            }
        }
        Ok(())
    }

    /// What follows from other tables is there, and nothing else.
    fn at_both_sides(&mut self) -> Result<(), StoreError> {
        self.watch.begin(AuditStage::Sides);
        // Where something has to go from the first side, the second is made anew anyway.
        if self.findings.damage.is_none() && !derived::is_as_it_follows(self.view, self.watch)? {
            self.findings.fault(
                "tables that say the same from two sides differ".to_owned(),
                "the second side is made anew from the first",
            );
        }
        Ok(())
    }

    /// Every upload has what was acknowledged of it.
    fn at_uploads(&mut self) -> Result<(), StoreError> {
        let (uploads, checkpoints) = (self.view.uploads()?, self.view.checkpoints()?);
        self.watch.begin_with(AuditStage::Uploads, checkpoints.len()?);
        for row in checkpoints.iter()? {
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
            // One that was given up is not damaged.
            self.watch.step()?;
            // Before the first byte there is no file.
            if length > 0 && !is_whole {
                let what = format!("upload {id} is not what was acknowledged");
                self.findings.fault(what, "it is cancelled");
                self.findings.damage.uploads.insert(id);
                self.findings.damage.files.push(id);
            }
        }
        Ok(())
    }

    /// Every file belongs to a blob or an upload.
    fn at_strays(&mut self) -> Result<(), StoreError> {
        self.watch.begin(AuditStage::Strays);
        for file in strays_of(self.view, self.files.list()?)? {
            self.findings
                .fault(format!("file {file} belongs to nothing"), "it is removed");
            self.findings.damage.files.push(file);
        }
        Ok(())
    }
}

/// Whether a blob stands before the first that is read. What is no digest cannot have been read before.
fn is_before(digest: &str, first: &Digest) -> bool {
    digest < first.as_str() && stored_digest(digest).is_ok()
}
