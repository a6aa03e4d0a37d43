//! The storage contract as tests, run for every kind of store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::{Check, Grace, NewManifest, Store, StoreError};
use crate::config::{Durability, MissingContent};
use crate::protocol::{Algorithm, Condition, Digest, Manifest, Name, Reference, Tag};

/// Makes each contract a test of each kind of store.
macro_rules! contract {
    ($($test:ident)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(std::sync::Arc::new(super::Store::in_memory().unwrap())).await;
            })*
        }

        mod on_disk {
            $(#[tokio::test]
            async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::Store::open(folder.path(), super::Durability::Strict).unwrap();
                super::$test(std::sync::Arc::new(store)).await;
                let audit = super::super::audit(folder.path(), &super::super::Check::Look.into(), &std::sync::Arc::default()).unwrap();
                assert_eq!(audit.faults, []);
            })*
        }
    };
}

contract! {
    a_blob_is_readable_where_it_was_pushed_and_nowhere_else
    a_blob_stays_in_the_other_repositories_when_it_is_deleted_in_one
    what_does_not_have_its_digest_is_not_stored_and_the_upload_goes_on
    of_two_requests_that_add_to_an_upload_one_is_refused
    a_cancelled_upload_does_not_become_a_blob
    pushing_one_blob_many_times_at_once_ends_well
    a_manifest_that_is_refused_leaves_no_trace
    garbage_is_collected_and_what_is_referred_to_is_not
    what_somebody_was_told_exists_is_not_collected
    expired_uploads_are_dropped_and_busy_ones_are_not
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn digest(content: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, content)
}

async fn push(store: &Store, repository: &str, content: &'static [u8]) -> Digest {
    let mut upload = store.receive(&name(repository), Algorithm::Sha256).unwrap();
    upload.add(Bytes::from_static(content)).await.unwrap();
    store.finish_upload(upload, &digest(content)).await.unwrap();
    digest(content)
}

async fn read(store: &Store, repository: &str, digest: &Digest) -> Result<Bytes, StoreError> {
    let size = store.blob_size(&name(repository), digest).await?;
    store
        .open_blob(&name(repository), digest)
        .await?
        .reading(0, usize::try_from(size).unwrap())
        .await
}

/// Puts a manifest of one blob under a tag.
async fn put_manifest(
    store: &Store,
    repository: &str,
    config: &Digest,
    tag: &str,
) -> Result<Digest, StoreError> {
    let written = json!({
        "schemaVersion": 2,
        "config": {"mediaType": "a/b", "digest": config.as_str(), "size": 1},
        "layers": [],
    });
    let bytes = Bytes::from(written.to_string());
    let digest = digest(&bytes);
    let manifest = Manifest::parse(&bytes, Some("application/vnd.oci.image.manifest.v1+json")).unwrap();
    let tag = Tag::parse(tag).unwrap();
    let new = NewManifest {
        digest: digest.clone(),
        bytes,
        manifest,
        tags: vec![tag.clone()],
    };
    let (condition, missing) = (Condition::default(), MissingContent::Refuse);
    store
        .put_manifest(&name(repository), &Reference::Tag(tag), new, condition, missing)
        .await?;
    Ok(digest)
}

async fn a_blob_is_readable_where_it_was_pushed_and_nowhere_else(store: Arc<Store>) {
    let blob = push(&store, "a", b"content").await;
    assert_eq!(read(&store, "a", &blob).await.unwrap(), b"content".as_slice());
    assert!(matches!(
        read(&store, "b", &blob).await,
        Err(StoreError::RepositoryUnknown)
    ));
    push(&store, "b", b"other").await;
    assert!(matches!(
        read(&store, "b", &blob).await,
        Err(StoreError::BlobUnknown)
    ));
    let empty = push(&store, "a", b"").await;
    assert_eq!(read(&store, "a", &empty).await.unwrap(), b"".as_slice());
}

