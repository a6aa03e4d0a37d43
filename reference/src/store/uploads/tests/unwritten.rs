//! Uploads of which nothing is written down yet, or only that they are over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redb::ReadableTableMetadata as _;
use uuid::Uuid;

use super::{close, name, open, send};
use crate::protocol::{Algorithm, Digest, Name};
use crate::store::tables::ENDED_UNTIL;
use crate::store::uploads::content::BLOCK;
use crate::store::{Check, Session, Store, StoreError, audit};

/// The number of the last change, and how many uploads are noted to be over.
fn noted(store: &Store) -> (u64, u64) {
    let view = store.metadata.view().unwrap();
    (view.sequence().unwrap(), view.ended().unwrap().len().unwrap())
}

fn is_unknown(found: &Result<Arc<Session>, StoreError>) -> bool {
    matches!(found, Err(StoreError::UploadUnknown))
}

#[tokio::test]
async fn an_upload_that_has_received_nothing_is_written_down_nowhere_and_is_open_after_a_restart() {
    for algorithm in Algorithm::resumable() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let before = noted(&store);
        let id = store.open_upload(&name(), algorithm).id();
        assert_eq!(noted(&store), before);
        drop(store);
        let store = open(folder.path());
        let elsewhere = Name::parse("b").unwrap();
        assert!(is_unknown(&store.upload(&elsewhere, id).await));
        let made_up = Uuid::from_u128(id.as_u128() ^ 1);
        assert!(is_unknown(&store.upload(&name(), made_up).await));
        let session = store.upload(&name(), id).await.unwrap();
        assert_eq!((session.offset(), session.algorithm), (0, algorithm));
        send(&store, &session, 0, b"con").await;
        send(&store, &session, 3, b"tent").await;
        close(&store, &session, b"content").await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_that_is_over_stays_unknown_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut over = Vec::new();
    for is_added_to in [false, true] {
        let (closed, cancelled) = (
            store.open_upload(&name(), Algorithm::Sha256),
            store.open_upload(&name(), Algorithm::Sha256),
        );
        if is_added_to {
            send(&store, &closed, 0, b"").await;
            send(&store, &cancelled, 0, b"con").await;
        }
        close(&store, &closed, b"").await.unwrap();
        store.cancel_upload(&cancelled).await.unwrap();
        over.extend([closed.id(), cancelled.id()]);
    }
    for _ in 0..2 {
        for id in &over {
            assert!(is_unknown(&store.upload(&name(), *id).await));
        }
        drop(store);
        store = open(folder.path());
    }
}

#[tokio::test]
async fn what_a_crash_has_left_of_the_first_request_is_cut_off_or_swept_up() {
    for is_swept_first in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let id = store.open_upload(&name(), Algorithm::Sha256).id();
        let left = store.files.create(id).unwrap();
        left.write_at(&[Bytes::from_static(b"never acknowledged")], 0)
            .unwrap();
        drop((left, store));
        let store = open(folder.path());
        if is_swept_first {
            assert_eq!(store.sweep().await.unwrap(), 1);
        }
        let session = store.upload(&name(), id).await.unwrap();
        assert_eq!(session.offset(), 0);
        let mut upload = store.append(&session, None).unwrap();
        upload.add(Bytes::from_static(b"content")).await.unwrap();
        // While nothing is written down of it, its file is spared.
        assert_eq!(store.sweep().await.unwrap(), 0);
        let digest = Digest::of(Algorithm::Sha256, b"content");
        store.finish_upload(upload, &digest).await.unwrap();
        let blob = store.open_blob(&name(), &digest).await.unwrap();
        assert_eq!(blob.reading(0, 7).await.unwrap(), b"content".as_slice());
    }
}

#[tokio::test]
async fn a_name_that_has_expired_proves_nothing_and_nothing_is_noted_of_it_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (idle, closed, given_up, polled) = (
        store.open_upload(&name(), Algorithm::Sha256),
        store.open_upload(&name(), Algorithm::Sha256),
        store.open_upload(&name(), Algorithm::Sha256),
        store.open_upload(&name(), Algorithm::Sha256),
    );
    close(&store, &closed, b"").await.unwrap();
    let mut upload = store.append(&given_up, None).unwrap();
    upload.add(Bytes::from(vec![7; BLOCK])).await.unwrap();
    drop(upload);
    assert_eq!(noted(&store).1, 1);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    store.upload(&name(), polled.id()).await.unwrap();
    let age = Duration::from_secs(1);
    assert_eq!(store.cancel_uploads_older_than(age).await.unwrap(), 2);
    assert_eq!(noted(&store).1, 0);
    assert_eq!(store.files.list().unwrap().len(), 1, "that of the blob");
    let mut store = store;
    for _ in 0..2 {
        for over in [&idle, &closed, &given_up] {
            assert!(is_unknown(&store.upload(&name(), over.id()).await));
        }
        assert!(store.upload(&name(), polled.id()).await.is_ok());
        drop(store);
        let found = audit(folder.path(), &Check::Look.into(), &Arc::default()).unwrap();
        assert_eq!(found.faults, []);
        store = open(folder.path());
    }
}

#[tokio::test]
async fn what_an_earlier_version_has_ended_is_not_taken_for_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (closed, added_to) = (
        store.open_upload(&name(), Algorithm::Sha256),
        store.open_upload(&name(), Algorithm::Sha256),
    );
    send(&store, &added_to, 0, b"con").await;
    close(&store, &closed, b"").await.unwrap();
    // It keeps no account of what is over, and does not touch what there is of it.
    let forgetting = store.metadata.change(|tables| {
        tables.ended.retain(|_, ()| false)?;
        tables.facts.insert(ENDED_UNTIL, 1)?;
        Ok(())
    });
    forgetting.await.unwrap();
    drop(store);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let store = open(folder.path());
    assert!(is_unknown(&store.upload(&name(), closed.id()).await));
    assert_eq!(store.upload(&name(), added_to.id()).await.unwrap().offset(), 3);
    let opened = store.open_upload(&name(), Algorithm::Sha256).id();
    drop(store);
    assert!(open(folder.path()).upload(&name(), opened).await.is_ok());
}
