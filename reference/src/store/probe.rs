//! Whether a store can still do its work.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::{Store, StoreError, on_disk};

impl Store {
    /// Writes a file, removes it again, and commits a change of nothing.
    ///
    /// # Errors
    /// Fails if the store is gone, full or broken.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let files = Arc::clone(&self.files);
        let writing = on_disk(move || {
            let id = Uuid::new_v4();
            let written = files.create(id)?.write_at(&[Bytes::from_static(b"probe")], 0);
            files.remove(id)?;
            written
        });
        writing.await?;
        self.metadata.change(|_| Ok(())).await
    }
}
