//! Content that is damaged on the disk: it is never served as whole, and whoever pushes it again heals it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assize_reference::{Check, Config, check};
use reqwest::{Method, StatusCode};
use support::{IMAGE, Registry, config, sha256};

/// How long the registry may take to look at what is suspected, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lengths of blobs: one that is copied to its connection, and one that the kernel sends.
const LENGTHS: [usize; 2] = [1000, 1_500_000];

/// What happens to the file of a blob, by name.
type Damage = (&'static str, fn(&Path));

const DAMAGES: [Damage; 3] = [
    ("flipped", |file| {
        let mut content = fs::read(file).unwrap();
        let last = content.len() - 1;
        content[last / 2] ^= 1;
        fs::write(file, content).unwrap();
    }),
    ("cut", |file| {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_len(10).unwrap();
    }),
    ("removed", |file| fs::remove_file(file).unwrap()),
];

fn stored(folder: &Path) -> Config {
    Config {
        store: Some(folder.to_owned()),
        ..config()
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|number| (number % 251) as u8).collect()
}

/// The files of content in a store; those that are made ahead are empty.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(folder.join("content")).unwrap();
    folders
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap())
        .filter(|file| file.metadata().unwrap().len() > 0)
        .map(|file| file.path())
        .collect()
}

fn only_file_in(folder: &Path) -> PathBuf {
    let [file] = files_in(folder).try_into().unwrap();
    file
}

/// What a GET of a blob brings; `None` if it does not end well.
async fn got(registry: &Registry, place: &str) -> Option<Vec<u8>> {
    let answer = registry.request(Method::GET, place).send().await.ok()?;
    let is_ok = answer.status() == StatusCode::OK;
    answer
        .bytes()
        .await
        .ok()
        .filter(|_| is_ok)
        .map(|bytes| bytes.to_vec())
}

