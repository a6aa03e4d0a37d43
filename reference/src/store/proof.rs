//! The proof that a blob is whole: it is hashed while it is written, when all of it is read, now and then by the
//! scrubber, and when somebody has met damage. A blob that is found damaged is marked, and is not there until it is pushed again.
//!
//! What was proven is remembered for a while, and the kernel may then send the file by itself.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redb::ReadableTable as _;
use tokio::sync::Notify;
use uuid::Uuid;

use super::entry::Entry;
use super::files::File;
use super::manifests::stored_digest;
use super::pool::BLOCK;
use super::work::Work;
use super::{Store, StoreError, now};
use crate::protocol::{Digest, Hasher};

/// How long a proof is relied on, while nobody writes to the file: a blob that is fetched all the time is hashed once an
/// hour, which costs nothing beside serving it.
const RELIED_ON: Duration = Duration::from_secs(60 * 60);

/// How many proofs are remembered: some ten megabytes.
const REMEMBERED: usize = 100_000;

/// How long a round of the scrubber takes at least: it starts no new one earlier. Disks decay over months; a day is
/// early enough, and a small store is not read without end.
const ROUND: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the scrubber waits after a fault of the store: a disk that fails is not asked in a loop, and its log has
/// one line a minute of it.
const AFTER_FAULT: Duration = Duration::from_secs(60);

/// What is known of the health of blobs.
#[derive(Debug, Default)]
pub(super) struct Health {
    proven: Mutex<HashMap<Uuid, Proven>>,
    /// Blobs that somebody has met damage in.
    suspects: Mutex<HashSet<Digest>>,
    suspected: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Proven {
    at: Instant,
    modified: Option<SystemTime>,
}

impl Health {
    fn proven(&self) -> MutexGuard<'_, HashMap<Uuid, Proven>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a file was hashed lately and nobody has written to it since.
    fn is_proven(&self, id: Uuid, file: &dyn File) -> bool {
        let proven = self.proven().get(&id).copied();
        proven.is_some_and(|proven| proven.at.elapsed() < RELIED_ON && proven.modified == modified(file))
    }

    /// Takes a file for proven that was hashed while it was written.
    pub(super) fn rely_on(&self, id: Uuid, file: &dyn File) {
        self.remember(id, modified(file));
    }

    fn remember(&self, id: Uuid, modified: Option<SystemTime>) {
        let mut proven = self.proven();
        if proven.len() >= REMEMBERED {
            proven.clear();
        }
        let at = Instant::now();
        proven.insert(id, Proven { at, modified });
    }

    /// Has a blob looked at soon.
    pub(super) fn suspect(&self, digest: &Digest) {
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        suspects.insert(digest.clone());
        self.suspected.notify_one();
    }

    fn take_suspects(&self) -> HashSet<Digest> {
        std::mem::take(&mut *self.suspects.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When somebody last wrote to a file on a disk.
fn modified(file: &dyn File) -> Option<SystemTime> {
    file.on_disk()?.metadata().ok()?.modified().ok()
}

/// A file that is to be proven by whoever reads all of it.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    health: Arc<Health>,
    digest: Digest,
    id: Uuid,
    modified: Option<SystemTime>,
    hasher: Box<Hasher>,
}

impl Proof {
    /// What is needed to prove a file; `None` for one that is proven, or is nowhere but in memory.
    pub(super) fn needed(health: &Arc<Health>, digest: &Digest, id: Uuid, file: &dyn File) -> Option<Self> {
        file.on_disk()?;
        let is_needed = !health.is_proven(id, file);
        is_needed.then(|| Self {
            health: Arc::clone(health),
            digest: digest.clone(),
            id,
            modified: modified(file),
            hasher: Box::new(Hasher::new(digest.algorithm())),
        })
    }

    /// Takes the next part of the file.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.hasher.update(part);
    }

    /// Ends the proof, when all of the file was added.
    ///
    /// # Errors
    /// Fails if the file does not have its digest.
    pub(crate) fn end(self) -> Result<(), StoreError> {
        if self.hasher.finish() == self.digest {
            self.health.remember(self.id, self.modified);
            return Ok(());
        }
        self.health.suspect(&self.digest);
        Err(StoreError::Damaged(format!(
            "{} is not what was stored",
            self.digest
        )))
    }
}

/// What a look at a blob has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inspection {
    Whole,
    Damaged,
    /// It was deleted or pushed again meanwhile.
    Other,
}

impl Store {
    /// Looks for damage for as long as it is let: at blobs that somebody has met it in at once, and at all others
    /// in rounds, so many bytes a second; 0 for no rounds.
    pub(crate) async fn scrub(&self, rate: u64) {
        let rounds = async {
            loop {
                let began = Instant::now();
                if let Err(fault) = self.scrub_once(rate).await {
                    tracing::error!(%fault, "the look for damaged content was broken off");
                    tokio::time::sleep(AFTER_FAULT).await;
                } else {
                    tokio::time::sleep(ROUND.saturating_sub(began.elapsed())).await;
                }
            }
        };
        let suspects = async {
            loop {
                self.health.suspected.notified().await;
                for digest in self.health.take_suspects() {
                    if let Err(fault) = self.examine(&digest, u64::MAX).await {
                        tracing::error!(%fault, %digest, "a blob that may be damaged was not looked at");
                    }
                }
            }
        };
        match rate {
            0 => suspects.await,
            _ => drop(tokio::join!(rounds, suspects)),
        }
    }

