//! One upload, as the process knows it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::content::{Checkpoint, UploadContent};
use super::names::opened_at;
use crate::protocol::{Algorithm, Name};
use crate::store::entry::Entry;
use crate::store::files::Files;
use crate::store::{StoreError, now};

/// One upload.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) id: Uuid,
    pub(super) repository: Name,
    pub(super) algorithm: Algorithm,
    /// Whether requests after this one can come back to it.
    pub(super) is_resumable: bool,
    /// Whether the metadata knows it: it does when something was received.
    is_recorded: AtomicBool,
    /// Whether it has been cancelled.
    pub(super) is_closed: AtomicBool,
    /// Whether its last chunk was one that only the last chunk may be.
    has_ended: AtomicBool,
    state: Mutex<UploadState>,
    /// The number of bytes that have been stored.
    offset: AtomicU64,
    /// When a request last had to do with it.
    pub(super) touched: AtomicU64,
}

/// What is known of an upload's content.
#[derive(Debug)]
pub(super) enum UploadState {
    /// What its file holds up to its checkpoint.
    OnDisk,
    /// It waits for more.
    Waiting(UploadContent),
    /// A request is adding to it.
    Busy,
}

impl Session {
    /// An upload that nothing was written down of.
    pub(super) fn new(
        id: Uuid,
        repository: Name,
        algorithm: Algorithm,
        state: UploadState,
        touched: u64,
    ) -> Self {
        Self {
            id,
            repository,
            algorithm,
            is_resumable: true,
            is_recorded: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            state: Mutex::new(state),
            offset: AtomicU64::new(0),
            touched: AtomicU64::new(touched),
        }
    }

    /// An upload that nobody has heard of yet.
    pub(super) fn fresh(id: Uuid, repository: Name, algorithm: Algorithm) -> Self {
        let state = UploadState::Waiting(UploadContent::none(algorithm));
        Self::new(id, repository, algorithm, state, now())
    }

    /// An upload that begins and ends with one request: the metadata never knows it.
    pub(super) fn of_one_request(repository: Name, algorithm: Algorithm) -> Self {
        Self {
            is_resumable: false,
            ..Self::fresh(Uuid::new_v4(), repository, algorithm)
        }
    }

    /// The number that names the upload.
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }

    /// The number of bytes stored so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Whether the last chunk has come, as far as one can tell.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Notes whether the last chunk has come, as far as one can tell.
    pub(crate) fn set_ended(&self, has_ended: bool) {
        self.has_ended.store(has_ended, Ordering::Release);
    }

    /// Whether the metadata knows it.
    pub(crate) fn is_recorded(&self) -> bool {
        self.is_recorded.load(Ordering::Acquire)
    }

    /// Notes that the metadata knows it.
    pub(super) fn set_recorded(&self) {
        self.is_recorded.store(true, Ordering::Release);
    }

    /// What the metadata does not know yet of it.
    pub(super) fn unrecorded(&self) -> Option<Entry> {
        (!self.is_recorded()).then(|| Entry::Upload {
            id: self.id,
            name: self.repository.to_string(),
            algorithm: self.algorithm.as_str().to_owned(),
            at: opened_at(self.id).unwrap_or_else(now),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, UploadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what it holds is not known.
    pub(super) fn is_to_be_loaded(&self) -> bool {
        matches!(*self.state(), UploadState::OnDisk)
    }

    /// When a request last had to do with it.
    pub(crate) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Acquire)
    }

    /// Whether a request is adding to it.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(*self.state(), UploadState::Busy)
    }

    /// Whether nobody is busy with it, and what it holds can be known without this.
    pub(crate) fn is_to_be_found_again(&self) -> bool {
        !self.is_busy() && (self.is_recorded() || self.offset() == 0)
    }

    /// Takes the content out for one request, so that no lock is held while its body is read.
    pub(super) fn take(&self) -> Result<UploadContent, StoreError> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, UploadState::Busy) {
            UploadState::Waiting(content) => Ok(content),
            other => {
                *state = other;
                Err(StoreError::UploadBusy)
            }
        }
    }

    /// Gives the content back, for the requests that follow; until then its file is closed.
    pub(super) fn put_back(&self, mut content: UploadContent) {
        content.close();
        self.offset.store(content.length, Ordering::Release);
        self.touched.store(now(), Ordering::Release);
        *self.state() = UploadState::Waiting(content);
    }

    /// Notes how much is stored while a request adds to it.
    pub(super) fn set_offset(&self, offset: u64) {
        self.offset.store(offset, Ordering::Release);
    }

    /// Looks at the file, if nothing is known yet.
    pub(super) fn load(&self, files: &dyn Files, checkpoint: Checkpoint) -> std::io::Result<()> {
        let mut state = self.state();
        if matches!(*state, UploadState::OnDisk) {
            let content = UploadContent::found(files, self.id, checkpoint)?;
            self.offset.store(content.length, Ordering::Release);
            *state = UploadState::Waiting(content);
        }
        Ok(())
    }
}
