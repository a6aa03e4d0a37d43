//! Group commit: one thread makes all changes, and one sync serves all that are waiting.
//!
//! The thread takes what is in the queue and never waits for more, so a lone client pays nothing. A change is
//! durable when the journal has it; the database has it at once in memory, and on its disk a little later.

use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::StoreError;
use super::guard::guarded;
use super::journal::{Journal, Landmark};
use super::tables::{ENDED_UNTIL, JOURNAL, LANDMARK, SEQUENCE, STORE, Tables, View};

/// How many changes one commit serves at most: it bounds how long the first of them waits.
const LARGEST_GROUP: usize = 1024;

/// How long nothing is changed before the database is synced: then nobody waits for it. A power cut after a second of
/// peace loses nothing, even where durability is relaxed.
const QUIET: Duration = Duration::from_secs(1);

/// How often what is not waited for is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitterSettings {
    /// After how many commits the database is synced: a start makes as many again from the journal.
    pub(super) commits_until_sync: u32,
    /// How many bytes a journal has at least before a new one is begun.
    pub(super) worth_renewing: u64,
}

impl Default for CommitterSettings {
    fn default() -> Self {
        Self {
            commits_until_sync: 1024,
            worth_renewing: 4 * 1024 * 1024,
        }
    }
}

/// The database; none while it cannot be opened.
type Opened = Arc<RwLock<Option<Database>>>;

/// Opens the database, at first and after it has failed.
pub(super) type Open = Box<dyn Fn() -> Result<Database, StoreError> + Send>;

/// The metadata of a store: read by anyone at any time, changed in groups.
#[derive(Debug)]
pub(super) struct Metadata {
    database: Opened,
    /// `None` once the store is closing.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Metadata {
    /// Makes a database in memory.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let open = || Ok(Builder::new().create_with_backend(InMemoryBackend::new())?);
        Self::start(open()?, Box::new(open), None, CommitterSettings::default())
    }

    /// Brings the database up to its journal, and starts the thread that makes changes.
    pub(super) fn start(
        database: Database,
        open: Open,
        journal: Option<Journal>,
        settings: CommitterSettings,
    ) -> Result<Self, StoreError> {
        catch_up(&database, journal.as_ref())?;
        let database = Arc::new(RwLock::new(Some(database)));
        let (queue, changes) = mpsc::channel();
        let mut committer = Committer {
            database: Arc::clone(&database),
            open,
            journal,
            settings,
            unsynced: 0,
        };
        let thread = thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer.commit_in_groups(&changes))?;
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

/// What the thread that makes changes has.
struct Committer {
    database: Opened,
    open: Open,
    /// `None` for a store in memory.
    journal: Option<Journal>,
    settings: CommitterSettings,
    /// How many commits the database has made since it was last synced.
    unsynced: u32,
}

impl Committer {
    fn commit_in_groups(&mut self, queue: &mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next_change(queue) {
            let mut group = vec![first];
            group.extend(queue.try_iter().take(LARGEST_GROUP - 1));
            let committed = self.commit(&mut group);
            for job in group {
                job.answer(committed.clone());
            }
            self.sync_if_needed(self.settings.commits_until_sync);
            self.tend_journal();
        }
        self.sync_if_needed(1);
    }

    /// Waits for a change; syncs the database when none comes for a while. `None` when the store is closing.
    fn next_change(&mut self, queue: &mpsc::Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        if self.unsynced > 0 {
            match queue.recv_timeout(QUIET) {
                Ok(change) => return Some(change),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => self.sync_if_needed(1),
            }
        }
        queue.recv().ok()
    }

