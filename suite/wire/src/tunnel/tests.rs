//! A proxy that gives a way, one that does not, and who is asked through it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::super::testing::{Canned, Server, answer, patient, status};
use super::super::{Client, Proxies, RawConnection, Request, Url};
use super::*;

/// A proxy that opens tunnels, and the heads that it was sent.
async fn proxy() -> (Proxy, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let memory = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let memory = Arc::clone(&memory);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let server = head.split(' ').nth(1).unwrap().to_owned();
                memory.lock().unwrap().push(head);
                let mut server = TcpStream::connect(server).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (
        Proxy::parse(&format!("http://al:s3cret@{address}")).unwrap(),
        heads,
    )
}

fn through(proxy: &Proxy, target: &Url) -> Client {
    let mut settings = patient(target);
    settings.proxies = Proxies::named(proxy.clone());
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn requests_go_through_the_tunnel_as_they_are_written() {
    let server = Server::serve(|_| status(200, "")).await;
    let (proxy, heads) = proxy().await;
    let client = through(&proxy, &server.url);
    let request = Request::new("GET", server.url.with_target("/v2/../x?y"));
    assert_eq!(client.send(request).await.outcome.unwrap().status, 200);
    let mut raw = RawConnection::open(&client).await.unwrap();
    raw.write("GET /raw HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(raw.answer("GET").await.unwrap().status, 200);
    assert!(server.heard()[0].starts_with("GET /v2/../x?y HTTP/1.1\r\n"));
    let authority = server.url.authority();
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 2);
    assert!(heads[0].starts_with(&format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n")));
    assert!(heads[0].contains("\r\nProxy-Authorization: Basic YWw6czNjcmV0\r\n"));
    assert_eq!(
        client.notes(),
        [format!(
            "{} was asked through the proxy {}",
            server.url, proxy.server
        )]
    );
    assert_eq!(
        client.secrets().redact("it says s3cret1, s3cret"),
        "it says s3cret1, <redacted>"
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let target = Url::parse("http://127.0.0.1:2").unwrap();
    let proxy = Proxy::parse("127.0.0.1:1").unwrap();
    let exchange = through(&proxy, &target)
        .send(Request::new("GET", target.clone()))
        .await;
    assert_eq!(
        exchange.outcome.unwrap_err().to_string(),
        "cannot connect: the proxy http://127.0.0.1:1 cannot be reached: cannot connect: 127.0.0.1:1: nothing listens there"
    );
}

#[tokio::test]
async fn a_proxy_that_gives_no_way_is_named() {
    let target = Url::parse("http://127.0.0.1:1").unwrap();
    for (said, why) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "it answers 403"),
        (
            "HTTP/1.1 407 X\r\n\r\n",
            "it answers 407: it asks for a user and a password",
        ),
        ("SSH-2.0\r\n\r\n", "the answer is malformed"),
        ("HTTP/1.1 200 OK\r\n\r\nmore", "it says more than it was asked"),
        ("", "the connection was closed before any answer"),
    ] {
        let canned = Canned::serve(vec![answer(said)]).await;
        let proxy = Proxy::parse(&canned.url.to_string()).unwrap();
        let exchange = through(&proxy, &target)
            .send(Request::new("GET", target.clone()))
            .await;
        let fault = exchange.outcome.unwrap_err().to_string();
        let expected = format!(
            "cannot connect: the proxy {} gives no way to http://127.0.0.1:1: {why}",
            proxy.server
        );
        assert!(fault.starts_with(&expected), "{fault}");
    }
}
