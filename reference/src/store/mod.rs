//! The storage contract, in words, and the one store that keeps it on any kind of files.
//!
//! - **Durable.** What a method returns `Ok` for has been written, synced and committed: it survives a
//!   crash. What it returns an error for has left no trace.
//! - **Whole.** A blob or manifest is readable under its digest only after its bytes were found to have
//!   that digest. A reader gets all of it or an error, whatever is deleted meanwhile.
//! - **Apart.** Content is readable in the repositories that it was pushed to or mounted into, and in no
//!   other; what is deleted in one stays in the others.
//! - **At once.** A change shows in every read that begins after it was acknowledged.
//! - **Together.** A manifest, its tags, and its place in the referrers list change in one step.
//!
//! Metadata ([`tables`]) says what exists; the [`journal`] holds every change of it, from which it can be
//! made anew; files ([`files`]) hold the bytes of blobs and uploads. A file is complete and synced before the
//! metadata names it, and the metadata forgets it before it is removed, so a crash can leave a file too many,
//! which [`Store::sweep`] removes, and never one too few.

mod apply;
mod audit;
mod blobs;
mod collect;
mod committer;
#[cfg(test)]
mod contract;
mod ended;
mod entry;
#[cfg(test)]
mod faults;
#[cfg(any(test, fuzzing))]
mod faulty;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod guard;
mod journal;
mod leases;
mod listings;
#[cfg(test)]
mod losses;
mod manifests;
mod named;
mod opening;
mod pool;
#[cfg(test)]
mod power_loss;
mod probe;
mod proof;
mod reader;
mod sessions;
#[cfg(test)]
mod slow;
mod strays;
mod tables;
mod uploads;
mod work;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

pub(crate) use audit::audit;
pub use audit::{
    Audit, AuditFinding, AuditInterruption, AuditRequest, AuditStage, AuditWatch, Check, LeftOut,
};
pub(crate) use collect::Grace;
pub(crate) use manifests::{NewManifest, StoredManifest};
pub(crate) use pool::BLOCK;
pub(crate) use proof::Proof;
pub(crate) use reader::BlobReader;
pub(crate) use uploads::{Appender, Session};

use committer::Metadata;
use files::{Files, MemoryFiles};
use leases::Leases;
use named::NamedFiles;
use pool::Pool;
use proof::Health;
use sessions::Sessions;
use strays::Strays;
use uploads::UploadNames;
use work::Work;

use crate::protocol::{Digest, Name};

/// Why the store did not do what it was asked to do.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    /// No repository has the name.
    #[error("the repository does not exist")]
    RepositoryUnknown,
    /// The repository has no such blob.
    #[error("the blob is not in the repository")]
    BlobUnknown,
    /// The repository has no such manifest or tag.
    #[error("the manifest is not in the repository")]
    ManifestUnknown,
    /// The repository has no such upload.
    #[error("the upload does not exist")]
    UploadUnknown,
    /// Another request is adding to the upload.
    #[error("the upload is in use")]
    UploadBusy,
    /// The chunk does not start at the end of the upload.
    #[error("the chunk is out of order")]
    OutOfOrder,
    /// The content does not have the digest that it was pushed under.
    #[error("the content does not have the digest")]
    DigestMismatch,
    /// A manifest names content that the repository does not have.
    #[error("content is missing that the manifest names")]
    ContentMissing(Vec<Digest>),
    /// The state is not the one that the change was meant for.
    #[error("the precondition does not hold")]
    PreconditionFailed,
    /// The files could not be read or written.
    #[error("files: {0}")]
    Files(Arc<io::Error>),
    /// The database could not be read or written.
    #[error("database: {0}")]
    Database(Arc<redb::Error>),
    /// Stored bytes are not what the metadata says.
    #[error("damaged content: {0}")]
    Damaged(String),
    /// The store cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// Another process has the store open.
    #[error("another registry is using the store")]
    InUse,
    /// The store is closing.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the store itself failed, rather than refused.
    pub(crate) const fn is_of_the_store(&self) -> bool {
        matches!(
            self,
            Self::Files(_)
                | Self::Database(_)
                | Self::Damaged(_)
                | Self::Unusable(_)
                | Self::InUse
                | Self::Closed
        )
    }

    /// Whether the disk is full.
    pub(crate) fn is_out_of_space(&self) -> bool {
        let is_full = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        };
        match self {
            Self::Files(error) => is_full(error),
            Self::Database(error) => matches!(error.as_ref(), redb::Error::Io(error) if is_full(error)),
            _ => false,
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Files(Arc::new(error))
    }
}

/// Lets `?` carry each of the database's errors.
macro_rules! from_database {
    ($($error:ident)*) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Database(Arc::new(error.into()))
            }
        })*
    };
}

from_database! { DatabaseError TransactionError TableError StorageError CommitError SetDurabilityError }

/// A store: cheap to share, used by every request.
#[derive(Debug)]
pub(crate) struct Store {
    metadata: Metadata,
    files: Arc<dyn Files>,
    named: Arc<NamedFiles>,
    sessions: Sessions,
    leases: Arc<Leases>,
    pool: Pool,
    health: Arc<Health>,
    strays: Strays,
    names: UploadNames,
    /// When the process began to use it.
    started: u64,
}

impl Store {
    /// A store that is gone when the process ends.
    ///
    /// # Errors
    /// Fails if there is no memory for it.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::start(
            Metadata::in_memory()?,
            Arc::new(MemoryFiles::default()),
            Strays::none(),
            Uuid::new_v4(),
        )
    }

    fn start(
        metadata: Metadata,
        files: Arc<dyn Files>,
        strays: Strays,
        store: Uuid,
    ) -> Result<Self, StoreError> {
        let since = metadata.view()?.ended_since()?;
        Ok(Self {
            names: UploadNames::new(store, since),
            metadata,
            named: Arc::new(NamedFiles::new(Arc::clone(&files), strays.clone())),
            files,
            sessions: Sessions::default(),
            leases: Arc::default(),
            pool: Pool::default(),
            health: Arc::default(),
            strays,
            started: now(),
        })
    }

    /// Whether a repository exists: it does from its first blob or manifest on.
    fn repository_exists(&self, name: &Name) -> Result<bool, StoreError> {
        Ok(self
            .metadata
            .view()?
            .repositories()?
            .get(name.as_str())?
            .is_some())
    }

    /// The error for content that is not there: it matters whether the repository is.
    fn unknown_in(&self, name: &Name, otherwise: StoreError) -> StoreError {
        match self.repository_exists(name) {
            Ok(true) => otherwise,
            Ok(false) => StoreError::RepositoryUnknown,
            Err(fault) => fault,
        }
    }

    /// Removes files that the metadata no longer names; one that is left over is swept up later.
    async fn remove_files(&self, ids: Vec<Uuid>) {
        if ids.is_empty() {
            return;
        }
        let removal = Work::on(&self.files, |files| {
            ids.into_iter().try_for_each(|id| files.remove(id))
        });
        if let Err(fault) = removal.result().await {
            tracing::warn!(%fault, "a file that is not needed any more was not removed");
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Whether something of the time `since` is older than `age`.
fn is_older(since: u64, age: Duration) -> bool {
    now().saturating_sub(since) > age.as_secs()
}
