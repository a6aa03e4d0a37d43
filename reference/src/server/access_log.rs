//! The access log: what is logged and counted of a request once its answer has been sent, or given up.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::app::App;
use crate::http::body::Body;
use crate::http::host::Host;
use crate::http::idle_timeout::RequestUnderWay;
use crate::http::peer::{Arrival, Note, Peer, RequestId};
use crate::http::stalled_streams::Stream;
use crate::operation::metrics::Present;
use crate::operation::quota::Permit;
use crate::store::StoreError;

/// One request; it is logged when this is dropped.
#[derive(Debug)]
pub(crate) struct AccessLogEntry {
    app: Arc<App>,
    id: RequestId,
    method: Method,
    path: Option<String>,
    remote: IpAddr,
    began: Instant,
    status: Option<StatusCode>,
    note: Note,
    sent: u64,
    is_whole: bool,
    _present: Present,
    _under_way: RequestUnderWay,
    _permit: Option<Permit>,
}

impl AccessLogEntry {
    /// A request begins.
    pub(crate) fn begin(
        app: Arc<App>,
        under_way: RequestUnderWay,
        remote: IpAddr,
        method: Method,
        path: &str,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // A secret is never a part of a path, but may be one of a query.
        let path = (!app.config.no_access_log).then(|| path.to_owned());
        Self {
            id: RequestId::new(app.instance, NEXT.fetch_add(1, Ordering::Relaxed)),
            method,
            path,
            remote,
            began: Instant::now(),
            status: None,
            note: Note::default(),
            sent: 0,
            is_whole: false,
            _present: app.metrics.request(),
            _under_way: under_way,
            _permit: None,
            app,
        }
    }

    /// The number of the request, under which it stands in the log.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }

    /// Where the request comes from.
    pub(crate) const fn arrival(&self, peer: Peer, host: Option<Host>) -> Arrival {
        Arrival {
            id: self.id,
            peer,
            client: self.remote,
            host,
        }
    }

    /// Keeps a place among the requests under way until the answer has been sent.
    pub(crate) fn hold(&mut self, permit: Permit) {
        self._permit = Some(permit);
    }

    /// The request is answered.
    pub(crate) fn answered(&mut self, status: StatusCode, note: Note) {
        self.status = Some(status);
        self.note = note;
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let route = self.note.route.unwrap_or("none");
        // 499 is what others log for a client that leaves before it is answered.
        let status = self.status.map_or(499, |status| status.as_u16());
        let method = known(&self.method);
        self.app.metrics.ended(method, route, status, self.sent, took);
        let Some(path) = &self.path else { return };
        tracing::info!(
            target: "access",
            id = self.id(),
            method = self.method.as_str(),
            path,
            route,
            status,
            bytes = self.sent,
            whole = self.is_whole,
            milliseconds = milliseconds(took),
            remote = %self.remote,
            account = self.note.account.as_deref(),
        );
    }
}

/// A duration in milliseconds, to the microsecond.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// The method as a label: whatever else clients send is one label.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}

/// The body of an answer, which is logged with its request.
#[derive(Debug)]
pub(crate) struct LoggedBody {
    body: Body,
    entry: AccessLogEntry,
    /// What is known of the stream of HTTP/2 that it leaves on.
    stream: Option<Stream>,
}

impl LoggedBody {
    /// Logs what is sent of `body`.
    pub(crate) fn new(body: Body, mut entry: AccessLogEntry) -> Self {
        entry.is_whole = http_body::Body::is_end_stream(&body);
        Self {
            body,
            entry,
            stream: Stream::current(),
        }
    }
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        if let Some(stream) = &self.stream {
            stream.moves();
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(stream) = &self.stream {
            stream.waits_for_client();
        }
        if let Some(Ok(frame)) = &frame {
            self.entry.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        self.entry.is_whole = match &frame {
            None => true,
            Some(Ok(_)) => self.body.is_end_stream(),
            Some(Err(_)) => false,
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::milliseconds;

    #[test]
    fn milliseconds_have_three_digits_behind_the_point() {
        for (nanoseconds, expected) in [(58_847, "0.059"), (1_000_000, "1"), (12_345_678_901, "12345.679")] {
            let took = Duration::from_nanos(nanoseconds);
            assert_eq!(milliseconds(took).to_string(), expected);
        }
    }
}
