//! Reading an answer from a connection: the head, then the body, each within its limits.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::head::{Framing, Head, malformed};
use super::number::hexadecimal;
use super::received::{Books, Keeping, Receiving};
use super::{Answer, Fault, Headers, Url};

/// The longest line between two chunks that is read, in bytes.
const CHUNK_LINE_LIMIT: usize = 4 * 1024;
/// The longest trailer that is read, in bytes.
const TRAILER_LIMIT: usize = 64 * 1024;
/// How many bytes are asked for at once.
const READ_SIZE: usize = 16 * 1024;
/// How much of what comes is kept for a transcript from one step to the next, in bytes.
const COPY_LIMIT: usize = 64 * 1024;
/// How many answers of the kind "go on" are read before the one that counts.
pub(super) const INTERIM_LIMIT: usize = 100;

/// The reading half of a connection, and what has been read but not yet used.
pub(super) struct Incoming<R> {
    reader: R,
    unused: BytesMut,
    /// The beginning of what came, for a transcript.
    copy: Option<BytesMut>,
    /// How many bytes have come in all.
    pub(super) received: u64,
}

/// An answer that has been read.
pub(super) struct Arrived<'a> {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Receiving<'a>,
    /// Why the body did not come to its end, if it did not.
    pub(super) cut: Option<Fault>,
}

impl Arrived<'_> {
    /// The answer, which came from this address.
    pub(super) fn from(self, url: &Url) -> Answer {
        Answer {
            url: url.clone(),
            status: self.status,
            headers: self.headers,
            body: self.body.finish(),
            cut: self.cut,
        }
    }
}

/// The limits on a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// From one read to the next.
    pub(super) idle: Duration,
    /// In bytes.
    pub(super) size: u64,
    /// What is kept of it.
    pub(super) keeping: Keeping,
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

    /// A reader that keeps a copy of what comes.
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

    /// What has come since this was last asked, used or not, as far as it is kept; only a connection that listens knows.
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

    /// The body, up to its end; or as far as it came, and what kept it from coming to its end.
    pub(super) async fn body<'a>(
        &mut self,
        framing: Framing,
        limits: BodyLimits,
        books: &'a Books,
    ) -> (Receiving<'a>, Option<Fault>) {
        let mut body = Receiving::new(limits.keeping, books);
        let came = match framing {
            Framing::Empty => Ok(()),
            Framing::Length(length) => self.sized(&mut body, length, limits).await,
            Framing::Chunked => self.chunked(&mut body, limits).await,
            Framing::UntilClose => self.until_close(&mut body, limits).await,
        };
        (body, came.err())
    }

    async fn sized(
        &mut self,
        body: &mut Receiving<'_>,
        length: u64,
        limits: BodyLimits,
    ) -> Result<(), Fault> {
        within(length, limits)?;
        self.take(body, length, limits, |how, came| {
            Fault::Closed(format!("{how} after {came} of {length} bytes of the body"))
        })
        .await
    }

    async fn until_close(&mut self, body: &mut Receiving<'_>, limits: BodyLimits) -> Result<(), Fault> {
        loop {
            let came = body.len() + self.unused.len() as u64;
            let room = usize::try_from(limits.size.saturating_sub(body.len())).unwrap_or(usize::MAX);
            body.take(&self.unused[..room.min(self.unused.len())]).await;
            within(came, limits)?;
            self.unused.clear();
            match self.more_within(limits.idle).await? {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(cut_off(&error, body.len())),
            }
        }
    }

    async fn chunked(&mut self, body: &mut Receiving<'_>, limits: BodyLimits) -> Result<(), Fault> {
        loop {
            let line = self.line(limits, body.len()).await?;
            let size = chunk_size(&line)?;
            within(size.saturating_add(body.len()), limits)?;
            if size == 0 {
                return self.trailer(limits, body.len()).await;
            }
            self.take(body, size, limits, cut_chunks).await?;
            while self.unused.len() < 2 {
                let came = body.len();
                self.more_body(limits, |how| cut_chunks(how, came)).await?;
            }
            if !self.unused.starts_with(b"\r\n") {
                return Err(malformed(format!(
                    "a chunk is longer than the {size} bytes it says"
                )));
            }
            self.unused.advance(2);
        }
    }

    /// Takes so many bytes into the body.
    async fn take(
        &mut self,
        body: &mut Receiving<'_>,
        length: u64,
        limits: BodyLimits,
        broken: impl Fn(&str, u64) -> Fault,
    ) -> Result<(), Fault> {
        let mut left = length;
        while left > 0 {
            if self.unused.is_empty() {
                let came = body.len();
                self.more_body(limits, |how| broken(how, came)).await?;
            }
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.unused.len());
            body.take(&self.unused[..here]).await;
            self.unused.advance(here);
            left -= here as u64;
        }
        Ok(())
    }

    /// The lines below the last chunk, which are read and forgotten.
    async fn trailer(&mut self, limits: BodyLimits, came: u64) -> Result<(), Fault> {
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
    async fn line(&mut self, limits: BodyLimits, came: u64) -> Result<Bytes, Fault> {
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
            let came = &self.unused[self.unused.len() - read..];
            let room = COPY_LIMIT.saturating_sub(copy.len());
            copy.extend_from_slice(&came[..read.min(room)]);
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
fn cut_off(error: &io::Error, came: u64) -> Fault {
    Fault::Closed(match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            format!("TLS was cut off after {came} bytes of the body, so that nobody knows its end")
        }
        _ => format!("{} after {came} bytes of the body", how_it_ended(error)),
    })
}

fn cut_chunks(how: &str, came: u64) -> Fault {
    Fault::Closed(format!(
        "{how} after {came} bytes of the body, before its last chunk"
    ))
}

pub(super) fn within(length: u64, limits: BodyLimits) -> Result<(), Fault> {
    if length > limits.size {
        return Err(Fault::TooLarge { limit: limits.size });
    }
    Ok(())
}

/// The size that a chunk begins with; extensions are ignored.
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let digits = line
        .split(|&b| b == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    // What is not UTF-8 has no digits.
    hexadecimal(std::str::from_utf8(digits).unwrap_or_default(), u64::MAX)
        .map_err(|_| malformed(format!("a chunk says its size is \"{}\"", line.escape_ascii())))
}

#[cfg(test)]
mod tests;
