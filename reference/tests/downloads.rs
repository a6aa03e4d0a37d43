//! Downloads from a disk over plain connections, where the kernel sends what is in the files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use assize_reference::Config;
use support::{Registry, config};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The largest piece that is handed over to the kernel.
const PIECE: usize = 4 * 1024 * 1024;

/// The least part of a blob that is.
const LEAST: usize = 32 * 1024;

async fn on_disk() -> (Registry, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(Config {
        store: Some(folder.path().to_owned()),
        ..config()
    });
    (registry.await, folder)
}

/// Bytes none of which is zero, and of which no two parts are alike.
fn content(length: usize) -> Vec<u8> {
    let numbers = (0..).flat_map(|number: u32| number.to_le_bytes());
    numbers.map(|byte| byte | 1).take(length).collect()
}

/// One connection.
struct Connection(TcpStream);

impl Connection {
    async fn to(registry: &Registry) -> Self {
        Self(TcpStream::connect(registry.running.address()).await.unwrap())
    }

    /// Asks for something, perhaps for a part of it.
    async fn ask(&mut self, place: &str, range: Option<(usize, usize)>) {
        let range = range.map_or_else(String::new, |(first, last)| {
            format!("Range: bytes={first}-{last}\r\n")
        });
        let request = format!("GET {place} HTTP/1.1\r\nHost: a\r\n{range}\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// The head of an answer.
    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// The body of an answer.
    async fn answer(&mut self) -> Vec<u8> {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        body
    }
}

#[tokio::test]
async fn downloads_on_one_connection_are_whole_whatever_their_length() {
    let (registry, _folder) = on_disk().await;
    let mut connection = Connection::to(&registry).await;
    for length in [
        0,
        1,
        LEAST - 1,
        LEAST,
        PIECE - 1,
        PIECE,
        PIECE + 1,
        2 * PIECE + LEAST + 3,
    ] {
        let content = content(length);
        let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", &content).await);
        connection.ask(&blob, None).await;
        assert!(connection.answer().await == content, "{length} bytes");
        connection.ask("/v2/", None).await;
        assert_eq!(connection.answer().await, b"{}");
    }
}

#[tokio::test]
async fn parts_that_are_asked_for_at_once_come_in_their_order() {
    let (registry, _folder) = on_disk().await;
    let content = content(2 * PIECE + 5);
    let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", &content).await);
    let parts = [
        (0, 0),
        (1, PIECE),
        (PIECE - 1, PIECE + LEAST),
        (5, 4 + LEAST),
        (PIECE, 2 * PIECE + 4),
        (7, 2 * PIECE + 4),
        (2 * PIECE + 4, 2 * PIECE + 4),
    ];
    let mut connection = Connection::to(&registry).await;
    for part in parts {
        connection.ask(&blob, Some(part)).await;
        connection.ask("/v2/", None).await;
    }
    for (first, last) in parts {
        assert!(
            connection.answer().await == content[first..=last],
            "bytes {first}-{last}"
        );
        assert_eq!(connection.answer().await, b"{}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_middle_costs_nobody_else_anything() {
    let (registry, _folder) = on_disk().await;
    let content = content(8 * PIECE);
    let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", &content).await);
    let mut steady = Connection::to(&registry).await;
    for _ in 0..8 {
        let mut leaving = Connection::to(&registry).await;
        leaving.ask(&blob, None).await;
        leaving.head().await;
        steady.ask(&blob, Some((PIECE, 2 * PIECE))).await;
        drop(leaving);
        assert!(steady.answer().await == content[PIECE..=2 * PIECE]);
    }
}

/// The largest file below a folder.
fn largest_file(folder: &Path) -> PathBuf {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push((entry.metadata().unwrap().len(), entry.path()));
            }
        }
    }
    files.into_iter().max().unwrap().1
}

#[tokio::test]
async fn a_file_that_is_cut_under_a_download_cuts_the_connection() {
    let (registry, folder) = on_disk().await;
    let content = content(32 * PIECE);
    let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", &content).await);
    let mut connection = Connection::to(&registry).await;
    connection.ask(&blob, None).await;
    connection.head().await;
    let mut received = vec![0; PIECE / 2];
    connection.0.read_exact(&mut received).await.unwrap();
    let file = largest_file(&folder.path().join("content"));
    std::fs::File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(0)
        .unwrap();
    // The connection may be ended with a reset as well.
    drop(connection.0.read_to_end(&mut received).await);
    assert!(received.len() < content.len());
    assert!(content.starts_with(&received), "what came is not what was pushed");
}
