//! Which uploads are over.
//!
//! An upload that has received nothing is written down nowhere, and its name proves that it was opened. So what is over is
//! written down instead, for as long as such a name proves anything: of those that were opened since a time, all others are
//! open.

use redb::ReadableTable;
use uuid::Uuid;

use super::entry::Entry;
use super::tables::{ENDED_SINCE, ENDED_UNTIL, SEQUENCE, Tables, View};
use super::uploads::{first_name_at, opened_at};
use super::{StoreError, now};

impl View {
    /// Whether an upload is open, if its name proves that it was opened.
    pub(super) fn is_open(&self, id: Uuid) -> Result<bool, StoreError> {
        is_open(id, &self.uploads()?, &self.ended()?, &self.facts()?)
    }

    /// The time since which it is known which uploads are over.
    pub(super) fn ended_since(&self) -> Result<u64, StoreError> {
        time_in(&self.facts()?, ENDED_SINCE)
    }

    /// Whether it is still known of an upload from before a time that it is over.
    pub(super) fn knows_ends_before(&self, time: u64) -> Result<bool, StoreError> {
        let ended = self.ended()?;
        let first = ended.first()?;
        Ok(first.is_some_and(|(id, _)| id.value() < first_name_at(time)))
    }
}

impl Tables<'_> {
    /// Whether an upload is open, if its name proves that it was opened.
    pub(super) fn is_open(&self, id: Uuid) -> Result<bool, StoreError> {
        is_open(id, &self.uploads, &self.ended, &self.facts)
    }

    /// Ends an upload, and takes out what was noted of it.
    pub(super) fn end_upload(&mut self, id: Uuid) -> Result<(), StoreError> {
        if !self.is_open(id)? {
            return Err(StoreError::UploadUnknown);
        }
        self.make(Entry::EndUpload { id })
    }

    /// Notes that an upload is over, unless its name proves nothing anyway.
    pub(super) fn note_end(&mut self, id: Uuid) -> Result<(), StoreError> {
        let since = time_in(&self.facts, ENDED_SINCE)?;
        if opened_at(id).is_some_and(|opened| opened >= since) {
            self.ended.insert(id.as_u128(), ())?;
        }
        Ok(())
    }

    /// Lets the names of uploads from before a time prove nothing any more, and forgets which of these are over.
    pub(super) fn forget_ends_before(&mut self, time: u64) -> Result<(), StoreError> {
        let since = time.max(time_in(&self.facts, ENDED_SINCE)?);
        self.facts.insert(ENDED_SINCE, u128::from(since))?;
        Ok(self.ended.retain_in(..first_name_at(since), |_, ()| false)?)
    }

    /// Begins to know which uploads are over, unless it is known of all changes so far: an earlier version does not note it,
    /// and no journal says since when it does.
    pub(super) fn begin_to_know_ends(&mut self) -> Result<(), StoreError> {
        let is_known = self.facts.get(ENDED_SINCE)?.is_some();
        if is_known && time_in(&self.facts, ENDED_UNTIL)? == time_in(&self.facts, SEQUENCE)? {
            return Ok(());
        }
        self.forget_ends_before(now())
    }
}

fn is_open(
    id: Uuid,
    uploads: &impl ReadableTable<u128, (&'static str, &'static str, u64)>,
    ended: &impl ReadableTable<u128, ()>,
    facts: &impl ReadableTable<&'static str, u128>,
) -> Result<bool, StoreError> {
    if uploads.get(id.as_u128())?.is_some() {
        return Ok(true);
    }
    let since = time_in(facts, ENDED_SINCE)?;
    Ok(opened_at(id).is_some_and(|opened| opened >= since) && ended.get(id.as_u128())?.is_none())
}

/// A time, or the number of a change; 0 if there is none.
fn time_in(facts: &impl ReadableTable<&'static str, u128>, name: &str) -> Result<u64, StoreError> {
    let fact = facts.get(name)?.map_or(0, |row| row.value());
    u64::try_from(fact).map_err(|_| StoreError::Damaged(format!("the fact {name}")))
}
