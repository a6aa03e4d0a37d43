//! Uploads: sessions that outlive connections and the process, and the appending to them
//! (spec: Pushing blobs).
//!
//! What of an upload was acknowledged is written down with the state of its hash, so that a process that
//! finds it goes on from there and reads nothing again. Before the first byte its name is enough.

mod appender;
mod content;
mod expiry;
mod names;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use redb::ReadableTable as _;
use uuid::Uuid;

pub(crate) use appender::Appender;
pub(super) use content::hash_file;
pub(super) use names::{UploadNames, first_name_at, opened_at};
pub(crate) use session::Session;

use super::entry::{Entry, encode};
use super::files::File;
use super::tables::{Tables, View};
use super::work::Work;
use super::{Store, StoreError, now};
use crate::protocol::{Algorithm, Digest, Hasher, Name};
use content::{Checkpoint, UploadContent};
use session::UploadState;

impl Store {
    /// Opens an upload, which a restart does not end.
    pub(crate) fn open_upload(&self, repository: &Name, algorithm: Algorithm) -> Arc<Session> {
        let id = self.names.draw(repository, algorithm);
        self.strays.spare(id);
        self.sessions
            .remember(Session::fresh(id, repository.clone(), algorithm))
    }

    /// Finds an upload of a repository.
    pub(crate) async fn upload(&self, repository: &Name, id: Uuid) -> Result<Arc<Session>, StoreError> {
        let session = match self.sessions.get(id) {
            Some(session) => session,
            None => self.sessions.remember(self.found_upload(repository, id)?),
        };
        if session.repository != *repository {
            return Err(StoreError::UploadUnknown);
        }
        session.touched.store(now(), Ordering::Release);
        // It may have become a blob, and nobody was there any more to hear of it; or that was while it was found.
        if session.is_busy() || session.is_to_be_loaded() {
            let view = self.metadata.view()?;
            if !view.is_open(id)? {
                self.sessions.forget(id);
                return Err(StoreError::UploadUnknown);
            }
            if session.is_to_be_loaded() {
                let checkpoint = checkpoint(&view, &session)?;
                let loading = Arc::clone(&session);
                Work::on(&self.files, move |files| loading.load(files, checkpoint))
                    .result()
                    .await?;
            }
        }
        Ok(session)
    }

    /// An upload that this process has not met yet.
    fn found_upload(&self, repository: &Name, id: Uuid) -> Result<Session, StoreError> {
        match self.recorded_upload(id) {
            Err(StoreError::UploadUnknown) => {}
            recorded => return recorded,
        }
        let algorithm = self.names.algorithm_of(id, repository);
        let algorithm = algorithm.ok_or(StoreError::UploadUnknown)?;
        // A process that was ended may have left a file, of which nothing was acknowledged.
        self.strays.spare(id);
        let state = UploadState::OnDisk;
        Ok(Session::new(id, repository.clone(), algorithm, state, now()))
    }

    fn recorded_upload(&self, id: Uuid) -> Result<Session, StoreError> {
        let view = self.metadata.view()?;
        let row = view.uploads()?.get(id.as_u128())?;
        let row = row.ok_or(StoreError::UploadUnknown)?;
        let (repository, algorithm, opened) = row.value();
        let added_to = view.touched()?.get(id.as_u128())?.map_or(0, |at| at.value());
        let damaged = || StoreError::Damaged(format!("upload {id}"));
        let repository = Name::parse(repository).ok_or_else(damaged)?;
        let algorithm = Algorithm::parse(algorithm).ok_or_else(damaged)?;
        // While nobody could reach it, its time stood still.
        let touched = opened.max(added_to).max(self.started);
        let session = Session::new(id, repository, algorithm, UploadState::OnDisk, touched);
        session.set_recorded();
        Ok(session)
    }

    /// Ends an upload without a blob (end-14).
    pub(crate) async fn cancel_upload(&self, session: &Session) -> Result<(), StoreError> {
        let id = session.id;
        let removed = self.metadata.change(move |tables| tables.end_upload(id));
        removed.await?;
        session.is_closed.store(true, Ordering::Release);
        self.sessions.forget(id);
        self.remove_files(vec![id]).await;
        Ok(())
    }

    /// Begins to add to an upload, `at` its end.
    pub(crate) fn append(&self, session: &Arc<Session>, at: Option<u64>) -> Result<Appender, StoreError> {
        let before = session.take()?;
        if at.is_some_and(|at| at != before.length) {
            session.put_back(before);
            return Err(StoreError::OutOfOrder);
        }
        Ok(Appender::new(
            Arc::clone(session),
            Arc::clone(&self.files),
            before,
        ))
    }

    /// Keeps what came, durably, for the requests that follow; returns the length of the upload.
    pub(crate) async fn keep_upload(&self, mut upload: Appender) -> Result<u64, StoreError> {
        match self.try_keep(&mut upload).await {
            Ok(content) => {
                let length = content.length;
                upload.before = Some(content);
                upload.give_back().await?;
                Ok(length)
            }
            // The commit may have reached the disk or not, so nothing is cut off; the metadata will tell.
            Err(fault @ (StoreError::Database(_) | StoreError::Closed)) => {
                upload.before = None;
                *upload.session.state() = UploadState::OnDisk;
                Err(fault)
            }
            Err(fault) => {
                upload.discard().await?;
                Err(fault)
            }
        }
    }

