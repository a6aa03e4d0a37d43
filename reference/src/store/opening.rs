//! The opening of a store: metadata, journal and content have to belong together before anything is changed.
//!
//! Content that no metadata names is what a crash leaves behind, and it is swept up; but so is all content when
//! the metadata is lost. Which of the two it is, the journal tells.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _};
use uuid::Uuid;

use super::committer::{CommitterSettings, Metadata, Open};
use super::files::{DiskFiles, Files, Layout, sync_folder};
use super::guard::guarded;
use super::journal::{self, FoundJournal, Journal, Landmark};
use super::strays::{Strays, strays_beside};
use super::tables::{Tables, View};
use super::{Store, StoreError};
use crate::config::Durability;

/// The memory that the database may use for its pages: with a million manifests twice as much makes nothing quicker, since
/// the system keeps the file in memory, too.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Where the parts of a store are.
#[derive(Debug, Clone)]
pub(super) struct StorePaths {
    /// The folder of the store.
    pub(super) folder: PathBuf,
}

impl StorePaths {
    /// The parts of a store in a folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The file of the database.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("metadata.redb")
    }

    /// Where what belongs to nothing is put when it may be of use to somebody.
    pub(super) fn lost(&self) -> PathBuf {
        self.folder.join("lost")
    }

    /// The files of content, as they are.
    pub(super) fn content(&self) -> DiskFiles {
        DiskFiles::found(self.folder.join("content"), Layout::Fanned, Durability::Strict)
    }

    /// The journals, as they are.
    pub(super) fn journals(&self) -> DiskFiles {
        DiskFiles::found(self.folder.join("journal"), Layout::Flat, Durability::Strict)
    }

    /// Whether there is a database.
    pub(super) fn has_database(&self) -> bool {
        fs::metadata(self.database()).is_ok_and(|found| found.len() > 0)
    }

    /// Whether there is anything that a database would name.
    pub(super) fn has_content(&self) -> Result<bool, StoreError> {
        Ok(!self.content().list()?.is_empty()
            || journal::find(&self.journals())?.is_some_and(|found| !found.is_empty))
    }

    /// What opens the database.
    pub(super) fn open(&self) -> Open {
        let path = self.database();
        Box::new(move || builder().create(&path).map_err(|error| explain(error, &path)))
    }

    /// Opens the database and looks at every page of it, unless it is told not to go on.
    pub(super) fn open_checked(&self, goes_on: impl Fn() -> bool + 'static) -> Result<Database, StoreError> {
        let path = self.database();
        let mut builder = builder();
        builder.set_check_integrity_on_open(true);
        builder.set_repair_callback(move |session| {
            if !goes_on() {
                session.abort();
            }
        });
        builder.create(&path).map_err(|error| explain(error, &path))
    }

    /// Says what is to be done about a store that cannot be used as it is.
    pub(super) fn advise(&self, fault: StoreError) -> StoreError {
        let why = match fault {
            StoreError::Unusable(why) | StoreError::Damaged(why) => why,
            other => return other,
        };
        let folder = self.folder.display();
        StoreError::Unusable(format!(
            "{why}. Nothing was changed. Put the right files back, or make the metadata anew from the \
             journal: assize-reference check --rebuild --store {folder}"
        ))
    }
}

/// What opens databases, with little memory.
fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// A database in a file that is not there yet.
pub(super) fn create(path: &Path) -> Result<Database, StoreError> {
    builder().create(path).map_err(|error| explain(error, path))
}

/// Says of a database that cannot be opened what that means here.
fn explain(error: DatabaseError, path: &Path) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
        DatabaseError::Storage(redb::StorageError::Io(error))
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other
            ) =>
        {
            error.into()
        }
        error => StoreError::Damaged(format!("{} cannot be read: {error}", path.display())),
    }
}

impl Store {
    /// The store in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// Fails if the folder cannot be used, another process uses it, or its parts do not belong together; then
    /// nothing is changed.
    pub(crate) fn open(folder: &Path, durability: Durability) -> Result<Self, StoreError> {
        let paths = StorePaths::new(folder);
        if !paths.has_database() && paths.has_content().map_err(|fault| paths.advise(fault))? {
            let found = if paths.database().exists() {
                "is empty"
            } else {
                "is missing"
            };
            let why = format!(
                "{} holds content, but its metadata.redb {found}",
                folder.display()
            );
            return Err(paths.advise(StoreError::Unusable(why)));
        }
        fs::create_dir_all(folder)?;
        let database = guarded(paths.open()).map_err(|fault| paths.advise(fault))?;
        let journals = DiskFiles::open(folder.join("journal"), Layout::Flat, durability)?;
        let content = DiskFiles::open(folder.join("content"), Layout::Fanned, durability)?;
        let store = guarded(|| {
            Self::assemble(
                database,
                paths.open(),
                Arc::new(content),
                Arc::new(journals),
                CommitterSettings::default(),
            )
        });
        let store = store.map_err(|fault| paths.advise(fault))?;
        sync_folder(folder)?;
        sync_folder(parent_of(folder))?;
        Ok(store)
    }

