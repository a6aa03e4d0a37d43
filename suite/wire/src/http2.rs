//! Requests and their answers over one connection of HTTP/2 (RFC 9113), many at once.

mod upload;
mod words;

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{Either, select};
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Ping, Reason, RecvStream};
use http::Response;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::connection::{Limits, Stream, is_safe};
use super::head::{HEAD_LIMIT, LINE_LIMIT, malformed};
use super::incoming::{Arrived, BodyLimits, INTERIM_LIMIT, within};
use super::progress::WriteProgress;
use super::received::{Books, Receiving};
use super::{Fault, Headers, Request, number, protocol};

/// How many requests one connection carries at once: it is a loss to all of them if it breaks, and a new one, which is made
/// when the one before is known, costs three round trips.
pub(super) const MOST_STREAMS: usize = 32;
/// How much of a body a server may send ahead, in bytes: what arrives in a round trip of 200 ms at 160 Mbit/s.
const WINDOW: u32 = 4 * 1024 * 1024;
/// How much of all bodies on a connection: every one of them is read as it comes, and all that may be under way on four
/// connections is half of 64 MiB.
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;
/// How much of a request waits to be written, in bytes: as much as is written at once without waiting for the socket.
const SEND_BUFFER: usize = 256 * 1024;
/// The shortest body that has a connection for itself, in bytes: others would wait behind it.
const BULKY: u64 = 1024 * 1024;
/// How long a server may take to say how much it takes: as long as to make a connection.
const SETTLING: Duration = Duration::from_secs(10);
/// How long a connection that nobody needs any more may take to say so.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection that carries many requests at once.
pub(super) struct Http2Connection {
    sender: SendRequest<Bytes>,
    traffic: Mutex<Traffic>,
    /// Whether it is no more to be given to requests: one of them was kept waiting too long, or refused.
    retired: AtomicBool,
    /// The connection ends with this.
    _needed: oneshot::Sender<Infallible>,
}

/// How much of a connection a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// A part, beside others.
    Part,
    /// All of it.
    Whole,
}

impl Share {
    /// What a request needs.
    pub(super) fn of(request: &Request) -> Share {
        if request.body.len() < BULKY {
            Share::Part
        } else {
            Share::Whole
        }
    }
}

/// What a connection carries.
struct Traffic {
    /// How many requests are under way.
    streams: usize,
    /// What the last of them needs; the one that needs all is alone.
    share: Share,
    /// How many there may be, as far as the server's refusals tell.
    most: usize,
    /// Whether it has carried any before.
    used: bool,
    /// When the last of them ended.
    idle_since: Instant,
}

/// The place of one request on a connection.
pub(super) struct Place {
    connection: Arc<Http2Connection>,
    /// Whether the connection has carried a request before.
    reused: bool,
}

/// What became of a request on its place.
pub(super) enum Outcome<'a> {
    /// There is an answer, or a reason why there is none.
    Told(Result<Arrived<'a>, Fault>),
    /// The server has not begun with it, so that it may be sent again, whatever it asks for.
    NotBegun(Fault),
    /// The server wants it over HTTP/1.1.
    Http1Required,
    /// The connection, which had been good before, ended before any answer, and it does no harm to ask again.
    Stale(Fault),
}

