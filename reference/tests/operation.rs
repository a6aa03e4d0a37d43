//! The registry as one runs it: its limits, its patience, its end, and what it tells about itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use assize_reference::{Authentication, Config, Limits, serve};
use reqwest::{Method, StatusCode};
use support::process::Process;
use support::{Registry, codes, config, sha256, text};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// The patience of a registry that is tried for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a registry that is out of patience may take in addition, on a busy machine.
const SLACK: Duration = Duration::from_secs(20);

/// A request that is the last of its connection.
const LAST_REQUEST: &[u8] = b"GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn with_limits(limits: Limits) -> Config {
    Config {
        limits,
        metrics: Some(([127, 0, 0, 1], 0).into()),
        ..config()
    }
}

fn impatient() -> Config {
    with_limits(Limits {
        client_timeout: PATIENCE.as_secs(),
        ..Limits::default()
    })
}

async fn connect(registry: &Registry) -> TcpStream {
    TcpStream::connect(registry.running.address()).await.unwrap()
}

/// Everything that comes until the registry ends the connection, and how long that takes.
async fn rest(stream: &mut TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut bytes = Vec::new();
    // A connection may be ended with a reset as well.
    let read = tokio::time::timeout(PATIENCE + SLACK, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open");
    (String::from_utf8_lossy(&bytes).into_owned(), began.elapsed())
}

/// The value of a metric.
async fn metric(registry: &Registry, line: &str) -> Option<f64> {
    let text = registry.get(&registry.running.metrics_url().unwrap()).await;
    let text = text.text().await.unwrap();
    let value = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

/// Waits until a metric has a value.
async fn wait_for(registry: &Registry, line: &str, value: f64) {
    let deadline = Instant::now() + PATIENCE + SLACK;
    while metric(registry, line).await != Some(value) {
        assert!(Instant::now() < deadline, "{line} is not {value}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_sends_no_whole_head_is_cut_off() {
    let registry = Registry::start(impatient()).await;
    for start in [
        "",
        "GET /v2/ HTTP/1.1\r\nHost:",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = connect(&registry).await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let (_, took) = rest(&mut stream).await;
        assert!(took >= PATIENCE / 2, "{start:?} {took:?}");
    }
}

#[tokio::test]
async fn a_connection_without_a_further_request_is_ended() {
    let registry = Registry::start(impatient()).await;
    let mut stream = connect(&registry).await;
    stream
        .write_all(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let (answer, took) = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(took >= PATIENCE / 2, "{took:?}");
}

#[tokio::test]
async fn a_body_that_stops_is_refused() {
    let registry = Registry::start(impatient()).await;
    let upload = registry.open_upload("a").await;
    let mut stream = connect(&registry).await;
    let head = format!("PATCH {upload} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (answer, _) = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // What came is kept, and the upload can go on.
    assert_eq!(text(registry.get(&upload).await.headers(), "range"), "0-4");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let registry = Registry::start(impatient()).await;
    let digest = registry.push_blob("a", &vec![7; 32 * 1024 * 1024]).await;
    let mut stream = connect(&registry).await;
    let head = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    wait_for(&registry, "registry_requests_under_way", 1.0).await;
    wait_for(&registry, "registry_requests_under_way", 0.0).await;
}

#[tokio::test]
async fn a_request_too_many_is_told_to_come_back() {
    let registry = Registry::start(with_limits(Limits {
        requests: 1,
        ..Limits::default()
    }))
    .await;
    let upload = registry.open_upload("a").await;
    let mut stream = connect(&registry).await;
    let head = format!("PATCH {upload} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    stream.write_all(head.as_bytes()).await.unwrap();
    wait_for(&registry, "registry_requests_under_way", 1.0).await;
    let refused = registry.get("/v2/").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text(refused.headers(), "retry-after"), "1");
    assert!(!text(refused.headers(), "x-request-id").is_empty());
    stream.write_all(b"56789").await.unwrap();
    wait_for(&registry, "registry_requests_under_way", 0.0).await;
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_connection_too_many_takes_the_place_of_an_idle_one() {
    let registry = Registry::start(with_limits(Limits {
        connections: 1,
        ..Limits::default()
    }))
    .await;
    let mut first = connect(&registry).await;
    wait_for(&registry, "registry_connections", 1.0).await;
    let mut second = connect(&registry).await;
    second.write_all(LAST_REQUEST).await.unwrap();
    let (answer, _) = rest(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(rest(&mut first).await.0, "");
}

#[tokio::test]
async fn a_connection_too_many_waits_while_all_others_are_in_use() {
    let registry = Registry::start(with_limits(Limits {
        connections: 1,
        ..Limits::default()
    }))
    .await;
    let mut first = connect(&registry).await;
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\n",
        sha256(b"x")
    );
    first.write_all(head.as_bytes()).await.unwrap();
    wait_for(&registry, "registry_requests_under_way", 1.0).await;
    let other = TcpSocket::new_v4().unwrap();
    other.bind(([127, 0, 1, 2], 0).into()).unwrap();
    let mut second = other.connect(registry.running.address()).await.unwrap();
    second.write_all(LAST_REQUEST).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), second.readable()).await;
    assert!(early.is_err(), "it does not wait");
    first.write_all(b"x").await.unwrap();
    let (pushed, _) = rest(&mut first).await;
    assert!(pushed.starts_with("HTTP/1.1 201"), "{pushed}");
    let (answer, _) = rest(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let registry = Registry::start(with_limits(Limits {
        blob_size: 8,
        header_size: 1000,
        ..Limits::default()
    }))
    .await;
    let request = registry
        .request(Method::GET, "/v2/")
        .header("x-long", "x".repeat(1000));
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);

    let digest = sha256(b"012345678");
    let single = format!("/v2/a/blobs/uploads/?digest={digest}");
    let refused = registry
        .request(Method::POST, &single)
        .body("012345678")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(codes(refused).await, ["SIZE_INVALID"]);

    let upload = registry.open_upload("a").await;
    assert_eq!(
        registry.patch(&upload, None, b"01234").await.status(),
        StatusCode::ACCEPTED
    );
    let refused = registry.close(&upload, &digest, b"5678").await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let closed = registry.close(&upload, &sha256(b"01234567"), b"567").await;
    assert_eq!(closed.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_request_under_way_ends_before_the_registry() {
    let registry = Registry::start(with_limits(Limits::default())).await;
    let digest = sha256(b"0123456789");
    let mut stream = connect(&registry).await;
    let place = format!("/v2/a/blobs/uploads/?digest={digest}");
    let head = format!("POST {place} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    stream.write_all(head.as_bytes()).await.unwrap();
    wait_for(&registry, "registry_requests_under_way", 1.0).await;
    let address = registry.running.address();
    let ended = tokio::spawn(registry.running.shutdown());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stream.write_all(b"56789").await.unwrap();
    let (answer, _) = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    ended.await.unwrap();
}

#[tokio::test]
async fn metrics_and_health_can_be_asked_for() {
    let registry = Registry::start(with_limits(Limits::default())).await;
    let digest = registry.push_blob("a", b"content").await;
    assert_eq!(
        registry
            .get(&format!("/v2/a/blobs/{digest}"))
            .await
            .text()
            .await
            .unwrap(),
        "content"
    );
    assert_eq!(
        registry.get("/v2/a/nonsense").await.status(),
        StatusCode::NOT_FOUND
    );
    for (line, value) in [
        (
            r#"registry_requests_total{method="GET",route="blob",status="200"}"#,
            1.0,
        ),
        (
            r#"registry_requests_total{method="PUT",route="upload",status="201"}"#,
            1.0,
        ),
        (
            r#"registry_requests_total{method="GET",route="none",status="404"}"#,
            1.0,
        ),
    ] {
        wait_for(&registry, line, value).await;
    }
    assert_eq!(registry.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    for place in [
        "/healthz".to_owned(),
        registry
            .running
            .metrics_url()
            .unwrap()
            .replace("metrics", "healthz"),
    ] {
        let healthy = registry.get(&place).await;
        assert_eq!(healthy.status(), StatusCode::OK);
        assert_eq!(healthy.text().await.unwrap(), "ok\n");
    }
}

#[tokio::test]
async fn a_store_that_is_gone_is_not_healthy() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(Config {
        store: Some(folder.path().join("store")),
        ..with_limits(Limits::default())
    })
    .await;
    assert_eq!(registry.get("/healthz").await.status(), StatusCode::OK);
    std::fs::remove_dir_all(folder.path().join("store")).unwrap();
    let deadline = Instant::now() + SLACK;
    while registry.get("/healthz").await.status() != StatusCode::SERVICE_UNAVAILABLE {
        assert!(Instant::now() < deadline, "it says that it is well");
        tokio::time::sleep(PATIENCE / 10).await;
    }
    let metrics = registry.running.metrics_url().unwrap();
    let health = registry.get(&metrics.replace("/metrics", "/healthz")).await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn tokens_need_accounts() {
    let config = Config {
        authentication: Authentication::Token,
        ..config()
    };
    let error = serve(config).await.unwrap_err().to_string();
    assert!(error.contains("--accounts FILE"), "{error}");
}

#[test]
fn a_program_that_does_not_start_says_why_in_a_sentence() {
    for (arguments, exit, why) in [
        (
            &["--store", "/dev/null/store"][..],
            4,
            "error: cannot open the store: ",
        ),
        (
            &["--authentication", "token"],
            4,
            "error: cannot find out who is there: ",
        ),
        (&["--config", "/dev/null/file"], 2, "error: /dev/null/file: "),
        (
            &["--page-size", "0"],
            2,
            "error: invalid value '0' for '--page-size",
        ),
    ] {
        let program = Command::new(env!("CARGO_BIN_EXE_assize-reference"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&program.stderr).into_owned();
        assert_eq!(program.status.code(), Some(exit), "{said}");
        // Where few files may be open, that is told before.
        let mut sentences = said.lines().filter(|line| !line.contains(" WARN "));
        assert!(
            sentences.next().is_some_and(|first| first.starts_with(why)),
            "{said}"
        );
    }
}

#[test]
fn a_program_that_is_hung_up_on_goes_on() {
    let registry = Process::start(&[]);
    registry.hang_up();
    for _ in 0..5 {
        std::thread::sleep(PATIENCE / 20);
        std::net::TcpStream::connect(registry.address).unwrap();
    }
}
