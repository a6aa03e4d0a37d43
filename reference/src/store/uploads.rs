//! Uploads: sessions that outlive connections and the process, and the appending to them
//! (spec: Pushing blobs).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redb::ReadableTable as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::files::{File, Files};
use super::{Store, StoreError, is_older, now, on_disk};
use crate::protocol::{Algorithm, Digest, Hasher, Name};

/// How many bytes are gathered before they are hashed and written in one go.
const BLOCK: usize = 1024 * 1024;

/// How many bytes the system may have to write before it is made to.
const WRITE_BACK: u64 = 32 * 1024 * 1024;

/// One upload.
#[derive(Debug)]
pub(crate) struct Session {
    id: Uuid,
    repository: Name,
    algorithm: Algorithm,
    /// Whether the metadata knows it: requests after this one can come back to it.
    is_recorded: bool,
    /// Whether it has been cancelled.
    is_closed: AtomicBool,
    /// Whether its last chunk was one that only the last chunk may be.
    has_ended: AtomicBool,
    state: Mutex<State>,
    /// The number of bytes that have been stored.
    offset: AtomicU64,
    /// When a request last had to do with it.
    touched: AtomicU64,
}

/// What is known of an upload's content.
#[derive(Debug)]
enum State {
    /// Whatever its file holds: nothing has been added since the process started.
    OnDisk,
    /// It waits for more.
    Waiting(Content),
    /// A request is adding to it.
    Busy,
}

/// The content of an upload so far.
#[derive(Debug, Clone, Default)]
struct Content {
    /// `None` until there is a first byte.
    file: Option<Arc<dyn File>>,
    length: u64,
    /// The hash of everything so far; `None` if it is to be made from the file.
    hasher: Option<Box<Hasher>>,
}

impl Session {
    fn new(id: Uuid, repository: Name, algorithm: Algorithm, state: State) -> Self {
        Self {
            id,
            repository,
            algorithm,
            is_recorded: true,
            is_closed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            state: Mutex::new(state),
            offset: AtomicU64::new(0),
            touched: AtomicU64::new(now()),
        }
    }

    fn fresh(repository: Name, algorithm: Algorithm) -> Self {
        let content = Content {
            hasher: Some(Box::new(Hasher::new(algorithm))),
            ..Content::default()
        };
        Self::new(Uuid::new_v4(), repository, algorithm, State::Waiting(content))
    }

    /// The number that names the upload.
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }

    /// The number of bytes stored so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Whether the last chunk has come, as far as one can tell.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Notes whether the last chunk has come, as far as one can tell.
    pub(crate) fn set_ended(&self, has_ended: bool) {
        self.has_ended.store(has_ended, Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the content out for one request, so that no lock is held while its body is read.
    fn take(&self) -> Result<Content, StoreError> {
        match std::mem::replace(&mut *self.state(), State::Busy) {
            State::Waiting(content) => Ok(content),
            State::OnDisk | State::Busy => Err(StoreError::UploadBusy),
        }
    }

    fn put_back(&self, content: Content) {
        self.offset.store(content.length, Ordering::Release);
        self.touched.store(now(), Ordering::Release);
        *self.state() = State::Waiting(content);
    }

    /// Looks at the file, if nothing is known yet.
    fn load(&self, files: &dyn Files) -> std::io::Result<()> {
        let mut state = self.state();
        if matches!(*state, State::OnDisk) {
            let file = match files.open(self.id) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                opened => Some(opened?),
            };
            let length = file.as_ref().map_or(Ok(0), |file| file.length())?;
            let hasher = (length == 0).then(|| Box::new(Hasher::new(self.algorithm)));
            self.offset.store(length, Ordering::Release);
            *state = State::Waiting(Content { file, length, hasher });
        }
        Ok(())
    }
}

impl Store {
    /// Opens an upload, which a restart does not end.
    pub(crate) async fn open_upload(
        &self,
        repository: &Name,
        algorithm: Algorithm,
    ) -> Result<Arc<Session>, StoreError> {
        let session = Session::fresh(repository.clone(), algorithm);
        let (id, name) = (session.id, repository.clone());
        let opening = self.metadata.change(move |tables| {
            tables
                .uploads
                .insert(id.as_u128(), (name.as_str(), algorithm.as_str(), now()))?;
            Ok(())
        });
        opening.await?;
        Ok(self.sessions.remember(session))
    }

