//! The uploads that this process has met.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::uploads::Session;

/// The open uploads in memory; one that is missing here may still be in the metadata.
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
        Arc::clone(
            self.lock()
                .entry(session.id())
                .or_insert_with(|| Arc::new(session)),
        )
    }

    /// Forgets an upload.
    pub(super) fn forget(&self, id: Uuid) {
        self.lock().remove(&id);
    }
}
