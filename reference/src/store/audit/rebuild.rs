//! The making anew of lost or damaged metadata from the journal.

use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _};
use uuid::Uuid;

use super::mend::begin_journal;
use super::remove_if_there;
use super::watch::{AuditStage, AuditWatch};
use super::watched_files::WatchedFiles;
use crate::store::files::{Files as _, sync_folder};
use crate::store::journal::{self, FoundJournal};
use crate::store::opening::{StorePaths, create, name_store};
use crate::store::strays::strays_of;
use crate::store::tables::{Tables, View};
use crate::store::{StoreError, now};

/// Makes the metadata of a store anew, as far as its journal goes. The old metadata, files that the new one
/// does not name, and a damaged journal are put aside. Returns what was done; `None` if it was stopped before anything was.
pub(super) fn rebuild(
    paths: &StorePaths,
    watch: &Arc<AuditWatch>,
) -> Result<Option<Vec<String>>, StoreError> {
    refuse_if_in_use(paths)?;
    watch.begin(AuditStage::Rebuilding);
    match make_beside(paths, watch) {
        Err(_) if watch.is_stopped() => {
            remove_if_there(&beside(paths))?;
            Ok(None)
        }
        made => take_over(paths, &made?).map(Some),
    }
}

/// Metadata that has been made from a journal.
struct MadeMetadata {
    found: FoundJournal,
    /// How many lines of the journal cannot be read.
    unreadable: usize,
}

/// Where metadata is made before it is that of the store.
fn beside(paths: &StorePaths) -> PathBuf {
    paths.folder.join("metadata.redb.new")
}

fn make_beside(paths: &StorePaths, watch: &Arc<AuditWatch>) -> Result<MadeMetadata, StoreError> {
    let journals = WatchedFiles {
        files: Arc::new(paths.journals()),
        watch: Arc::clone(watch),
    };
    let Some(found) = journal::find(&journals)? else {
        return Err(StoreError::Unusable(format!(
            "there is no journal in {} from which the metadata could be made anew",
            paths.folder.display()
        )));
    };
    let unreadable = make(&beside(paths), &found, watch)?;
    Ok(MadeMetadata { found, unreadable })
}

/// Puts metadata that was made anew in the place of the old. Returns what was done.
fn take_over(paths: &StorePaths, made: &MadeMetadata) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    fs::create_dir_all(paths.lost())?;
    if paths.database().exists() {
        let kept = paths.lost().join(format!("metadata.redb-{}", now()));
        fs::rename(paths.database(), &kept)?;
        notes.push(format!("the old metadata is now {}", kept.display()));
    }
    fs::rename(beside(paths), paths.database())?;
    sync_folder(&paths.folder)?;
    let database = paths.open()()?;
    if made.found.is_damaged {
        let kept = paths.lost().join(format!("journal-{}", now()));
        fs::copy(paths.journals().path(made.found.id()), &kept)?;
        begin_journal(&database, Arc::new(paths.journals()))?;
        notes.push(format!(
            "{} lines of the journal cannot be read, and what they say is lost; it is now {}",
            made.unreadable,
            kept.display()
        ));
    }
    let strays = put_strays_aside(paths, &database)?;
    if strays > 0 {
        let lost = paths.lost();
        notes.push(format!(
            "{strays} files that belong to nothing are now in {}",
            lost.display()
        ));
    }
    notes.push("the metadata is made anew from the journal".to_owned());
    Ok(notes)
}

/// A registry holds the lock of its database for as long as it runs.
fn refuse_if_in_use(paths: &StorePaths) -> Result<(), StoreError> {
    let Ok(file) = fs::File::open(paths.database()) else {
        return Ok(());
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        _ => Ok(()),
    }
}

/// Makes a database in a file from all that can be read of a journal; returns how many lines cannot.
fn make(path: &Path, found: &FoundJournal, watch: &AuditWatch) -> Result<usize, StoreError> {
    remove_if_there(path)?;
    let database = create(path)?;
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    let mut unmade = 0;
    let broken = journal::salvage(found, &mut |entry| {
        watch.step()?;
        match tables.apply(entry) {
            Err(StoreError::Damaged(_)) => {
                unmade += 1;
                Ok(())
            }
            applied => applied,
        }
    })?;
    tables.set_sequence(found.last)?;
    drop(tables);
    transaction.commit()?;
    name_store(&database, found.store.unwrap_or_else(Uuid::new_v4))?;
    Ok(broken + unmade)
}

fn put_strays_aside(paths: &StorePaths, database: &Database) -> Result<usize, StoreError> {
    let strays = strays_of(&View::new(database.begin_read()?), paths.content().list()?)?;
    strays.iter().try_for_each(|file| paths.put_aside(*file))?;
    Ok(strays.len())
}
