//! Many clients at once, some of which mean no good: the others do not notice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use assize_reference::{Config, Limits};
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::Request;
use reqwest::StatusCode;
use support::process::Process;
use support::{Registry, config, sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long something may take on a busy machine.
const SLACK: Duration = Duration::from_secs(30);

/// The client timeout of a registry that is tried for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection of HTTP/2 that answers PINGs and lets the registry send `window` bytes of each answer.
async fn multiplexed(address: SocketAddr, window: u32) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = h2::client::Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(1 << 30)
        .handshake(stream);
    let (requests, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    requests
}

/// The head of an answer that comes, with its body.
async fn ask(requests: &SendRequest<Bytes>, method: &str, url: &str) -> (StatusCode, RecvStream) {
    let request = Request::builder().method(method).uri(url).body(()).unwrap();
    let mut requests = requests.clone().ready().await.unwrap();
    let (answer, _) = requests.send_request(request, true).unwrap();
    let answer = timeout(SLACK, answer).await.unwrap().unwrap();
    (answer.status(), answer.into_body())
}

#[tokio::test]
async fn a_stream_of_which_nothing_is_taken_ends_although_its_connection_lives() {
    let limits = Limits {
        client_timeout: PATIENCE.as_secs(),
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let digest = registry.push_blob("a", &vec![7; 1 << 20]).await;
    let url = format!("{}/v2/a/blobs/{digest}", registry.running.url());
    let requests = multiplexed(registry.running.address(), 0).await;
    let began = Instant::now();
    let (status, mut body) = ask(&requests, "GET", &url).await;
    assert_eq!(status, StatusCode::OK);
    let ended = async {
        loop {
            // The connection is in use all the time.
            assert_eq!(ask(&requests, "HEAD", &url).await.0, StatusCode::OK);
            if let Ok(part) = timeout(Duration::from_millis(50), body.data()).await {
                return part;
            }
        }
    };
    let part = timeout(PATIENCE + SLACK, ended).await;
    assert!(part.unwrap().unwrap().unwrap_err().is_reset());
    assert!(began.elapsed() >= PATIENCE, "{:?}", began.elapsed());
    assert_eq!(ask(&requests, "HEAD", &url).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_whose_client_takes_a_little_now_and_then_goes_on() {
    let limits = Limits {
        client_timeout: PATIENCE.as_secs(),
        ..Limits::default()
    };
    let registry = Registry::start(Config { limits, ..config() }).await;
    let content = vec![7; 40_000];
    let digest = registry.push_blob("a", &content).await;
    let url = format!("{}/v2/a/blobs/{digest}", registry.running.url());
    let requests = multiplexed(registry.running.address(), 10_000).await;
    let (_, mut body) = ask(&requests, "GET", &url).await;
    let mut taken = Vec::new();
    while let Some(part) = timeout(SLACK, body.data()).await.unwrap() {
        let part = part.unwrap();
        taken.extend_from_slice(&part);
        tokio::time::sleep(PATIENCE / 8).await;
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    assert_eq!(taken, content);
}

#[tokio::test]
async fn streams_of_which_nothing_is_taken_hold_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Process::start(&["--store", folder.path().to_str().unwrap()]);
    let content = vec![7; 5 << 20];
    let digest = sha256(&content);
    let place = format!("http://{}/v2/a/blobs", registry.address);
    let push = reqwest::Client::new()
        .post(format!("{place}/uploads/?digest={digest}"))
        .body(content);
    assert_eq!(push.send().await.unwrap().status(), StatusCode::CREATED);
    let before = registry.peak_mebibytes();
    let url = format!("{place}/{digest}");
    let (mut connections, mut bodies) = (Vec::new(), Vec::new());
    for window in [0, 1, 0, 1] {
        let requests = multiplexed(registry.address, window).await;
        for _ in 0..200 {
            bodies.push(ask(&requests, "GET", &url).await);
        }
        connections.push(requests);
    }
    let more = registry.peak_mebibytes() - before;
    assert!(more < 30, "800 streams take {more} MiB");
}
