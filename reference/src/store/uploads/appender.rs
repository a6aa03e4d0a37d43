//! One request's adding to an upload.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::content::{BLOCK, UploadContent};
use super::session::{Session, UploadState};
use crate::store::StoreError;
use crate::store::files::Files;
use crate::store::work::Work;

/// How many bytes the system may have to write before it is made to.
const WRITE_BACK: u64 = 32 * 1024 * 1024;

/// One request's adding to an upload. It ends with [`Store::keep_upload`], [`Appender::discard`] or
/// [`Store::finish_upload`]; one that is dropped has been given up, and leaves what was written.
///
/// [`Store::keep_upload`]: crate::store::Store::keep_upload
/// [`Store::finish_upload`]: crate::store::Store::finish_upload
#[derive(Debug)]
pub(crate) struct Appender {
    pub(super) session: Arc<Session>,
    pub(super) files: Arc<dyn Files>,
    /// What the upload goes back to; `None` once that has been done, or the upload is a blob.
    pub(super) before: Option<UploadContent>,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    received: u64,
    /// What makes the system write, so that little is left to be synced at the end.
    writing_back: Option<JoinHandle<io::Result<()>>>,
    /// The number of bytes of this request when that was begun.
    written_back: u64,
    content: Progress,
}

/// Where the content is: here, or with the thread that writes a block.
#[derive(Debug)]
enum Progress {
    Here(UploadContent),
    Writing(Work<(UploadContent, io::Result<()>)>),
    Lost,
}

impl Appender {
    /// Begins to add to an upload that holds `content`.
    pub(super) fn new(session: Arc<Session>, files: Arc<dyn Files>, content: UploadContent) -> Self {
        Self {
            session,
            files,
            before: Some(content.clone()),
            gathered: Vec::new(),
            gathered_bytes: 0,
            received: 0,
            writing_back: None,
            written_back: 0,
            content: Progress::Here(content),
        }
    }

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

    /// All of the upload, if nothing of it has been written yet.
    pub(super) fn whole_in_memory(&self) -> Option<Vec<Bytes>> {
        match &self.content {
            Progress::Here(content) if content.has_no_file() => Some(self.gathered.clone()),
            _ => None,
        }
    }

    async fn write_block(&mut self) -> Result<(), StoreError> {
        let block = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let mut content = self.settled().await?;
        self.begin_to_write_back(&content).await?;
        let id = self.session.id;
        self.content = Progress::Writing(Work::all_of(&self.files, move |files| {
            let written = content.add(files, id, &block);
            (content, written)
        }));
        Ok(())
    }

    /// Makes the system write what it was given, if that is much and it is not at it already.
    async fn begin_to_write_back(&mut self, content: &UploadContent) -> Result<(), StoreError> {
        let is_at_it = self.writing_back.as_ref().is_some_and(|task| !task.is_finished());
        if is_at_it || self.received - self.written_back < WRITE_BACK {
            return Ok(());
        }
        self.end_of_writing_back().await?;
        if let Some(file) = content.open_file() {
            self.written_back = self.received;
            self.writing_back = Some(tokio::task::spawn_blocking(move || file.write_back()));
        }
        Ok(())
    }

    /// Waits until the system has written what it was last told to write. A fault is told only once, so
    /// the sync that follows may not meet it.
    async fn end_of_writing_back(&mut self) -> Result<(), StoreError> {
        match self.writing_back.take() {
            Some(task) => Ok(task.await.map_err(io::Error::other)??),
            None => Ok(()),
        }
    }

    /// The content, when everything handed over has been written.
    async fn settled(&mut self) -> Result<UploadContent, StoreError> {
        let content = match std::mem::replace(&mut self.content, Progress::Lost) {
            Progress::Here(content) => content,
            Progress::Writing(work) => {
                let (content, written) = work.end().await?;
                written?;
                content
            }
            Progress::Lost => return Err(StoreError::Closed),
        };
        self.session.set_offset(content.length);
        self.content = Progress::Here(content.clone());
        Ok(content)
    }

    /// The content, when everything that came has been written and survives a loss of power.
    pub(super) async fn settled_for_good(&mut self) -> Result<UploadContent, StoreError> {
        let block = std::mem::take(&mut self.gathered);
        let mut content = self.settled().await?;
        self.end_of_writing_back().await?;
        let id = self.session.id;
        self.content = Progress::Writing(Work::on(&self.files, move |files| {
            let written = content.add_for_good(files, id, &block);
            (content, written)
        }));
        self.settled().await
    }

    /// Leaves the upload as it was before the request.
    pub(crate) async fn discard(mut self) -> Result<(), StoreError> {
        if let Progress::Writing(work) = std::mem::replace(&mut self.content, Progress::Lost) {
            drop(work.end().await);
        }
        let Some(mut before) = self.before.clone() else {
            return Ok(());
        };
        let id = self.session.id;
        Work::on(&self.files, move |files| before.restore(files, id))
            .result()
            .await?;
        match self.give_back().await {
            Err(StoreError::UploadUnknown) => Ok(()),
            given_back => given_back,
        }
    }

    /// Ends the request's hold on the upload. One that was cancelled meanwhile has no file any more.
    pub(super) async fn give_back(&mut self) -> Result<(), StoreError> {
        if let Some(content) = self.before.take() {
            self.session.put_back(content);
        }
        if self.session.is_closed.load(Ordering::Acquire) {
            let id = self.session.id;
            Work::on(&self.files, move |files| files.remove(id))
                .result()
                .await?;
            return Err(StoreError::UploadUnknown);
        }
        Ok(())
    }
}

impl Drop for Appender {
    /// Gives the upload back if the request was given up: its client is gone, or was cut off.
    fn drop(&mut self) {
        if self.before.is_none() {
            return;
        }
        let content = std::mem::replace(&mut self.content, Progress::Lost);
        let (session, files) = (Arc::clone(&self.session), Arc::clone(&self.files));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(give_up(session, files, content))),
            // The process ends: the next one goes on from the checkpoint.
            Err(_) => *self.session.state() = UploadState::OnDisk,
        }
    }
}

/// Gives an upload back with what has been written, once the thread that writes is done.
async fn give_up(session: Arc<Session>, files: Arc<dyn Files>, content: Progress) {
    let written = match content {
        Progress::Here(content) => Some(content),
        Progress::Writing(work) => match work.end().await {
            Ok((content, Ok(()))) => Some(content),
            _ => None,
        },
        Progress::Lost => None,
    };
    match written {
        Some(content) => session.put_back(content),
        None => *session.state() = UploadState::OnDisk,
    }
    if session.is_closed.load(Ordering::Acquire) || !session.is_resumable {
        let id = session.id;
        if let Err(fault) = Work::on(&files, move |files| files.remove(id)).result().await {
            tracing::warn!(%fault, "the file of an upload that is over was not removed");
        }
    }
}
