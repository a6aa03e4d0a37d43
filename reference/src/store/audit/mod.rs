//! The audit of a store: every digest, every reference, both sides of every table, and the journal.
//!
//! Some tables say the same as others from another side. Repair removes what is damaged from the first
//! and makes the second anew.

mod blobs;
mod derived;
mod findings;
mod look;
mod mend;
mod outcome;
mod rebuild;
#[cfg(test)]
mod tests;
mod watch;
mod watched_files;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use outcome::{Audit, AuditFinding, AuditInterruption, AuditRequest, Check, LeftOut};
pub use watch::{AuditStage, AuditWatch};

use super::StoreError;
use super::committer::catch_up;
use super::files::Files;
use super::guard::guarded;
use super::journal::{self, FoundJournal, Journal, entries_of};
use super::opening::{Known, StorePaths, create};
use super::tables::{Tables, View};
use findings::Findings;
use look::Look;
use watched_files::WatchedFiles;

/// Audits the store in a folder, which no registry is using, until it is done or stopped.
///
/// # Errors
/// Fails if there is no store, or it cannot be read; then nothing is changed.
pub(crate) fn audit(
    folder: &Path,
    request: &AuditRequest,
    watch: &Arc<AuditWatch>,
) -> Result<Audit, StoreError> {
    let paths = StorePaths::new(folder);
    if !paths.has_database() && !paths.has_content().map_err(|fault| paths.advise(fault))? {
        return Err(StoreError::Unusable(format!(
            "there is no store in {}; nothing was changed",
            folder.display()
        )));
    }
    guarded(|| match request.check {
        Check::Rebuild => match rebuild::rebuild(&paths, watch)? {
            Some(notes) => {
                let audit = audit_folder(&paths, request, watch)?;
                Ok(Audit { notes, ..audit })
            }
            None => Ok(Findings::default().interrupted(AuditStage::Rebuilding, request)),
        },
        Check::Look | Check::Repair => audit_folder(&paths, request, watch),
    })
    .map_err(|fault| match request.check {
        Check::Rebuild => fault,
        Check::Look | Check::Repair => paths.advise(fault),
    })
}

/// Audits the store in a folder, which has metadata.
fn audit_folder(
    paths: &StorePaths,
    request: &AuditRequest,
    watch: &Arc<AuditWatch>,
) -> Result<Audit, StoreError> {
    if !paths.has_database() {
        let why = format!("{} holds content, but no metadata", paths.folder.display());
        return Err(StoreError::Unusable(why));
    }
    watch.begin(AuditStage::Opening);
    let opening = Arc::clone(watch);
    let database = match paths.open_checked(move || !opening.is_stopped()) {
        Err(_) if watch.is_stopped() => return Ok(Findings::default().interrupted(watch.stage(), request)),
        database => database?,
    };
    let parts = StoreParts {
        database,
        content: Arc::new(paths.content()),
        journals: Arc::new(paths.journals()),
    };
    let beside = Beside {
        scratch: &|| paths.scratch(),
        put_aside: &|file| paths.put_aside(file),
    };
    let audit = audit_parts(&parts, request, watch, &beside);
    paths.remove_scratch()?;
    audit
}

/// What a store is made of.
pub(super) struct StoreParts {
    pub(super) database: Database,
    pub(super) content: Arc<dyn Files>,
    pub(super) journals: Arc<dyn Files>,
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
    parts: &StoreParts,
    request: &AuditRequest,
    watch: &Arc<AuditWatch>,
    beside: &Beside<'_>,
) -> Result<Audit, StoreError> {
    let mut findings = Findings::default();
    let looked = look_at(parts, request, watch, beside, &mut findings);
    let is_to_mend = request.check == Check::Repair && !findings.audit.faults.is_empty();
    match looked {
        // Whatever else ends it then is met again when it goes on.
        Err(_) if watch.is_stopped() => return Ok(findings.interrupted(watch.stage(), request)),
        Ok(()) if is_to_mend && watch.is_stopped() => {
            return Ok(findings.interrupted(watch.stage(), request));
        }
        looked => looked?,
    }
    if is_to_mend {
        watch.begin(AuditStage::Mending);
        mend::mend(parts, &findings.damage, beside)?;
        findings.audit.is_mended = true;
    }
    Ok(findings.audit)
}

fn look_at(
    parts: &StoreParts,
    request: &AuditRequest,
    watch: &Arc<AuditWatch>,
    beside: &Beside<'_>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let watched = |files: &Arc<dyn Files>| WatchedFiles {
        files: Arc::clone(files),
        watch: Arc::clone(watch),
    };
    let content = watched(&parts.content);
    let journal = brought_up(&parts.database, Arc::new(watched(&parts.journals)), &content)?;
    Look {
        view: &View::new(parts.database.begin_read()?),
        files: &content,
        watch,
        resume_from: request.resume_from.as_ref(),
        findings,
    }
    .at_everything()?;
    // It comes last: an audit that goes on does not wait for it before it reads what was not read.
    let is_kept = match journal {
        Some(journal) => is_kept_in(&parts.database, &(beside.scratch)()?, &journal, watch)?,
        None => false,
    };
    if !is_kept {
        let what = "the journal does not hold what the metadata holds";
        findings.fault(what.to_owned(), "it is written anew");
    }
    Ok(())
}

/// Brings a database up to its journal; returns that, if it goes on from what the database holds.
fn brought_up(
    database: &Database,
    journals: Arc<dyn Files>,
    content: &dyn Files,
) -> Result<Option<FoundJournal>, StoreError> {
    let found = journal::find(journals.as_ref())?;
    let known = Known::of(database)?;
    known.refuse_what_is_foreign(found.as_ref(), database, content)?;
    let Some(found) = found.filter(|found| known.is_continued_by(found)) else {
        return Ok(None);
    };
    let journal = Journal::resume(journals, known.store.unwrap_or_default(), found.clone())?;
    catch_up(database, Some(&journal))?;
    Ok(Some(found))
}

/// Whether a journal says the same as the database that was brought up to it: it is made into a database again, an
/// empty one.
fn is_kept_in(
    database: &Database,
    again: &Database,
    journal: &FoundJournal,
    watch: &AuditWatch,
) -> Result<bool, StoreError> {
    watch.begin(AuditStage::Journal);
    let since = View::new(database.begin_read()?).ended_since()?;
    let transaction = again.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    tables.forget_ends_before(since)?;
    journal::salvage(journal, &mut |entry| {
        watch.step()?;
        tables.apply(entry)
    })?;
    drop(tables);
    transaction.commit()?;
    Ok(digest_of(database, watch)? == digest_of(again, watch)?)
}

/// The digest of all that follows from nothing else.
fn digest_of(database: &Database, watch: &AuditWatch) -> Result<Vec<u8>, StoreError> {
    let mut hasher = Sha256::new();
    entries_of(&View::new(database.begin_read()?), &mut |entry| {
        watch.go_on()?;
        hasher.update(format!("{entry:?}\n"));
        Ok(())
    })?;
    Ok(hasher.finalize().to_vec())
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
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
        remove_if_there(&self.scratch_file())
    }

    /// Puts a file of content where nobody removes it.
    fn put_aside(&self, file: Uuid) -> Result<(), StoreError> {
        fs::create_dir_all(self.lost())?;
        match fs::rename(self.content().path(file), self.lost().join(file.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
