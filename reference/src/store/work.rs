//! Work on files: done at once where they are in memory, since to wake a thread costs more; else by a thread that may
//! wait for the disk.

use std::io;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::StoreError;
use super::files::{Files, Medium};

/// Work that is done, or under way.
#[derive(Debug)]
pub(super) enum Work<T> {
    Done(T),
    UnderWay(JoinHandle<T>),
}

impl<T: Send + 'static> Work<T> {
    /// Begins work on a piece of a file, or on a few names.
    pub(super) fn on(files: &Arc<dyn Files>, work: impl FnOnce(&dyn Files) -> T + Send + 'static) -> Self {
        match files.medium() {
            Medium::Memory => Work::Done(work(files.as_ref())),
            Medium::Disk => Work::all_of(files, work),
        }
    }

    /// Begins work that takes its time wherever files are, as to read all of one does.
    pub(super) fn all_of(
        files: &Arc<dyn Files>,
        work: impl FnOnce(&dyn Files) -> T + Send + 'static,
    ) -> Self {
        let files = Arc::clone(files);
        Work::aside(move || work(files.as_ref()))
    }

    /// Begins work that may take its time.
    pub(super) fn aside(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Work::UnderWay(tokio::task::spawn_blocking(work))
    }

    /// What came of it.
    pub(super) async fn end(self) -> io::Result<T> {
        match self {
            Work::Done(done) => Ok(done),
            Work::UnderWay(task) => task.await.map_err(io::Error::other),
        }
    }
}

impl<T: Send + 'static> Work<io::Result<T>> {
    /// What came of it, in words of the store.
    pub(super) async fn result(self) -> Result<T, StoreError> {
        Ok(self.end().await??)
    }
}
