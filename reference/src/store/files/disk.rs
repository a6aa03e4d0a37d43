//! Files on a disk: `<first two digits>/<name>`, so that no folder holds them all.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use uuid::Uuid;

use super::{File, Files};
use crate::config::Durability;

/// Files under a folder of the file system.
#[derive(Debug)]
pub(in crate::store) struct DiskFiles {
    root: PathBuf,
    durability: Durability,
}

impl DiskFiles {
    /// Files under `root`, which is made if it is missing.
    pub(in crate::store) fn open(root: PathBuf, durability: Durability) -> io::Result<Self> {
        for folder in 0..=u8::MAX {
            fs::create_dir_all(root.join(format!("{folder:02x}")))?;
        }
        sync_folder(&root)?;
        Ok(Self { root, durability })
    }

    fn path(&self, id: Uuid) -> PathBuf {
        let name = id.hyphenated().to_string();
        self.root.join(&name[..2]).join(name)
    }

    fn opened(&self, file: fs::File, path: PathBuf) -> Arc<dyn File> {
        let strict = self.durability == Durability::Strict;
        Arc::new(DiskFile {
            file: Arc::new(file),
            path,
            strict,
            is_named: AtomicBool::new(false),
        })
    }
}

impl Files for DiskFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let path = self.path(id);
        let file = fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(self.opened(file, path))
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let path = self.path(id);
        let file = fs::File::options().read(true).write(true).open(&path)?;
        Ok(self.opened(file, path))
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.root)? {
            for file in fs::read_dir(folder?.path())? {
                let name = file?.file_name();
                found.extend(name.to_str().and_then(|name| Uuid::try_parse(name).ok()));
            }
        }
        Ok(found)
    }
}

/// One open file.
#[derive(Debug)]
struct DiskFile {
    file: Arc<fs::File>,
    path: PathBuf,
    strict: bool,
    /// Whether the folder is known to hold the name for good; not known of a file that was found.
    is_named: AtomicBool,
}

impl File for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn on_disk(&self) -> Option<Arc<fs::File>> {
        Some(Arc::clone(&self.file))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, parts: &[Bytes], mut offset: u64) -> io::Result<()> {
        for part in parts {
            self.file.write_all_at(part, offset)?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn write_back(&self) -> io::Result<()> {
        if self.strict {
            self.file.sync_data()
        } else {
            Ok(())
        }
    }

    fn sync(&self) -> io::Result<()> {
        if !self.strict {
            return Ok(());
        }
        self.file.sync_data()?;
        if !self.is_named.load(Ordering::Acquire) {
            sync_folder(self.path.parent().unwrap_or(&self.path))?;
            self.is_named.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// Makes the names in a folder survive a loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
