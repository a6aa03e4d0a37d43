//! Group commit: one thread makes all changes, and one commit serves all that are waiting.
//!
//! The thread takes what is in the queue and never waits for more, so a lone client pays nothing.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, ReadableDatabase};
use tokio::sync::oneshot;

use super::StoreError;
use super::tables::{Tables, View};
use crate::config::Durability;

/// How many changes one commit serves at most: it bounds how long the first of them waits.
const LARGEST_GROUP: usize = 1024;

/// The memory that the database may use for its pages.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// The database; none while it cannot be opened.
type Opened = Arc<RwLock<Option<Database>>>;

/// Opens the database, at first and after it has failed.
type Open = Box<dyn Fn() -> Result<Database, StoreError> + Send>;

/// The metadata of a store: read by anyone at any time, changed in groups.
#[derive(Debug)]
pub(super) struct Metadata {
    database: Opened,
    /// `None` once the store is closing.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Metadata {
    /// Opens the database in a file.
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let open = move || Ok(Builder::new().set_cache_size(CACHE_BYTES).create(&path)?);
        Self::start(Box::new(open), durability)
    }

    /// Makes a database in memory.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let open = || Ok(Builder::new().create_with_backend(InMemoryBackend::new())?);
        Self::start(Box::new(open), Durability::Relaxed)
    }

    /// Opens the database, makes the tables that are missing, and starts the thread that makes changes.
    pub(super) fn start(open: Open, durability: Durability) -> Result<Self, StoreError> {
        let database = open()?;
        let transaction = database.begin_write()?;
        drop(Tables::open(&transaction)?);
        transaction.commit()?;
        let database = Arc::new(RwLock::new(Some(database)));
        let (queue, changes) = mpsc::channel();
        let committing = Arc::clone(&database);
        let thread = thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || commit_in_groups(&committing, &open, durability, &changes))?;
        Ok(Self {
            database,
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// The state at this moment.
    pub(super) fn view(&self) -> Result<View, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        Ok(View::new(
            database.as_ref().ok_or(StoreError::Closed)?.begin_read()?,
        ))
    }

    /// Makes a change, and returns when it is committed.
    ///
    /// A change checks everything before it writes anything: one that is refused leaves no trace.
    pub(super) async fn change<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tables<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Change {
            change: Some(change),
            outcome: None,
            reply,
        };
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(Box::new(job)).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Metadata {
    /// Waits for the changes that are under way.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            drop(thread.join());
        }
    }
}

/// A change in the queue.
trait Job: Send {
    /// Makes the change in the open transaction; fails only where the transaction is lost with it.
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), StoreError>;

    /// Tells the one who waits how it ended.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

struct Change<T, F> {
    change: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Change<T, F>
where
    T: Send,
    F: FnOnce(&mut Tables<'_>) -> Result<T, StoreError> + Send,
{
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), StoreError> {
        let Some(change) = self.change.take() else {
            return Ok(());
        };
        match change(tables) {
            Err(fault) if fault.is_of_the_store() => Err(fault),
            outcome => {
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = group.and_then(|()| outcome.unwrap_or(Err(StoreError::Closed)));
        // Nobody waits any more if the request was given up; the change stands all the same.
        drop(reply.send(outcome));
    }
}

fn commit_in_groups(
    database: &Opened,
    open: &Open,
    durability: Durability,
    queue: &mpsc::Receiver<Box<dyn Job>>,
) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(LARGEST_GROUP - 1));
        let committed = commit(database, durability, &mut group);
        if let Err(fault) = &committed {
            tracing::error!(%fault, changes = group.len(), "a group of changes was not committed");
            open_again(database, open);
        }
        for job in group {
            job.answer(committed.clone());
        }
    }
}

fn commit(database: &Opened, durability: Durability, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let database = database.read().unwrap_or_else(PoisonError::into_inner);
    let mut transaction = database.as_ref().ok_or(StoreError::Closed)?.begin_write()?;
    transaction.set_durability(match durability {
        Durability::Strict => redb::Durability::Immediate,
        Durability::Relaxed => redb::Durability::None,
    })?;
    let mut tables = Tables::open(&transaction)?;
    for job in group {
        job.apply(&mut tables)?;
    }
    drop(tables);
    Ok(transaction.commit()?)
}

/// Opens the database again: after a failed write it takes no more, until it has read what the disk
/// really holds.
fn open_again(database: &Opened, open: &Open) {
    let mut database = database.write().unwrap_or_else(PoisonError::into_inner);
    // The old one goes first: it holds the lock of the file.
    *database = None;
    match open() {
        Ok(opened) => *database = Some(opened),
        Err(fault) => tracing::error!(%fault, "the database cannot be opened again"),
    }
}
