//! The uploads that this process has met.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::uploads::{Session, opened_at};

/// How many uploads are kept in memory that nobody is busy with: some two megabytes.
const KEPT: usize = 4096;

/// The open uploads in memory; one that is missing here may still be in the metadata, or have received nothing.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<Uuid, Arc<Session>>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The upload, if it has been met.
    pub(super) fn get(&self, id: Uuid) -> Option<Arc<Session>> {
        self.lock().get(&id).cloned()
    }

    /// Remembers an upload; of two that met it at once, both get the same one.
    pub(super) fn remember(&self, session: Session) -> Arc<Session> {
        let mut met = self.lock();
        if met.len() >= KEPT {
            forget_the_longest_idle(&mut met);
        }
        Arc::clone(met.entry(session.id()).or_insert_with(|| Arc::new(session)))
    }

    /// Forgets an upload.
    pub(super) fn forget(&self, id: Uuid) {
        self.lock().remove(&id);
    }

    /// The uploads that only this process knows of, and that were opened before a time.
    pub(super) fn unrecorded_before(&self, time: u64) -> Vec<Arc<Session>> {
        let met = self.lock();
        let old = |session: &&Arc<Session>| {
            !session.is_recorded() && opened_at(session.id()).is_some_and(|opened| opened < time)
        };
        met.values().filter(old).cloned().collect()
    }

    /// How many uploads are in memory.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }
}

/// Forgets half of the uploads: those that nobody holds and that were touched least lately. Who comes back to
/// one finds it in the metadata, as far as it was acknowledged, or by its name if it has received nothing.
fn forget_the_longest_idle(met: &mut HashMap<Uuid, Arc<Session>>) {
    let idle = met
        .values()
        .filter(|session| Arc::strong_count(session) == 1 && session.is_to_be_found_again());
    let mut idle = idle
        .map(|session| (session.touched(), session.id()))
        .collect::<Vec<_>>();
    idle.sort_unstable();
    for (_, id) in idle.into_iter().take(KEPT / 2) {
        met.remove(&id);
    }
}
