//! Uploads that go on after a restart, or after their request was given up.

mod unwritten;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Appender;
use super::session::UploadState;
use crate::config::Durability;
use crate::protocol::{Algorithm, Digest, Name};
use crate::store::{Check, Session, Store, StoreError, audit};

fn name() -> Name {
    Name::parse("a").unwrap()
}

fn open(folder: &Path) -> Store {
    Store::open(folder, Durability::Strict).unwrap()
}

async fn send(store: &Store, session: &Arc<Session>, at: u64, part: &'static [u8]) {
    let mut upload = store.append(session, Some(at)).unwrap();
    upload.add(Bytes::from_static(part)).await.unwrap();
    store.keep_upload(upload).await.unwrap();
}

async fn close(store: &Store, session: &Arc<Session>, content: &[u8]) -> Result<(), StoreError> {
    let upload = store.append(session, None)?;
    let digest = Digest::of(session.algorithm, content);
    store.finish_upload(upload, &digest).await
}

/// Whether the hash of what an upload holds is known without a look at its file.
fn is_hashed(session: &Session) -> bool {
    match &*session.state() {
        UploadState::Waiting(content) => content.checkpoint().hasher.is_some(),
        _ => false,
    }
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart_and_is_not_hashed_again() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let session = store.open_upload(&name(), algorithm);
        send(&store, &session, 0, b"con").await;
        drop(store);
        let store = open(folder.path());
        let session = store.upload(&name(), session.id()).await.unwrap();
        assert_eq!(session.offset(), 3);
        assert!(is_hashed(&session));
        send(&store, &session, 3, b"tent").await;
        close(&store, &session, b"content").await.unwrap();
    }
}

#[tokio::test]
async fn what_was_hashed_while_it_was_written_is_proven_and_what_was_there_before_a_restart_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let digest = Digest::of(Algorithm::Sha256, b"content");
    for is_restarted in [false, true] {
        let store = open(folder.path());
        let session = store.open_upload(&name(), Algorithm::Sha256);
        send(&store, &session, 0, b"con").await;
        let (store, session) = if is_restarted {
            drop(store);
            let store = open(folder.path());
            let session = store.upload(&name(), session.id()).await.unwrap();
            (store, session)
        } else {
            (store, session)
        };
        send(&store, &session, 3, b"tent").await;
        close(&store, &session, b"content").await.unwrap();
        let mut blob = store.open_blob(&name(), &digest).await.unwrap();
        assert_eq!(blob.take_proof().is_some(), is_restarted);
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_is_cut_off_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let session = store.open_upload(&name(), Algorithm::Sha256);
    send(&store, &session, 0, b"con").await;
    let file = store.files.open(session.id()).unwrap();
    file.write_at(&[Bytes::from_static(b"\0\0\0")], 3).unwrap();
    drop((file, store));
    let store = open(folder.path());
    let session = store.upload(&name(), session.id()).await.unwrap();
    assert_eq!(session.offset(), 3);
    send(&store, &session, 3, b"tent").await;
    close(&store, &session, b"content").await.unwrap();
}

#[tokio::test]
async fn an_upload_whose_request_was_given_up_keeps_what_was_written() {
    let store = Store::in_memory().unwrap();
    let session = store.open_upload(&name(), Algorithm::Sha256);
    let block = Bytes::from(vec![7; super::content::BLOCK]);
    let mut upload = store.append(&session, None).unwrap();
    upload.add(block.clone()).await.unwrap();
    upload.add(Bytes::from_static(b"lost")).await.unwrap();
    drop(upload);
    while matches!(
        store.append(&session, Some(u64::MAX)),
        Err(StoreError::UploadBusy)
    ) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(session.offset(), block.len() as u64);
    assert!(is_hashed(&session));
    close(&store, &session, &block).await.unwrap();
}

