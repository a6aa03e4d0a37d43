//! Servers for the tests: they say what they are told to, and remember what they were sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Client, ClientSettings, Timeouts, Url};

/// A server that answers every request with what a function makes of it.
pub(super) struct Server {
    /// Where it listens.
    pub(super) url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn serve(answer: impl FnMut(&str) -> String + Send + 'static) -> Server {
        let (listener, url) = listen().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&heard);
        let answer = Arc::new(Mutex::new(answer));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, memory) = (Arc::clone(&answer), Arc::clone(&memory));
                tokio::spawn(async move {
                    loop {
                        let request = read_request(&mut stream).await;
                        if request.is_empty() {
                            return;
                        }
                        let text = (answer.lock().unwrap())(&request);
                        memory.lock().unwrap().push(request);
                        stream.write_all(text.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Server { url, heard }
    }

    /// What came, one text for each request.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// An answer without body, with these lines.
pub(super) fn status(code: u16, lines: &str) -> String {
    format!("HTTP/1.1 {code} Whatever\r\n{lines}Content-Length: 0\r\n\r\n")
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

/// What a canned server does with one connection.
#[derive(Clone, Debug)]
pub(super) enum ServerAct {
    /// Reads one request.
    Read,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Does nothing for a while.
    Wait(Duration),
}

/// Reads a request and answers with these bytes.
pub(super) fn answer(bytes: impl AsRef<[u8]>) -> Vec<ServerAct> {
    vec![ServerAct::Read, ServerAct::Write(bytes.as_ref().to_vec())]
}

/// A server that plays one script for each connection, in order, and then closes.
pub(super) struct Canned {
    /// Where it listens.
    pub(super) url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub(super) async fn serve(scripts: Vec<Vec<ServerAct>>) -> Canned {
        let (listener, url) = listen().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&heard);
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(play(stream, script, Arc::clone(&memory)));
            }
        });
        Canned { url, heard }
    }

    /// What came, one text for each request.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn play(mut stream: TcpStream, script: Vec<ServerAct>, heard: Arc<Mutex<Vec<String>>>) {
    for act in script {
        match act {
            ServerAct::Read => {
                let request = read_request(&mut stream).await;
                heard.lock().unwrap().push(request);
            }
            ServerAct::Write(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            ServerAct::Wait(time) => tokio::time::sleep(time).await,
        }
    }
}

/// One request: the head, and as much body as it announces.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&bytes) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}

/// Limits that a busy machine does not reach.
pub(super) fn patient(target: &Url) -> ClientSettings {
    ClientSettings {
        body_limit: 1024 * 1024,
        ..ClientSettings::new(target.clone())
    }
}

/// Limits that a test of the limits does not have to wait for.
pub(super) fn quick(target: &Url) -> ClientSettings {
    ClientSettings {
        timeouts: Timeouts {
            connect: Duration::from_millis(500),
            answer: Duration::from_millis(200),
            idle: Duration::from_millis(200),
            total: Duration::from_secs(5),
        },
        ..patient(target)
    }
}

/// A client with limits that a busy machine does not reach.
pub(super) fn client(target: &Url) -> Client {
    Client::new(patient(target)).unwrap()
}

/// A client with limits that a test does not have to wait for.
pub(super) fn hasty(target: &Url) -> Client {
    Client::new(quick(target)).unwrap()
}