    /// Finds an upload of a repository.
    pub(crate) async fn upload(&self, repository: &Name, id: Uuid) -> Result<Arc<Session>, StoreError> {
        let session = match self.sessions.get(id) {
            Some(session) => session,
            None => self.sessions.remember(self.recorded_upload(id)?),
        };
        if session.repository != *repository {
            return Err(StoreError::UploadUnknown);
        }
        session.touched.store(now(), Ordering::Release);
        let (loading, files) = (Arc::clone(&session), Arc::clone(&self.files));
        if matches!(*session.state(), State::OnDisk) {
            on_disk(move || loading.load(files.as_ref())).await?;
        }
        Ok(session)
    }

    fn recorded_upload(&self, id: Uuid) -> Result<Session, StoreError> {
        let uploads = self.metadata.view()?.uploads()?;
        let row = uploads.get(id.as_u128())?.ok_or(StoreError::UploadUnknown)?;
        let (repository, algorithm, _) = row.value();
        let damaged = || StoreError::Damaged(format!("upload {id}"));
        let repository = Name::parse(repository).ok_or_else(damaged)?;
        let algorithm = Algorithm::parse(algorithm).ok_or_else(damaged)?;
        Ok(Session::new(id, repository, algorithm, State::OnDisk))
    }

    /// Ends an upload without a blob (end-14).
    pub(crate) async fn cancel_upload(&self, session: &Session) -> Result<(), StoreError> {
        let id = session.id;
        let removed = self.metadata.change(move |tables| {
            tables
                .uploads
                .remove(id.as_u128())?
                .map(|_| ())
                .ok_or(StoreError::UploadUnknown)
        });
        removed.await?;
        session.is_closed.store(true, Ordering::Release);
        self.sessions.forget(id);
        self.remove_files(vec![id]).await;
        Ok(())
    }

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
                // Met for the first time since the start: its time begins now.
                None => self.sessions.remember(self.recorded_upload(id)?),
            };
            let is_idle = !matches!(*session.state(), State::Busy);
            if is_idle && is_older(session.touched.load(Ordering::Acquire), age) {
                self.cancel_upload(&session).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Begins to add to an upload, `at` its end.
    pub(crate) fn append(&self, session: &Arc<Session>, at: Option<u64>) -> Result<Appender, StoreError> {
        let before = session.take()?;
        if at.is_some_and(|at| at != before.length) {
            session.put_back(before);
            return Err(StoreError::OutOfOrder);
        }
        let now = before.clone();
        Ok(Appender {
            session: Arc::clone(session),
            files: Arc::clone(&self.files),
            before: Some(before),
            gathered: Vec::new(),
            gathered_bytes: 0,
            received: 0,
            writing_back: None,
            written_back: 0,
            content: Progress::Here(now),
        })
    }

    /// Begins to receive a blob in one request, with no session that anyone could come back to.
    pub(crate) fn receive(&self, repository: &Name, algorithm: Algorithm) -> Result<Appender, StoreError> {
        let session = Session {
            is_recorded: false,
            ..Session::fresh(repository.clone(), algorithm)
        };
        self.append(&Arc::new(session), None)
    }

    /// Makes what was uploaded a blob, if it has the digest; else the upload is as it was before.
    pub(crate) async fn finish_upload(
        &self,
        mut upload: Appender,
        digest: &Digest,
    ) -> Result<(), StoreError> {
        let finished = self.try_finish(&mut upload, digest).await;
        match &finished {
            Ok(()) => {
                self.sessions.forget(upload.session.id);
                upload.before = None;
            }
            // The commit may have reached the disk or not, so the file stays, and the metadata will tell.
            Err(StoreError::Database(_) | StoreError::Closed) => self.sessions.forget(upload.session.id),
            Err(_) => upload.discard().await?,
        }
        finished
    }

    async fn try_finish(&self, upload: &mut Appender, digest: &Digest) -> Result<(), StoreError> {
        let content = upload.settled_for_good().await?;
        if content.digest(digest.algorithm()).await? != *digest {
            return Err(StoreError::DigestMismatch);
        }
        if content.file.is_none() {
            let (files, id) = (Arc::clone(&self.files), upload.session.id);
            on_disk(move || files.create(id)?.sync()).await?;
        }
        self.commit_blob(&upload.session, content.length, digest).await
    }

    /// Records the blob, and ends the session in the same step.
    async fn commit_blob(&self, session: &Session, size: u64, digest: &Digest) -> Result<(), StoreError> {
        let is_recorded = session.is_recorded;
        let (id, repository, digest) = (session.id, session.repository.clone(), digest.clone());
        let unneeded = self.metadata.change(move |tables| {
            if is_recorded && tables.uploads.remove(id.as_u128())?.is_none() {
                return Err(StoreError::UploadUnknown);
            }
            let is_known = tables.blobs.get(digest.as_str())?.is_some();
            if !is_known {
                tables.blobs.insert(digest.as_str(), (id.as_u128(), size))?;
            }
            tables.link_blob(&repository, &digest)?;
            Ok(if is_known { vec![id] } else { Vec::new() })
        });
        self.remove_files(unneeded.await?).await;
        Ok(())
    }
}