/// Gives up closing an upload while its commit waits; then the commit goes on.
async fn give_up_while_committing(store: &Arc<Store>, upload: Appender, digest: &Digest) {
    let ((told, reached), (leave, waits)) = (oneshot::channel(), mpsc::channel::<()>());
    let stalling = Arc::clone(store);
    let stalled = tokio::spawn(async move {
        let stall = stalling.metadata.change(move |_| {
            told.send(()).unwrap();
            waits.recv().unwrap();
            Ok(())
        });
        stall.await
    });
    reached.await.unwrap();
    let closing = store.finish_upload(upload, digest);
    assert!(timeout(Duration::from_millis(200), closing).await.is_err());
    leave.send(()).unwrap();
    stalled.await.unwrap().unwrap();
    // What was queued behind it is committed when a later change is.
    store.metadata.change(|_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_blob_whose_client_went_away_during_the_commit_is_whole() {
    let digest = Digest::of(Algorithm::Sha256, b"content");
    for is_session in [true, false] {
        let store = Arc::new(Store::in_memory().unwrap());
        let session = store.open_upload(&name(), Algorithm::Sha256);
        let mut upload = match is_session {
            true => store.append(&session, None).unwrap(),
            false => store.receive(&name(), Algorithm::Sha256).unwrap(),
        };
        upload.add(Bytes::from_static(b"content")).await.unwrap();
        give_up_while_committing(&store, upload, &digest).await;
        let blob = store.open_blob(&name(), &digest).await.unwrap();
        assert_eq!(blob.reading(0, 7).await.unwrap(), b"content".as_slice());
        let upload = store.upload(&name(), session.id()).await;
        assert_eq!(matches!(upload, Err(StoreError::UploadUnknown)), is_session);
    }
}

#[tokio::test]
async fn a_request_that_was_given_up_and_nobody_can_come_back_to_leaves_no_file() {
    let store = Store::in_memory().unwrap();
    let mut upload = store.receive(&name(), Algorithm::Sha256).unwrap();
    let block = Bytes::from(vec![7; super::content::BLOCK]);
    upload.add(block.clone()).await.unwrap();
    upload.add(block).await.unwrap();
    assert_eq!(store.files.list().unwrap().len(), 1);
    drop(upload);
    while !store.files.list().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_upload_that_was_acknowledged_and_is_gone_from_the_disk_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let session = store.open_upload(&name(), Algorithm::Sha256);
    send(&store, &session, 0, b"content").await;
    store.files.open(session.id()).unwrap().truncate(3).unwrap();
    drop(store);
    let store = open(folder.path());
    let found = store.upload(&name(), session.id()).await;
    assert!(matches!(found, Err(StoreError::Files(_))), "{found:?}");
    drop(store);
    let expected = [format!("upload {} is not what was acknowledged", session.id())];
    let faults = |check: Check| {
        let audit = audit(folder.path(), &check.into(), &Arc::default()).unwrap();
        audit
            .faults
            .into_iter()
            .map(|fault| fault.what)
            .collect::<Vec<_>>()
    };
    assert_eq!(faults(Check::Look), expected);
    assert_eq!(faults(Check::Repair), expected);
    assert_eq!(faults(Check::Look), [""; 0]);
    let found = open(folder.path()).upload(&name(), session.id()).await;
    assert!(matches!(found, Err(StoreError::UploadUnknown)), "{found:?}");
}

/// How many files of a folder this process has open.
fn open_files_under(folder: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(folder)).count()
}

#[tokio::test]
async fn uploads_that_wait_hold_no_file_and_only_so_many_are_kept_in_memory() {
    const UPLOADS: usize = 5000;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path(), Durability::Relaxed).unwrap());
    let open_before = open_files_under(folder.path());
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        opening.spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..UPLOADS / 50 {
                let session = store.open_upload(&name(), Algorithm::Sha256);
                send(&store, &session, 0, b"c").await;
                ids.push(session.id());
            }
            ids
        });
    }
    let ids = opening.join_all().await.concat();
    assert_eq!(open_files_under(folder.path()), open_before);
    assert!(store.sessions.count() < UPLOADS, "{}", store.sessions.count());
    for id in ids {
        let session = store.upload(&name(), id).await.unwrap();
        assert_eq!(session.offset(), 1);
        send(&store, &session, 1, b"ontent").await;
        close(&store, &session, b"content").await.unwrap();
    }
    assert_eq!(store.files.list().unwrap().len(), 1);
}

#[tokio::test]
async fn an_upload_that_is_only_in_the_metadata_expires_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let old = store.open_upload(&name(), Algorithm::Sha256);
    send(&store, &old, 0, b"content").await;
    store.sessions.forget(old.id());
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let added_to = store.open_upload(&name(), Algorithm::Sha256);
    send(&store, &added_to, 0, b"con").await;
    store.sessions.forget(added_to.id());
    let age = Duration::from_secs(1);
    assert_eq!(store.cancel_uploads_older_than(age).await.unwrap(), 1);
    assert!(store.upload(&name(), old.id()).await.is_err());
    assert_eq!(store.upload(&name(), added_to.id()).await.unwrap().offset(), 3);
}