async fn a_blob_stays_in_the_other_repositories_when_it_is_deleted_in_one(store: Arc<Store>) {
    let blob = push(&store, "a", b"content").await;
    store
        .mount_blob(&name("b"), &blob, Some(&name("a")))
        .await
        .unwrap();
    let reader = store.open_blob(&name("a"), &blob).await.unwrap();
    store.delete_blob(&name("a"), &blob).await.unwrap();
    assert!(matches!(
        store.delete_blob(&name("a"), &blob).await,
        Err(StoreError::BlobUnknown)
    ));
    assert_eq!(read(&store, "b", &blob).await.unwrap(), b"content".as_slice());
    store.delete_blob(&name("b"), &blob).await.unwrap();
    assert!(read(&store, "b", &blob).await.is_err());
    assert_eq!(
        reader.reading(0, 7).await.unwrap(),
        b"content".as_slice(),
        "a reader keeps what it has opened"
    );
    assert!(store.files.list().unwrap().is_empty());
    push(&store, "a", b"content").await;
    assert_eq!(read(&store, "a", &blob).await.unwrap(), b"content".as_slice());
}

async fn what_does_not_have_its_digest_is_not_stored_and_the_upload_goes_on(store: Arc<Store>) {
    let session = store.open_upload(&name("a"), Algorithm::Sha256);
    let mut upload = store.append(&session, Some(0)).unwrap();
    upload.add(Bytes::from_static(b"con")).await.unwrap();
    assert_eq!(store.keep_upload(upload).await.unwrap(), 3);
    let mut upload = store.append(&session, None).unwrap();
    upload.add(Bytes::from_static(b"fusion")).await.unwrap();
    let finished = store.finish_upload(upload, &digest(b"content")).await;
    assert!(matches!(finished, Err(StoreError::DigestMismatch)));
    assert_eq!(session.offset(), 3);
    let mut upload = store.append(&session, Some(3)).unwrap();
    upload.add(Bytes::from_static(b"tent")).await.unwrap();
    store.finish_upload(upload, &digest(b"content")).await.unwrap();
    assert_eq!(
        read(&store, "a", &digest(b"content")).await.unwrap(),
        b"content".as_slice()
    );
    assert!(matches!(
        store.upload(&name("a"), session.id()).await,
        Err(StoreError::UploadUnknown)
    ));
}

async fn of_two_requests_that_add_to_an_upload_one_is_refused(store: Arc<Store>) {
    let session = store.open_upload(&name("a"), Algorithm::Sha256);
    let first = store.append(&session, Some(0)).unwrap();
    assert!(matches!(
        store.append(&session, Some(0)),
        Err(StoreError::UploadBusy)
    ));
    first.discard().await.unwrap();
    assert!(matches!(
        store.append(&session, Some(1)),
        Err(StoreError::OutOfOrder)
    ));
    store.append(&session, Some(0)).unwrap().discard().await.unwrap();
}

async fn a_cancelled_upload_does_not_become_a_blob(store: Arc<Store>) {
    let session = store.open_upload(&name("a"), Algorithm::Sha256);
    let mut upload = store.append(&session, None).unwrap();
    store.cancel_upload(&session).await.unwrap();
    upload.add(Bytes::from_static(b"content")).await.unwrap();
    let finished = store.finish_upload(upload, &digest(b"content")).await;
    assert!(matches!(finished, Err(StoreError::UploadUnknown)));
    assert!(store.files.list().unwrap().is_empty());
}

async fn pushing_one_blob_many_times_at_once_ends_well(store: Arc<Store>) {
    let pushes = (0..16).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { push(&store, "a", b"content").await })
    });
    for push in pushes.collect::<Vec<_>>() {
        push.await.unwrap();
    }
    assert_eq!(
        read(&store, "a", &digest(b"content")).await.unwrap(),
        b"content".as_slice()
    );
    let made_ahead = store.named.count();
    assert_eq!(store.files.list().unwrap().len(), made_ahead + 1);
}

async fn a_manifest_that_is_refused_leaves_no_trace(store: Arc<Store>) {
    let refused = put_manifest(&store, "a", &digest(b"missing"), "t").await;
    assert!(matches!(refused, Err(StoreError::ContentMissing(missing)) if missing == [digest(b"missing")]));
    assert!(matches!(
        store.tags(&name("a"), "", 10),
        Err(StoreError::RepositoryUnknown)
    ));
}

/// As if all that has happened so far had happened long ago.
fn long_after(store: Arc<Store>) -> Store {
    let mut store = Arc::into_inner(store).unwrap();
    store.started = 0;
    store
}