impl Content {
    /// The digest of the content: from the running hash if it is of the algorithm, else from the file.
    async fn digest(&self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        match (&self.hasher, &self.file) {
            (Some(hasher), _) if hasher.algorithm() == algorithm => Ok(hasher.as_ref().clone().finish()),
            (_, None) => Ok(Hasher::new(algorithm).finish()),
            (_, Some(file)) => {
                let (file, length) = (Arc::clone(file), self.length);
                on_disk(move || hash_file(file.as_ref(), length, algorithm)).await
            }
        }
    }

    /// Hashes and writes a block at the end.
    fn add(&mut self, files: &dyn Files, id: Uuid, block: &[Bytes]) -> std::io::Result<()> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => files.create(id)?,
        };
        self.file = Some(Arc::clone(&file));
        file.write_at(block, self.length)?;
        for part in block {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(part);
            }
            self.length += part.len() as u64;
        }
        Ok(())
    }

    /// The same, and syncs what there is.
    fn add_for_good(&mut self, files: &dyn Files, id: Uuid, block: &[Bytes]) -> std::io::Result<()> {
        if !block.is_empty() {
            self.add(files, id, block)?;
        }
        self.file.as_ref().map_or(Ok(()), |file| file.sync())
    }
}

/// The digest of the first `length` bytes of a file.
pub(super) fn hash_file(file: &dyn File, length: u64, algorithm: Algorithm) -> std::io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    while offset < length {
        let wanted = usize::try_from(length - offset).unwrap_or(BLOCK).min(BLOCK);
        let count = file.read_at(&mut block[..wanted], offset)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&block[..count]);
        offset += count as u64;
    }
    Ok(hasher.finish())
}

/// One request's adding to an upload. It ends with [`Appender::keep`], [`Appender::discard`] or
/// [`Store::finish_upload`].
#[derive(Debug)]
pub(crate) struct Appender {
    session: Arc<Session>,
    files: Arc<dyn Files>,
    /// What the upload goes back to; `None` once that has been done, or the upload is a blob.
    before: Option<Content>,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    received: u64,
    /// What makes the system write, so that little is left to be synced at the end.
    writing_back: Option<JoinHandle<std::io::Result<()>>>,
    /// The number of bytes of this request when that was begun.
    written_back: u64,
    content: Progress,
}

/// Where the content is: here, or with the thread that writes a block.
#[derive(Debug)]
enum Progress {
    Here(Content),
    Writing(JoinHandle<(Content, std::io::Result<()>)>),
    Lost,
}

impl Appender {
    /// The number of bytes of this request so far.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// Takes a part of the body; one block is written while the next one is gathered.
    pub(crate) async fn add(&mut self, part: Bytes) -> Result<(), StoreError> {
        self.received += part.len() as u64;
        self.gathered_bytes += part.len();
        self.gathered.push(part);
        if self.gathered_bytes >= BLOCK {
            self.write_block().await
        } else {
            Ok(())
        }
    }

