//! Servers that answer, and servers that keep the client waiting.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::super::testing::{Canned, Server, ServerAct, answer, client, hasty, patient, quick, status};
use super::super::{Address, Body, RawConnection};
use super::*;

#[tokio::test]
async fn a_request_is_sent_as_it_is_written() {
    let server = Canned::serve(vec![answer(
        "HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\nX-b: 1\r\nX-a: 2\r\nx-B: 3\r\n\r\nhi",
    )])
    .await;
    let url = server.url.with_target("/v2/../%2e/a\\b//c?x=[1]");
    let mut request = Request::new("GET", url);
    request.headers.append("rAnGe", "bytes=0-1");
    let exchange = client(&server.url).send(request).await;
    let answer = exchange.outcome.unwrap();
    assert_eq!((answer.status, answer.body), (200, "hi".into()));
    let lines: Vec<(&str, &str)> = answer.headers.iter().collect();
    assert_eq!(
        lines,
        [("content-LENGTH", "2"), ("X-b", "1"), ("X-a", "2"), ("x-B", "3")]
    );
    let host = server.url.authority();
    let agent = head::USER_AGENT;
    assert_eq!(
        server.heard(),
        [format!(
            "GET /v2/../%2e/a\\b//c?x=[1] HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nrAnGe: bytes=0-1\r\n\r\n"
        )]
    );
}

/// The fault of a GET to a server that plays this script, by a client of quick limits.
async fn fault(script: Vec<ServerAct>) -> String {
    let server = Canned::serve(vec![script]).await;
    let request = Request::new("GET", server.url.with_target("/"));
    let exchange = hasty(&server.url).send(request).await;
    assert!(exchange.elapsed < Duration::from_secs(20));
    exchange.fault().unwrap().to_string()
}

#[tokio::test]
async fn every_phase_ends() {
    let long = Duration::from_secs(60);
    assert_eq!(
        fault(vec![ServerAct::Read, ServerAct::Wait(long)]).await,
        "timed out after 200 ms, waiting for the answer"
    );
    let head = ServerAct::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec());
    assert_eq!(
        fault(vec![ServerAct::Read, head, ServerAct::Wait(long)]).await,
        "timed out after 200 ms, reading the body"
    );
    let drop = |byte: u8| {
        [
            ServerAct::Write(vec![byte]),
            ServerAct::Wait(Duration::from_millis(50)),
        ]
    };
    let mut dripping = vec![ServerAct::Read];
    dripping.extend(b"HTTP/1.1 200 OK\r\n".iter().copied().flat_map(drop));
    assert_eq!(
        fault(dripping).await,
        "timed out after 200 ms, waiting for the answer"
    );
}

#[tokio::test]
async fn the_whole_has_a_limit_of_its_own() {
    let drop = |byte: u8| {
        [
            ServerAct::Write(vec![byte]),
            ServerAct::Wait(Duration::from_millis(50)),
        ]
    };
    let mut dripping = answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    dripping.extend([b'x'; 1000].into_iter().flat_map(drop));
    let server = Canned::serve(vec![dripping]).await;
    let mut settings = quick(&server.url);
    settings.timeouts.total = Duration::from_millis(400);
    let request = Request::new("GET", server.url.with_target("/"));
    let exchange = Client::new(settings).unwrap().send(request).await;
    let fault = exchange.outcome.unwrap_err().to_string();
    assert_eq!(fault, "timed out after 400 ms, over the whole exchange");
}

#[tokio::test]
async fn a_server_that_does_not_read_is_not_waited_for() {
    let server = Canned::serve(vec![vec![ServerAct::Wait(Duration::from_secs(60))]]).await;
    let mut request = Request::new("PUT", server.url.with_target("/"));
    request.body = Body::Sized(vec![0; 64 * 1024 * 1024].into());
    let exchange = hasty(&server.url).send(request).await;
    let fault = exchange.outcome.unwrap_err().to_string();
    assert_eq!(fault, "timed out after 200 ms, sending the request");
}

#[tokio::test]
async fn an_answer_counts_before_the_request_is_through() {
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    let server = Canned::serve(vec![vec![
        ServerAct::Write(refusal.into()),
        ServerAct::Wait(Duration::from_secs(1)),
    ]])
    .await;
    let mut request = Request::new("PUT", server.url.with_target("/"));
    request.body = Body::Sized(vec![0; 64 * 1024 * 1024].into());
    let exchange = client(&server.url).send(request).await;
    assert_eq!(exchange.outcome.unwrap().status, 413);
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let server = Canned::serve(vec![]).await;
    let url = server.url.with_target("/");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let exchange = client(&url).send(Request::new("GET", url.clone())).await;
    let fault = exchange.outcome.unwrap_err().to_string();
    assert_eq!(
        fault,
        format!("cannot connect: {}: nothing listens there", url.authority())
    );
}

