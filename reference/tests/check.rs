//! The program itself on stores that are whole, damaged, or none: what it says, and how it exits.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, StatusCode};
use support::sha256;

const PROGRAM: &str = env!("CARGO_BIN_EXE_assize-reference");

/// Runs `check`; returns its exit code, what it printed, and what it complained of.
fn check(store: &Path, flags: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(PROGRAM);
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .args(["check", "--store"])
        .arg(store)
        .args(flags)
        .env("RUST_LOG", "error")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A registry in a process of its own; it is killed when it is dropped.
struct Process(Child);

impl Process {
    /// Starts the program by way of a shell, after a command of it; returns its URL, none if it does not start.
    fn start(store: &Path, before: &str) -> (Self, Option<String>) {
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("{before}; exec \"$0\" --listen 127.0.0.1:0 --durability relaxed --store \"$1\""),
            ])
            .arg(PROGRAM)
            .arg(store)
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let url = url.trim().to_owned();
        (Self(child), Some(url).filter(|url| !url.is_empty()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn push(client: &Client, url: &str, content: &[u8]) -> StatusCode {
    let place = format!("{url}/v2/a/b/blobs/uploads/?digest={}", sha256(content));
    let request = client.post(place).body(content.to_vec());
    request.send().await.unwrap().status()
}

async fn pull(client: &Client, url: &str, content: &[u8]) -> Vec<u8> {
    let place = format!("{url}/v2/a/b/blobs/{}", sha256(content));
    let answer = client.get(place).send().await.unwrap();
    answer.bytes().await.unwrap().to_vec()
}

/// A store with one blob.
async fn filled(folder: &Path) {
    let (_process, url) = Process::start(folder, ":");
    let pushed = push(&Client::new(), &url.unwrap(), b"content").await;
    assert_eq!(pushed, StatusCode::CREATED);
}

/// The paths of the files of content.
fn content_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(folder.join("content")).unwrap();
    folders
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

#[test]
fn a_folder_that_is_no_store_is_said_to_be_none_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for store in [folder.path(), &missing] {
        for flags in [&[][..], &["--repair"], &["--rebuild"]] {
            let (code, printed, complaint) = check(store, flags);
            assert_eq!((code, printed.as_str()), (Some(2), ""));
            assert!(complaint.contains("there is no store in"), "{complaint}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_check_sums_up_and_exits_with_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let (code, printed, _) = check(folder.path(), &[]);
    let whole = "1 blob, 0 manifests, 0 tags, 7 bytes: all whole\n";
    assert_eq!((code, printed.as_str()), (Some(0), whole));
    fs::write(&content_in(folder.path())[0], b"CONTENT").unwrap();
    let (code, printed, _) = check(folder.path(), &[]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.ends_with("1 blob, 0 manifests, 0 tags, 7 bytes: 1 fault\n"),
        "{printed}"
    );
    let (code, printed, _) = check(folder.path(), &["--repair"]);
    assert_eq!(code, Some(0), "{printed}");
    let line = printed.lines().next().unwrap();
    assert!(line.ends_with("its file is in lost/"), "{printed}");
    assert!(printed.ends_with("1 fault, mended\n"), "{printed}");
    let (code, printed, _) = check(folder.path(), &[]);
    let empty = "0 blobs, 0 manifests, 0 tags, 0 bytes: all whole\n";
    assert_eq!((code, printed.as_str()), (Some(0), empty));
}

#[tokio::test]
async fn a_store_that_is_in_use_is_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (_process, url) = Process::start(folder.path(), ":");
    assert!(url.is_some());
    for flags in [&[][..], &["--repair"], &["--rebuild"]] {
        let (code, _, complaint) = check(folder.path(), flags);
        assert_eq!(code, Some(2));
        assert!(
            complaint.contains("another registry is using the store"),
            "{complaint}"
        );
    }
}

#[tokio::test]
async fn a_registry_without_its_metadata_starts_only_when_that_is_made_anew() {
    let harms: [fn(&Path); 3] = [
        |metadata| fs::write(metadata, b"").unwrap(),
        |metadata| fs::write(metadata, b"garbage").unwrap(),
        |metadata| fs::remove_file(metadata).unwrap(),
    ];
    for harm in harms {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path()).await;
        let before = content_in(folder.path());
        harm(&folder.path().join("metadata.redb"));
        let (_process, url) = Process::start(folder.path(), ":");
        assert_eq!(url, None);
        assert_eq!(content_in(folder.path()), before);
        let (code, _, complaint) = check(folder.path(), &[]);
        assert_eq!(code, Some(2));
        assert!(complaint.contains("check --rebuild --store"), "{complaint}");
        assert!(!complaint.contains("panicked"), "{complaint}");
        let (code, printed, _) = check(folder.path(), &["--rebuild"]);
        assert_eq!(code, Some(0), "{printed}");
        assert!(
            printed.ends_with("1 blob, 0 manifests, 0 tags, 7 bytes: all whole\n"),
            "{printed}"
        );
        let (_process, url) = Process::start(folder.path(), ":");
        assert_eq!(pull(&Client::new(), &url.unwrap(), b"content").await, b"content");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_open_uploads_leave_room_for_pulls_and_pushes() {
    let folder = tempfile::tempdir().unwrap();
    let (_process, url) = Process::start(folder.path(), "ulimit -n 1024");
    let (client, url) = (Client::new(), url.unwrap());
    assert_eq!(push(&client, &url, b"before").await, StatusCode::CREATED);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, url) = (client.clone(), url.clone());
        clients.spawn(async move {
            for _ in 0..3000 / 8 {
                let opened = client.post(format!("{url}/v2/a/b/blobs/uploads/"));
                let opened = opened.send().await.unwrap();
                let place = opened.headers()["location"].to_str().unwrap();
                let added = client.patch(format!("{url}{place}")).body("1").send().await;
                assert_eq!(added.unwrap().status(), StatusCode::ACCEPTED);
            }
        });
    }
    clients.join_all().await;
    assert_eq!(pull(&client, &url, b"before").await, b"before");
    assert_eq!(push(&client, &url, b"after").await, StatusCode::CREATED);
    assert_eq!(pull(&client, &url, b"after").await, b"after");
}

#[tokio::test]
async fn what_is_acknowledged_with_relaxed_durability_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    // It is killed before anything that is done now and then can have been done.
    filled(folder.path()).await;
    let (_process, url) = Process::start(folder.path(), ":");
    assert_eq!(pull(&Client::new(), &url.unwrap(), b"content").await, b"content");
}
