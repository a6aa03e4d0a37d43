//! Files that are made ahead, so that what comes whole in one piece waits for no sync of a folder.
//!
//! They lie empty in a folder whose names have been kept, and belong to nothing until the metadata names them: those that a
//! crash leaves behind are swept up.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

use super::files::{File, Files};
use super::strays::Strays;

/// How many files are made at once at most. One sync serves them all, and whoever makes them waits for their making: half a
/// millisecond.
const LARGEST_BATCH: usize = 32;

/// A file, and its name.
type Named = (Uuid, Arc<dyn File>);

/// The files that are made ahead.
#[derive(Debug)]
pub(super) struct NamedFiles {
    files: Arc<dyn Files>,
    strays: Strays,
    ahead: Mutex<Ahead>,
}

#[derive(Debug)]
struct Ahead {
    ready: Vec<Named>,
    /// How many are made next: a store of which little is asked makes few.
    batch: usize,
}

impl NamedFiles {
    /// None yet; no sweep takes those that are made for strays.
    pub(super) fn new(files: Arc<dyn Files>, strays: Strays) -> Self {
        let ahead = Ahead {
            ready: Vec::new(),
            batch: 1,
        };
        Self {
            files,
            strays,
            ahead: Mutex::new(ahead),
        }
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait to be used.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.ahead().ready.len()
    }

    /// A file of this content, which survives a loss of power, name and all.
    pub(super) fn written(&self, content: &[Bytes]) -> io::Result<WrittenFile> {
        let (id, file) = self.take()?;
        let written = WrittenFile {
            files: Arc::clone(&self.files),
            id,
            file,
            is_kept: false,
        };
        written.file.write_at(content, 0)?;
        written.file.sync()?;
        Ok(written)
    }

    /// An empty file that nobody else is given. Who finds none makes some, while others wait for those.
    fn take(&self) -> io::Result<Named> {
        let mut ahead = self.ahead();
        if let Some(named) = ahead.ready.pop() {
            return Ok(named);
        }
        let batch = ahead.batch;
        ahead.batch = (batch * 2).min(LARGEST_BATCH);
        let (first, rest) = self.made(batch)?;
        ahead.ready = rest;
        Ok(first)
    }

    /// New files in one folder, whose names are kept; fewer than `count` where no more can be made.
    fn made(&self, count: usize) -> io::Result<(Named, Vec<Named>)> {
        let id = Uuid::new_v4();
        let first = (id, self.make(id)?);
        let mut rest = Vec::new();
        while rest.len() + 1 < count {
            let mut name = Uuid::new_v4().into_bytes();
            name[0] = id.as_bytes()[0];
            let beside = Uuid::from_bytes(name);
            let Ok(file) = self.make(beside) else { break };
            rest.push((beside, file));
        }
        if let Err(fault) = self.files.keep_name(id) {
            self.remove(&rest);
            self.remove(&[first]);
            return Err(fault);
        }
        Ok((first, rest))
    }

    fn make(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        self.strays.spare(id);
        self.files.create(id)
    }

    /// Removes files that nobody was given; those that stay are swept up later.
    fn remove(&self, named: &[Named]) {
        for (id, _) in named {
            if let Err(fault) = self.files.remove(*id) {
                tracing::debug!(%fault, "an empty file that was made ahead stays");
            }
        }
    }
}

impl Drop for NamedFiles {
    fn drop(&mut self) {
        let ready = std::mem::take(&mut self.ahead().ready);
        self.remove(&ready);
    }
}

/// A file that belongs to nothing yet: it is removed, unless it is kept.
#[derive(Debug)]
pub(super) struct WrittenFile {
    files: Arc<dyn Files>,
    id: Uuid,
    file: Arc<dyn File>,
    is_kept: bool,
}

impl WrittenFile {
    /// Leaves the file to the metadata, which may name it from now on: its name, and the open file.
    pub(super) fn keep(mut self) -> (Uuid, Arc<dyn File>) {
        self.is_kept = true;
        (self.id, Arc::clone(&self.file))
    }
}

impl Drop for WrittenFile {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(fault) = self.files.remove(self.id)
        {
            tracing::warn!(%fault, "a file that is not needed any more was not removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use uuid::Uuid;

    use super::NamedFiles;
    use crate::store::files::{File, Files, MemoryFiles};
    use crate::store::strays::Strays;

    /// Files that count how often a folder is synced.
    #[derive(Debug, Default)]
    struct Counted {
        files: MemoryFiles,
        syncs: AtomicUsize,
    }

    impl Files for Counted {
        fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
            self.files.create(id)
        }

        fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
            self.files.open(id)
        }

        fn remove(&self, id: Uuid) -> io::Result<()> {
            self.files.remove(id)
        }

        fn keep_name(&self, _: Uuid) -> io::Result<()> {
            self.syncs.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        fn list(&self) -> io::Result<Vec<Uuid>> {
            self.files.list()
        }
    }

    fn named(files: &Arc<Counted>) -> NamedFiles {
        NamedFiles::new(Arc::clone(files) as Arc<dyn Files>, Strays::none())
    }

    const CONTENT: [Bytes; 2] = [Bytes::from_static(b"one"), Bytes::from_static(b"piece")];

    #[test]
    fn one_sync_of_a_folder_serves_many_files_and_the_first_makes_no_more_than_it_needs() {
        let files = Arc::new(Counted::default());
        let named = named(&files);
        let first = named.written(&CONTENT).unwrap().keep().0;
        assert_eq!(files.list().unwrap(), [first]);
        for _ in 0..300 {
            let (id, file) = named.written(&CONTENT).unwrap().keep();
            assert_eq!(file.length().unwrap(), 8);
            assert_eq!(files.open(id).unwrap().length().unwrap(), 8);
        }
        assert!(files.syncs.load(Ordering::Relaxed) < 16, "{files:?}");
    }

    #[test]
    fn what_is_not_kept_is_removed_and_what_nobody_was_given_goes_with_the_store() {
        let files = Arc::new(Counted::default());
        let named = named(&files);
        let kept = named.written(&CONTENT).unwrap().keep().0;
        drop(named.written(&CONTENT).unwrap());
        assert_eq!(files.list().unwrap().len(), 2, "one was made ahead");
        drop(named);
        assert_eq!(files.list().unwrap(), [kept]);
    }
}