    /// A store of parts that are found to belong together.
    pub(super) fn assemble(
        database: Database,
        open: Open,
        content: Arc<dyn Files>,
        journals: Arc<dyn Files>,
        settings: CommitterSettings,
    ) -> Result<Self, StoreError> {
        let known = Known::of(&database)?;
        let found = journal::find_behind(journals.as_ref(), known.landmark)?;
        let is_trusted = known.refuse_what_is_foreign(found.as_ref(), &database, content.as_ref())?;
        let store = known.store.unwrap_or_else(Uuid::new_v4);
        let journal = match found {
            Some(found) if known.store.is_some() && known.is_continued_by(&found) => {
                Journal::resume(journals, store, found)?
            }
            found => {
                if known.sequence > 0 || found.is_some() {
                    tracing::warn!("the journal does not hold what the metadata holds, and is written anew");
                }
                name_store(&database, store)?;
                let view = View::new(database.begin_read()?);
                Journal::begin(journals, store, &view)?
            }
        };
        let metadata = Metadata::start(database, open, Some(journal), settings)?;
        Self::start(metadata, content, Strays::new(is_trusted), store)
    }
}

/// What a database says of itself.
pub(super) struct Known {
    pub(super) store: Option<Uuid>,
    pub(super) sequence: u64,
    landmark: Option<Landmark>,
    is_empty: bool,
}

impl Known {
    pub(super) fn of(database: &Database) -> Result<Self, StoreError> {
        let transaction = database.begin_write()?;
        let tables = Tables::open(&transaction)?;
        let (store, sequence, landmark) = (tables.store()?, tables.sequence()?, tables.landmark()?);
        let is_empty = tables.repositories.first()?.is_none() && tables.uploads.first()?.is_none();
        drop(tables);
        transaction.abort()?;
        Ok(Self {
            store,
            sequence,
            landmark,
            is_empty,
        })
    }

    /// Whether a journal is of this store, and holds all that the database holds.
    pub(super) fn is_continued_by(&self, found: &FoundJournal) -> bool {
        found.store == self.store && !found.is_damaged && found.sequence >= self.sequence
    }

    /// Refuses metadata that is not that of the journal or of the content. Says whether files that it does not
    /// name are surely without meaning.
    pub(super) fn refuse_what_is_foreign(
        &self,
        found: Option<&FoundJournal>,
        database: &Database,
        content: &dyn Files,
    ) -> Result<bool, StoreError> {
        let refuse = |why: &str| Err(StoreError::Unusable(why.to_owned()));
        if let Some(found) = found.filter(|found| !found.is_empty) {
            if found.store.is_some() && found.store != self.store {
                return refuse("its metadata is that of another store than its journal");
            }
            if found.state > self.sequence {
                return refuse("its metadata is older than its journal");
            }
            if found.is_damaged && found.last > self.sequence {
                return refuse("its journal is damaged, and holds changes that the metadata does not hold");
            }
            return Ok(self.is_continued_by(found));
        }
        let files = content.list()?;
        if files.is_empty() || (found.is_some() && self.is_empty && self.sequence == 0) {
            return Ok(true);
        }
        if names_one_of(database, files)? {
            return Ok(false);
        }
        refuse("it holds content of which its metadata knows nothing, and there is no journal that would")
    }
}

/// Whether a database names one of some files; it may be one that has no tables yet.
fn names_one_of(database: &Database, files: Vec<Uuid>) -> Result<bool, StoreError> {
    let transaction = database.begin_write()?;
    let tables = Tables::open(&transaction)?;
    let count = files.len();
    let strays = strays_beside(&tables.blobs, &tables.uploads, files)?;
    drop(tables);
    transaction.abort()?;
    Ok(strays.len() < count)
}

/// Gives the store of a database its name.
pub(super) fn name_store(database: &Database, store: Uuid) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    Tables::open(&transaction)?.set_store(store)?;
    Ok(transaction.commit()?)
}

/// The folder that holds another one.
fn parent_of(folder: &Path) -> &Path {
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, StorePaths, journal};
    use crate::config::Durability;
    use crate::protocol::{Algorithm, Digest, Name};
    use crate::store::Store;
    use crate::store::journal::{FoundJournal, Landmark};

    /// What a start would find of a journal, if the database knew this.
    fn found(paths: &StorePaths, known: Option<Landmark>) -> FoundJournal {
        journal::find_behind(&paths.journals(), known).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_start_does_not_wait_for_what_the_database_has_of_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Durability::Strict).unwrap();
        for name in ["a", "b", "c"] {
            let name = Name::parse(name).unwrap();
            let upload = store.receive(&name, Algorithm::Sha256).unwrap();
            let digest = Digest::of(Algorithm::Sha256, b"");
            store.finish_upload(upload, &digest).await.unwrap();
        }
        drop(store);
        let paths = StorePaths::new(folder.path());
        let known = Known::of(&paths.open()().unwrap()).unwrap().landmark.unwrap();
        let (whole, behind) = (found(&paths, None), found(&paths, Some(known)));
        assert_eq!((whole.unread(), behind.unread()), (None, Some(known)));
        let told = |of: &FoundJournal| {
            (
                of.store,
                of.state,
                of.sequence,
                of.last,
                of.is_damaged,
                of.is_empty,
            )
        };
        assert_eq!(told(&behind), told(&whole));
        assert_eq!(known.sequence, whole.sequence);
        let wrong = [
            Landmark {
                line: known.line + 1,
                ..known
            },
            Landmark {
                sequence: known.sequence + 1,
                ..known
            },
            Landmark {
                number: known.number + 1,
                ..known
            },
        ];
        for landmark in wrong {
            assert_eq!(
                found(&paths, Some(landmark)).unread(),
                None,
                "all is read: {landmark:?}"
            );
        }
    }
}