    async fn try_keep(&self, upload: &mut Appender) -> Result<UploadContent, StoreError> {
        let content = upload.settled_for_good().await?;
        let (id, length) = (upload.session.id, content.length);
        let state = content
            .checkpoint()
            .hasher
            .map_or_else(String::new, |hasher| encode(&hasher.save()));
        let unrecorded = upload.session.unrecorded();
        let keeping = self.metadata.change(move |tables| {
            // An upload that was cancelled meanwhile leaves nothing behind.
            if tables.is_open(id)? {
                tables.record_upload(id, unrecorded)?;
                tables.make(Entry::Checkpoint {
                    id,
                    length,
                    state,
                    at: now(),
                })?;
            }
            Ok(())
        });
        keeping.await?;
        upload.session.set_recorded();
        Ok(content)
    }

    /// Begins to receive a blob in one request, with no session that anyone could come back to.
    pub(crate) fn receive(&self, repository: &Name, algorithm: Algorithm) -> Result<Appender, StoreError> {
        let session = Session::of_one_request(repository.clone(), algorithm);
        self.strays.spare(session.id);
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
            Err(_) if upload.before.is_some() => upload.discard().await?,
            // A commit that failed may have reached the disk or not: the metadata will tell.
            Ok(()) | Err(_) => self.sessions.forget(upload.session.id),
        }
        finished
    }

    async fn try_finish(&self, upload: &mut Appender, digest: &Digest) -> Result<(), StoreError> {
        let blob = match upload.whole_in_memory() {
            Some(parts) => self.write_whole(parts, digest).await?,
            None => self.settle_whole(upload, digest).await?,
        };
        // From here on the file may be that of a blob, whoever waits for the commit or gives up.
        upload.before = None;
        self.commit_blob(&upload.session, blob.id, blob.length, digest)
            .await?;
        if let Some(file) = blob.proven {
            self.health.rely_on(blob.id, file.as_ref());
        }
        Ok(())
    }

    /// Writes what came in one piece, if it has the digest.
    async fn write_whole(&self, parts: Vec<Bytes>, digest: &Digest) -> Result<BlobFile, StoreError> {
        let (named, digest) = (Arc::clone(&self.named), digest.clone());
        let length = parts.iter().map(|part| part.len() as u64).sum();
        let writing = Work::on(&self.files, move |_| {
            let mut hasher = Hasher::new(digest.algorithm());
            parts.iter().for_each(|part| hasher.update(part));
            match hasher.finish() == digest {
                true => named.written(&parts).map(Some),
                false => Ok(None),
            }
        });
        let written = writing.result().await?.ok_or(StoreError::DigestMismatch)?;
        let (id, file) = written.keep();
        let proven = Some(file);
        Ok(BlobFile { id, length, proven })
    }

    /// Settles what came in several pieces, if it has the digest.
    async fn settle_whole(&self, upload: &mut Appender, digest: &Digest) -> Result<BlobFile, StoreError> {
        let mut content = upload.settled_for_good().await?;
        let length = content.length;
        let id = upload.session.id;
        let proven = content.hashed_file();
        let found = match content.digest_at_hand(digest.algorithm()) {
            Some(found) => found,
            None => {
                let algorithm = digest.algorithm();
                Work::all_of(&self.files, move |files| content.digest(files, id, algorithm))
                    .result()
                    .await?
            }
        };
        if found != *digest {
            return Err(StoreError::DigestMismatch);
        }
        Ok(BlobFile { id, length, proven })
    }

    /// Records the blob, and ends the session in the same step.
    async fn commit_blob(
        &self,
        session: &Session,
        file: Uuid,
        size: u64,
        digest: &Digest,
    ) -> Result<(), StoreError> {
        let is_resumable = session.is_resumable;
        let (id, repository, digest) = (session.id, session.repository.clone(), digest.clone());
        let committing = self.metadata.change(move |tables| {
            if is_resumable {
                tables.end_upload(id)?;
            }
            // Of two files of a blob the new one stays: it was just found whole, the old one may be damaged.
            let old = tables.blobs.get(digest.as_str())?.map(|row| row.value().0);
            tables.make(Entry::Blob {
                digest: digest.as_str().to_owned(),
                file,
                size,
            })?;
            tables.link_blob(&repository, &digest)?;
            Ok(old.map(Uuid::from_u128))
        });
        let committed = committing.await;
        let unneeded = match &committed {
            Ok(old) => *old,
            // It was cancelled meanwhile.
            Err(StoreError::UploadUnknown) => Some(file),
            Err(_) => None,
        };
        self.remove_files(unneeded.into_iter().collect()).await;
        committed.map(|_| ())
    }
}

/// A file that has been found to be what a blob consists of.
struct BlobFile {
    id: Uuid,
    length: u64,
    /// The open file, if it was hashed on its way there.
    proven: Option<Arc<dyn File>>,
}

impl Tables<'_> {
    /// Writes down that an upload is open, unless that has been done.
    fn record_upload(&mut self, id: Uuid, unrecorded: Option<Entry>) -> Result<(), StoreError> {
        match unrecorded {
            Some(entry) if self.uploads.get(id.as_u128())?.is_none() => self.make(entry),
            _ => Ok(()),
        }
    }
}

/// How much of an upload was acknowledged.
fn checkpoint(view: &View, session: &Session) -> Result<Checkpoint, StoreError> {
    let checkpoints = view.checkpoints()?;
    let Some(row) = checkpoints.get(session.id.as_u128())? else {
        return Ok(Checkpoint::at_the_beginning(session.algorithm));
    };
    let (length, state) = row.value();
    Ok(Checkpoint {
        length,
        hasher: Hasher::restore(session.algorithm, state).map(Box::new),
    })
}
