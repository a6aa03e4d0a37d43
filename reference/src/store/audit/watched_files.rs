//! Files of which nothing is read any more once an audit is to end, not even the rest of a large one.

use std::fs;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::watch::AuditWatch;
use crate::store::files::{File, Files};

/// The files of a store that is audited.
#[derive(Debug)]
pub(super) struct WatchedFiles {
    pub(super) files: Arc<dyn Files>,
    pub(super) watch: Arc<AuditWatch>,
}

/// A file of a store that is audited.
#[derive(Debug)]
struct WatchedFile {
    file: Arc<dyn File>,
    watch: Arc<AuditWatch>,
}

impl WatchedFiles {
    fn watched(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(WatchedFile {
            file,
            watch: Arc::clone(&self.watch),
        })
    }
}

impl Files for WatchedFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        Ok(self.watched(self.files.create(id)?))
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        Ok(self.watched(self.files.open(id)?))
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        self.files.remove(id)
    }

    fn keep_name(&self, id: Uuid) -> io::Result<()> {
        self.files.keep_name(id)
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        self.files.list()
    }
}

impl File for WatchedFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn on_disk(&self) -> Option<Arc<fs::File>> {
        self.file.on_disk()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.watch.go_on()?;
        let count = self.file.read_at(buffer, offset)?;
        self.watch.read(count);
        Ok(count)
    }

    fn write_at(&self, parts: &[Bytes], offset: u64) -> io::Result<()> {
        self.file.write_at(parts, offset)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn write_back(&self) -> io::Result<()> {
        self.file.write_back()
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}
