//! Servers for the tests: they say what they are told to, and remember what they were sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Client, ClientSettings, Timeouts, Tls, Url};

/// What a server makes of a request.
type Answer = dyn FnMut(&str) -> String + Send;

/// A server that answers every request with what a function makes of it.
pub(super) struct Server {
    /// Where it listens.
    pub(super) url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn serve(answer: impl FnMut(&str) -> String + Send + 'static) -> Server {
        Server::boxed(Arc::new(Mutex::new(answer))).await
    }

    /// The same, compiled once and not for each function.
    async fn boxed(answer: Arc<Mutex<Answer>>) -> Server {
        let (listener, url) = listen().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&heard);
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
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
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

/// What a server of HTTP/2 is sent, or sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its type, by number.
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    pub(super) const PING: u8 = 6;
    const GOAWAY: u8 = 7;
    const WINDOW_UPDATE: u8 = 8;
    const CONTINUATION: u8 = 9;
    const END_STREAM: u8 = 1;
    const ACK: u8 = 1;
    const END_HEADERS: u8 = 4;

    fn new(kind: u8, flags: u8, stream: u32, payload: impl Into<Vec<u8>>) -> Frame {
        Frame {
            kind,
            flags,
            stream,
            payload: payload.into(),
        }
    }

    /// Part of a body, which ends the message or not.
    pub(super) fn data(stream: u32, bytes: &str, ends: bool) -> Frame {
        Frame::new(Frame::DATA, u8::from(ends), stream, bytes)
    }

    /// A head, or a trailer, of these lines; the status stands among them as `:status`.
    pub(super) fn head(stream: u32, lines: &[(&str, &str)], ends: bool) -> Vec<Frame> {
        let mut block = Vec::new();
        for (name, value) in lines {
            // A line that is not to be remembered, with a name of its own (RFC 7541, section 6.2.2).
            block.push(0);
            for text in [name, value] {
                let (length, mut more) = (text.len(), Vec::new());
                if length < 127 {
                    block.push(u8::try_from(length).unwrap());
                } else {
                    block.push(127);
                    let mut left = length - 127;
                    while left >= 128 {
                        more.push(u8::try_from(left % 128 + 128).unwrap());
                        left /= 128;
                    }
                    more.push(u8::try_from(left).unwrap());
                }
                block.extend(more);
                block.extend(text.bytes());
            }
        }
        let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
        let last = pieces.len() - 1;
        let frame = |(at, piece): (usize, &&[u8])| {
            let kind = if at == 0 {
                Frame::HEADERS
            } else {
                Frame::CONTINUATION
            };
            let ending = if at == 0 && ends { Frame::END_STREAM } else { 0 };
            let whole = if at == last { Frame::END_HEADERS } else { 0 };
            Frame::new(kind, ending | whole, stream, *piece)
        };
        pieces.iter().enumerate().map(frame).collect()
    }

    /// An answer of this status and body.
    pub(super) fn answer(stream: u32, status: &str, body: &str) -> Vec<Frame> {
        let mut frames = Frame::head(stream, &[(":status", status)], body.is_empty());
        if !body.is_empty() {
            frames.push(Frame::data(stream, body, true));
        }
        frames
    }

    /// The end of a stream, with its reason.
    pub(super) fn reset(stream: u32, reason: h2::Reason) -> Frame {
        Frame::new(Frame::RESET, 0, stream, u32::from(reason).to_be_bytes())
    }

    /// The end of a connection, on which this stream was the last that was begun with.
    pub(super) fn goodbye(last: u32, reason: h2::Reason) -> Frame {
        let payload = [last.to_be_bytes(), u32::from(reason).to_be_bytes()].concat();
        Frame::new(Frame::GOAWAY, 0, 0, payload)
    }

    /// Room for as many more bytes as these, on a stream or, as stream 0, on the connection.
    pub(super) fn room(stream: u32, bytes: &[u8]) -> Frame {
        let more = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        Frame::new(Frame::WINDOW_UPDATE, 0, stream, more)
    }

