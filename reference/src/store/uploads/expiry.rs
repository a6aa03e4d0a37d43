//! The end of uploads that nobody comes back to.

use std::sync::Arc;
use std::time::Duration;

use redb::ReadableTable as _;
use uuid::Uuid;

use super::Session;
use crate::store::{Store, StoreError, is_older, now};

impl Store {
    /// Ends the uploads that nobody has added to for so long.
    pub(crate) async fn cancel_uploads_older_than(&self, age: Duration) -> Result<usize, StoreError> {
        let mut expired = Vec::new();
        for row in self.metadata.view()?.uploads()?.iter()? {
            let (id, row) = row?;
            let id = Uuid::from_u128(id.value());
            if is_older(row.value().2, age) {
                expired.push(id);
            }
        }
        let mut count = 0;
        for id in expired {
            let session = match self.sessions.get(id) {
                Some(session) => session,
                None => self.sessions.remember(self.recorded_upload(id)?),
            };
            if !session.is_busy() && is_older(session.touched(), age) {
                self.cancel_upload(&session).await?;
                count += 1;
            }
        }
        Ok(count + self.expire_names(age).await?)
    }

    /// Lets the names of uploads that were opened so long ago prove nothing any more; returns how many of those that this
    /// process has met that ends. Their time goes on while nobody can reach them.
    async fn expire_names(&self, age: Duration) -> Result<usize, StoreError> {
        let time = now().saturating_sub(age.as_secs());
        self.names.expire_before(time);
        let mut count = 0;
        for session in self.sessions.unrecorded_before(time) {
            if session.is_busy() || !is_older(session.touched(), age) {
                self.record(&session).await?;
                continue;
            }
            if session.offset() > 0 {
                self.cancel_upload(&session).await?;
            } else {
                self.sessions.forget(session.id);
            }
            count += 1;
        }
        if self.metadata.view()?.knows_ends_before(time)? {
            let forgetting = self
                .metadata
                .change(move |tables| tables.forget_ends_before(time));
            forgetting.await?;
        }
        Ok(count)
    }

    /// Writes down that an upload is open, which somebody is still busy with.
    async fn record(&self, session: &Arc<Session>) -> Result<(), StoreError> {
        let (id, unrecorded) = (session.id, session.unrecorded());
        let recording = self.metadata.change(move |tables| {
            let is_open = tables.is_open(id)?;
            if is_open {
                tables.record_upload(id, unrecorded)?;
            }
            Ok(is_open)
        });
        if recording.await? {
            session.set_recorded();
        } else {
            self.sessions.forget(id);
        }
        Ok(())
    }
}