    /// Commits a group, and opens the database again where that has failed: it takes no more then.
    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let before = self.sequence();
        let Err(fault) = guarded(|| self.try_commit(group)) else {
            return Ok(());
        };
        let is_written = self.sequence() > before;
        tracing::error!(%fault, changes = group.len(), "a group of changes was not committed");
        if is_written || !matches!(fault, StoreError::Files(_)) {
            let opened = self.open_again();
            // The database has made it again from the journal.
            if is_written && opened {
                return Ok(());
            }
        }
        Err(fault)
    }

    /// The number of the last change that is in the journal.
    fn sequence(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::sequence)
    }

    fn try_commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StoreError::Closed)?;
        if let Some(journal) = &mut self.journal
            && journal.is_doubtful()
        {
            database.begin_write()?.commit()?;
            journal.begin_again(&View::new(database.begin_read()?))?;
        }
        let mut transaction = database.begin_write()?;
        transaction.set_durability(redb::Durability::None)?;
        let mut tables = Tables::open(&transaction)?;
        for job in group {
            job.apply(&mut tables)?;
        }
        let made = std::mem::take(&mut tables.made);
        if let Some(journal) = self.journal.as_mut().filter(|_| !made.is_empty()) {
            journal.append(made)?;
            tables.set_landmark(journal.landmark())?;
        }
        drop(tables);
        self.unsynced += 1;
        Ok(transaction.commit()?)
    }

    /// Syncs the database if it has made so many commits since it was synced.
    fn sync_if_needed(&mut self, commits: u32) {
        if self.unsynced < commits || self.journal.is_none() {
            return;
        }
        if let Err(fault) = self.sync() {
            tracing::error!(%fault, "the database was not synced");
            self.open_again();
        }
    }

    /// Makes the database hold for good all that it has.
    fn sync(&mut self) -> Result<(), StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StoreError::Closed)?;
        guarded(|| Ok(database.begin_write()?.commit()?))?;
        self.unsynced = 0;
        Ok(())
    }

    /// Begins a new journal when the old one has grown, and goes over to it when it is written.
    fn tend_journal(&mut self) {
        let Some(journal) = &self.journal else { return };
        let tended = if journal.is_renewed() {
            self.sync().and_then(|()| self.go_over())
        } else if journal.is_to_be_renewed(self.settings.worth_renewing) {
            self.begin_renewal()
        } else {
            return;
        };
        if let Err(fault) = tended {
            tracing::warn!(%fault, "the journal was not written anew; it grows until it is");
        }
    }

    fn go_over(&mut self) -> Result<(), StoreError> {
        self.journal.as_mut().map_or(Ok(()), Journal::go_over)
    }

    fn begin_renewal(&mut self) -> Result<(), StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let view = View::new(database.as_ref().ok_or(StoreError::Closed)?.begin_read()?);
        self.journal
            .as_mut()
            .map_or(Ok(()), |journal| journal.begin_renewal(view))
    }

    /// Opens the database again, and brings it up to the journal; says whether that worked.
    fn open_again(&mut self) -> bool {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The old one goes first: it holds the lock of the file.
        *database = None;
        let opened = guarded(|| {
            let opened = (self.open)()?;
            catch_up(&opened, self.journal.as_ref())?;
            Ok(opened)
        });
        match opened {
            Ok(opened) => *database = Some(opened),
            Err(fault) => tracing::error!(%fault, "the database cannot be opened again"),
        }
        database.is_some()
    }
}

/// Makes the tables that are missing, and the changes that the journal has and the database has not.
pub(super) fn catch_up(database: &Database, journal: Option<&Journal>) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    tables.begin_to_know_ends()?;
    if let Some(journal) = journal {
        let after = tables.sequence()?;
        journal.replay(after, &mut |entry| tables.apply(entry))?;
        tables.set_landmark(journal.landmark())?;
    }
    drop(tables);
    Ok(transaction.commit()?)
}

impl View {
    /// The number of the last change that shows in it.
    pub(super) fn sequence(&self) -> Result<u64, StoreError> {
        sequence_in(&self.facts()?)
    }
}

/// The number of the last change.
fn sequence_in(facts: &impl ReadableTable<&'static str, u128>) -> Result<u64, StoreError> {
    let sequence = facts.get(SEQUENCE)?.map_or(0, |row| row.value());
    u64::try_from(sequence).map_err(|_| StoreError::Damaged("the number of the last change".to_owned()))
}

impl Tables<'_> {
    /// The number of the last change that is in the tables.
    pub(super) fn sequence(&self) -> Result<u64, StoreError> {
        sequence_in(&self.facts)
    }

    pub(super) fn set_sequence(&mut self, sequence: u64) -> Result<(), StoreError> {
        self.facts.insert(SEQUENCE, u128::from(sequence))?;
        self.facts.insert(ENDED_UNTIL, u128::from(sequence))?;
        Ok(())
    }

    /// How far of which journal the tables are, if they know it.
    pub(super) fn landmark(&self) -> Result<Option<Landmark>, StoreError> {
        let fact = |name| Ok::<_, StoreError>(self.facts.get(name)?.map(|row| row.value()));
        let (Some(number), Some(lines)) = (fact(JOURNAL)?, fact(LANDMARK)?) else {
            return Ok(None);
        };
        let damaged = |_| StoreError::Damaged("the landmark in the journal".to_owned());
        Ok(Some(Landmark {
            number,
            state_end: u64::try_from(lines >> 64).map_err(damaged)?,
            line: u64::try_from(lines & u128::from(u64::MAX)).map_err(damaged)?,
            sequence: self.sequence()?,
        }))
    }

    /// Notes how far of which journal the tables are.
    fn set_landmark(&mut self, landmark: Landmark) -> Result<(), StoreError> {
        self.set_sequence(landmark.sequence)?;
        self.facts.insert(JOURNAL, landmark.number)?;
        let lines = u128::from(landmark.state_end) << 64 | u128::from(landmark.line);
        self.facts.insert(LANDMARK, lines)?;
        Ok(())
    }

    /// The store that the tables are of, if they know it.
    pub(super) fn store(&self) -> Result<Option<Uuid>, StoreError> {
        Ok(self.facts.get(STORE)?.map(|row| Uuid::from_u128(row.value())))
    }

    pub(super) fn set_store(&mut self, store: Uuid) -> Result<(), StoreError> {
        self.facts.insert(STORE, store.as_u128())?;
        Ok(())
    }
}
