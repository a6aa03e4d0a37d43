//! Where bytes are: one file for each blob and each upload, under a name that is never used twice.
//!
//! An upload's file becomes the blob's file when the metadata says so: nothing is renamed, and a file
//! that the metadata does not know means nothing.

mod disk;
mod memory;

use std::fmt;
use std::fs;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

pub(super) use disk::{DiskFiles, Layout, sync_folder};
pub(super) use memory::MemoryFiles;

/// What files are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// In memory, for which nobody waits.
    Memory,
    /// On a disk, for which somebody may have to wait.
    Disk,
}

/// A set of files.
pub(super) trait Files: fmt::Debug + Send + Sync {
    /// What they are kept in.
    fn medium(&self) -> Medium {
        Medium::Disk
    }

    /// Makes a new file, empty.
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>>;

    /// Opens a file; it stays readable when it is removed.
    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>>;

    /// Opens a file to be read, if nobody has to wait for the disk.
    fn open_at_hand(&self, _: Uuid) -> Option<Arc<dyn File>> {
        None
    }

    /// Removes a file; to remove one that is not there is no fault.
    fn remove(&self, id: Uuid) -> io::Result<()>;

    /// Returns when the name of a file survives a loss of power, and the names of all that begin with the same byte do.
    fn keep_name(&self, id: Uuid) -> io::Result<()>;

    /// The names of all files.
    fn list(&self) -> io::Result<Vec<Uuid>>;
}

/// An open file.
pub(super) trait File: fmt::Debug + Send + Sync {
    /// The number of bytes.
    fn length(&self) -> io::Result<u64>;

    /// The file itself, if it is on a disk.
    fn on_disk(&self) -> Option<Arc<fs::File>>;

    /// Reads at most as many bytes as the buffer holds; none at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes `parts` one after the other, the first at `offset`.
    fn write_at(&self, parts: &[Bytes], offset: u64) -> io::Result<()>;

    /// Cuts the file to `length` bytes.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes the system write what it has; a fault that it meets may not be met again.
    fn write_back(&self) -> io::Result<()>;

    /// Returns when the content of the file survives a loss of power; [`Files::keep_name`] is for its name.
    fn sync(&self) -> io::Result<()>;
}
