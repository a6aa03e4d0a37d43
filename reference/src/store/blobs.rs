//! Blobs: which repositories can read them, and the reading (spec: Pulling blobs, Mounting, Deleting).

use std::sync::Arc;

use redb::ReadableTable as _;
use uuid::Uuid;

use super::reader::BlobReader;
use super::tables::{Tables, has_second};
use super::{Store, StoreError, now, on_disk};
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
            let files = Arc::clone(&self.files);
            let opened = on_disk(move || {
                let file = files.open(file)?;
                Ok((file.length()?, file))
            });
            match opened.await {
                Ok((length, file)) if length == size => return Ok(BlobReader::new(file, self.pool.clone())),
                Ok((length, _)) => {
                    return Err(StoreError::Damaged(format!(
                        "{digest} has {length} bytes, not {size}"
                    )));
                }
                // It may have been deleted between the two looks, and pushed again.
                Err(fault) => match self.blob_row(repository, digest)?.0 {
                    same if same == file => return Err(fault),
                    other => file = other,
                },
            }
        }
    }

    /// The file of a blob of a repository, and its size.
    pub(super) fn blob_row(&self, repository: &Name, digest: &Digest) -> Result<(Uuid, u64), StoreError> {
        let view = self.metadata.view()?;
        if view
            .links()?
            .get((repository.as_str(), digest.as_str()))?
            .is_none()
        {
            return Err(self.unknown_in(repository, StoreError::BlobUnknown));
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
                Some(from) => tables.links.get((from.as_str(), digest.as_str()))?.is_some(),
                None => true,
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
    /// Records that a repository exists.
    pub(super) fn create_repository(&mut self, repository: &Name) -> Result<(), StoreError> {
        if self.repositories.get(repository.as_str())?.is_none() {
            self.repositories.insert(repository.as_str(), now())?;
        }
        Ok(())
    }

    /// Makes a blob readable in a repository.
    pub(super) fn link_blob(&mut self, repository: &Name, digest: &Digest) -> Result<(), StoreError> {
        self.create_repository(repository)?;
        self.links.insert((repository.as_str(), digest.as_str()), now())?;
        self.holders.insert((digest.as_str(), repository.as_str()), ())?;
        Ok(())
    }

    /// Takes a blob out of a repository; out of the last one, it returns the file that nobody needs now.
    pub(super) fn unlink_blob(
        &mut self,
        repository: &Name,
        digest: &Digest,
    ) -> Result<Option<Uuid>, StoreError> {
        if self
            .links
            .remove((repository.as_str(), digest.as_str()))?
            .is_none()
        {
            return Err(StoreError::BlobUnknown);
        }
        self.holders.remove((digest.as_str(), repository.as_str()))?;
        if has_second(&self.holders, digest.as_str())? {
            return Ok(None);
        }
        let row = self.blobs.remove(digest.as_str())?;
        Ok(row.map(|row| Uuid::from_u128(row.value().0)))
    }
}
