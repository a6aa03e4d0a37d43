//! A client that costs as little as it can: blocking sockets, and answers that are counted or kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::content::{Blob, IMAGE};

/// How much of an answer is taken at once.
const BLOCK: usize = 1024 * 1024;

/// What a client talks over.
pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// One connection, used for one request after the other.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    address: SocketAddr,
    buffer: Vec<u8>,
}

/// An answer whose body has been read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) length: usize,
}

impl Answer {
    /// A header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Client {
    /// A client of a server.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::over(Box::new(connected(address)), address)
    }

    /// A client over a connection to a server.
    pub(crate) fn over(stream: Box<dyn Stream>, address: SocketAddr) -> Self {
        Self {
            stream,
            address,
            buffer: vec![0; BLOCK],
        }
    }

    /// Sends a request and takes the whole answer, giving each part of its body to `take`.
    pub(crate) fn send_with(
        &mut self,
        line: &str,
        headers: &str,
        body: &[u8],
        mut take: impl FnMut(&[u8]),
    ) -> Answer {
        let (address, length) = (self.address, body.len());
        let announced = if line.starts_with("GET") || line.starts_with("HEAD") {
            String::new()
        } else {
            format!("Content-Length: {length}\r\n")
        };
        let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\n{announced}{headers}\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
        self.stream.write_all(body).unwrap();
        let mut filled = 0;
        let end = loop {
            if let Some(end) = end_of_head(&self.buffer[..filled]) {
                break end;
            }
            filled += self.read(filled);
        };
        let head = String::from_utf8(self.buffer[..end].to_vec()).unwrap();
        let status = head.get(9..12).unwrap().parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            length: 0,
        };
        if !line.starts_with("HEAD") {
            answer.length = answer.header("content-length").unwrap_or("0").parse().unwrap();
        }
        take(&self.buffer[end..filled]);
        let mut rest = answer.length - (filled - end);
        while rest > 0 {
            let count = self.read(0);
            take(&self.buffer[..count]);
            rest -= count;
        }
        answer
    }

    /// Sends a request and takes the whole answer.
    pub(crate) fn send(&mut self, line: &str, headers: &str, body: &[u8]) -> Answer {
        self.send_with(line, headers, body, |_| ())
    }

    fn read(&mut self, from: usize) -> usize {
        loop {
            match self.stream.read(&mut self.buffer[from..]) {
                Ok(0) => panic!("the server hung up"),
                Ok(count) => return count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Pushes a manifest; `reference` may go on with a query.
    pub(crate) fn push_manifest(&mut self, repository: &str, reference: &str, manifest: &Blob) {
        let line = format!("PUT /v2/{repository}/manifests/{reference}");
        let pushed = self.send(&line, &format!("Content-Type: {IMAGE}\r\n"), &manifest.bytes);
        assert_eq!(pushed.status, 201, "{}", pushed.head);
    }
}

/// A connection to a server.
pub(crate) fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Where the head of an answer ends, if all of it is there.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}
