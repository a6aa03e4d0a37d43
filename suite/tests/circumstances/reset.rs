//! A target that resets what comes behind a head which it has refused, so that its answer is lost.

use std::net::{Ipv4Addr, SocketAddr};

use assize::report::Ruling;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::asked::{ruling, some, told, warnings};
use super::support::registry;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_lost_to_a_reset_is_neither_held_nor_broken() {
    let registry = registry(|_| {}).await;
    let upstream = registry.url().trim_start_matches("http://").parse().unwrap();
    let url = resetting(upstream).await;
    let outcome = some(&url, &["security/bad-length"]).outcome().await.unwrap();
    assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
    assert_eq!(ruling(&outcome), Ruling::NotShown);
    registry.shutdown().await;
}

/// The address of a front that passes on what conforms.
async fn resetting(upstream: SocketAddr) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, upstream));
        }
    });
    url
}

/// Passes on all of a connection, unless its first request has a length that is none.
async fn pass_on(mut client: TcpStream, upstream: SocketAddr) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let lengths: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("content-length:"))
        .collect();
    let is_one = |length: &str| length.trim().bytes().all(|digit| digit.is_ascii_digit());
    if lengths.len() > 1 || !lengths.iter().copied().all(is_one) {
        client.read_u8().await?;
        return client.set_zero_linger();
    }
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(&head).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