    /// One round: every blob, from any one on, so that a registry that is often started looks at all of them.
    async fn scrub_once(&self, rate: u64) -> Result<(), StoreError> {
        let start = format!("sha256:{}", Uuid::new_v4().simple());
        let mut after = start.clone();
        let (mut is_around, mut count, mut damaged) = (false, 0_u64, 0_u64);
        loop {
            match self.blob_after(&after)? {
                Some(digest) if !is_around || digest.as_str() <= start.as_str() => {
                    damaged += u64::from(self.examine(&digest, rate).await? == Inspection::Damaged);
                    count += 1;
                    digest.as_str().clone_into(&mut after);
                }
                None if !is_around => {
                    is_around = true;
                    after.clear();
                }
                _ => break,
            }
        }
        tracing::info!(blobs = count, damaged, "looked for damaged content");
        Ok(())
    }

    fn blob_after(&self, after: &str) -> Result<Option<Digest>, StoreError> {
        for row in self.metadata.view()?.blobs()?.range(after..)? {
            let (digest, _) = row?;
            if digest.value() != after {
                return stored_digest(digest.value()).map(Some);
            }
        }
        Ok(None)
    }

    /// Looks at one blob, and marks it if it is damaged, or takes its mark away if it is not.
    async fn examine(&self, digest: &Digest, rate: u64) -> Result<Inspection, StoreError> {
        let (row, is_marked) = {
            let view = self.metadata.view()?;
            let row = view.blobs()?.get(digest.as_str())?.map(|row| row.value());
            (row, view.damaged()?.get(digest.as_str())?.is_some())
        };
        let Some(row @ (file, size)) = row else {
            return Ok(Inspection::Other);
        };
        let found = self.look_at(digest, Uuid::from_u128(file), size, rate).await?;
        let entry = match (found, is_marked) {
            (Inspection::Damaged, false) => Entry::Damaged {
                digest: digest.as_str().to_owned(),
                at: now(),
            },
            (Inspection::Whole, true) => Entry::Whole {
                digest: digest.as_str().to_owned(),
            },
            _ => return Ok(found),
        };
        let name = digest.clone();
        let marking = self.metadata.change(move |tables| {
            let is_same = tables
                .blobs
                .get(name.as_str())?
                .is_some_and(|found| found.value() == row);
            if is_same {
                tables.make(entry)?;
            }
            Ok(is_same)
        });
        if !marking.await? {
            return Ok(Inspection::Other);
        }
        if found == Inspection::Damaged {
            tracing::error!(%digest, "a blob is damaged; it is missing until it is pushed again");
        } else {
            tracing::warn!(%digest, "a blob that was damaged is whole");
        }
        Ok(found)
    }

    async fn look_at(
        &self,
        digest: &Digest,
        id: Uuid,
        size: u64,
        rate: u64,
    ) -> Result<Inspection, StoreError> {
        let opened = Work::on(&self.files, move |files| {
            let file = files.open(id)?;
            Ok((file.length()?, file))
        });
        let (length, file) = match opened.result().await {
            Ok(opened) => opened,
            Err(StoreError::Files(error)) if is_damage(&error) => return Ok(Inspection::Damaged),
            Err(fault) => return Err(fault),
        };
        if length != size {
            return Ok(Inspection::Damaged);
        }
        let was_modified = modified(file.as_ref());
        match hash_slowly(file, size, digest, rate).await {
            Ok(found) if found == *digest => {
                self.health.remember(id, was_modified);
                Ok(Inspection::Whole)
            }
            Ok(_) => Ok(Inspection::Damaged),
            Err(StoreError::Files(error)) if is_damage(&error) => Ok(Inspection::Damaged),
            Err(fault) => Err(fault),
        }
    }
}

/// Whether an error says that content is gone or cannot be read, rather than that the system lacks something.
fn is_damage(error: &io::Error) -> bool {
    let is_unreadable = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    is_unreadable
        || matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof
        )
}

/// The digest of a file, of which so many bytes a second are read.
async fn hash_slowly(
    file: Arc<dyn File>,
    size: u64,
    digest: &Digest,
    rate: u64,
) -> Result<Digest, StoreError> {
    let mut hasher = Hasher::new(digest.algorithm());
    let mut offset = 0;
    while offset < size {
        let began = Instant::now();
        let wanted = usize::try_from(size - offset).unwrap_or(BLOCK).min(BLOCK);
        let from = Arc::clone(&file);
        let reading = Work::aside(move || {
            let mut block = vec![0; wanted];
            match from.read_at(&mut block, offset)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    hasher.update(&block[..count]);
                    Ok((hasher, count as u64))
                }
            }
        });
        let count;
        (hasher, count) = reading.result().await?;
        offset += count;
        let due = Duration::from_micros(count.saturating_mul(1_000_000) / rate.max(1));
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
    }
    Ok(hasher.finish())
}
