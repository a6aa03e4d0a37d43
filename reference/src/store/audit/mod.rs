//! The audit of a store: every digest, every reference, both sides of every table, and the journal.
//!
//! Some tables say the same as others from another side. Repair removes what is damaged from the first
//! and makes the second anew.

mod blobs;
mod derived;
mod look;
mod rebuild;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::StoreError;
use super::committer::catch_up;
use super::files::Files;
use super::guard::guarded;
use super::journal::{self, FoundJournal, Journal, entries_of};
use super::opening::{Known, StorePaths, create, name_store};
use super::tables::{Tables, View};
use look::Look;

/// What an audit does about what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It only says what is wrong.
    Look,
    /// It mends what can be mended.
    Repair,
    /// It makes the metadata anew from the journal, and then says what is wrong.
    Rebuild,
}

/// What an audit has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// What was done before anything was looked at.
    pub notes: Vec<String>,
    /// What is wrong.
    pub faults: Vec<AuditFinding>,
    /// Whether the faults have been mended.
    pub is_mended: bool,
    /// The number of blobs.
    pub blobs: u64,
    /// The number of manifests, each counted for each repository.
    pub manifests: u64,
    /// The number of tags.
    pub tags: u64,
    /// The number of bytes that blobs and manifests have.
    pub bytes: u64,
}

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditFinding {
    /// What is wrong.
    pub what: String,
    /// How things are when it has been mended.
    pub remedy: &'static str,
}