impl Http2Connection {
    /// Begins to speak HTTP/2 on a new connection, and says when it is known how many requests the server takes at once:
    /// until then it is one.
    pub(super) async fn begin(
        stream: Box<dyn Stream>,
        settled: Option<watch::Sender<()>>,
    ) -> Result<Http2Connection, Fault> {
        let begun = Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEAD_LIMIT as u32)
            .max_send_buffer_size(SEND_BUFFER)
            .initial_max_send_streams(1)
            .handshake(stream)
            .await;
        let (sender, mut connection) =
            begun.map_err(|error| Fault::Closed(words::ended(&error, "before any answer")))?;
        let (needed, unneeded) = oneshot::channel::<Infallible>();
        let pings = connection.ping_pong();
        tokio::spawn(async move {
            // What the server says first is its settings, and its answer to this comes behind them.
            if let Some(mut pings) = pings
                && let Ok(Ok(_)) = timeout(SETTLING, pings.ping(Ping::opaque())).await
                && let Some(settled) = settled
            {
                // Nobody may be waiting.
                let _ = settled.send(());
            }
        });
        tokio::spawn(async move {
            if let Either::Right((_, connection)) = select(connection, unneeded).await {
                let _ = timeout(GOODBYE, connection).await;
            }
        });
        Ok(Http2Connection {
            sender,
            traffic: Mutex::new(Traffic {
                streams: 0,
                share: Share::Part,
                most: MOST_STREAMS,
                used: false,
                idle_since: Instant::now(),
            }),
            retired: AtomicBool::new(false),
            _needed: needed,
        })
    }

    /// Whether a new request can be carried at all.
    pub(super) fn is_alive(&self) -> bool {
        !self.retired.load(Ordering::Relaxed) && self.error().is_none()
    }

    /// Why no new request can be carried.
    fn error(&self) -> Option<h2::Error> {
        let mut sender = self.sender.clone();
        match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => Some(error),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        }
    }

    /// For how long it has carried nothing.
    pub(super) fn idle(&self) -> Duration {
        let traffic = self.traffic();
        match traffic.streams {
            0 => traffic.idle_since.elapsed(),
            _ => Duration::ZERO,
        }
    }

    /// A place for a request, if there is one left.
    pub(super) fn place(self: &Arc<Http2Connection>, share: Share) -> Option<Place> {
        let told = self.sender.current_max_send_streams();
        let mut traffic = self.traffic();
        let most = match (share, traffic.share) {
            // Where none is taken, one that waits tells so.
            (Share::Part, Share::Part) => told.clamp(1, traffic.most),
            (Share::Whole, _) | (_, Share::Whole) => 1,
        };
        (traffic.streams < most).then(|| self.next_place(&mut traffic, share))
    }

    /// The place of the first request.
    pub(super) fn first_place(self: &Arc<Http2Connection>, share: Share) -> Place {
        self.next_place(&mut self.traffic(), share)
    }

    fn next_place(self: &Arc<Http2Connection>, traffic: &mut Traffic, share: Share) -> Place {
        traffic.streams += 1;
        traffic.share = share;
        Place {
            connection: Arc::clone(self),
            reused: std::mem::replace(&mut traffic.used, true),
        }
    }

    /// Remembers that the server refused a request: it carried as many as are taken, and one more.
    fn remember_refusal(&self) {
        let mut traffic = self.traffic();
        let most = traffic.streams.saturating_sub(1).min(traffic.most);
        traffic.most = most.max(1);
        if most == 0 {
            self.retire();
        }
    }

    /// Gives it to no other request.
    fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut traffic = self.connection.traffic();
        traffic.streams -= 1;
        traffic.idle_since = Instant::now();
    }
}

