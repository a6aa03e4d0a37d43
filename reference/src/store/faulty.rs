//! A disk that may fail, and keeps what it holds when the store on it is closed.

#![expect(clippy::unwrap_used, reason = "for tests, which fail by panicking")]

use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use redb::backends::InMemoryBackend;
use redb::{Builder, StorageBackend};
use uuid::Uuid;

use super::committer::CommitterSettings;
use super::files::{File, Files, MemoryFiles};
use super::{Store, StoreError};

/// A fault that can be switched on and off.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<io::ErrorKind>>>);

impl Fault {
    pub(super) fn set(&self, kind: Option<io::ErrorKind>) {
        *self.0.lock().unwrap() = kind;
    }

    fn pass(&self) -> io::Result<()> {
        self.0.lock().unwrap().map_or(Ok(()), |kind| Err(kind.into()))
    }
}

/// Files on a disk that may fail.
#[derive(Debug)]
struct FaultyFiles {
    fault: Fault,
    of_sync: Fault,
    of_write_back: Fault,
    files: Arc<MemoryFiles>,
}

#[derive(Debug)]
struct FaultyFile {
    fault: Fault,
    of_sync: Fault,
    of_write_back: Fault,
    file: Arc<dyn File>,
}

impl Files for FaultyFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        self.fault.pass()?;
        Ok(Arc::new(FaultyFile {
            fault: self.fault.clone(),
            of_sync: self.of_sync.clone(),
            of_write_back: self.of_write_back.clone(),
            file: self.files.create(id)?,
        }))
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(FaultyFile {
            fault: self.fault.clone(),
            of_sync: self.of_sync.clone(),
            of_write_back: self.of_write_back.clone(),
            file: self.files.open(id)?,
        }))
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        self.files.remove(id)
    }

    fn keep_name(&self, id: Uuid) -> io::Result<()> {
        self.fault.pass()?;
        self.files.keep_name(id)
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        self.files.list()
    }
}

impl File for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn on_disk(&self) -> Option<Arc<fs::File>> {
        self.file.on_disk()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, parts: &[Bytes], offset: u64) -> io::Result<()> {
        // A disk that is full takes a part of what it is given.
        if let (Err(fault), [first, ..]) = (self.fault.pass(), parts) {
            self.file.write_at(&[first.slice(..first.len() / 2)], offset)?;
            return Err(fault);
        }
        self.file.write_at(parts, offset)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn write_back(&self) -> io::Result<()> {
        self.of_write_back.pass()?;
        self.file.write_back()
    }

    fn sync(&self) -> io::Result<()> {
        self.fault.pass()?;
        self.of_sync.pass()?;
        self.file.sync()
    }
}

/// A database on a disk that may fail; what it holds stays when it is opened again.
#[derive(Debug, Clone, Default)]
struct FaultyDatabase {
    fault: Fault,
    storage: Arc<InMemoryBackend>,
}

impl StorageBackend for FaultyDatabase {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.storage.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.fault.pass()?;
        self.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.fault.pass()?;
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.fault.pass()?;
        self.storage.write(offset, data)
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    pub(super) of_journal: Fault,
    pub(super) of_journal_sync: Fault,
    pub(super) of_files: Fault,
    pub(super) of_write_back: Fault,
    pub(super) of_database: Fault,
}

impl Faults {
    fn all(&self) -> [&Fault; 5] {
        let Self {
            of_journal,
            of_journal_sync,
            of_files,
            of_write_back,
            of_database,
        } = self;
        [of_journal, of_journal_sync, of_files, of_write_back, of_database]
    }

    /// Whether anything goes wrong.
    pub(super) fn are_set(&self) -> bool {
        self.all().iter().any(|fault| fault.pass().is_err())
    }

    /// From now on nothing goes wrong.
    pub(super) fn mend(&self) {
        self.all().iter().for_each(|fault| fault.set(None));
    }
}

/// The parts of a store, on disks that may fail each for itself.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) faults: Faults,
    pub(super) journals: Arc<MemoryFiles>,
    content: Arc<MemoryFiles>,
    storage: Arc<InMemoryBackend>,
}

impl Disk {
    /// Opens the store that is on it.
    pub(super) fn open(&self, pace: CommitterSettings) -> Result<Store, StoreError> {
        let faults = &self.faults;
        let backend = FaultyDatabase {
            fault: faults.of_database.clone(),
            storage: Arc::clone(&self.storage),
        };
        let open = move || Ok(Builder::new().create_with_backend(backend.clone())?);
        let files = |files: &Arc<MemoryFiles>, fault: &Fault, of_sync: &Fault| FaultyFiles {
            fault: fault.clone(),
            of_sync: of_sync.clone(),
            of_write_back: faults.of_write_back.clone(),
            files: Arc::clone(files),
        };
        Store::assemble(
            open()?,
            Box::new(open),
            Arc::new(files(&self.content, &faults.of_files, &Fault::default())),
            Arc::new(files(&self.journals, &faults.of_journal, &faults.of_journal_sync)),
            pace,
        )
    }
}