impl fmt::Display for Audit {
    /// A line for each note and each fault, and one that sums up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))?;
        for AuditFinding { what, remedy } in &self.faults {
            match self.is_mended {
                true => writeln!(f, "{what}: {remedy}")?,
                false => writeln!(f, "{what}")?,
            }
        }
        let (blobs, manifests, tags) = (
            counted(self.blobs, "blob"),
            counted(self.manifests, "manifest"),
            counted(self.tags, "tag"),
        );
        write!(
            f,
            "{blobs}, {manifests}, {tags}, {}: ",
            counted(self.bytes, "byte")
        )?;
        match (self.faults.len() as u64, self.is_mended) {
            (0, _) => write!(f, "all whole"),
            (faults, true) => write!(f, "{}, mended", counted(faults, "fault")),
            (faults, false) => write!(f, "{}", counted(faults, "fault")),
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// What is damaged and has to go.
#[derive(Debug, Default)]
struct Damage {
    blobs: BTreeSet<String>,
    /// Blobs that are marked as damaged and are not.
    marks: BTreeSet<String>,
    links: BTreeSet<(String, String)>,
    manifests: BTreeSet<(String, String)>,
    tags: BTreeSet<(String, String)>,
    uploads: BTreeSet<Uuid>,
    /// Files that are of no use to anybody.
    files: Vec<Uuid>,
    /// Files that may be of use to somebody.
    lost: Vec<Uuid>,
}

/// Audits the store in a folder, which no registry is using.
///
/// # Errors
/// Fails if there is no store, or it cannot be read; then nothing is changed.
pub(crate) fn audit(folder: &Path, check: Check) -> Result<Audit, StoreError> {
    let paths = StorePaths::new(folder);
    let has_content = paths.has_content().map_err(|fault| paths.advise(fault))?;
    if !paths.has_database() && !has_content {
        return Err(StoreError::Unusable(format!(
            "there is no store in {}; nothing was changed",
            folder.display()
        )));
    }
    guarded(|| {
        let notes = match check {
            Check::Rebuild => rebuild::rebuild(&paths)?,
            Check::Look | Check::Repair => Vec::new(),
        };
        if !paths.has_database() {
            let why = format!("{} holds content, but no metadata", folder.display());
            return Err(StoreError::Unusable(why));
        }
        let database = paths.open(true)()?;
        let audit = audit_parts(
            &database,
            &paths.content(),
            &(Arc::new(paths.journals()) as Arc<dyn Files>),
            check,
            &Beside {
                scratch: &|| paths.scratch(),
                put_aside: &|file| paths.put_aside(file),
            },
        );
        paths.remove_scratch()?;
        Ok(Audit { notes, ..audit? })
    })
    .map_err(|fault| match check {
        Check::Rebuild => fault,
        Check::Look | Check::Repair => paths.advise(fault),
    })
}

/// What an audit has beside the store.
pub(super) struct Beside<'a> {
    /// Makes an empty database, of which nothing is kept.
    pub(super) scratch: &'a dyn Fn() -> Result<Database, StoreError>,
    /// Takes files that may be of use to somebody.
    pub(super) put_aside: &'a dyn Fn(Uuid) -> Result<(), StoreError>,
}

/// Audits a store whose parts are open.
pub(super) fn audit_parts(
    database: &Database,
    files: &dyn Files,
    journals: &Arc<dyn Files>,
    check: Check,
    beside: &Beside<'_>,
) -> Result<Audit, StoreError> {
    let found = journal::find(journals.as_ref())?;
    let known = Known::of(database)?;
    known.refuse_what_is_foreign(found.as_ref(), database, files)?;
    let is_continued = match found {
        Some(found) if known.is_continued_by(&found) => {
            let again = (beside.scratch)()?;
            is_kept_in(database, &again, &known, Arc::clone(journals), found)?
        }
        _ => false,
    };
    let view = View::new(database.begin_read()?);
    let mut look = Look {
        view: &view,
        files,
        audit: Audit::default(),
        damage: Damage::default(),
    };
    if !is_continued {
        look.audit.faults.push(AuditFinding {
            what: "the journal does not hold what the metadata holds".to_owned(),
            remedy: "it is written anew",
        });
    }
    look.at_blobs()?;
    look.at_manifests()?;
    if look.damage.is_none() && !derived::is_as_it_follows(&view)? {
        look.audit.faults.push(AuditFinding {
            what: "tables that say the same from two sides differ".to_owned(),
            remedy: "the second side is made anew from the first",
        });
    }
    look.at_uploads()?;
    look.at_files()?;
    let Look {
        mut audit, damage, ..
    } = look;
    drop(view);
    if check == Check::Repair && !audit.faults.is_empty() {
        damage
            .lost
            .iter()
            .try_for_each(|file| (beside.put_aside)(*file))?;
        damage.files.iter().try_for_each(|file| files.remove(*file))?;
        mend(database, &damage)?;
        begin_journal(database, Arc::clone(journals))?;
        audit.is_mended = true;
    }
    Ok(audit)
}

/// Brings the database up to its journal, and looks whether both then say the same: the journal is made into a database
/// again, an empty one.
fn is_kept_in(
    database: &Database,
    again: &Database,
    known: &Known,
    journals: Arc<dyn Files>,
    found: FoundJournal,
) -> Result<bool, StoreError> {
    let transaction = again.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    journal::salvage(&found, &mut |entry| tables.apply(entry))?;
    drop(tables);
    transaction.commit()?;
    let journal = Journal::resume(journals, known.store.unwrap_or_default(), found)?;
    catch_up(database, Some(&journal))?;
    Ok(digest_of(database)? == digest_of(again)?)
}

/// The digest of all that follows from nothing else.
fn digest_of(database: &Database) -> Result<Vec<u8>, StoreError> {
    let mut hasher = Sha256::new();
    entries_of(&View::new(database.begin_read()?), &mut |entry| {
        hasher.update(format!("{entry:?}\n"));
        Ok(())
    })?;
    Ok(hasher.finalize().to_vec())
}

impl Damage {
    /// Whether nothing has to go from the tables that the others follow from.
    fn is_none(&self) -> bool {
        self.blobs.is_empty() && self.links.is_empty() && self.manifests.is_empty() && self.tags.is_empty()
    }
}

/// Removes what is damaged, and writes anew what follows from the rest. It counts as a change that the journal
/// has not, so that a journal from before is not gone on with.
fn mend(database: &Database, damage: &Damage) -> Result<(), StoreError> {
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
    }
    derived::write(&mut tables)?;
    let sequence = tables.sequence()? + 1;
    tables.set_sequence(sequence)?;
    drop(tables);
    Ok(transaction.commit()?)
}

/// Writes a new journal with what a database holds.
fn begin_journal(database: &Database, journals: Arc<dyn Files>) -> Result<(), StoreError> {
    let known = Known::of(database)?;
    let store = known.store.unwrap_or_else(Uuid::new_v4);
    name_store(database, store)?;
    let view = View::new(database.begin_read()?);
    drop(Journal::begin(journals, store, &view)?);
    Ok(())
}

impl StorePaths {
    /// Where an audit makes a database again that does not fit into memory.
    fn scratch_file(&self) -> PathBuf {
        self.folder.join("check.redb")
    }

    /// An empty database for an audit.
    fn scratch(&self) -> Result<Database, StoreError> {
        self.remove_scratch()?;
        create(&self.scratch_file())
    }

    /// Removes what an audit, perhaps an earlier one that was interrupted, had for itself.
    fn remove_scratch(&self) -> Result<(), StoreError> {
        match fs::remove_file(self.scratch_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Puts a file of content where nobody removes it.
    fn put_aside(&self, file: Uuid) -> Result<(), StoreError> {
        fs::create_dir_all(self.lost())?;
        match fs::rename(self.content().path(file), self.lost().join(file.to_string())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