impl Place {
    /// Sends a request and reads its answer.
    ///
    /// What is kept of the answer counts in these books.
    pub(super) async fn exchange<'a>(
        &self,
        request: &Request,
        limits: Limits,
        books: &'a Books,
    ) -> Outcome<'a> {
        let head = match protocol::head(request) {
            Ok(head) => head,
            Err(fault) => return Outcome::Told(Err(fault)),
        };
        let mut sender = self.connection.sender.clone();
        let (mut response, mut stream) = match sender.send_request(head, request.body.is_empty()) {
            Ok(begun) => begun,
            Err(error) => return Outcome::NotBegun(self.no_answer(&error)),
        };
        let progress = WriteProgress::begin();
        let sending = upload::send(&mut stream, &request.body, &progress, limits.timeouts.idle);
        let reading = self.read(&mut response, request, &progress, (limits, books));
        let outcome = match select(pin!(reading), pin!(sending)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((Ok(()), reading)) => reading.await,
            Either::Right((Err(late), _)) => Outcome::Told(Err(late)),
        };
        if outcome.is_late() {
            self.connection.retire();
        }
        outcome
    }

    async fn read<'a>(
        &self,
        response: &mut ResponseFuture,
        request: &Request,
        progress: &WriteProgress,
        (limits, books): (Limits, &'a Books),
    ) -> Outcome<'a> {
        let head = progress.answered(limits.timeouts.answer, head(response)).await;
        let (head, body) = match head {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(NoHead::Broken(error))) => return self.unanswered(request, &error),
            Ok(Err(NoHead::Malformed(fault))) | Err(fault) => return Outcome::Told(Err(fault)),
        };
        if head.headers.len() > LINE_LIMIT {
            let fault = malformed(format!("its head has more than {LINE_LIMIT} lines"));
            return Outcome::Told(Err(fault));
        }
        let headers: Headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let length = headers
            .get("Content-Length")
            .filter(|_| request.method != "HEAD" && !matches!(head.status.as_u16(), 204 | 304))
            .and_then(|length| number(length, u64::MAX).ok());
        let mut arrived = Arrived {
            status: head.status.as_u16(),
            headers,
            body: Receiving::new(limits.keeping, books),
            cut: None,
        };
        let came = self.body(&mut arrived.body, body, length, limits.of_body()).await;
        arrived.cut = came.err();
        Outcome::Told(Ok(arrived))
    }

    /// Takes the body, up to its end; what comes behind it, a trailer, is left where it is.
    async fn body(
        &self,
        received: &mut Receiving<'_>,
        mut body: RecvStream,
        length: Option<u64>,
        limits: BodyLimits,
    ) -> Result<(), Fault> {
        within(length.unwrap_or(0), limits)?;
        loop {
            let next = timeout(limits.idle, poll_fn(|context| body.poll_data(context))).await;
            let bytes = match next {
                Err(_) => {
                    self.connection.retire();
                    return Err(Fault::Timeout {
                        after: limits.idle,
                        doing: "reading the body",
                    });
                }
                Ok(None) => return Ok(()),
                Ok(Some(Err(error))) => return Err(self.cut(&error, received.len(), length)),
                Ok(Some(Ok(bytes))) => bytes,
            };
            let room = usize::try_from(limits.size - received.len()).unwrap_or(usize::MAX);
            received.take(&bytes[..room.min(bytes.len())]).await;
            within(received.len() + bytes.len().saturating_sub(room) as u64, limits)?;
            // The stream may be over, and then nobody waits for room.
            let _ = body.flow_control().release_capacity(bytes.len());
        }
    }

    /// What it means that the head of an answer did not come.
    fn unanswered<'a>(&self, request: &Request, error: &h2::Error) -> Outcome<'a> {
        let fault = self.no_answer(error);
        let reason = error.reason().filter(|_| error.is_remote());
        match reason {
            Some(Reason::HTTP_1_1_REQUIRED) => Outcome::Http1Required,
            Some(Reason::REFUSED_STREAM) => {
                self.connection.remember_refusal();
                Outcome::NotBegun(fault)
            }
            // It is told to those alone that come after the last one that the server has begun with.
            Some(_) if error.is_go_away() => Outcome::NotBegun(fault),
            None if error.is_io() && self.reused && is_safe(&request.method) => Outcome::Stale(fault),
            Some(_) | None => Outcome::Told(Err(fault)),
        }
    }

    fn no_answer(&self, error: &h2::Error) -> Fault {
        self.fault(error, "before any answer")
    }

    /// Why a body did not come to its end.
    fn cut(&self, error: &h2::Error, came: u64, length: Option<u64>) -> Fault {
        let is_malformed = error.is_library() && error.reason() == Some(Reason::PROTOCOL_ERROR);
        match length {
            // What comes in the frame that is one too many, or the last, is not counted.
            Some(length) if is_malformed => Fault::Closed(format!(
                "the body has not the {length} bytes that its Content-Length says"
            )),
            _ => self.fault(error, &format!("after {came} bytes of the body")),
        }
    }

    /// What went wrong, and when.
    fn fault(&self, error: &h2::Error, when: &str) -> Fault {
        if error.is_library() {
            return malformed(words::broken(error));
        }
        // What the server said of the connection is told by it, not by each of its streams.
        let said = self
            .connection
            .error()
            .filter(|said| error.is_io() && said.is_remote());
        Fault::Closed(words::ended(said.as_ref().unwrap_or(error), when))
    }
}

impl Outcome<'_> {
    fn is_late(&self) -> bool {
        matches!(self, Outcome::Told(Err(Fault::Timeout { .. })))
    }
}

/// Why there is no head.
enum NoHead {
    /// The stream or the connection is over.
    Broken(h2::Error),
    /// What came is none.
    Malformed(Fault),
}

/// The head of the answer; those of interim answers (1xx) are skipped. The time is limited by the caller.
async fn head(response: &mut ResponseFuture) -> Result<Response<RecvStream>, NoHead> {
    let mut interim = 0;
    poll_fn(|context| {
        while let Poll::Ready(Some(early)) = response.poll_informational(context) {
            interim += 1;
            match early {
                Err(error) => return Poll::Ready(Err(NoHead::Broken(error))),
                Ok(early) if early.status() == 101 => {
                    let fault = malformed("it switches protocols, which HTTP/2 does not know".to_owned());
                    return Poll::Ready(Err(NoHead::Malformed(fault)));
                }
                Ok(_) if interim > INTERIM_LIMIT => {
                    let fault = malformed(format!("more than {INTERIM_LIMIT} interim answers came"));
                    return Poll::Ready(Err(NoHead::Malformed(fault)));
                }
                Ok(_) => {}
            }
        }
        Pin::new(&mut *response).poll(context).map_err(NoHead::Broken)
    })
    .await
}

#[cfg(test)]
mod tests;
