//! Parts of a store that are lost, damaged, or not its own: nothing is deleted, and what is left is used.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::entry::Entry;
use super::journal::entries_of;
use super::{Audit, Check, NewManifest, Store, StoreError};
use crate::config::{Durability, MissingContent};
use crate::protocol::{Algorithm, Condition, Digest, Manifest, Name, Reference, Tag};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn audit(folder: &Path, check: Check) -> Result<Audit, StoreError> {
    super::audit(folder, &check.into(), &Arc::default())
}

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(folder, Durability::Strict)
}

async fn push(store: &Store, repository: &str, content: &str) -> Digest {
    let digest = Digest::of(Algorithm::Sha256, content.as_bytes());
    let mut upload = store.receive(&name(repository), Algorithm::Sha256).unwrap();
    upload.add(Bytes::from(content.to_owned())).await.unwrap();
    store.finish_upload(upload, &digest).await.unwrap();
    digest
}

/// Puts an image of one blob, with so much ballast, under a tag.
async fn put_image(store: &Store, repository: &str, config: &Digest, tag: &str, ballast: usize) {
    let written = json!({
        "schemaVersion": 2,
        "config": {"mediaType": "a/b", "digest": config.as_str(), "size": 1},
        "layers": [],
        "annotations": {"ballast": "b".repeat(ballast)},
        "subject": {"mediaType": "a/b", "digest": config.as_str(), "size": 1},
    });
    let bytes = Bytes::from(written.to_string());
    let manifest = Manifest::parse(&bytes, Some("application/vnd.oci.image.manifest.v1+json")).unwrap();
    let tag = Tag::parse(tag).unwrap();
    let new = NewManifest {
        digest: Digest::of(Algorithm::Sha256, &bytes),
        bytes,
        manifest,
        tags: vec![tag.clone()],
    };
    let (condition, missing) = (Condition::default(), MissingContent::Refuse);
    let (repository, reference) = (name(repository), Reference::Tag(tag));
    let put = store.put_manifest(&repository, &reference, new, condition, missing);
    put.await.unwrap();
}

/// Two repositories with all that a store can hold.
async fn fill(store: &Store) {
    let config = push(store, "a", "config").await;
    store
        .mount_blob(&name("b/c"), &config, Some(&name("a")))
        .await
        .unwrap();
    put_image(store, "a", &config, "first", 1).await;
    put_image(store, "b/c", &config, "second", 2).await;
    put_image(store, "a", &config, "second", 2).await;
    let gone = Reference::Tag(Tag::parse("first").unwrap());
    let repository = name("a");
    let deleting = store.delete_manifest(&repository, &gone, Condition::default());
    deleting.await.unwrap();
    let deleted = push(store, "emptied", "deleted").await;
    store.delete_blob(&name("emptied"), &deleted).await.unwrap();
    let session = store.open_upload(&name("a"), Algorithm::Sha512);
    let mut upload = store.append(&session, None).unwrap();
    upload.add(Bytes::from_static(b"begun")).await.unwrap();
    store.keep_upload(upload).await.unwrap();
}

/// All that follows from nothing else.
fn state(store: &Store) -> Vec<Entry> {
    let mut state = Vec::new();
    let tell = &mut |entry| {
        state.push(entry);
        Ok(())
    };
    entries_of(&store.metadata.view().unwrap(), tell).unwrap();
    state
}

/// Every file of a folder, with its content.
fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

fn whats(audit: &Audit) -> Vec<&str> {
    audit.faults.iter().map(|fault| fault.what.as_str()).collect()
}

/// The one journal in a store.
fn journal_of(folder: &Path) -> std::path::PathBuf {
    let journals = fs::read_dir(folder.join("journal")).unwrap();
    let journals = journals.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let [journal] = journals.as_slice() else {
        panic!("{journals:?}");
    };
    journal.clone()
}

/// Does harm to a store, and asserts that it is refused with advice, and left as it is.
fn assert_refused(folder: &Path, harm: impl FnOnce(&Path)) {
    harm(&folder.join("metadata.redb"));
    let before = files_in(folder);
    let refused = open(folder).unwrap_err();
    assert!(matches!(refused, StoreError::Unusable(_)), "{refused:?}");
    let advice = format!("check --rebuild --store {}", folder.display());
    assert!(refused.to_string().ends_with(&advice), "{refused}");
    assert!(audit(folder, Check::Look).is_err());
    assert_eq!(
        files_in(folder).keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>(),
        "{refused}"
    );
}