#[tokio::test]
async fn bodies_are_framed_as_asked() {
    let ok = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    let script: Vec<ServerAct> = (0..4).flat_map(|_| answer(ok)).collect();
    let server = Canned::serve(vec![script]).await;
    let client = client(&server.url);
    let bodies = [
        Body::None,
        Body::Sized("".into()),
        Body::Sized("abc".into()),
        Body::Chunked("abc".into()),
    ];
    for body in bodies {
        let mut request = Request::new("POST", server.url.with_target("/"));
        request.body = body;
        assert_eq!(client.send(request).await.outcome.unwrap().status, 201);
    }
    let ends: Vec<String> = server.heard().iter().map(|text| after_agent(text)).collect();
    assert_eq!(
        ends,
        [
            "\r\n",
            "Content-Length: 0\r\n\r\n",
            "Content-Length: 3\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ]
    );
}

fn after_agent(request: &str) -> String {
    let line = format!("User-Agent: {}\r\n", head::USER_AGENT);
    request.split_once(&line).unwrap().1.to_owned()
}

#[tokio::test]
async fn what_is_no_request_is_the_suites_own_fault() {
    let server = Canned::serve(vec![]).await;
    let request = Request::new("GET", server.url.with_target("/a b"));
    let exchange = client(&server.url).send(request).await;
    assert!(
        matches!(exchange.outcome, Err(Fault::CannotSend { .. })),
        "{exchange:?}"
    );
    let mut request = Request::new("GET", server.url.clone());
    request.headers.append("X", "a\r\nY: b");
    let exchange = client(&server.url).send(request).await;
    assert!(
        matches!(exchange.outcome, Err(Fault::CannotSend { .. })),
        "{exchange:?}"
    );
}

/// A server made with hyper that sends every body back, in chunks if it came in chunks.
async fn echo() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(async |request: hyper::Request<Incoming>| {
                Ok::<_, Infallible>(hyper::Response::new(request.into_body()))
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_get_what_is_theirs() {
    let url = echo().await;
    let client = client(&url);
    let sends = (0..40_usize).map(|index| {
        let mut request = Request::new("PUT", url.with_target("/"));
        let body = Bytes::from(vec![u8::try_from(index).unwrap(); index * 20_000]);
        request.body = if index % 2 == 0 {
            Body::Sized(body.clone().into())
        } else {
            Body::Chunked(body.clone().into())
        };
        let client = client.clone();
        async move {
            for _ in 0..3 {
                let answer = client.send(request.clone()).await.outcome.unwrap();
                assert_eq!((answer.status, answer.body.is(&body.clone().into())), (200, true));
            }
        }
    });
    futures_util::future::join_all(sends).await;
    assert_eq!(client.requests(), 120);
}

/// Two servers, the first of which leads to the second.
async fn leading() -> (Server, Server) {
    let second = Server::serve(|_| status(200, "")).await;
    let place = Url::parse(&second.url.to_string().replace("127.0.0.1", "localhost")).unwrap();
    let first = Server::serve(move |_| status(307, &format!("Location: {place}/there\r\n"))).await;
    (first, second)
}

#[tokio::test]
async fn every_server_that_was_asked_is_told() {
    let (first, second) = leading().await;
    let client = client(&first.url);
    client
        .send(Request::new("GET", first.url.clone()))
        .await
        .outcome
        .unwrap();
    let there = second.url.to_string().replace("127.0.0.1", "localhost");
    assert_eq!(client.hosts(), [first.url.to_string(), there]);
}

#[tokio::test]
async fn another_host_is_asked_only_where_it_may_be() {
    let (first, second) = leading().await;
    let mut settings = patient(&first.url);
    settings.reach = Reach::SameHost;
    let client = Client::new(settings).unwrap();
    let outcome = client.send(Request::new("GET", first.url.clone())).await.outcome;
    let there = second.url.to_string().replace("127.0.0.1", "localhost");
    assert_eq!(
        outcome.unwrap_err().to_string(),
        format!("{there} was not asked: --same-host keeps every request on 127.0.0.1")
    );
    assert_eq!(client.hosts(), [first.url.to_string()]);
    assert!(second.heard().is_empty());
}

#[tokio::test]
async fn what_the_user_adds_goes_to_the_target_alone() {
    let (first, second) = leading().await;
    let mut settings = patient(&first.url);
    settings.lines = [("X-Tenant", "me"), ("Accept", "x/y")].into_iter().collect();
    settings.user_agent = Some("mine/1".to_owned());
    let client = Client::new(settings).unwrap();
    let mut request = Request::new("GET", first.url.clone());
    request.headers.append("Accept", "a/b");
    client.send(request).await.outcome.unwrap();
    let (here, there) = (&first.heard()[0], &second.heard()[0]);
    assert!(
        here.contains("\r\nX-Tenant: me\r\n") && here.contains("\r\nUser-Agent: mine/1\r\n"),
        "{here}"
    );
    assert!(
        here.contains("\r\nAccept: a/b\r\n") && !here.contains("x/y"),
        "{here}"
    );
    assert!(
        !there.contains("X-Tenant") && there.contains("\r\nAccept: a/b\r\n"),
        "{there}"
    );
    let mut raw = RawConnection::open(&client).await.unwrap();
    let place = client.target().with_target("/");
    raw.write_head("GET", &place, &[], &Account::Nobody)
        .await
        .unwrap();
    raw.answer("GET").await.unwrap();
    let here = &first.heard()[1];
    assert!(
        here.contains("\r\nX-Tenant: me\r\n") && here.contains("\r\nUser-Agent: mine/1\r\n"),
        "{here}"
    );
}

#[tokio::test]
async fn a_host_is_found_where_the_user_says() {
    let server = Server::serve(|_| status(200, "")).await;
    let url = Url::parse(&server.url.to_string().replace("127.0.0.1", "r.invalid")).unwrap();
    let mut settings = patient(&url);
    settings.addresses = vec![Address {
        host: "r.invalid".to_owned(),
        port: url.origin().port(),
        address: [127, 0, 0, 1].into(),
    }];
    let client = Client::new(settings).unwrap();
    client
        .send(Request::new("GET", url.clone()))
        .await
        .outcome
        .unwrap();
    assert!(server.heard()[0].contains(&format!("\r\nHost: {}\r\n", url.authority())));
}