async fn wait_until_missing(registry: &Registry, place: &str) {
    let waiting = async {
        while registry.head(place).await.status() != StatusCode::NOT_FOUND {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

#[tokio::test]
async fn a_push_heals_a_blob_that_is_damaged_whether_somebody_has_noticed_or_not() {
    for (kind, damage) in DAMAGES {
        for length in LENGTHS {
            for repository in ["a/b", "else/where"] {
                let folder = tempfile::tempdir().unwrap();
                let registry = Registry::start(stored(folder.path())).await;
                let digest = registry.push_blob("a/b", &content(length)).await;
                damage(&only_file_in(folder.path()));
                registry.push_blob(repository, &content(length)).await;
                for name in ["a/b", repository] {
                    let found = got(&registry, &format!("/v2/{name}/blobs/{digest}")).await;
                    assert_eq!(found, Some(content(length)), "{kind}, {length} bytes, {name}");
                }
                assert_eq!(files_in(folder.path()).len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_blob_is_not_served_and_is_missing_until_it_is_pushed_again() {
    for (kind, damage) in DAMAGES {
        for length in LENGTHS {
            let folder = tempfile::tempdir().unwrap();
            let registry = Registry::start(stored(folder.path())).await;
            let digest = registry.push_blob("a/b", &content(length)).await;
            let place = format!("/v2/a/b/blobs/{digest}");
            assert_eq!(got(&registry, &place).await, Some(content(length)));
            damage(&only_file_in(folder.path()));
            assert_eq!(got(&registry, &place).await, None, "{kind}, {length} bytes");
            wait_until_missing(&registry, &place).await;
            let from = format!("/v2/c/blobs/uploads/?mount={digest}&from=a/b");
            assert_eq!(
                registry.send(Method::POST, &from).await.status(),
                StatusCode::ACCEPTED
            );
            registry.push_blob("a/b", &content(length)).await;
            assert_eq!(got(&registry, &place).await, Some(content(length)));
        }
    }
}

#[tokio::test]
async fn a_manifest_that_names_a_damaged_blob_is_told_that_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(stored(folder.path())).await;
    let manifest = registry.push_image_blobs("a/b", "seed").await;
    let layer = sha256(b"layer of seed");
    let files = files_in(folder.path());
    let file = files
        .iter()
        .find(|file| fs::read(file).unwrap() == b"layer of seed");
    fs::write(file.unwrap(), b"layer of weed").unwrap();
    let place = format!("/v2/a/b/blobs/{layer}");
    assert_eq!(got(&registry, &place).await, None);
    wait_until_missing(&registry, &place).await;
    let refused = registry.put_manifest("a/b", "t", &manifest).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    registry.push_blob("a/b", b"layer of seed").await;
    let taken = registry.put_manifest("a/b", "t", &manifest).await;
    assert_eq!(taken.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn the_scrubber_finds_what_nobody_has_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(stored(folder.path())).await;
    let whole = registry.push_blob("a/b", b"whole").await;
    registry.running.shutdown().await;
    let registry = Registry::start(stored(folder.path())).await;
    let damaged = registry.push_blob("a/b", &content(100)).await;
    registry.running.shutdown().await;
    let files = files_in(folder.path());
    let file = files.iter().find(|file| fs::metadata(file).unwrap().len() == 100);
    DAMAGES[0].1(file.unwrap());
    let registry = Registry::start(stored(folder.path())).await;
    wait_until_missing(&registry, &format!("/v2/a/b/blobs/{damaged}")).await;
    let found = got(&registry, &format!("/v2/a/b/blobs/{whole}")).await;
    assert_eq!(found, Some(b"whole".to_vec()));
    registry.running.shutdown().await;
    // The mark outlives the process, and whoever puts the file right takes it away.
    DAMAGES[0].1(file.unwrap());
    let registry = Registry::start(Config {
        scrub_rate: 0,
        ..stored(folder.path())
    });
    let registry = registry.await;
    let place = format!("/v2/a/b/blobs/{damaged}");
    assert_eq!(registry.head(&place).await.status(), StatusCode::NOT_FOUND);
    registry.running.shutdown().await;
    let audit = check(folder.path(), Check::Repair).unwrap();
    assert_eq!(audit.faults.len(), 1);
    let registry = Registry::start(stored(folder.path())).await;
    assert_eq!(got(&registry, &place).await, Some(content(100)));
}

#[tokio::test]
async fn a_disk_that_is_gone_for_a_while_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(stored(folder.path())).await;
    let digest = registry.push_blob("a/b", b"content").await;
    let place = format!("/v2/a/b/blobs/{digest}");
    let (mounted, unmounted) = (folder.path().join("content"), folder.path().join("unmounted"));
    fs::rename(&mounted, &unmounted).unwrap();
    let answer = registry.get(&place).await.status();
    assert_eq!(answer, StatusCode::INTERNAL_SERVER_ERROR);
    tokio::time::sleep(Duration::from_millis(300)).await;
    fs::rename(&unmounted, &mounted).unwrap();
    assert_eq!(got(&registry, &place).await, Some(b"content".to_vec()));
}

#[tokio::test]
async fn an_audit_takes_out_what_is_damaged_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(stored(folder.path())).await;
    let digest = registry.push_image("a/b", "t", "seed").await;
    registry.running.shutdown().await;
    let files = files_in(folder.path());
    let file = files
        .iter()
        .find(|file| fs::read(file).unwrap() == b"layer of seed");
    DAMAGES[0].1(file.unwrap());
    let layer = sha256(b"layer of seed");
    let found = check(folder.path(), Check::Look).unwrap().to_string();
    assert!(found.starts_with(&format!(
        "blob {layer} is not whole\n2 blobs, 1 manifest, 1 tag, "
    )));
    assert!(found.ends_with(" bytes: 1 fault"), "{found}");
    let mended = check(folder.path(), Check::Repair).unwrap().to_string();
    let remedy = "it is taken out of every repository, and its file is in lost/";
    assert!(
        mended.starts_with(&format!("blob {layer} is not whole: {remedy}\n")),
        "{mended}"
    );
    assert!(mended.ends_with(" bytes: 1 fault, mended"), "{mended}");
    let whole = check(folder.path(), Check::Look).unwrap().to_string();
    assert!(whole.starts_with("1 blob, 1 manifest, 1 tag, "), "{whole}");
    assert!(whole.ends_with(" bytes: all whole"), "{whole}");
    let registry = Registry::start(stored(folder.path())).await;
    let manifest = registry
        .request(Method::GET, "/v2/a/b/manifests/t")
        .header("accept", IMAGE);
    let manifest = manifest.send().await.unwrap().bytes().await.unwrap();
    assert_eq!(sha256(&manifest), digest);
}
