//! HTTP, as RFC 9110 describes it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::{Method, StatusCode};
use support::{Registry, codes, sha256, text};

/// Sends bytes as they are on a connection of its own; returns all that comes back.
async fn raw(registry: &Registry, request: String) -> String {
    let address = registry.running.address();
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test]
async fn a_part_of_a_blob_is_sent_as_asked() {
    let registry = Registry::plain().await;
    let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", b"0123456789").await);
    let etag = text(registry.head(&blob).await.headers(), "etag");
    let get = |headers: &[(&'static str, &str)]| {
        let request = registry.request(Method::GET, &blob);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .send()
    };
    let part = get(&[("range", "bytes=2-4")]).await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(text(part.headers(), "content-range"), "bytes 2-4/10");
    assert_eq!(text(part.headers(), "etag"), etag);
    assert_eq!(part.text().await.unwrap(), "234");
    let refused = get(&[("range", "bytes=10-")]).await.unwrap();
    assert_eq!(refused.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(text(refused.headers(), "content-range"), "bytes */10");
    for (validator, status) in [
        (etag.clone(), StatusCode::PARTIAL_CONTENT),
        (format!("W/{etag}"), StatusCode::OK),
        ("\"other\"".to_owned(), StatusCode::OK),
        ("Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), StatusCode::OK),
    ] {
        assert_eq!(
            get(&[("range", "bytes=0-1"), ("if-range", &validator)])
                .await
                .unwrap()
                .status(),
            status
        );
    }
    let unchanged = get(&[("if-none-match", &etag), ("range", "bytes=0-1")])
        .await
        .unwrap();
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(unchanged.headers(), "etag"), etag);
    assert_eq!(
        get(&[("if-match", "\"other\"")]).await.unwrap().status(),
        StatusCode::PRECONDITION_FAILED
    );
    let head = registry
        .request(Method::HEAD, &blob)
        .header("range", "bytes=0-1")
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(text(head.headers(), "content-length"), "10");
}

#[tokio::test]
async fn a_method_that_an_endpoint_does_not_have_is_named_with_those_it_has() {
    let registry = Registry::plain().await;
    let blob = format!("/v2/a/blobs/{}", sha256(b"x"));
    for (method, place, allow) in [
        (Method::PUT, "/v2/", "GET, HEAD"),
        (Method::DELETE, "/v2/a/tags/list", "GET, HEAD"),
        (Method::POST, "/v2/a/manifests/t", "GET, HEAD, PUT, DELETE"),
        (Method::PATCH, &blob, "GET, HEAD, DELETE"),
        (Method::GET, "/v2/a/blobs/uploads/", "POST"),
    ] {
        let refused = registry.send(method, place).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(text(refused.headers(), "allow"), allow);
        assert_eq!(codes(refused).await, ["UNSUPPORTED"]);
    }
    assert_eq!(
        registry.get("/v2/a/nonsense").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_a_mistake_of_the_client() {
    let registry = Registry::plain().await;
    for (place, code) in [
        ("/v2/UPPER/tags/list", "NAME_INVALID"),
        ("/v2/a/manifests/-x", "MANIFEST_INVALID"),
        ("/v2/a/manifests/sha256:x", "DIGEST_INVALID"),
        ("/v2/a/blobs/notadigest", "DIGEST_INVALID"),
        ("/v2/a/blobs/uploads/x", "BLOB_UPLOAD_UNKNOWN"),
    ] {
        let refused = registry.get(place).await;
        assert!(refused.status().is_client_error());
        assert_eq!(codes(refused).await, [code]);
    }
}

#[tokio::test]
async fn a_head_answer_has_no_content() {
    let registry = Registry::plain().await;
    let digest = registry.push_blob("a", b"0123456789").await;
    for place in [format!("/v2/a/blobs/{digest}"), "/v2/a/manifests/x".to_owned()] {
        let length = registry.get(&place).await.bytes().await.unwrap().len();
        let answer = raw(
            &registry,
            format!("HEAD {place} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        )
        .await;
        assert!(
            answer.contains(&format!("content-length: {length}\r\n")),
            "{answer}"
        );
        assert!(answer.contains("\r\ndate: "), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_says_its_length_twice_ends_its_connection() {
    let registry = Registry::plain().await;
    let head = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    let smuggled = "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = raw(&registry, format!("{head}\r\n0\r\n\r\n{smuggled}")).await;
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_body_that_ends_early_commits_nothing() {
    let registry = Registry::plain().await;
    let digest = sha256(b"01234");
    let answer = raw(
        &registry,
        format!(
            "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"
        ),
    )
    .await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    let upload = registry.open_upload("a").await;
    raw(
        &registry,
        format!("PATCH {upload} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"),
    )
    .await;
    assert_eq!(
        registry.get(&format!("/v2/a/blobs/{digest}")).await.status(),
        StatusCode::NOT_FOUND
    );
    let so_far = text(registry.get(&upload).await.headers(), "range");
    assert_eq!(so_far, "0-4");
    assert_eq!(
        registry.close(&upload, &digest, b"").await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_answered_without_its_body() {
    let registry = Registry::plain().await;
    let unknown = "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000";
    let answer = raw(
        &registry,
        format!("PUT {unknown} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let registry = Registry::plain().await;
    for (version, lines, status) in [
        ("1.1", "Host: a:5000\r\n", "200"),
        ("1.1", "", "400"),
        ("1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("1.1", "Host: a b\r\n", "400"),
        ("1.1", "Host: x\"><script>\r\n", "400"),
        ("1.1", "Host: evil/..@x\r\n", "400"),
        ("1.1", "Host: \r\n", "400"),
        ("1.0", "", "200"),
        ("1.0", "Host: a b\r\n", "400"),
    ] {
        let head = format!("GET /v2/ HTTP/{version}\r\nConnection: close\r\n{lines}\r\n");
        let answer = raw(&registry, head).await;
        assert_eq!(
            answer.split(' ').nth(1),
            Some(status),
            "{version} {lines:?}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_body_in_an_unknown_coding_is_not_stored() {
    let registry = Registry::plain().await;
    let place = format!("/v2/a/blobs/uploads/?digest={}", sha256(b"x"));
    for (coding, statuses) in [
        ("chunked", ["201", "201"]),
        ("gzip, chunked", ["501", "501"]),
        ("chunked, chunked", ["400", "400"]),
        ("chunked\r\nTransfer-Encoding: chunked", ["400", "400"]),
        // The library may refuse it before it is asked.
        ("identity", ["501", "400"]),
    ] {
        let head = format!("POST {place} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n");
        let answer = raw(&registry, format!("{head}1\r\nx\r\n0\r\n\r\n")).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{coding}: {answer}");
    }
}
