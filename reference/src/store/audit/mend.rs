//! The mending of what an audit has found, which is not broken off: each step leaves a store that another audit can mend.

use std::sync::Arc;

use redb::{Database, ReadableDatabase as _};
use uuid::Uuid;

use super::findings::Damage;
use super::{Beside, StoreParts, derived};
use crate::store::StoreError;
use crate::store::files::Files;
use crate::store::journal::Journal;
use crate::store::opening::{Known, name_store};
use crate::store::tables::{Tables, View};

/// Takes out what is damaged, and writes a journal that holds the rest.
pub(super) fn mend(parts: &StoreParts, damage: &Damage, beside: &Beside<'_>) -> Result<(), StoreError> {
    damage
        .lost
        .iter()
        .try_for_each(|file| (beside.put_aside)(*file))?;
    damage
        .files
        .iter()
        .try_for_each(|file| parts.content.remove(*file))?;
    take_out(&parts.database, damage)?;
    begin_journal(&parts.database, Arc::clone(&parts.journals))
}

/// Removes what is damaged, and writes anew what follows from the rest. It counts as a change that the journal
/// has not, so that a journal from before is not gone on with.
fn take_out(database: &Database, damage: &Damage) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    for digest in &damage.blobs {
        tables.blobs.remove(digest.as_str())?;
        tables.damaged.remove(digest.as_str())?;
    }
    for digest in &damage.marks {
        tables.damaged.remove(digest.as_str())?;
    }
    for (name, digest) in &damage.links {
        tables.links.remove((name.as_str(), digest.as_str()))?;
    }
    for (name, digest) in &damage.manifests {
        tables.manifests.remove((name.as_str(), digest.as_str()))?;
    }
    for (name, tag) in &damage.tags {
        tables.tags.remove((name.as_str(), tag.as_str()))?;
    }
    for id in &damage.uploads {
        tables.uploads.remove(id.as_u128())?;
        tables.checkpoints.remove(id.as_u128())?;
        tables.touched.remove(id.as_u128())?;
        tables.note_end(*id)?;
    }
    derived::write(&mut tables)?;
    let sequence = tables.sequence()? + 1;
    tables.set_sequence(sequence)?;
    drop(tables);
    Ok(transaction.commit()?)
}

/// Writes a new journal with what a database holds.
pub(super) fn begin_journal(database: &Database, journals: Arc<dyn Files>) -> Result<(), StoreError> {
    let known = Known::of(database)?;
    let store = known.store.unwrap_or_else(Uuid::new_v4);
    name_store(database, store)?;
    let view = View::new(database.begin_read()?);
    drop(Journal::begin(journals, store, &view)?);
    Ok(())
}