    async fn write_block(&mut self) -> Result<(), StoreError> {
        let block = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let mut content = self.settled().await?;
        self.begin_to_write_back(&content).await?;
        let (files, id) = (Arc::clone(&self.files), self.session.id);
        self.content = Progress::Writing(tokio::task::spawn_blocking(move || {
            let written = content.add(files.as_ref(), id, &block);
            (content, written)
        }));
        Ok(())
    }

    /// Makes the system write what it was given, if that is much and it is not at it already.
    async fn begin_to_write_back(&mut self, content: &Content) -> Result<(), StoreError> {
        let is_at_it = self.writing_back.as_ref().is_some_and(|task| !task.is_finished());
        if is_at_it || self.received - self.written_back < WRITE_BACK {
            return Ok(());
        }
        self.end_of_writing_back().await?;
        if let Some(file) = content.file.clone() {
            self.written_back = self.received;
            self.writing_back = Some(tokio::task::spawn_blocking(move || file.write_back()));
        }
        Ok(())
    }

    /// Waits until the system has written what it was last told to write. A fault is told only once, so
    /// the sync that follows may not meet it.
    async fn end_of_writing_back(&mut self) -> Result<(), StoreError> {
        match self.writing_back.take() {
            Some(task) => Ok(task.await.map_err(std::io::Error::other)??),
            None => Ok(()),
        }
    }

    /// The content, when everything handed over has been written.
    async fn settled(&mut self) -> Result<Content, StoreError> {
        let content = match std::mem::replace(&mut self.content, Progress::Lost) {
            Progress::Here(content) => content,
            Progress::Writing(task) => {
                let (content, written) = task.await.map_err(std::io::Error::other)?;
                written?;
                content
            }
            Progress::Lost => return Err(StoreError::Closed),
        };
        self.session.offset.store(content.length, Ordering::Release);
        self.content = Progress::Here(content.clone());
        Ok(content)
    }

    /// The content, when everything that came has been written and survives a loss of power.
    async fn settled_for_good(&mut self) -> Result<Content, StoreError> {
        let block = std::mem::take(&mut self.gathered);
        let mut content = self.settled().await?;
        self.end_of_writing_back().await?;
        let (files, id) = (Arc::clone(&self.files), self.session.id);
        self.content = Progress::Writing(tokio::task::spawn_blocking(move || {
            let written = content.add_for_good(files.as_ref(), id, &block);
            (content, written)
        }));
        self.settled().await
    }

    /// Keeps what came, durably, for the requests that follow; returns the length of the upload.
    pub(crate) async fn keep(mut self) -> Result<u64, StoreError> {
        let kept = self.settled_for_good().await;
        match kept {
            Ok(content) => {
                let length = content.length;
                self.before = Some(content);
                self.give_back().await?;
                Ok(length)
            }
            Err(fault) => {
                self.discard().await?;
                Err(fault)
            }
        }
    }

    /// Leaves the upload as it was before the request.
    pub(crate) async fn discard(mut self) -> Result<(), StoreError> {
        if let Progress::Writing(task) = std::mem::replace(&mut self.content, Progress::Lost) {
            drop(task.await);
        }
        let Some(before) = &self.before else { return Ok(()) };
        let (files, id) = (Arc::clone(&self.files), self.session.id);
        let (file, length) = (before.file.clone(), before.length);
        on_disk(move || file.map_or_else(|| files.remove(id), |file| file.truncate(length))).await?;
        match self.give_back().await {
            Err(StoreError::UploadUnknown) => Ok(()),
            given_back => given_back,
        }
    }

    /// Ends the request's hold on the upload. One that was cancelled meanwhile has no file any more.
    async fn give_back(&mut self) -> Result<(), StoreError> {
        if let Some(content) = self.before.take() {
            self.session.put_back(content);
        }
        if self.session.is_closed.load(Ordering::Acquire) {
            let (files, id) = (Arc::clone(&self.files), self.session.id);
            on_disk(move || files.remove(id)).await?;
            return Err(StoreError::UploadUnknown);
        }
        Ok(())
    }
}

impl Drop for Appender {
    /// Gives the upload back to its file if the request ended otherwise than it should.
    fn drop(&mut self) {
        if self.before.is_some() {
            *self.session.state() = State::OnDisk;
        }
    }
}
