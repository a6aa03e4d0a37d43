//! An audit that is stopped, and one that goes on.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use redb::ReadableDatabase as _;
use uuid::Uuid;

use super::{Audit, AuditRequest, AuditStage, AuditWatch, Beside, Check, StoreParts, audit, audit_parts};
use crate::config::Durability;
use crate::protocol::{Algorithm, Digest, Name};
use crate::store::Store;
use crate::store::files::{File, Files};
use crate::store::opening::StorePaths;
use crate::store::tables::View;

/// How many blobs the store has.
const BLOBS: usize = 12;

/// A store with some blobs, and their digests in order.
async fn filled() -> (tempfile::TempDir, Vec<Digest>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Durability::Relaxed).unwrap();
    let mut digests = Vec::new();
    for number in 0..BLOBS {
        let content = Bytes::from(format!("content {number}"));
        let digest = Digest::of(Algorithm::Sha256, &content);
        let name = Name::parse("a").unwrap();
        let mut upload = store.receive(&name, Algorithm::Sha256).unwrap();
        upload.add(content).await.unwrap();
        store.finish_upload(upload, &digest).await.unwrap();
        digests.push(digest);
    }
    digests.sort_unstable();
    (folder, digests)
}

/// The file of a blob.
fn file_of(folder: &Path, digest: &Digest) -> Uuid {
    let database = StorePaths::new(folder).open()().unwrap();
    let view = View::new(database.begin_read().unwrap());
    let row = view.blobs().unwrap().get(digest.as_str()).unwrap().unwrap();
    Uuid::from_u128(row.value().0)
}

fn damage(folder: &Path, digest: &Digest) {
    let path = StorePaths::new(folder).content().path(file_of(folder, digest));
    let length = fs::metadata(&path).unwrap().len();
    fs::write(path, "x".repeat(usize::try_from(length).unwrap())).unwrap();
}

