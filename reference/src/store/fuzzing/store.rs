//! Operations in any order, on a disk that fails: the store holds what its answers say, and never anything else.

use std::collections::BTreeSet;
use std::sync::Arc;

use arbitrary::{Arbitrary as _, Unstructured};
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::model::{Model, Refusal, Seen};
use super::operation::{One, Operation, Part, Repository, Slot, TagNumber, UploadPiece};
use crate::config::MissingContent;
use crate::protocol::{Algorithm, Condition, Digest, Manifest, Reference, Tag};
use crate::store::committer::CommitterSettings;
use crate::store::faulty::Disk;
use crate::store::{Appender, NewManifest, Session, Store, StoreError};

/// How often what is not waited for is done: as often as it can be.
const PACE: CommitterSettings = CommitterSettings {
    commits_until_sync: 2,
    worth_renewing: 512,
};

/// More operations than these say nothing new.
const MOST_OPERATIONS: usize = 40;

/// Operations. In the end the disk is mended and the store is opened again.
pub(crate) fn store(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    let operations = std::iter::from_fn(|| {
        (!bytes.is_empty())
            .then(|| Operation::arbitrary(&mut bytes).ok())
            .flatten()
    });
    let operations = operations.take(MOST_OPERATIONS).collect::<Vec<_>>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let _told = ToldOnPanic(&operations);
        let mut world = World::new();
        for operation in operations.iter().chain([&Operation::Mend, &Operation::Restart]) {
            world.make(operation).await;
        }
    });
}

/// Says which operations they were, if one of them shows a fault.
struct ToldOnPanic<'a>(&'a [Operation]);

impl Drop for ToldOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}", self.0);
        }
    }
}

/// A store, and what it may hold.
struct World {
    disk: Disk,
    store: Option<Store>,
    /// The numbers of the uploads, as the client was told them.
    uploads: [Option<(Repository, Uuid)>; 3],
    /// What the store holds: one of these.
    possible: BTreeSet<Model>,
    /// All content that there ever was.
    contents: BTreeSet<Vec<u8>>,
    /// Whether the disk has failed since the store was opened.
    is_hurt: bool,
}

/// What came of an operation.
type Outcome = Result<(), OperationError>;

enum OperationError {
    Refused(Refusal),
    OfTheStore(StoreError),
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::RepositoryUnknown
            | StoreError::BlobUnknown
            | StoreError::ManifestUnknown
            | StoreError::UploadUnknown => Self::Refused(Refusal::Unknown),
            StoreError::DigestMismatch => Self::Refused(Refusal::DigestMismatch),
            StoreError::ContentMissing(_) => Self::Refused(Refusal::ContentMissing),
            StoreError::OutOfOrder => Self::Refused(Refusal::OutOfOrder),
            error => {
                assert!(error.is_of_the_store(), "nobody else is there: {error}");
                Self::OfTheStore(error)
            }
        }
    }
}

impl World {
    fn new() -> Self {
        let disk = Disk::default();
        Self {
            store: Some(disk.open(PACE).unwrap()),
            disk,
            uploads: [None; 3],
            possible: [Model::default()].into(),
            contents: (0..4).map(|piece| One(piece).bytes().to_vec()).collect(),
            is_hurt: false,
        }
    }

    async fn make(&mut self, operation: &Operation) {
        match operation {
            Operation::Restart => return self.restart().await,
            Operation::Mend => return self.fail(None),
            Operation::Fail(part, kind) => return self.fail(Some((*part, kind.of_error()))),
            _ => {}
        }
        if self.possible.len() > 1 {
            self.look().await;
        }
        let Some(outcome) = self.carry_out(operation).await else {
            return;
        };
        self.note(operation, &outcome);
    }

    /// Draws the conclusions of what was answered.
    fn note(&mut self, operation: &Operation, outcome: &Outcome) {
        let before = std::mem::take(&mut self.possible);
        let after = before.iter().map(|model| (model, model.after(operation)));
        match outcome {
            Ok(()) => {
                self.possible = after.filter_map(|(_, after)| after.ok()).collect();
            }
            Err(OperationError::Refused(refusal)) => {
                let refused = after.filter(|(_, after)| after.as_ref().err() == Some(refusal));
                self.possible = refused.map(|(model, _)| model.clone()).collect();
            }
            Err(OperationError::OfTheStore(error)) => {
                assert!(
                    self.is_hurt,
                    "{operation:?} failed on a disk that did not: {error}"
                );
                self.possible = after.filter_map(|(_, after)| after.ok()).collect();
                self.possible.extend(before.iter().cloned());
            }
        }
        let said = outcome.as_ref().map_err(|failure| match failure {
            OperationError::Refused(refusal) => format!("{refusal:?}"),
            OperationError::OfTheStore(error) => error.to_string(),
        });
        assert!(
            !self.possible.is_empty(),
            "{operation:?}: {said:?}, in {before:?}"
        );
    }

