//! The same request, again and again, over several connections.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::Client;
use crate::content::IMAGE;
use crate::server::Server;

/// Sends the same request over `connections` for a while, all at once; every answer is as long as the first. Returns how
/// many came.
pub(crate) fn repeat(server: &Server, line: &str, connections: usize, long: Duration) -> u64 {
    let address = server.address;
    let headers = format!("Accept: {IMAGE}\r\n");
    let first = Client::new(address).send(line, &headers, b"");
    assert_eq!(first.status, 200, "{}", first.head);
    let whole = first.head.len() + first.length;
    let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(async {
        let end = Instant::now() + long;
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let request = request.clone();
            all.spawn(async move {
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (mut answer, mut answers) = (vec![0; whole], 0);
                while Instant::now() < end {
                    stream.write_all(request.as_bytes()).await.unwrap();
                    stream.read_exact(&mut answer).await.unwrap();
                    assert!(answer.starts_with(b"HTTP/1.1 200"));
                    answers += 1;
                }
                answers
            });
        }
        let mut answers = 0;
        while let Some(ended) = all.join_next().await {
            answers += ended.unwrap();
        }
        answers
    })
}