#[tokio::test]
async fn a_store_without_its_metadata_is_refused_and_made_anew_from_its_journal() {
    let harms: [fn(&Path); 4] = [
        |metadata| fs::remove_file(metadata).unwrap(),
        |metadata| fs::write(metadata, b"").unwrap(),
        |metadata| fs::write(metadata, b"no database at all".repeat(1000)).unwrap(),
        |metadata| {
            let half = fs::metadata(metadata).unwrap().len() / 2;
            fs::File::options()
                .write(true)
                .open(metadata)
                .unwrap()
                .set_len(half)
                .unwrap();
        },
    ];
    for harm in harms {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).unwrap();
        fill(&store).await;
        let expected = state(&store);
        drop(store);
        assert_refused(folder.path(), harm);
        let audit = audit(folder.path(), Check::Rebuild).unwrap();
        assert_eq!(audit.faults, []);
        assert_eq!((audit.blobs, audit.manifests, audit.tags), (1, 3, 2));
        assert_eq!(state(&open(folder.path()).unwrap()), expected);
    }
}

#[tokio::test]
async fn an_upload_that_has_received_nothing_is_unknown_when_the_metadata_was_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let opened = store.open_upload(&name("a"), Algorithm::Sha256).id();
    push(&store, "a", "content").await;
    drop(store);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_refused(folder.path(), |metadata| fs::remove_file(metadata).unwrap());
    assert_eq!(audit(folder.path(), Check::Rebuild).unwrap().faults, []);
    let store = open(folder.path()).unwrap();
    let found = store.upload(&name("a"), opened).await;
    assert!(matches!(found, Err(StoreError::UploadUnknown)), "{found:?}");
    let opened = store.open_upload(&name("a"), Algorithm::Sha256).id();
    drop(store);
    let found = open(folder.path()).unwrap().upload(&name("a"), opened).await;
    assert!(found.is_ok(), "{found:?}");
}

fn put_in_place_of(foreign: &Path, metadata: &Path) {
    fs::copy(foreign, metadata).unwrap();
}

#[tokio::test]
async fn metadata_of_another_store_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&folder, &other] {
        fill(&open(folder.path()).unwrap()).await;
    }
    let foreign = other.path().join("metadata.redb");
    assert_refused(folder.path(), |metadata| put_in_place_of(&foreign, metadata));
    let lone = tempfile::tempdir().unwrap();
    fill(&open(lone.path()).unwrap()).await;
    fs::remove_dir_all(lone.path().join("journal")).unwrap();
    assert_refused(lone.path(), |metadata| put_in_place_of(&foreign, metadata));
}

#[tokio::test]
async fn metadata_of_an_empty_store_is_refused_where_there_is_content() {
    let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(&open(folder.path()).unwrap()).await;
    drop(open(empty.path()).unwrap());
    let foreign = empty.path().join("metadata.redb");
    assert_refused(folder.path(), |metadata| put_in_place_of(&foreign, metadata));
}

#[tokio::test]
async fn metadata_from_a_backup_catches_up_with_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (metadata, backup) = (folder.path().join("metadata.redb"), folder.path().join("backup"));
    drop(open(folder.path()).unwrap());
    fs::copy(&metadata, &backup).unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let expected = state(&store);
    drop(store);
    fs::rename(&backup, &metadata).unwrap();
    assert_eq!(state(&open(folder.path()).unwrap()), expected);
}

#[tokio::test]
async fn a_journal_that_has_grown_is_written_anew_while_everything_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (metadata, backup) = (folder.path().join("metadata.redb"), folder.path().join("backup"));
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    drop(store);
    fs::copy(&metadata, &backup).unwrap();
    let first = journal_of(folder.path());
    let store = open(folder.path()).unwrap();
    let config = push(&store, "a", "config").await;
    for number in 0..300 {
        put_image(&store, "a", &config, "moved", 64 * 1024 + number % 7).await;
        if number > 100 && !first.exists() {
            break;
        }
    }
    let expected = state(&store);
    drop(store);
    let journal = journal_of(folder.path());
    assert_ne!(journal, first);
    assert_eq!(audit(folder.path(), Check::Look).unwrap().faults, []);
    assert_eq!(audit(folder.path(), Check::Rebuild).unwrap().faults, []);
    assert_eq!(state(&open(folder.path()).unwrap()), expected);
    // What the new journal begins with is later than the backup.
    assert_refused(folder.path(), |metadata| drop(fs::rename(&backup, metadata)));
}

#[tokio::test]
async fn a_store_from_before_there_were_journals_gets_one_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let expected = state(&store);
    drop(store);
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert_eq!(state(&open(folder.path()).unwrap()), expected);
    fs::remove_file(folder.path().join("metadata.redb")).unwrap();
    assert_eq!(audit(folder.path(), Check::Rebuild).unwrap().faults, []);
    assert_eq!(state(&open(folder.path()).unwrap()), expected);
}

