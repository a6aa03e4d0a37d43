//! Files on a disk.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::{File, Files};
use crate::config::Durability;
use crate::operation::kernel::{open_resident, open_unnoted};

/// How files lie under their folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Layout {
    /// `<first two digits>/<name>`, so that no folder holds them all.
    Fanned,
    /// All in the folder itself, for a few of them.
    Flat,
}

/// Files under a folder of the file system.
#[derive(Debug)]
pub(in crate::store) struct DiskFiles {
    root: PathBuf,
    layout: Layout,
    durability: Durability,
}

impl DiskFiles {
    /// Files under `root`, which is made if it is missing.
    pub(in crate::store) fn open(root: PathBuf, layout: Layout, durability: Durability) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        if layout == Layout::Fanned {
            for folder in 0..=u8::MAX {
                fs::create_dir_all(root.join(format!("{folder:02x}")))?;
            }
        }
        sync_folder(&root)?;
        Ok(Self::found(root, layout, durability))
    }

    /// Files under `root` as it is; without one, there are none.
    pub(in crate::store) const fn found(root: PathBuf, layout: Layout, durability: Durability) -> Self {
        Self {
            root,
            layout,
            durability,
        }
    }

    /// Where a file is.
    pub(in crate::store) fn path(&self, id: Uuid) -> PathBuf {
        let name = id.hyphenated().to_string();
        match self.layout {
            Layout::Fanned => self.root.join(&name[..2]).join(name),
            Layout::Flat => self.root.join(name),
        }
    }

    fn opened(&self, file: fs::File) -> Arc<dyn File> {
        Arc::new(DiskFile {
            file: Arc::new(file),
            strict: self.durability == Durability::Strict,
        })
    }

    /// Says of a file that is not there whether its folder is: a disk that is not mounted has lost nothing.
    fn explain(&self, error: io::Error, path: &Path) -> io::Error {
        let folder = path.parent().unwrap_or(&self.root);
        if error.kind() == io::ErrorKind::NotFound && !folder.is_dir() {
            return io::Error::other(format!("the folder {} is gone", folder.display()));
        }
        error
    }
}

impl Files for DiskFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let mut options = fs::File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.path(id))?;
        Ok(self.opened(file))
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        let path = self.path(id);
        let opened = open_unnoted(&path).map_err(|error| self.explain(error, &path))?;
        Ok(self.opened(opened))
    }

    fn open_at_hand(&self, id: Uuid) -> Option<Arc<dyn File>> {
        Some(self.opened(open_resident(&self.path(id)).ok()?))
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn keep_name(&self, id: Uuid) -> io::Result<()> {
        match (self.durability, self.path(id).parent()) {
            (Durability::Strict, Some(folder)) => sync_folder(folder),
            _ => Ok(()),
        }
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        match self.layout {
            Layout::Flat => names_in(&self.root),
            Layout::Fanned => {
                let mut found = Vec::new();
                for folder in folders_in(&self.root)? {
                    found.extend(names_in(&folder)?);
                }
                Ok(found)
            }
        }
    }
}

/// The folders in a folder; none in one that is not there.
fn folders_in(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in entries_of(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The names of files in a folder; none in one that is not there.
fn names_in(folder: &Path) -> io::Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for entry in entries_of(folder)? {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(|name| Uuid::try_parse(name).ok()));
    }
    Ok(found)
}

fn entries_of(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// One open file.
#[derive(Debug)]
struct DiskFile {
    file: Arc<fs::File>,
    strict: bool,
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
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        if self.strict {
            self.file.sync_data()
        } else {
            Ok(())
        }
    }
}

/// Makes the names in a folder survive a loss of power.
pub(in crate::store) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
