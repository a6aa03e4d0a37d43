//! A disk that takes its time: what changes while the store waits for it does no harm.

use std::io;
use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Store;
use super::committer::Metadata;
use super::files::{File, Files, MemoryFiles};
use super::strays::Strays;
use crate::protocol::{Algorithm, Digest, Name};

/// Tells that a file is to be opened, and waits for leave to do so.
type Gate = (oneshot::Sender<()>, mpsc::Receiver<()>);

/// Files of which the first is opened when the test says so.
#[derive(Debug)]
struct SlowFiles {
    gate: Mutex<Option<Gate>>,
    files: MemoryFiles,
}

impl Files for SlowFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        self.files.create(id)
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        if let Some((told, leave)) = self.gate.lock().unwrap().take() {
            told.send(()).unwrap();
            leave.recv().unwrap();
        }
        self.files.open(id)
    }

    fn remove(&self, id: Uuid) -> io::Result<()> {
        self.files.remove(id)
    }

    fn keep_name(&self, id: Uuid) -> io::Result<()> {
        self.files.keep_name(id)
    }

    fn list(&self) -> io::Result<Vec<Uuid>> {
        self.files.list()
    }
}

async fn push(store: &Store, repository: &Name) -> Digest {
    let digest = Digest::of(Algorithm::Sha256, b"content");
    let mut upload = store.receive(repository, Algorithm::Sha256).unwrap();
    upload.add(Bytes::from_static(b"content")).await.unwrap();
    store.finish_upload(upload, &digest).await.unwrap();
    digest
}

#[tokio::test]
async fn a_blob_that_is_deleted_and_pushed_again_while_it_is_opened_is_read_whole() {
    let ((told, reached), (leave, waits)) = (oneshot::channel(), mpsc::channel());
    let files = SlowFiles {
        gate: Mutex::new(Some((told, waits))),
        files: MemoryFiles::default(),
    };
    let store = Store::start(
        Metadata::in_memory().unwrap(),
        Arc::new(files),
        Strays::none(),
        Uuid::nil(),
    )
    .unwrap();
    let store = Arc::new(store);
    let repository = Name::parse("a").unwrap();
    let digest = push(&store, &repository).await;
    let (reader, name, wanted) = (Arc::clone(&store), repository.clone(), digest.clone());
    let opening = tokio::spawn(async move { reader.open_blob(&name, &wanted).await });
    reached.await.unwrap();
    store.delete_blob(&repository, &digest).await.unwrap();
    push(&store, &repository).await;
    leave.send(()).unwrap();
    let blob = opening.await.unwrap().unwrap();
    assert_eq!(blob.reading(0, 7).await.unwrap(), b"content".as_slice());
}
