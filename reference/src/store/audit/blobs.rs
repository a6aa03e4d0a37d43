//! Whether the files of blobs hold what they should: several are read at once, since most of an audit is this.

use std::collections::BTreeSet;
use std::io;
use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle, available_parallelism};

use uuid::Uuid;

use super::watch::AuditWatch;
use crate::operation::kernel::forget_in_memory;
use crate::protocol::Digest;
use crate::store::files::Files;
use crate::store::manifests::stored_digest;
use crate::store::uploads::hash_file;

/// How many blobs are taken from the table at once: enough that the longest of them keeps few readers idle, and no more
/// than a megabyte of digests.
pub(super) const SHARE: usize = 8192;

/// How many read for each processor: while some wait for the disk, others have to keep it at work.
const FOR_EACH_PROCESSOR: usize = 4;

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
    /// Whether its file holds it and nothing else; `None` if it was given up.
    fn is_whole(&self, files: &dyn Files, watch: &AuditWatch) -> Option<bool> {
        match stored_digest(&self.digest).map(|digest| self.holds(&digest, files)) {
            Ok(Ok(whole)) => Some(whole),
            // What a disk says to that is asked again.
            Ok(Err(_)) if watch.is_stopped() => None,
            Ok(Err(_)) | Err(_) => Some(false),
        }
    }

    fn holds(&self, digest: &Digest, files: &dyn Files) -> io::Result<bool> {
        let file = files.open(self.file)?;
        if file.length()? != self.size {
            return Ok(false);
        }
        let found = hash_file(file.as_ref(), self.size, digest.algorithm())?;
        if let Some(file) = file.on_disk() {
            forget_in_memory(&file);
        }
        Ok(found == *digest)
    }
}

/// What came of the reading of some blobs.
#[derive(Debug, Default)]
pub(super) struct ReadBlobs {
    /// The places of those that are not whole.
    pub(super) damaged: BTreeSet<usize>,
    /// The place of the first that was not read: none before it was left out.
    pub(super) end: usize,
}

/// Reads some blobs, until all are read or the audit is to end.
pub(super) fn read(files: &dyn Files, blobs: &[StoredBlob], watch: &AuditWatch) -> ReadBlobs {
    let next = AtomicUsize::new(0);
    let read = || {
        let mut read = ReadBlobs {
            end: blobs.len(),
            ..ReadBlobs::default()
        };
        while !watch.is_stopped() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(blob) = blobs.get(place) else { break };
            match blob.is_whole(files, watch) {
                Some(true) => {}
                Some(false) => drop(read.damaged.insert(place)),
                None => {
                    read.end = place;
                    break;
                }
            }
            // That it is to end is asked before the next one.
            drop(watch.step());
        }
        read
    };
    let readers = available_parallelism().map_or(1, usize::from) * FOR_EACH_PROCESSOR;
    let readers = readers.min(blobs.len());
    let parts: Vec<_> = thread::scope(|scope| {
        let reading: Vec<_> = iter::repeat_n(read, readers)
            .map(|read| scope.spawn(read))
            .collect();
        let read = reading.into_iter().map(ScopedJoinHandle::join);
        read.map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    let taken = next.into_inner().min(blobs.len());
    ReadBlobs {
        end: parts.iter().map(|part| part.end).fold(taken, usize::min),
        damaged: parts.into_iter().flat_map(|part| part.damaged).collect(),
    }
}
