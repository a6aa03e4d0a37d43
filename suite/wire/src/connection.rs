//! One request and its answer over one connection (RFC 9112), written and read at the same time.
//!
//! HTTP libraries tidy: they change the case and the order of header lines, refuse some paths, and sum up what went
//! wrong in a word. A conformance suite has to send what is written and to show what came, so it does this itself.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, split};
use tokio::task::unconstrained;
use tokio::time::timeout;

use super::head::Framing;
use super::incoming::{Arrived, BodyLimits, Incoming, how_it_ended};
use super::progress::WriteProgress;
use super::received::{Books, Keeping};
use super::{Body, Fault, Request, Timeouts};

/// How many bytes of a body are handed to the connection at once.
pub(super) const WRITE_SIZE: usize = 64 * 1024;

/// The longest body that is written together with its head, in bytes.
const SMALL_BODY: u64 = 8 * 1024;

/// How soon a connection ends whose end crossed with the request. What ends later has seen it.
const CROSSED: Duration = Duration::from_millis(100);

/// What a connection runs over: TCP, or TLS on TCP.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is ready for a request.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
}

/// What became of a request on a connection.
pub(super) struct Attempt<'a> {
    /// The answer, or why there is none.
    pub(super) outcome: Result<Arrived<'a>, Fault>,
    /// The connection, if it can carry another request.
    pub(super) connection: Option<Connection>,
    /// How a connection that was kept ended in the place of an answer, if it did so before the request was looked at.
    pub(super) ended: Option<EarlyEnd>,
}

/// The end of a connection that was kept, before anything of an answer. A server may close at any time (RFC 9112, section
/// 9.5), and some do so right behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EarlyEnd {
    /// Nothing can have been done, or nothing that asking twice would do twice.
    Harmless,
    /// The end and the request crossed on their way, as far as can be seen.
    Crossed,
}

impl EarlyEnd {
    fn of(request: &Request, progress: &WriteProgress, began: Instant) -> Option<EarlyEnd> {
        if is_safe(&request.method) || progress.written() == 0 {
            Some(EarlyEnd::Harmless)
        } else {
            (began.elapsed() < CROSSED).then_some(EarlyEnd::Crossed)
        }
    }
}

/// The limits on one request and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) timeouts: Timeouts,
    pub(super) body: u64,
    pub(super) keeping: Keeping,
}

impl Limits {
    /// The limits on the body of the answer.
    pub(super) fn of_body(self) -> BodyLimits {
        BodyLimits {
            idle: self.timeouts.idle,
            size: self.body,
            keeping: self.keeping,
        }
    }
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>) -> Connection {
        Connection {
            stream,
            reused: false,
        }
    }

    /// Whether nothing has happened on the connection while it was idle: no byte, no end.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let read = poll_fn(|context| Pin::new(&mut self.stream).poll_read(context, &mut buffer));
        // Unconstrained, since a task that has used up its share of time would seem to have a quiet connection.
        pin!(unconstrained(read))
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    }

    /// Sends a request, whose head is written out already, and reads its answer.
    ///
    /// What is kept of the answer counts in these books.
    pub(super) async fn exchange<'a>(
        self,
        head: &[u8],
        request: &Request,
        limits: Limits,
        books: &'a Books,
    ) -> Attempt<'a> {
        let began = Instant::now();
        let (reader, mut writer) = split(self.stream);
        let mut incoming = Incoming::new(reader);
        let progress = WriteProgress::begin();
        let (outcome, written) = {
            let sending = write(&mut writer, head, &request.body, &progress, limits.timeouts.idle);
            let reading = read(&mut incoming, &request.method, &progress, (limits, books));
            both(sending, reading).await
        };
        let untouched = incoming.received == 0;
        let (reader, used_up) = incoming.into_parts();
        let reusable = written && used_up && outcome.as_ref().is_ok_and(|answer| answer.reusable);
        let closed = matches!(outcome, Err(Fault::Closed(_)));
        let has_ended = self.reused && closed && untouched;
        Attempt {
            outcome: outcome.map(|answer| answer.arrived),
            connection: reusable.then(|| Connection {
                stream: reader.unsplit(writer),
                reused: true,
            }),
            ended: has_ended
                .then(|| EarlyEnd::of(request, &progress, began))
                .flatten(),
        }
    }
}

