//! Whether the files of blobs hold what they should: several are read at once, since most of an audit is this.

use std::collections::BTreeSet;
use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle, available_parallelism};

use uuid::Uuid;

use crate::store::files::Files;
use crate::store::manifests::stored_digest;
use crate::store::uploads::hash_file;

/// How many blobs are taken from the table at once: enough that the longest of them keeps few readers idle, and no more
/// than a megabyte of digests.
pub(super) const SHARE: usize = 8192;

/// A blob as the table has it.
pub(super) struct StoredBlob {
    pub(super) digest: String,
    pub(super) file: Uuid,
    /// In bytes.
    pub(super) size: u64,
    /// Whether it is marked as damaged.
    pub(super) is_marked: bool,
}

impl StoredBlob {
    /// Whether its file holds it and nothing else.
    fn is_whole(&self, files: &dyn Files) -> bool {
        stored_digest(&self.digest).is_ok_and(|digest| {
            let whole = files.open(self.file).and_then(|file| {
                let is_as_long = file.length()? == self.size;
                Ok(is_as_long && hash_file(file.as_ref(), self.size, digest.algorithm())? == digest)
            });
            whole.unwrap_or(false)
        })
    }
}

/// The places of those that are not whole.
pub(super) fn damaged(files: &dyn Files, blobs: &[StoredBlob]) -> BTreeSet<usize> {
    let next = AtomicUsize::new(0);
    let read = || {
        let places = iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        places
            .map_while(|place| blobs.get(place).map(|blob| (place, blob)))
            .filter(|(_, blob)| !blob.is_whole(files))
            .map(|(place, _)| place)
            .collect::<Vec<_>>()
    };
    let readers = available_parallelism().map_or(1, usize::from).min(blobs.len());
    thread::scope(|scope| {
        let reading: Vec<_> = iter::repeat_n(read, readers)
            .map(|read| scope.spawn(read))
            .collect();
        let read = reading.into_iter().map(ScopedJoinHandle::join);
        read.flat_map(|damaged| damaged.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
