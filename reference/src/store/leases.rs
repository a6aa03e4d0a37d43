//! Leases: what somebody was just told exists is not collected for a while, since a push may count on it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::now;
use crate::protocol::{Digest, Name};

/// What was looked at, and when.
#[derive(Debug, Default)]
pub(super) struct Leases {
    /// Held for reading from the lease to the look, for writing while something is collected: what was
    /// seen has been leased, and what is being collected is not seen.
    gate: RwLock<()>,
    seen: Mutex<HashMap<(Name, Digest), u64>>,
}

impl Leases {
    /// Takes a lease on content; it counts from before the look that is made under the guard.
    pub(super) async fn take(&self, repository: &Name, digest: &Digest) -> RwLockReadGuard<'_, ()> {
        let guard = self.gate.read().await;
        let key = (repository.clone(), digest.clone());
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, now());
        guard
    }

    /// Waits for those who look, and keeps them out while something is collected.
    pub(super) async fn collecting(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Whether content has been looked at since a time.
    pub(super) fn is_taken_since(&self, repository: &Name, digest: &Digest, since: u64) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(repository.clone(), digest.clone()))
            .is_some_and(|at| *at >= since)
    }

    /// Forgets the leases from before a time.
    pub(super) fn forget_before(&self, since: u64) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, at| *at >= since);
    }
}
