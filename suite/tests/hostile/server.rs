//! A server on loopback that does what a script says, byte by byte.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One thing that a server does with a connection.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It says these bytes.
    Say(Vec<u8>),
    /// It says them so many times.
    Repeat(Vec<u8>, usize),
    /// It says them again and again, with a pause before each time.
    Drip(Vec<u8>, Duration),
    /// It is silent.
    Hang,
    /// It hangs up.
    Close,
    /// It resets the connection.
    Reset,
}

/// A request, as far as scripts look at it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The port of the server.
    pub port: u16,
    /// The method.
    pub method: String,
    /// What stands behind it.
    pub target: String,
    /// The whole head.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// The value of a header line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(present, _)| present.trim().eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }
}

/// What a server does with a request.
pub(crate) type Script = Arc<dyn Fn(Call) -> BoxFuture<'static, Vec<Act>> + Send + Sync>;

/// A script that need not wait for anything.
pub(crate) fn script(acts: impl Fn(&Call) -> Vec<Act> + Send + Sync + 'static) -> Script {
    Arc::new(move |call| {
        let acts = acts(&call);
        Box::pin(async move { acts })
    })
}

/// Answers every request as the script says; the port.
pub(crate) async fn serve(script: Script) -> u16 {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, port, Arc::clone(&script)));
        }
    });
    port
}

/// Does these things on every connection before any request; the port.
pub(crate) async fn greet(acts: Vec<Act>) -> u16 {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let acts = acts.clone();
            tokio::spawn(async move { play(&mut stream, acts).await });
        }
    });
    port
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn converse(mut stream: TcpStream, port: u16, script: Script) {
    while let Some(call) = read(&mut stream, port).await {
        if play(&mut stream, script(call).await).await.is_none() {
            return;
        }
    }
}

/// `None` where the connection is over.
async fn play(stream: &mut TcpStream, acts: Vec<Act>) -> Option<()> {
    for act in acts {
        match act {
            Act::Say(bytes) => stream.write_all(&bytes).await.ok()?,
            Act::Repeat(bytes, times) => {
                for _ in 0..times {
                    stream.write_all(&bytes).await.ok()?;
                }
            }
            Act::Drip(bytes, pause) => loop {
                tokio::time::sleep(pause).await;
                stream.write_all(&bytes).await.ok()?;
            },
            Act::Hang => {
                // Until the other side gives up.
                while stream.read(&mut [0; 4096]).await.ok()? > 0 {}
                return None;
            }
            Act::Close => {
                stream.shutdown().await.ok()?;
                return None;
            }
            Act::Reset => {
                stream.set_zero_linger().ok()?;
                return None;
            }
        }
    }
    Some(())
}

/// Reads one request, its body as far as its length is told.
async fn read(stream: &mut TcpStream, port: u16) -> Option<Call> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let came = stream.read(&mut buffer).await.ok().filter(|came| *came > 0)?;
        bytes.extend_from_slice(&buffer[..came]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut words = head.split(' ');
    let mut call = Call {
        port,
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        head,
        body: bytes.split_off(end),
    };
    if call.header("Expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
    }
    let length: Option<usize> = call
        .header("Content-Length")
        .and_then(|length| length.parse().ok());
    let chunked = call.header("Transfer-Encoding").is_some();
    let is_whole = |body: &[u8]| match length {
        _ if chunked => body.ends_with(b"0\r\n\r\n"),
        length => body.len() >= length.unwrap_or(0),
    };
    while !is_whole(&call.body) {
        let came = stream.read(&mut buffer).await.ok().filter(|came| *came > 0)?;
        call.body.extend_from_slice(&buffer[..came]);
    }
    if chunked {
        call.body = without_chunks(&call.body);
    }
    Some(call)
}

fn without_chunks(mut coded: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = coded.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&coded[..end]).ok();
        let size = size
            .and_then(|size| usize::from_str_radix(size, 16).ok())
            .unwrap_or(0);
        let Some(chunk) = coded.get(end + 2..end + 2 + size).filter(|_| size > 0) else {
            break;
        };
        body.extend_from_slice(chunk);
        coded = coded.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