    /// A setting, by number.
    pub(super) fn setting(name: u16, value: u32) -> Frame {
        let payload = [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
        Frame::new(Frame::SETTINGS, 0, 0, payload)
    }

    fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[self.kind, self.flags], &self.stream.to_be_bytes()].concat();
        [head, self.payload.clone()].concat()
    }

    async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Frame> {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await.ok()?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame::new(head[3], head[4], id, payload))
    }
}

/// What a server of HTTP/2 says to a frame on its connection of this number; nothing ends the connection.
pub(super) type Play = dyn Fn(usize, &Frame) -> Option<Vec<Frame>> + Send + Sync;

/// A server behind TLS, which speaks HTTP/2 as a function says and answers everything over HTTP/1.1 with `one`.
pub(super) struct Secure {
    /// Where it listens.
    pub(super) url: Url,
    heard: Arc<Mutex<Vec<(usize, Frame)>>>,
    connections: Arc<AtomicUsize>,
}

impl Secure {
    /// A server that chooses the first of these versions of HTTP that it is offered, and begins with this setting.
    pub(super) async fn serve(
        protocols: &[&str],
        setting: Frame,
        play: impl Fn(usize, &Frame) -> Option<Vec<Frame>> + Send + Sync + 'static,
    ) -> Secure {
        Secure::boxed(protocols, setting, Arc::new(play)).await
    }

    /// The same, compiled once and not for each function.
    async fn boxed(protocols: &[&str], setting: Frame, play: Arc<Play>) -> Secure {
        let (listener, url) = listen().await;
        let url = Url::parse(&url.to_string().replace("http://127.0.0.1", "https://localhost")).unwrap();
        let server = Secure {
            url,
            heard: Arc::default(),
            connections: Arc::default(),
        };
        let acceptor = acceptor(protocols);
        let (heard, connections) = (Arc::clone(&server.heard), Arc::clone(&server.connections));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let number = connections.fetch_add(1, Ordering::Relaxed);
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let (heard, play) = (Arc::clone(&heard), Arc::clone(&play));
                    tokio::spawn(say(stream, number, setting.clone(), heard, play));
                } else {
                    tokio::spawn(say_one(stream));
                }
            }
        });
        server
    }

    /// How many connections were made.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The frames of this type that came, each with the number of its connection.
    pub(super) fn heard(&self, kind: u8) -> Vec<(usize, Frame)> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter(|(_, frame)| frame.kind == kind)
            .cloned()
            .collect()
    }

    /// A client of it with these limits.
    pub(super) fn client(&self, settings: fn(&Url) -> ClientSettings) -> Client {
        let mut settings = settings(&self.url);
        settings.tls = Tls::Insecure;
        Client::new(settings).unwrap()
    }
}

fn acceptor(protocols: &[&str]) -> TlsAcceptor {
    let fixture = |name: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tls");
        folder.join(name)
    };
    let chain: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_file_iter(fixture("server.pem"))
        .unwrap()
        .collect();
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.unwrap(), key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

async fn say(
    mut stream: TlsStream<TcpStream>,
    number: usize,
    setting: Frame,
    heard: Arc<Mutex<Vec<(usize, Frame)>>>,
    play: Arc<Play>,
) {
    let mut preface = [0; 24];
    let _ = stream.read_exact(&mut preface).await;
    let _ = stream.write_all(&setting.bytes()).await;
    while let Some(frame) = Frame::read(&mut stream).await {
        heard.lock().unwrap().push((number, frame.clone()));
        let said = if frame.kind == Frame::SETTINGS && frame.flags == 0 {
            Some(vec![Frame::new(Frame::SETTINGS, Frame::ACK, 0, [])])
        } else if frame.kind == Frame::PING && frame.flags == 0 {
            Some(vec![Frame::new(Frame::PING, Frame::ACK, 0, frame.payload)])
        } else {
            play(number, &frame)
        };
        let Some(said) = said else {
            // What is still on its way would turn the end into a reset.
            let _ = stream.shutdown().await;
            while Frame::read(&mut stream).await.is_some() {}
            return;
        };
        let bytes: Vec<u8> = said.iter().flat_map(Frame::bytes).collect();
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn say_one(mut stream: TlsStream<TcpStream>) {
    while !read_request(&mut stream).await.is_empty() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
        if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}
