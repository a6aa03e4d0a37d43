//! Whether a store can still do its work.

use bytes::Bytes;
use uuid::Uuid;

use super::work::Work;
use super::{Store, StoreError};

impl Store {
    /// Writes a file, removes it again, and commits a change of nothing.
    ///
    /// # Errors
    /// Fails if the store is gone, full or broken.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let writing = Work::on(&self.files, |files| {
            let id = Uuid::new_v4();
            let written = files.create(id)?.write_at(&[Bytes::from_static(b"probe")], 0);
            files.remove(id)?;
            written
        });
        writing.result().await?;
        self.metadata.change(|_| Ok(())).await
    }
}
