//! The sweeping up of what a crash has left behind: files that neither a blob nor an upload has.
//!
//! That takes as long as there are files, so nobody waits for it: what is received meanwhile is spared.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::ReadableTable;
use uuid::Uuid;

use super::files::Files;
use super::tables::View;
use super::work::Work;
use super::{Store, StoreError};

/// Files that may belong to nothing.
#[derive(Debug, Clone)]
pub(super) struct Strays {
    /// The files that this process makes, and that no metadata may know yet; `None` once there is nothing to sweep.
    spared: Arc<Mutex<Option<HashSet<Uuid>>>>,
}

impl Strays {
    /// Strays of an earlier process, if files that no metadata names are surely without meaning.
    pub(super) fn new(is_trusted: bool) -> Self {
        Self {
            spared: Arc::new(Mutex::new(is_trusted.then(HashSet::new))),
        }
    }

    /// Nothing is swept.
    pub(super) fn none() -> Self {
        Self::new(false)
    }

    /// Spares a file that is about to be made. One of that name that an earlier process has left is there for good when this
    /// returns, or it is gone.
    pub(super) fn spare(&self, file: Uuid) {
        if let Some(spared) = self.spared().as_mut() {
            spared.insert(file);
        }
    }

    fn spared(&self) -> MutexGuard<'_, Option<HashSet<Uuid>>> {
        self.spared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a file unless it is spared; says whether it did.
    fn remove(&self, file: Uuid, files: &dyn Files) -> io::Result<bool> {
        let spared = self.spared();
        let may_go = spared.as_ref().is_some_and(|spared| !spared.contains(&file));
        if may_go {
            files.remove(file)?;
        }
        Ok(may_go)
    }
}

impl Store {
    /// Removes what a crash has left behind, once; returns how many files that were.
    pub(crate) async fn sweep(&self) -> Result<usize, StoreError> {
        if self.strays.spared().is_none() {
            return Ok(0);
        }
        let swept = self.remove_strays().await;
        // What is left over by a sweep that failed is for the next process; nothing is noted for it any more.
        *self.strays.spared() = None;
        swept
    }

    async fn remove_strays(&self) -> Result<usize, StoreError> {
        // Whatever is listed now is known to a view of later, or spared, if it has a meaning.
        let listed = Work::all_of(&self.files, |files| files.list()).result().await?;
        let view = self.metadata.view()?;
        let found = Work::aside(move || strays_of(&view, listed)).end().await??;
        let strays = self.strays.clone();
        let removing = Work::all_of(&self.files, move |files| {
            found.into_iter().try_fold(0, |count, file| {
                Ok(count + usize::from(strays.remove(file, files)?))
            })
        });
        removing.result().await
    }
}

/// Those of some files that a view does not know.
pub(super) fn strays_of(view: &View, files: Vec<Uuid>) -> Result<Vec<Uuid>, StoreError> {
    strays_beside(&view.blobs()?, &view.uploads()?, files)
}

/// Those of some files that neither a blob nor an upload has; their names are what takes memory here.
pub(super) fn strays_beside(
    blobs: &impl ReadableTable<&'static str, (u128, u64)>,
    uploads: &impl ReadableTable<u128, (&'static str, &'static str, u64)>,
    mut files: Vec<Uuid>,
) -> Result<Vec<Uuid>, StoreError> {
    files.sort_unstable();
    let mut is_known = vec![false; files.len()];
    let mut know = |id: u128| {
        if let Ok(at) = files.binary_search(&Uuid::from_u128(id)) {
            is_known[at] = true;
        }
    };
    for row in blobs.iter()? {
        know(row?.1.value().0);
    }
    for row in uploads.iter()? {
        know(row?.0.value());
    }
    let strays = files.into_iter().zip(is_known);
    Ok(strays
        .filter(|(_, is_known)| !is_known)
        .map(|(file, _)| file)
        .collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::Durability;
    use crate::store::Store;

    #[tokio::test]
    async fn nothing_is_noted_any_more_for_a_sweep_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Durability::Strict).unwrap();
        let content = folder.path().join("content");
        fs::rename(&content, folder.path().join("away")).unwrap();
        fs::write(&content, "no folder").unwrap();
        assert!(store.sweep().await.is_err());
        assert!(store.strays.spared().is_none());
    }
}