const AT_ONCE: Grace = Grace {
    blobs: Some(Duration::ZERO),
    manifests: Some(Duration::ZERO),
};

async fn garbage_is_collected_and_what_is_referred_to_is_not(store: Arc<Store>) {
    let (kept, garbage) = (
        push(&store, "a", b"kept").await,
        push(&store, "a", b"garbage").await,
    );
    let (old, old_config) = {
        let config = push(&store, "a", b"old").await;
        (put_manifest(&store, "a", &config, "t").await.unwrap(), config)
    };
    put_manifest(&store, "a", &kept, "t").await.unwrap();
    let store = long_after(store);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let collected = store.collect(AT_ONCE).await.unwrap();
    assert_eq!((collected.manifests, collected.blobs), (1, 2));
    assert!(store.manifest(&name("a"), &Reference::Digest(old)).await.is_err());
    for blob in [&garbage, &old_config] {
        assert!(matches!(
            read(&store, "a", blob).await,
            Err(StoreError::BlobUnknown)
        ));
    }
    assert_eq!(read(&store, "a", &kept).await.unwrap(), b"kept".as_slice());
    assert_eq!(store.files.list().unwrap().len(), 1);
}

async fn what_somebody_was_told_exists_is_not_collected(store: Arc<Store>) {
    let blob = push(&store, "a", b"content").await;
    let store = long_after(store);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    store.blob_size(&name("a"), &blob).await.unwrap();
    assert_eq!(store.collect(AT_ONCE).await.unwrap().blobs, 0);
    put_manifest(&store, "a", &blob, "t").await.unwrap();
}

async fn expired_uploads_are_dropped_and_busy_ones_are_not(store: Arc<Store>) {
    let (idle, busy) = (
        store.open_upload(&name("a"), Algorithm::Sha256),
        store.open_upload(&name("a"), Algorithm::Sha256),
    );
    let upload = store.append(&busy, None).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(store.cancel_uploads_older_than(Duration::ZERO).await.unwrap(), 1);
    assert!(store.upload(&name("a"), idle.id()).await.is_err());
    assert_eq!(store.keep_upload(upload).await.unwrap(), 0);
    assert!(store.upload(&name("a"), busy.id()).await.is_ok());
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Durability::Strict).unwrap();
    let session = store.open_upload(&name("a"), Algorithm::Sha256);
    let mut upload = store.append(&session, None).unwrap();
    upload.add(Bytes::from_static(b"con")).await.unwrap();
    store.keep_upload(upload).await.unwrap();
    drop(store);
    let store = Store::open(folder.path(), Durability::Strict).unwrap();
    let session = store.upload(&name("a"), session.id()).await.unwrap();
    assert_eq!(session.offset(), 3);
    let mut upload = store.append(&session, Some(3)).unwrap();
    upload.add(Bytes::from_static(b"tent")).await.unwrap();
    store.finish_upload(upload, &digest(b"content")).await.unwrap();
    assert_eq!(
        read(&store, "a", &digest(b"content")).await.unwrap(),
        b"content".as_slice()
    );
}

#[tokio::test]
async fn an_audit_finds_damage_and_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Durability::Strict).unwrap();
    let (whole, damaged) = (
        push(&store, "a", b"whole").await,
        push(&store, "a", b"damaged").await,
    );
    let file = store
        .files
        .open(store.blob_row(&name("a"), &damaged).unwrap().0)
        .unwrap();
    file.write_at(&[Bytes::from_static(b"D")], 0).unwrap();
    drop((file, store));
    let faults = |check: Check| {
        let audit = super::audit(folder.path(), &check.into(), &Arc::default()).unwrap();
        audit
            .faults
            .into_iter()
            .map(|fault| fault.what)
            .collect::<Vec<_>>()
    };
    let expected = [format!("blob {damaged} is not whole")];
    assert_eq!(faults(Check::Look), expected);
    assert_eq!(faults(Check::Repair), expected);
    assert_eq!(faults(Check::Look), [""; 0]);
    let store = Store::open(folder.path(), Durability::Strict).unwrap();
    assert_eq!(read(&store, "a", &whole).await.unwrap(), b"whole".as_slice());
    assert!(matches!(
        read(&store, "a", &damaged).await,
        Err(StoreError::BlobUnknown)
    ));
}
