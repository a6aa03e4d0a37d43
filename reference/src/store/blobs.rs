//! Blobs: which repositories can read them, and the reading (spec: Pulling blobs, Mounting, Deleting).

use std::sync::Arc;

use redb::ReadableTable as _;
use uuid::Uuid;

use super::entry::Entry;
use super::files::File;
use super::proof::Proof;
use super::reader::BlobReader;
use super::tables::Tables;
use super::work::Work;
use super::{Store, StoreError, now};
use crate::protocol::{Digest, Name};

impl Store {
    /// The size of a blob of a repository. Who is told that it exists may count on it for a while.
    pub(crate) async fn blob_size(&self, repository: &Name, digest: &Digest) -> Result<u64, StoreError> {
        let _lease = self.leases.take(repository, digest).await;
        Ok(self.blob_row(repository, digest)?.1)
    }

    /// Opens a blob of a repository for reading.
    pub(crate) async fn open_blob(
        &self,
        repository: &Name,
        digest: &Digest,
    ) -> Result<BlobReader, StoreError> {
        let (mut file, size) = self.blob_row(repository, digest)?;
        loop {
            match self.opened(file).await {
                Ok((length, opened)) if length == size => {
                    let proof = Proof::needed(&self.health, digest, file, opened.as_ref());
                    return Ok(BlobReader::new(opened, self.pool.clone(), proof));
                }
                Ok((length, _)) => {
                    self.health.suspect(digest);
                    return Err(StoreError::Damaged(format!(
                        "{digest} has {length} bytes, not {size}"
                    )));
                }
                // It may have been deleted between the two looks, and pushed again.
                Err(fault) => match self.blob_row(repository, digest)?.0 {
                    same if same == file => {
                        self.health.suspect(digest);
                        return Err(fault);
                    }
                    other => file = other,
                },
            }
        }
    }

    /// An open file, and its length: at once if it is at hand, since to wake a thread costs more than to open it.
    async fn opened(&self, file: Uuid) -> Result<(u64, Arc<dyn File>), StoreError> {
        if let Some(file) = self.files.open_at_hand(file) {
            return Ok((file.length()?, file));
        }
        let opened = Work::on(&self.files, move |files| {
            let file = files.open(file)?;
            Ok((file.length()?, file))
        });
        opened.result().await
    }

    /// The file of a blob of a repository, and its size. One that is damaged is not there.
    pub(super) fn blob_row(&self, repository: &Name, digest: &Digest) -> Result<(Uuid, u64), StoreError> {
        let view = self.metadata.view()?;
        if view
            .links()?
            .get((repository.as_str(), digest.as_str()))?
            .is_none()
        {
            return Err(self.unknown_in(repository, StoreError::BlobUnknown));
        }
        if view.damaged()?.get(digest.as_str())?.is_some() {
            return Err(StoreError::BlobUnknown);
        }
        let row = view.blobs()?.get(digest.as_str())?;
        let row = row.ok_or_else(|| StoreError::Damaged(format!("{digest} has no file")))?;
        let (file, size) = row.value();
        Ok((Uuid::from_u128(file), size))
    }

    /// Makes a blob of another repository, or of any, readable in this one as well (end-11); returns its size.
    pub(crate) async fn mount_blob(
        &self,
        repository: &Name,
        digest: &Digest,
        from: Option<&Name>,
    ) -> Result<u64, StoreError> {
        let (repository, digest, from) = (repository.clone(), digest.clone(), from.cloned());
        let mounting = self.metadata.change(move |tables| {
            let size = tables.blobs.get(digest.as_str())?.map(|row| row.value().1);
            let is_readable = match &from {
                Some(from) => tables.has_blob(from, &digest)?,
                None => tables.damaged.get(digest.as_str())?.is_none(),
            };
            let size = size.filter(|_| is_readable).ok_or(StoreError::BlobUnknown)?;
            tables.link_blob(&repository, &digest)?;
            Ok(size)
        });
        mounting.await
    }

    /// Takes a blob out of a repository (end-10).
    pub(crate) async fn delete_blob(&self, repository: &Name, digest: &Digest) -> Result<(), StoreError> {
        let (name, wanted) = (repository.clone(), digest.clone());
        let deleted = self
            .metadata
            .change(move |tables| tables.unlink_blob(&name, &wanted))
            .await;
        match deleted {
            Ok(file) => {
                self.remove_files(file.into_iter().collect()).await;
                Ok(())
            }
            Err(StoreError::BlobUnknown) => Err(self.unknown_in(repository, StoreError::BlobUnknown)),
            Err(fault) => Err(fault),
        }
    }
}

impl Tables<'_> {
    /// Makes a blob readable in a repository.
    pub(super) fn link_blob(&mut self, repository: &Name, digest: &Digest) -> Result<(), StoreError> {
        self.make(Entry::Link {
            name: repository.to_string(),
            digest: digest.as_str().to_owned(),
            at: now(),
        })
    }

    /// Takes a blob out of a repository; out of the last one, it returns the file that nobody needs now.
    pub(super) fn unlink_blob(
        &mut self,
        repository: &Name,
        digest: &Digest,
    ) -> Result<Option<Uuid>, StoreError> {
        let (name, digest) = (repository.as_str(), digest.as_str());
        if self.links.get((name, digest))?.is_none() {
            return Err(StoreError::BlobUnknown);
        }
        let file = self.blobs.get(digest)?.map(|row| row.value().0);
        self.make(Entry::Unlink {
            name: name.to_owned(),
            digest: digest.to_owned(),
        })?;
        let is_gone = self.blobs.get(digest)?.is_none();
        Ok(file.filter(|_| is_gone).map(Uuid::from_u128))
    }

    /// Whether a blob can be read in a repository, as far as is known.
    pub(super) fn has_blob(&self, repository: &Name, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.links.get((repository.as_str(), digest.as_str()))?.is_some()
            && self.damaged.get(digest.as_str())?.is_none())
    }
}