    /// Looks which of the possible states it is, if the store can be read.
    async fn look(&mut self) {
        let seen = match self.seen().await {
            Ok(seen) => seen,
            Err(error) => {
                assert!(self.is_hurt, "it cannot be read: {error}");
                return;
            }
        };
        let (same, other): (BTreeSet<_>, BTreeSet<_>) = std::mem::take(&mut self.possible)
            .into_iter()
            .partition(|model| model.seen() == seen);
        assert!(!same.is_empty(), "{seen:?} is none of {other:?}");
        self.possible = same;
    }

    async fn restart(&mut self) {
        drop(self.store.take());
        let store = self.disk.open(PACE);
        if store.is_err() {
            assert!(self.is_hurt, "it cannot be opened again: {:?}", store.err());
            self.fail(None);
            self.store = Some(self.disk.open(PACE).unwrap());
        } else {
            self.store = store.ok();
        }
        self.look().await;
        self.is_hurt = self.disk.faults.are_set();
    }

    fn fail(&mut self, what: Option<(Part, std::io::ErrorKind)>) {
        let faults = &self.disk.faults;
        match what {
            None => faults.mend(),
            Some((part, kind)) => {
                let fault = match part {
                    Part::Journal => &faults.of_journal,
                    Part::JournalSync => &faults.of_journal_sync,
                    Part::Files => &faults.of_files,
                    Part::Database => &faults.of_database,
                };
                fault.set(Some(kind));
                self.is_hurt = true;
            }
        }
    }

    /// Does it; `None` if there is nothing to do it with.
    async fn carry_out(&mut self, operation: &Operation) -> Option<Outcome> {
        let outcome = match *operation {
            Operation::Push(repository, piece) => self.push(repository, piece, piece).await,
            Operation::PushFalsely(repository, piece) => self.push(repository, piece, other(piece)).await,
            Operation::Open(slot, repository) => self.open(slot, repository),
            Operation::Chunk(slot, piece) => self.chunk(self.uploads[slot.0]?, None, piece).await,
            Operation::ChunkElsewhere(slot, piece) => {
                self.chunk(self.uploads[slot.0]?, Some(1000), piece).await
            }
            Operation::Break(slot, piece) => self.broken(self.uploads[slot.0]?, piece).await,
            Operation::Finish(slot, piece) => self.finish(slot, self.uploads[slot.0]?, piece, true).await,
            Operation::FinishFalsely(slot, piece) => {
                self.finish(slot, self.uploads[slot.0]?, piece, false).await
            }
            Operation::Cancel(slot) => self.cancel(self.uploads[slot.0]?).await,
            Operation::Mount(from, to, piece) => self.mount(from, to, piece).await,
            Operation::DeleteBlob(repository, piece) => {
                let digest = digest(piece.bytes());
                self.open_store()
                    .delete_blob(&repository.name(), &digest)
                    .await
                    .map_err(OperationError::from)
            }
            Operation::PutManifest(repository, config, tag) => {
                self.put_manifest(repository, config, tag).await
            }
            Operation::DeleteManifest(repository, config) => {
                let reference = Reference::Digest(manifest(config).0);
                self.delete(repository, reference).await
            }
            Operation::DeleteTag(repository, number) => {
                self.delete(repository, Reference::Tag(tag(number))).await
            }
            Operation::Restart | Operation::Fail(..) | Operation::Mend => return None,
        };
        Some(outcome)
    }

    fn open_store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    async fn push(&self, repository: Repository, piece: UploadPiece, claimed: UploadPiece) -> Outcome {
        let store = self.open_store();
        let mut upload = store.receive(&repository.name(), Algorithm::Sha256)?;
        upload.add(Bytes::from_static(piece.bytes())).await?;
        Ok(store.finish_upload(upload, &digest(claimed.bytes())).await?)
    }

    fn open(&mut self, slot: Slot, repository: Repository) -> Outcome {
        let session = self
            .open_store()
            .open_upload(&repository.name(), Algorithm::Sha256);
        self.uploads[slot.0] = Some((repository, session.id()));
        Ok(())
    }

    async fn session(&self, (repository, id): (Repository, Uuid)) -> Result<Arc<Session>, StoreError> {
        self.open_store().upload(&repository.name(), id).await
    }

    async fn appended(
        &self,
        upload: (Repository, Uuid),
        at: Option<u64>,
        piece: UploadPiece,
    ) -> Result<Appender, StoreError> {
        let session = self.session(upload).await?;
        let mut upload = self.open_store().append(&session, at)?;
        upload.add(Bytes::from_static(piece.bytes())).await?;
        Ok(upload)
    }

    async fn chunk(&self, upload: (Repository, Uuid), at: Option<u64>, piece: UploadPiece) -> Outcome {
        let upload = self.appended(upload, at, piece).await?;
        self.open_store().keep_upload(upload).await?;
        Ok(())
    }