/// Whether asking twice is the same as asking once: deleting or uploading twice is not, as the second answer tells.
pub(super) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// An answer, and whether the connection outlives it.
struct ReadAnswer<'a> {
    arrived: Arrived<'a>,
    reusable: bool,
}

/// Runs both halves until the answer is there, and tells whether the request was written whole.
///
/// An answer may come before the request is through, and it counts even if the rest of the request cannot be written.
async fn both<'a>(
    sending: impl Future<Output = Result<(), Fault>>,
    reading: impl Future<Output = Result<ReadAnswer<'a>, Fault>>,
) -> (Result<ReadAnswer<'a>, Fault>, bool) {
    let (sending, reading) = (pin!(sending), pin!(reading));
    match select(reading, sending).await {
        Either::Left((answer, _)) => (answer, false),
        Either::Right((Ok(()), reading)) => (reading.await, true),
        Either::Right((Err(fault @ Fault::Timeout { .. }), _)) => (Err(fault), false),
        Either::Right((Err(fault), reading)) => match reading.await {
            Ok(answer) => (Ok(answer), false),
            Err(Fault::Closed(_)) => (Err(fault), false),
            Err(other) => (Err(other), false),
        },
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    head: &[u8],
    body: &Body,
    progress: &WriteProgress,
    idle: Duration,
) -> Result<(), Fault> {
    let mut send = Writing {
        writer,
        progress,
        idle,
    };
    let result = send.message(head, body).await;
    progress.end();
    result
}

/// A writer that never waits longer than it may.
struct Writing<'a, W> {
    writer: &'a mut W,
    progress: &'a WriteProgress,
    idle: Duration,
}

impl<W: AsyncWrite + Unpin> Writing<'_, W> {
    async fn message(&mut self, head: &[u8], body: &Body) -> Result<(), Fault> {
        match body {
            Body::Sized(bytes) if bytes.len() <= SMALL_BODY => {
                self.all(&[head, &bytes.bytes()].concat()).await?;
            }
            // A cut body has been refused with its head.
            Body::None | Body::Cut(..) => self.all(head).await?,
            Body::Sized(bytes) => {
                self.all(head).await?;
                for piece in bytes.chunks(WRITE_SIZE) {
                    self.all(&piece).await?;
                }
            }
            Body::Chunked(bytes) => {
                self.all(head).await?;
                for chunk in bytes.chunks(WRITE_SIZE) {
                    self.all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                    self.all(&chunk).await?;
                    self.all(b"\r\n").await?;
                }
                self.all(b"0\r\n\r\n").await?;
            }
        }
        limited(self.idle, self.writer.flush()).await
    }

    async fn all(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let piece = &bytes[..bytes.len().min(WRITE_SIZE)];
            let written = limited(self.idle, self.writer.write(piece)).await?;
            if written == 0 {
                return Err(unsent(&io::ErrorKind::WriteZero.into()));
            }
            self.progress.made(written);
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

async fn limited<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, Fault> {
    match timeout(limit, work).await {
        Ok(result) => result.map_err(|error| unsent(&error)),
        Err(_) => Err(Fault::Timeout {
            after: limit,
            doing: "sending the request",
        }),
    }
}

fn unsent(error: &io::Error) -> Fault {
    let how = how_it_ended(error);
    Fault::Closed(format!(
        "{how} while the request was being sent, before any answer"
    ))
}

async fn read<'a>(
    incoming: &mut Incoming<impl AsyncRead + Unpin>,
    method: &str,
    progress: &WriteProgress,
    (limits, books): (Limits, &'a Books),
) -> Result<ReadAnswer<'a>, Fault> {
    let head = progress
        .answered(limits.timeouts.answer, incoming.head())
        .await??;
    let framing = head.framing(method)?;
    let (body, cut) = incoming.body(framing, limits.of_body(), books).await;
    let reusable = cut.is_none() && head.keeps_alive() && framing != Framing::UntilClose;
    let arrived = Arrived {
        status: head.status,
        headers: head.headers,
        body,
        cut,
    };
    Ok(ReadAnswer { arrived, reusable })
}
