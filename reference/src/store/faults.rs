//! Disks that fail: a full one, a read-only one, a broken one. The store says so and loses nothing.

use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::committer::CommitterSettings;
use super::faulty::{Disk, Fault, Faults};
use super::{Store, StoreError};
use crate::protocol::{Algorithm, Digest, Name};

/// A store with its faults.
fn faulty() -> (Store, Faults) {
    let disk = Disk::default();
    (disk.open(CommitterSettings::default()).unwrap(), disk.faults)
}

const KINDS: [io::ErrorKind; 3] = [
    io::ErrorKind::StorageFull,
    io::ErrorKind::ReadOnlyFilesystem,
    io::ErrorKind::Other,
];

fn name() -> Name {
    Name::parse("a").unwrap()
}

async fn push(store: &Store, content: &'static [u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(Algorithm::Sha256, content);
    let mut upload = store.receive(&name(), Algorithm::Sha256)?;
    upload.add(Bytes::from_static(content)).await?;
    store.finish_upload(upload, &digest).await?;
    Ok(digest)
}

#[tokio::test]
async fn a_disk_that_takes_no_content_costs_the_request_and_nothing_else() {
    for kind in KINDS {
        let (store, Faults { of_files: files, .. }) = faulty();
        let before = push(&store, b"before").await.unwrap();
        let session = store.open_upload(&name(), Algorithm::Sha256);
        let mut upload = store.append(&session, None).unwrap();
        upload.add(Bytes::from_static(b"con")).await.unwrap();
        store.keep_upload(upload).await.unwrap();

        files.set(Some(kind));
        let failed = push(&store, b"lost").await.unwrap_err();
        assert!(matches!(failed, StoreError::Files(_)));
        assert_eq!(failed.is_out_of_space(), kind == io::ErrorKind::StorageFull);
        let mut upload = store.append(&session, Some(3)).unwrap();
        upload.add(Bytes::from_static(b"XXXX")).await.unwrap();
        assert!(store.keep_upload(upload).await.is_err());

        files.set(None);
        assert_eq!(session.offset(), 3);
        let mut upload = store.append(&session, Some(3)).unwrap();
        upload.add(Bytes::from_static(b"tent")).await.unwrap();
        let digest = Digest::of(Algorithm::Sha256, b"content");
        store.finish_upload(upload, &digest).await.unwrap();
        for (digest, content) in [(&before, b"before".as_slice()), (&digest, b"content")] {
            let reader = store.open_blob(&name(), digest).await.unwrap();
            assert_eq!(reader.reading(0, content.len()).await.unwrap(), content);
        }
    }
}

async fn assert_whole(store: &Store, digest: &Digest, content: &[u8]) {
    let reader = store.open_blob(&name(), digest).await.unwrap();
    assert_eq!(reader.reading(0, content.len()).await.unwrap(), content);
}

#[tokio::test]
async fn a_database_that_cannot_be_written_costs_nothing_that_is_in_the_journal() {
    for kind in KINDS {
        let (store, faults) = faulty();
        let before = push(&store, b"before").await.unwrap();
        faults.of_database.set(Some(kind));
        let doubtful = push(&store, b"doubtful").await.unwrap();
        // The database is synced when it is quiet, which fails, and it cannot be opened again.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(store.open_blob(&name(), &doubtful).await.is_err());
        assert!(push(&store, b"refused").await.unwrap_err().is_of_the_store());
        faults.of_database.set(None);
        // The first change finds that the database is to be opened again.
        drop(push(&store, b"again").await);
        let again = push(&store, b"again").await.unwrap();
        for (digest, content) in [
            (&before, b"before".as_slice()),
            (&doubtful, b"doubtful"),
            (&again, b"again"),
        ] {
            assert_whole(&store, digest, content).await;
        }
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_costs_the_request_and_nothing_else() {
    let places: [fn(&Faults) -> &Fault; 2] = [|faults| &faults.of_journal, |faults| &faults.of_journal_sync];
    for (kind, place) in KINDS
        .into_iter()
        .flat_map(|kind| places.map(|place| (kind, place)))
    {
        let (store, faults) = faulty();
        let before = push(&store, b"before").await.unwrap();
        place(&faults).set(Some(kind));
        for _ in 0..2 {
            let failed = push(&store, b"lost").await.unwrap_err();
            assert_eq!(failed.is_out_of_space(), kind == io::ErrorKind::StorageFull);
        }
        let lost = Digest::of(Algorithm::Sha256, b"lost");
        assert!(matches!(
            store.open_blob(&name(), &lost).await,
            Err(StoreError::BlobUnknown)
        ));
        place(&faults).set(None);
        let after = push(&store, b"after").await.unwrap();
        assert_whole(&store, &before, b"before").await;
        assert_whole(&store, &after, b"after").await;
    }
}

#[tokio::test]
async fn what_could_not_be_written_down_does_not_come_back_with_a_restart() {
    let places: [fn(&Faults) -> &Fault; 2] = [|faults| &faults.of_journal, |faults| &faults.of_journal_sync];
    for place in places {
        let disk = Disk::default();
        let store = disk.open(CommitterSettings::default()).unwrap();
        let before = push(&store, b"before").await.unwrap();
        place(&disk.faults).set(Some(io::ErrorKind::Other));
        push(&store, b"lost").await.unwrap_err();
        disk.faults.mend();
        drop(store);
        let store = disk.open(CommitterSettings::default()).unwrap();
        let lost = Digest::of(Algorithm::Sha256, b"lost");
        assert!(matches!(
            store.open_blob(&name(), &lost).await,
            Err(StoreError::BlobUnknown)
        ));
        assert_whole(&store, &before, b"before").await;
    }
}

#[tokio::test]
async fn an_upload_whose_end_could_not_be_written_down_goes_on_where_it_was() {
    let places: [fn(&Faults) -> &Fault; 3] = [
        |faults| &faults.of_journal,
        |faults| &faults.of_journal_sync,
        |faults| &faults.of_files,
    ];
    for place in places {
        let (store, faults) = faulty();
        let session = store.open_upload(&name(), Algorithm::Sha256);
        let mut upload = store.append(&session, None).unwrap();
        upload.add(Bytes::from_static(b"con")).await.unwrap();
        store.keep_upload(upload).await.unwrap();
        let digest = Digest::of(Algorithm::Sha256, b"content");
        for kind in [Some(io::ErrorKind::StorageFull), None] {
            place(&faults).set(kind);
            let session = store.upload(&name(), session.id()).await.unwrap();
            assert_eq!(session.offset(), 3);
            let mut upload = store.append(&session, Some(3)).unwrap();
            upload.add(Bytes::from_static(b"tent")).await.unwrap();
            let finished = store.finish_upload(upload, &digest).await;
            assert_eq!(finished.is_ok(), kind.is_none());
        }
        assert_whole(&store, &digest, b"content").await;
    }
}

#[tokio::test]
async fn a_fault_that_only_an_early_write_back_meets_costs_the_request() {
    let (store, faults) = faulty();
    let block = Bytes::from(vec![7; 1024 * 1024]);
    let digest = Digest::of(Algorithm::Sha256, &block.repeat(40));
    for kind in [Some(io::ErrorKind::Other), None] {
        faults.of_write_back.set(kind);
        let mut upload = store.receive(&name(), Algorithm::Sha256).unwrap();
        for _ in 0..40 {
            upload.add(block.clone()).await.unwrap();
        }
        let finished = store.finish_upload(upload, &digest).await;
        assert_eq!(finished.is_ok(), kind.is_none());
        assert_eq!(store.open_blob(&name(), &digest).await.is_ok(), kind.is_none());
    }
}