    async fn broken(&self, upload: (Repository, Uuid), piece: UploadPiece) -> Outcome {
        Ok(self.appended(upload, None, piece).await?.discard().await?)
    }

    async fn finish(
        &mut self,
        slot: Slot,
        upload: (Repository, Uuid),
        piece: UploadPiece,
        truly: bool,
    ) -> Outcome {
        let before = self.possible.iter().find_map(|model| model.uploads.get(&slot));
        let mut content = before.map(|(_, content)| content.clone()).unwrap_or_default();
        content.extend_from_slice(piece.bytes());
        let digest = if truly {
            digest(&content)
        } else {
            digest(b"something else")
        };
        self.contents.insert(content);
        let upload = self.appended(upload, None, piece).await?;
        Ok(self.open_store().finish_upload(upload, &digest).await?)
    }

    async fn cancel(&self, upload: (Repository, Uuid)) -> Outcome {
        let session = self.session(upload).await?;
        Ok(self.open_store().cancel_upload(&session).await?)
    }

    async fn mount(&self, from: Option<Repository>, to: Repository, piece: UploadPiece) -> Outcome {
        let (from, digest) = (from.map(Repository::name), digest(piece.bytes()));
        let size = self
            .open_store()
            .mount_blob(&to.name(), &digest, from.as_ref())
            .await?;
        assert_eq!(size, piece.bytes().len() as u64);
        Ok(())
    }

    async fn put_manifest(&self, repository: Repository, config: UploadPiece, number: TagNumber) -> Outcome {
        let (digest, bytes) = manifest(config);
        let new = NewManifest {
            digest,
            manifest: Manifest::parse(&bytes, None).unwrap(),
            bytes,
            tags: vec![tag(number)],
        };
        let (name, reference) = (repository.name(), Reference::Tag(tag(number)));
        let (condition, missing) = (Condition::default(), MissingContent::Refuse);
        let put = self
            .open_store()
            .put_manifest(&name, &reference, new, condition, missing);
        Ok(put.await?)
    }

    async fn delete(&self, repository: Repository, reference: Reference) -> Outcome {
        let name = repository.name();
        let deleted = self
            .open_store()
            .delete_manifest(&name, &reference, Condition::default());
        Ok(deleted.await?)
    }

    /// All that can be seen of the store, every byte of it.
    async fn seen(&self) -> Result<Seen, StoreError> {
        let mut seen = Seen::default();
        for repository in [One(0), One(1)] {
            for content in &self.contents {
                if self.has_whole(repository, content).await? {
                    seen.blobs.insert((repository, content.clone()));
                }
            }
            for config in (0..4).map(One) {
                let (digest, bytes) = manifest(config);
                if let Some(found) = self.found(repository, Reference::Digest(digest)).await? {
                    assert_eq!(found, bytes);
                    seen.manifests.insert((repository, config));
                }
            }
            for number in (0..2).map(One) {
                if let Some(found) = self.found(repository, Reference::Tag(tag(number))).await? {
                    let config = (0..4).map(One).find(|config| manifest(*config).1 == found);
                    seen.tags.insert((repository, number), config.unwrap());
                }
            }
        }
        for (slot, upload) in self.uploads.iter().enumerate() {
            let Some(upload) = upload else { continue };
            match self.session(*upload).await {
                Ok(session) => drop(seen.uploads.insert(One(slot), session.offset())),
                Err(StoreError::UploadUnknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// Whether a repository has this content; then it has all of it.
    async fn has_whole(&self, repository: Repository, content: &[u8]) -> Result<bool, StoreError> {
        let (name, digest) = (repository.name(), digest(content));
        let size = match self.open_store().blob_size(&name, &digest).await {
            Err(StoreError::BlobUnknown | StoreError::RepositoryUnknown) => return Ok(false),
            size => size?,
        };
        assert_eq!(size, content.len() as u64);
        let reader = self.open_store().open_blob(&name, &digest).await?;
        assert_eq!(reader.reading(0, content.len()).await?, content);
        Ok(true)
    }

    async fn found(&self, repository: Repository, reference: Reference) -> Result<Option<Bytes>, StoreError> {
        match self.open_store().manifest(&repository.name(), &reference).await {
            Err(StoreError::ManifestUnknown | StoreError::RepositoryUnknown) => Ok(None),
            found => Ok(Some(found?.bytes)),
        }
    }
}

fn other(piece: UploadPiece) -> UploadPiece {
    One((piece.0 + 1) % 4)
}

fn digest(content: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, content)
}

fn tag(number: TagNumber) -> Tag {
    Tag::parse(["latest", "v1"][number.0]).unwrap()
}

/// The manifest with this piece as its config.
fn manifest(config: UploadPiece) -> (Digest, Bytes) {
    let config = json!({
        "mediaType": "a/b",
        "digest": digest(config.bytes()).as_str(),
        "size": config.bytes().len(),
    });
    let written = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [],
    });
    let bytes = Bytes::from(written.to_string());
    (digest(&bytes), bytes)
}