#[tokio::test]
async fn content_without_metadata_and_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()).unwrap()).await;
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert_refused(folder.path(), |metadata| fs::remove_file(metadata).unwrap());
    let before = files_in(folder.path());
    let refused = audit(folder.path(), Check::Rebuild).unwrap_err().to_string();
    assert!(refused.starts_with("there is no journal"), "{refused}");
    assert_eq!(files_in(folder.path()), before);
}

/// Changes a byte in the line of the journal that says `text`.
fn damage_line(folder: &Path, text: &str) {
    let path = journal_of(folder);
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes());
    bytes[place.unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_journal_is_written_anew_from_the_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let expected = state(&store);
    drop(store);
    damage_line(folder.path(), "remove-tag");
    let found = audit(folder.path(), Check::Look).unwrap();
    assert_eq!(
        whats(&found),
        ["the journal does not hold what the metadata holds"]
    );
    let damaged = journal_of(folder.path());
    let store = open(folder.path()).unwrap();
    assert_eq!(state(&store), expected);
    // What the database has of it is read beside everything else.
    while damaged.exists() {
        push(&store, "a", "config").await;
    }
    let expected = state(&store);
    drop(store);
    assert_eq!(state(&open(folder.path()).unwrap()), expected);
    assert_eq!(audit(folder.path(), Check::Look).unwrap().faults, []);
}

#[tokio::test]
async fn of_a_damaged_journal_alone_all_is_used_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    push(&store, "z", "last").await;
    drop(store);
    damage_line(folder.path(), "\"name\":\"z\"");
    assert_refused(folder.path(), |metadata| fs::remove_file(metadata).unwrap());
    let rebuilt = audit(folder.path(), Check::Rebuild).unwrap();
    assert_eq!((rebuilt.blobs, rebuilt.manifests, rebuilt.tags), (1, 3, 2));
    assert_eq!(rebuilt.faults, []);
    let store = open(folder.path()).unwrap();
    assert!(
        store
            .repositories("", 9)
            .unwrap()
            .entries
            .iter()
            .all(|name| name != "z")
    );
    let last = files_in(&folder.path().join("lost")).into_values();
    assert!(
        last.into_iter().any(|content| content == b"last"),
        "the blob is put aside"
    );
}

#[tokio::test]
async fn a_torn_end_of_a_journal_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let expected = state(&store);
    drop(store);
    let path = journal_of(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.splice(end.., b"0123456789abcdef 99 {\"chan\0\0\0\0ges".iter().copied());
    fs::write(&path, bytes).unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!(state(&store), expected);
    push(&store, "z", "after").await;
    drop(store);
    assert_eq!(audit(folder.path(), Check::Look).unwrap().faults, []);
}

#[tokio::test]
async fn a_file_that_a_crash_has_left_is_swept_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    fill(&store).await;
    let left = uuid::Uuid::new_v4();
    store.files.create(left).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    let name = Name::parse("a").unwrap();
    let mut received = store.receive(&name, Algorithm::Sha256).unwrap();
    received.add(vec![0; 1024 * 1024].into()).await.unwrap();
    let digest = Digest::of(Algorithm::Sha256, &[0; 1024 * 1024]);
    assert_eq!(store.sweep().await.unwrap(), 1);
    assert!(store.files.open(left).is_err());
    assert_eq!(store.sweep().await.unwrap(), 0);
    store.finish_upload(received, &digest).await.unwrap();
    drop(store);
    assert_eq!(audit(folder.path(), Check::Look).unwrap().faults, []);
}

#[tokio::test]
async fn no_sweep_takes_what_was_made_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for content in ["one", "two"] {
        push_small(&store, content).await;
    }
    assert_eq!(store.named.count(), 1, "one was made ahead");
    assert_eq!(store.sweep().await.unwrap(), 0);
    push_small(&store, "three").await;
    assert_eq!(store.named.count(), 0, "it was used");
    drop(store);
    assert_eq!(audit(folder.path(), Check::Look).unwrap().faults, []);
}

async fn push_small(store: &Store, content: &'static str) {
    let name = Name::parse("a").unwrap();
    let mut upload = store.receive(&name, Algorithm::Sha256).unwrap();
    upload.add(content.into()).await.unwrap();
    let digest = Digest::of(Algorithm::Sha256, content.as_bytes());
    store.finish_upload(upload, &digest).await.unwrap();
}

#[test]
fn a_folder_that_is_no_store_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "of somebody").unwrap();
    let before = files_in(folder.path());
    for check in [Check::Look, Check::Repair, Check::Rebuild] {
        let refused = audit(folder.path(), check).unwrap_err().to_string();
        assert!(refused.starts_with("there is no store"), "{refused}");
        assert_eq!(files_in(folder.path()), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