/// Every file of a folder but the database, with its content.
fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else if path.file_name().unwrap() != "metadata.redb" {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Files of which one stops the audit when it is read.
#[derive(Debug)]
struct StoppingFiles {
    files: Arc<dyn Files>,
    stops: Uuid,
    watch: Arc<AuditWatch>,
}

impl Files for StoppingFiles {
    fn create(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        self.files.create(id)
    }

    fn open(&self, id: Uuid) -> io::Result<Arc<dyn File>> {
        if id == self.stops {
            self.watch.stop();
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

/// Audits a store, and stops when a blob is opened.
fn stopped_at(folder: &Path, digest: &Digest, request: &AuditRequest) -> Audit {
    let (paths, watch) = (StorePaths::new(folder), Arc::new(AuditWatch::default()));
    let stops = file_of(folder, digest);
    let parts = StoreParts {
        database: paths.open_checked(|| true).unwrap(),
        content: Arc::new(StoppingFiles {
            files: Arc::new(paths.content()),
            stops,
            watch: Arc::clone(&watch),
        }),
        journals: Arc::new(paths.journals()),
    };
    let beside = Beside {
        scratch: &|| paths.scratch(),
        put_aside: &|file| paths.put_aside(file),
    };
    let audit = audit_parts(&parts, request, &watch, &beside).unwrap();
    paths.remove_scratch().unwrap();
    audit
}

fn run(folder: &Path, request: &AuditRequest) -> Audit {
    audit(folder, request, &Arc::default()).unwrap()
}

fn whats(audit: &Audit) -> Vec<&str> {
    audit.faults.iter().map(|fault| fault.what.as_str()).collect()
}

fn not_whole(digest: &Digest) -> String {
    format!("blob {digest} is not whole")
}

#[tokio::test]
async fn wherever_an_audit_is_stopped_it_says_so_and_the_next_one_finds_what_lies_behind() {
    let (folder, digests) = filled().await;
    let damaged = &digests[BLOBS - 1];
    damage(folder.path(), damaged);
    for (place, digest) in digests.iter().enumerate() {
        let stopped = stopped_at(folder.path(), digest, &Check::Look.into());
        let interruption = stopped.interruption.clone().unwrap();
        assert_eq!(interruption.stage, AuditStage::Blobs);
        // Several are read at once: one before it may have been given up.
        let read = usize::try_from(interruption.read).unwrap();
        assert!(read <= place, "{read} of {place} were read");
        let first = interruption.next.resume_from.clone().unwrap();
        assert_eq!(first, digests[read]);
        assert!(!stopped.is_mended);
        let next = run(folder.path(), &interruption.next);
        assert_eq!(whats(&next), [not_whole(damaged)]);
        assert_eq!(next.blobs, BLOBS as u64);
        assert_eq!(next.interruption, None);
        let left_out = next.left_out.map_or(0, |left_out| left_out.blobs);
        assert_eq!(left_out, interruption.read);
    }
}

#[tokio::test]
async fn an_audit_that_goes_on_reads_no_blob_before_and_says_so() {
    let (folder, digests) = filled().await;
    damage(folder.path(), &digests[1]);
    damage(folder.path(), &digests[3]);
    let from = |place: usize| AuditRequest {
        check: Check::Look,
        resume_from: Some(digests[place].clone()),
    };
    let audit = run(folder.path(), &from(2));
    assert_eq!(whats(&audit), [not_whole(&digests[3])]);
    let end = format!(": 1 fault; not read: 2 blobs before {}", digests[2]);
    assert!(audit.to_string().ends_with(&end), "{audit}");
    let audit = run(folder.path(), &from(4));
    let end = format!(
        ": all whole that was read; not read: 4 blobs before {}",
        digests[4]
    );
    assert!(audit.to_string().ends_with(&end), "{audit}");
    // All else is looked at as before.
    let stray = StorePaths::new(folder.path()).content().path(Uuid::new_v4());
    fs::write(&stray, "of nobody").unwrap();
    let audit = run(folder.path(), &from(4));
    assert_eq!(audit.faults.len(), 1);
    assert!(audit.faults[0].what.ends_with("belongs to nothing"), "{audit}");
}

#[tokio::test]
async fn a_repair_that_is_stopped_mends_nothing_and_goes_on_where_there_is_something_to_mend() {
    let (folder, digests) = filled().await;
    damage(folder.path(), &digests[0]);
    damage(folder.path(), &digests[BLOBS - 1]);
    // The journal is cut to its end, as each look at it does.
    let content = folder.path().join("content");
    let before = files_in(&content);
    let stopped = stopped_at(folder.path(), &digests[6], &Check::Repair.into());
    assert_eq!(files_in(&content), before);
    assert!(stopped.to_string().contains(", nothing mended, "), "{stopped}");
    let next = stopped.interruption.unwrap().next;
    assert_eq!(next.check, Check::Repair);
    assert!(next.resume_from.as_ref().unwrap() <= &digests[6]);
    if !stopped.faults.is_empty() {
        assert_eq!(next.resume_from.as_ref(), Some(&digests[0]));
    }
    let mended = run(folder.path(), &next);
    assert_eq!(
        whats(&mended),
        [not_whole(&digests[0]), not_whole(&digests[BLOBS - 1])]
    );
    assert!(mended.is_mended);
    assert_eq!(whats(&run(folder.path(), &Check::Look.into())), [""; 0]);
}

#[tokio::test]
async fn an_audit_that_is_stopped_before_it_begins_changes_nothing_and_begins_again() {
    let (folder, digests) = filled().await;
    let before = files_in(folder.path());
    let resume_from = Some(digests[3].clone());
    for check in [Check::Look, Check::Repair, Check::Rebuild] {
        let request = AuditRequest {
            check,
            resume_from: resume_from.clone(),
        };
        let watch = Arc::new(AuditWatch::default());
        watch.stop();
        let stopped = audit(folder.path(), &request, &watch).unwrap();
        assert_eq!(stopped.interruption.unwrap().next, request);
        assert_eq!(files_in(folder.path()), before);
    }
}

#[tokio::test]
async fn metadata_that_was_made_anew_is_not_made_anew_again() {
    let (folder, digests) = filled().await;
    let made = run(folder.path(), &Check::Rebuild.into());
    assert_eq!(made.interruption, None);
    let stopped = stopped_at(folder.path(), &digests[5], &Check::Rebuild.into());
    assert_eq!(stopped.interruption.unwrap().next.check, Check::Look);
}

#[test]
fn how_far_an_audit_is_can_be_read() {
    let watch = AuditWatch::default();
    assert_eq!(watch.to_string(), "looking at the database");
    watch.begin_with(AuditStage::Blobs, 8);
    watch.step().unwrap();
    watch.read(5 * 1024 * 1024);
    assert_eq!(watch.to_string(), "reading blobs: 1 of 8 (12 %), 5 MiB");
    watch.begin(AuditStage::Sides);
    assert_eq!(
        watch.to_string(),
        "comparing tables that say the same from two sides"
    );
    watch.stop();
    assert!(watch.step().is_err());
}
