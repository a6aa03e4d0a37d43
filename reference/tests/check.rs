//! The program itself on stores that are whole, damaged, or none: what it says, and how it exits.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

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
fn content_in(folder: &Path) -> Vec<PathBuf> {
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

/// How large a blob is that no audit reads to its end while a test waits.
const ENDLESS: u64 = 1 << 40;

/// A store with three blobs, of which the second is endless and the third is damaged; their digests in order, and the
/// files of the last two. Its metadata has to be made anew.
async fn with_an_endless_blob(folder: &Path) -> (Vec<String>, [PathBuf; 2]) {
    let mut contents = [b"one".as_slice(), b"two", b"three"];
    contents.sort_unstable_by_key(|content| sha256(content));
    {
        let (_process, url) = Process::start(folder, ":");
        for content in contents {
            let pushed = push(&Client::new(), url.as_ref().unwrap(), content).await;
            assert_eq!(pushed, StatusCode::CREATED);
        }
    }
    let files = contents.map(|content| {
        let mut files = content_in(folder).into_iter();
        files.find(|file| fs::read(file).unwrap() == content).unwrap()
    });
    let digests = contents.map(sha256);
    let [_, endless, damaged] = files;
    fs::write(&damaged, vec![b'x'; contents[2].len()]).unwrap();
    let file = fs::File::options().write(true).open(&endless).unwrap();
    file.set_len(ENDLESS).unwrap();
    let journal = fs::read_dir(folder.join("journal")).unwrap().next().unwrap();
    let journal = journal.unwrap().path();
    let said = format!("\"size\":{}", contents[1].len());
    let lines = fs::read_to_string(&journal).unwrap();
    let lines = lines.trim_end_matches('\0').lines().map(|line| {
        let (_, sealed) = line.split_once(' ').unwrap();
        let sealed = match sealed.contains(&digests[1]) {
            true => sealed.replace(&said, &format!("\"size\":{ENDLESS}")),
            false => sealed.to_owned(),
        };
        let checksum = &sha256(sealed.as_bytes())["sha256:".len()..][..16];
        format!("{checksum} {sealed}\n")
    });
    let lines = lines.collect::<String>();
    fs::write(journal, lines).unwrap();
    fs::remove_file(folder.join("metadata.redb")).unwrap();
    (digests.to_vec(), [endless, damaged])
}

/// Runs a command of the shell that audits a store, sends it a signal once it has a file open, and returns what it printed.
fn interrupted(command: &str, signal: &str, file: &Path) -> String {
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec {command}")])
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let opened = || {
        let files = fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        files.filter_map(|open| fs::read_link(open.unwrap().path()).ok())
    };
    while !opened().any(|open| open == file) {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args([signal, &id]).status();
    assert!(sent.unwrap().success());
    let asked = Instant::now();
    let ended = child.wait_with_output().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(10));
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{printed}");
    printed
}

/// The command that goes on, as it was printed.
fn goes_on(printed: &str) -> &str {
    let last = printed.lines().last().unwrap();
    last.strip_prefix("to go on: ").unwrap()
}

#[tokio::test]
async fn a_check_that_is_interrupted_says_how_to_go_on_and_then_finds_what_lies_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (digests, [endless, damaged]) = with_an_endless_blob(folder.path()).await;
    let check = format!("{PROGRAM} check --store {}", folder.path().display());
    let printed = interrupted(&format!("{check} --rebuild"), "-INT", &endless);
    assert!(
        printed.starts_with("the metadata is made anew from the journal\n"),
        "{printed}"
    );
    let going_on = goes_on(&printed).to_owned();
    // The two are read at once where there are processors for it.
    let behind = [0, 1].map(|place| format!("{check} --resume-from {}", digests[place]));
    assert!(behind.contains(&going_on), "{printed}");
    let printed = interrupted(&behind[1], "-TERM", &endless);
    assert_eq!(goes_on(&printed), behind[1]);
    let expected = "interrupted while reading blobs: 0 of 3 blobs read, ";
    assert!(printed.contains(expected), "{printed}");
    let not_read = format!("; not read: 1 blob before {}\n", digests[1]);
    assert!(printed.contains(&not_read), "{printed}");
    // Nothing was mended, whether the damaged file was read already or not.
    let printed = interrupted(&format!("{} --repair", behind[1]), "-INT", &endless);
    assert!(printed.contains(" read, nothing mended, "), "{printed}");
    let repairing = format!("{check} --repair --resume-from {}", digests[1]);
    assert_eq!(goes_on(&printed), repairing);
    assert!(damaged.exists());
    let file = fs::File::options().write(true).open(&endless).unwrap();
    file.set_len(3).unwrap();
    let ended = Command::new("sh").args(["-c", &going_on]).output().unwrap();
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{printed}");
    for digest in &digests[1..] {
        assert!(
            printed.contains(&format!("blob {digest} is not whole\n")),
            "{printed}"
        );
    }
    assert!(printed.contains(": 2 faults"), "{printed}");
}

#[test]
fn a_digest_that_is_none_is_refused_with_what_to_give_instead() {
    let folder = tempfile::tempdir().unwrap();
    for digest in ["sha256:12", "md5:d41d8cd98f00b204e9800998ecf8427e", ""] {
        let (code, printed, complaint) = check(folder.path(), &["--resume-from", digest]);
        assert_eq!((code, printed.as_str()), (Some(2), ""));
        let advice =
            "is not a digest of a known algorithm; give the one that the interrupted check has printed";
        assert!(complaint.contains(advice), "{complaint}");
    }
}
