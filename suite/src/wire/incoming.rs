//! Reading an answer from a connection: the head, then the body, each within its limits.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::Fault;
use super::head::{Framing, Head, malformed};

/// The longest line between two chunks that is read, in bytes.
const CHUNK_LINE_LIMIT: usize = 4 * 1024;
/// The longest trailer that is read, in bytes.
const TRAILER_LIMIT: usize = 64 * 1024;
/// How many bytes are asked for at once.
const READ_SIZE: usize = 16 * 1024;
/// How many answers of the kind "go on" are read before the one that counts.
const INTERIM_LIMIT: usize = 100;

/// The reading half of a connection, and what has been read but not yet used.
pub(super) struct Incoming<R> {
    reader: R,
    unused: BytesMut,
    /// All that came, for a transcript.
    copy: Option<BytesMut>,
    /// How many bytes have come in all.
    pub(super) received: u64,
}

/// The limits on a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// From one read to the next.
    pub(super) idle: Duration,
    /// In bytes.
    pub(super) size: u64,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    pub(super) fn new(reader: R) -> Incoming<R> {
        Incoming {
            reader,
            unused: BytesMut::new(),
            copy: None,
            received: 0,
        }
    }

    /// A reader that keeps a copy of all that comes.
    pub(super) fn listening(reader: R) -> Incoming<R> {
        Incoming {
            copy: Some(BytesMut::new()),
            ..Incoming::new(reader)
        }
    }

    /// The reader again, and whether all that came has been used.
    pub(super) fn into_parts(self) -> (R, bool) {
        (self.reader, self.unused.is_empty())
    }

    /// The head of the answer; those of interim answers (1xx) are skipped. The time is limited by the caller.
    pub(super) async fn head(&mut self) -> Result<Head, Fault> {
        for _ in 0..=INTERIM_LIMIT {
            let head = self.any_head().await?;
            match head.status {
                101 => {
                    return Err(malformed(
                        "it switches protocols, which nobody asked for".to_owned(),
                    ));
                }
                100..200 => {}
                _ => return Ok(head),
            }
        }
        Err(malformed(format!(
            "more than {INTERIM_LIMIT} interim answers came"
        )))
    }

    /// The next head, be it that of an interim answer.
    pub(super) async fn any_head(&mut self) -> Result<Head, Fault> {
        loop {
            if let Some((head, length)) = Head::read(&self.unused)? {
                self.unused.advance(length);
                return Ok(head);
            }
            if self.more().await.map_err(|error| self.no_head(&error))? == 0 {
                return Err(self.no_head(&io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// What has come, or what comes next if nothing has; empty at the end of the connection.
    pub(super) async fn whatever(&mut self) -> io::Result<Bytes> {
        if self.unused.is_empty() {
            self.more().await?;
        }
        Ok(self.unused.split().freeze())
    }

    /// What has come since this was last asked, used or not; only a connection that listens knows.
    pub(super) fn heard(&mut self) -> Bytes {
        self.copy
            .as_mut()
            .map(|copy| copy.split().freeze())
            .unwrap_or_default()
    }

    fn no_head(&self, error: &io::Error) -> Fault {
        let how = how_it_ended(error);
        Fault::Closed(match self.unused.len() {
            0 => format!("{how} before any answer"),
            came => format!("{how} in the head of the answer, after {came} bytes of it"),
        })
    }

    /// The whole body.
    pub(super) async fn body(&mut self, framing: Framing, limits: BodyLimits) -> Result<Bytes, Fault> {
        match framing {
            Framing::Empty => Ok(Bytes::new()),
            Framing::Length(length) => self.sized(length, limits).await,
            Framing::Chunked => self.chunked(limits).await,
            Framing::UntilClose => self.until_close(limits).await,
        }
    }

    async fn sized(&mut self, length: u64, limits: BodyLimits) -> Result<Bytes, Fault> {
        let wanted = within(length, limits)?;
        while self.unused.len() < wanted {
            let came = self.unused.len();
            let broken =
                |how: &str| Fault::Closed(format!("{how} after {came} of {length} bytes of the body"));
            self.more_body(limits, broken).await?;
        }
        Ok(self.unused.split_to(wanted).freeze())
    }

    async fn until_close(&mut self, limits: BodyLimits) -> Result<Bytes, Fault> {
        loop {
            within(self.unused.len() as u64, limits)?;
            let came = self.unused.len();
            match self.more_within(limits.idle).await? {
                Ok(0) => return Ok(self.unused.split().freeze()),
                Ok(_) => {}
                Err(error) => return Err(cut_off(&error, came)),
            }
        }
    }

    async fn chunked(&mut self, limits: BodyLimits) -> Result<Bytes, Fault> {
        let mut body = BytesMut::new();
        loop {
            let came = body.len();
            let line = self.line(limits, came).await?;
            let size = chunk_size(&line)?;
            within(size.saturating_add(came as u64), limits)?;
            if size == 0 {
                self.trailer(limits, came).await?;
                return Ok(body.freeze());
            }
            let size = within(size, limits)?;
            while self.unused.len() < size + 2 {
                let came = came + self.unused.len().min(size);
                self.more_body(limits, |how| cut_chunks(how, came)).await?;
            }
            body.extend_from_slice(&self.unused.split_to(size));
            if !self.unused.starts_with(b"\r\n") {
                return Err(malformed(format!(
                    "a chunk is longer than the {size} bytes it says"
                )));
            }
            self.unused.advance(2);
        }
    }

    /// The lines below the last chunk, which are read and forgotten.
    async fn trailer(&mut self, limits: BodyLimits, came: usize) -> Result<(), Fault> {
        let mut length = 0;
        loop {
            let line = self.line(limits, came).await?;
            length += line.len();
            if line.is_empty() {
                return Ok(());
            }
            if length > TRAILER_LIMIT {
                return Err(malformed(format!(
                    "its trailer is longer than {TRAILER_LIMIT} bytes"
                )));
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self, limits: BodyLimits, came: usize) -> Result<Bytes, Fault> {
        loop {
            if let Some(end) = self.unused.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.unused.split_to(end).freeze();
                self.unused.advance(2);
                return Ok(line);
            }
            if self.unused.len() > CHUNK_LINE_LIMIT {
                return Err(malformed(format!(
                    "a chunk begins with more than {CHUNK_LINE_LIMIT} bytes and no size"
                )));
            }
            self.more_body(limits, |how| cut_chunks(how, came)).await?;
        }
    }

    async fn more_body(&mut self, limits: BodyLimits, broken: impl Fn(&str) -> Fault) -> Result<(), Fault> {
        match self.more_within(limits.idle).await? {
            Ok(0) => Err(broken(ENDED)),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(&how_it_ended(&error))),
        }
    }

    async fn more_within(&mut self, limit: Duration) -> Result<io::Result<usize>, Fault> {
        timeout(limit, self.more()).await.map_err(|_| Fault::Timeout {
            after: limit,
            doing: "reading the body",
        })
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.unused.reserve(READ_SIZE);
        let read = self.reader.read_buf(&mut self.unused).await?;
        self.received += read as u64;
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(&self.unused[self.unused.len() - read..]);
        }
        Ok(read)
    }
}

/// What an orderly end is called.
const ENDED: &str = "the connection was closed";

/// What happened to the connection, as the beginning of a sentence.
pub(super) fn how_it_ended(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ENDED.to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the connection was reset".to_owned(),
        _ => format!("the connection broke ({error})"),
    }
}

/// A connection without TLS says that it ends; one with TLS has to say so within.
fn cut_off(error: &io::Error, came: usize) -> Fault {
    Fault::Closed(match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            format!("TLS was cut off after {came} bytes of the body, so that nobody knows its end")
        }
        _ => format!("{} after {came} bytes of the body", how_it_ended(error)),
    })
}

fn cut_chunks(how: &str, came: usize) -> Fault {
    Fault::Closed(format!(
        "{how} after {came} bytes of the body, before its last chunk"
    ))
}

fn within(length: u64, limits: BodyLimits) -> Result<usize, Fault> {
    let too_large = Fault::TooLarge { limit: limits.size };
    if length > limits.size {
        return Err(too_large);
    }
    usize::try_from(length).map_err(|_| too_large)
}

/// The size that a chunk begins with; extensions are ignored.
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let digits = line
        .split(|&b| b == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    let hexadecimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| hexadecimal)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| malformed(format!("a chunk says its size is \"{}\"", line.escape_ascii())))
}

#[cfg(test)]
mod tests;
