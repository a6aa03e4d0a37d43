//! The proxy on loopback behind which a registry looks as if it deviated.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::call::{Call, Framing, Reply};
use super::deviation::Act;
use super::honest::Honest;
use super::likeness::Likeness;
use super::mutation::Mutation;
use super::stateful::{Memory, Seen, StatefulCall};
use super::upstream::Upstream;
use super::wire::Wire;

/// How much of an answer is held between the registry and a connection that lies.
const BUFFER: usize = 256 * 1024;

/// How long a client has to agree on TLS: whoever begins nothing is let go.
const AGREEMENT: Duration = Duration::from_secs(30);

/// A running registry that deviates, or varies. It ends when it is dropped.
#[derive(Debug)]
pub struct Saboteur {
    address: SocketAddr,
    /// The path below which it has the API, as the registry below it.
    mount: String,
    is_secure: bool,
    task: JoinHandle<()>,
}

impl Saboteur {
    /// Lays what is done over the registry at `over`, on a port of its own.
    pub async fn lay(act: Act, over: &Upstream) -> std::io::Result<Saboteur> {
        Saboteur::listen(act, over, (Ipv4Addr::LOCALHOST, 0).into(), |_| {}).await
    }

    /// The same, at this address; `told` is told of every request that comes to something else because of it.
    pub async fn listen(
        act: Act,
        over: &Upstream,
        at: SocketAddr,
        told: impl Fn(&str) + Send + Sync + 'static,
    ) -> std::io::Result<Saboteur> {
        let layer = Layer::new(Conduct::Acts(act), over)?.telling(Box::new(told));
        Saboteur::start(layer, at).await
    }

    /// Makes the registry at `over` answer like another one, at this address, over TLS if there is what makes it.
    pub async fn imitate(
        likeness: Likeness,
        over: &Upstream,
        at: SocketAddr,
        tls: Option<TlsAcceptor>,
    ) -> std::io::Result<Saboteur> {
        let layer = Layer::new(Conduct::Imitates(likeness), over)?;
        Saboteur::start(Layer { tls, ..layer }, at).await
    }

    /// Changes the answers of the registry at `over`, on a port of its own.
    pub async fn mutate(mutation: Mutation, over: &Upstream) -> std::io::Result<Saboteur> {
        let at = (Ipv4Addr::LOCALHOST, 0).into();
        Saboteur::start(Layer::new(Conduct::Mutates(mutation), over)?, at).await
    }

    /// Passes everything on as it is, and shows it to `seen`.
    pub async fn watch(
        over: &Upstream,
        seen: impl Fn(&Call, &Reply) + Send + Sync + 'static,
    ) -> std::io::Result<Saboteur> {
        let at = (Ipv4Addr::LOCALHOST, 0).into();
        Saboteur::start(Layer::new(Conduct::Watches(Box::new(seen)), over)?, at).await
    }

    async fn start(layer: Layer, at: SocketAddr) -> std::io::Result<Saboteur> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let is_secure = layer.tls.is_some();
        let mount = layer.honest.mount().to_owned();
        let layer = Arc::new(layer);
        let task = tokio::spawn(async move {
            let mut connection = 0;
            let wire = layer.wire();
            let places = Arc::new(Semaphore::new(
                wire.map_or(Semaphore::MAX_PERMITS, |wire| wire.at_most),
            ));
            while let Ok((stream, _)) = listener.accept().await {
                let (layer, places) = (layer.clone(), places.clone());
                connection += 1;
                let serving = layer.clone();
                let service = service_fn(move |request| serve(serving.clone(), request, connection));
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks is the client's affair.
                    if let Some(wire) = wire {
                        let (near, far) = tokio::io::duplex(BUFFER);
                        let served = tokio::spawn(server.serve_connection(TokioIo::new(near), service));
                        wire.pass(stream, far, places, &|asked| layer.tell_first_line(asked))
                            .await;
                        served.abort();
                    } else if let Some(tls) = &layer.tls {
                        if let Ok(Ok(stream)) = tokio::time::timeout(AGREEMENT, tls.accept(stream)).await {
                            let _ = server.serve_connection(TokioIo::new(stream), service).await;
                        }
                    } else {
                        let _ = server.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Ok(Saboteur {
            address,
            mount,
            is_secure,
            task,
        })
    }

    /// The address that the suite is given.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.mount)
    }
}

impl Drop for Saboteur {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a registry is made to answer otherwise.
enum Conduct {
    /// It does this.
    Acts(Act),
    /// It answers as another one was recorded.
    Imitates(Likeness),
    /// Its answers are changed at random.
    Mutates(Mutation),
    /// It is left as it is, and watched.
    Watches(Watcher),
}

/// Who is shown what is asked and what is answered.
type Watcher = Box<dyn Fn(&Call, &Reply) + Send + Sync>;

/// What lies over a registry.
struct Layer {
    conduct: Conduct,
    honest: Honest,
    memory: Memory,
    told: Box<dyn Fn(&str) + Send + Sync>,
    /// What makes TLS of the connections of clients.
    tls: Option<TlsAcceptor>,
}

impl Layer {
    fn new(conduct: Conduct, over: &Upstream) -> std::io::Result<Layer> {
        Ok(Layer {
            conduct,
            honest: Honest::new(over)?,
            memory: Memory::default(),
            told: Box::new(|_| {}),
            tls: None,
        })
    }

    fn telling(self, told: Box<dyn Fn(&str) + Send + Sync>) -> Layer {
        Layer { told, ..self }
    }

    /// Says to the registry, as a proxy that it believes does, that its client came over TLS, and nothing that the client says.
    fn forward(&self, headers: &mut HeaderMap) {
        if self.tls.is_some() {
            for name in [
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-port",
                "x-forwarded-prefix",
            ] {
                headers.remove(name);
            }
            headers.insert(FORWARDED, HeaderValue::from_static("proto=https"));
        }
    }

    /// What is answered; tells if that is because of what is done.
    async fn answer(&self, call: Call) -> Reply {
        let (reply, is_changed) = self.answered(call.clone()).await;
        if is_changed {
            let mark = if call.query.is_empty() { "" } else { "?" };
            (self.told)(&format!("{} {}{mark}{}", call.method, call.path, call.query));
        }
        reply
    }

    /// Tells of a request that begins here.
    fn tell_first_line(&self, asked: &[u8]) {
        let line = asked.split(|byte| *byte == b'\r').next().unwrap_or_default();
        (self.told)(String::from_utf8_lossy(line).trim_end_matches(" HTTP/1.1"));
    }

    /// What is answered, and whether that is because of what is done.
    async fn answered(&self, mut call: Call) -> (Reply, bool) {
        let changed = |call: &Call, reply: Reply, change: fn(&Call, &mut Reply)| {
            let mut other = reply.clone();
            change(call, &mut other);
            let is_changed = other != reply;
            (other, is_changed)
        };
        let act = match &self.conduct {
            Conduct::Acts(act) => *act,
            Conduct::Imitates(likeness) => {
                let mut reply = self.honest.answer(&call).await;
                likeness.imitate(&call, &mut reply);
                return (reply, false);
            }
            Conduct::Watches(seen) => {
                let reply = self.honest.answer(&call).await;
                seen(&call, &reply);
                return (reply, false);
            }
            Conduct::Mutates(mutation) => {
                let honest = self.honest.answer(&call).await;
                let mut reply = honest.clone();
                tokio::time::sleep(mutation.change(&call, &mut reply)).await;
                let is_changed = reply != honest;
                return (reply, is_changed);
            }
        };
        match act {
            Act::Reply(change) => changed(&call, self.honest.answer(&call).await, change),
            Act::Call(change) => {
                let before = call.clone();
                change(&mut call);
                (self.honest.answer(&call).await, call != before)
            }
            Act::Both(ask, change) => {
                let before = call.clone();
                ask(&mut call);
                let (reply, is_changed) = changed(&call, self.honest.answer(&call).await, change);
                (reply, is_changed || call != before)
            }
            Act::Instead(answer) => match answer(&call) {
                Some(reply) => (reply, true),
                None => (self.honest.answer(&call).await, false),
            },
            Act::Stateful(tell) => {
                let seen = Seen::default();
                let reply = tell(StatefulCall::new(call, &self.honest, &self.memory, &seen)).await;
                let is_changed = !seen.is_all_there_was(&reply);
                (reply, is_changed)
            }
            Act::Wire(wire) => changed(&call, self.honest.answer(&call).await, wire.replied),
            Act::Cut(_) => (self.honest.answer(&call).await, false),
        }
    }

    /// What is done, if nobody is imitated.
    fn act(&self) -> Option<Act> {
        match &self.conduct {
            Conduct::Acts(act) => Some(*act),
            Conduct::Imitates(_) | Conduct::Mutates(_) | Conduct::Watches(_) => None,
        }
    }

    /// What is done on the connection, if anything is.
    fn wire(&self) -> Option<Wire> {
        match self.act()? {
            Act::Wire(wire) => Some(wire),
            _ => None,
        }
    }

    /// What is made of a request whose content is cut, if anything is.
    fn takes_cut(&self) -> Option<fn(&mut Call)> {
        match self.act()? {
            Act::Cut(change) => Some(change),
            _ => None,
        }
    }
}

async fn serve(
    layer: Arc<Layer>,
    request: Request<Incoming>,
    connection: u64,
) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let (head, mut body) = request.into_parts();
    let Some(path) = head.uri.path().strip_prefix(layer.honest.mount()) else {
        return Ok(response(Reply::empty(StatusCode::NOT_FOUND.as_u16())));
    };
    let mut call = Call {
        method: head.method,
        path: path.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: Bytes::new(),
        connection,
    };
    let mut came = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => came.extend(frame.into_data().unwrap_or_default()),
            Err(error) => {
                if let Some(change) = layer.takes_cut() {
                    call.body = came.into();
                    change(&mut call);
                    // The connection takes this future with it when it ends.
                    tokio::spawn(async move { layer.answer(call).await });
                }
                return Err(error);
            }
        }
    }
    call.body = came.into();
    layer.forward(&mut call.headers);
    let mut reply = layer.answer(call).await;
    let (mount, place) = (layer.honest.mount(), reply.header("location"));
    // What a deviation has written knows of no mount.
    if !mount.is_empty() && place.starts_with("/v2/") {
        let place = format!("{mount}{place}");
        reply.set("location", &place);
    }
    Ok(response(reply))
}

/// A reply as it is sent.
fn response(reply: Reply) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(content(&reply));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    if reply.framing == Framing::Chunks {
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
    }
    response
}

/// How many pieces a body is sent in that is not sent whole.
const PIECES: usize = 3;
/// How long it takes until the next piece comes: long enough that the one before is sent by itself.
const PAUSE: Duration = Duration::from_millis(2);

/// The content of a reply, in the way it is sent.
fn content(reply: &Reply) -> BoxBody<Bytes, Infallible> {
    match reply.framing {
        Framing::Whole => whole(reply),
        Framing::Pieces | Framing::Chunks => pieces(reply.body.clone()),
    }
}

/// The content at once. One whose length says something else is sent as it comes, as much of it as that says, and if it
/// says more, the connection ends behind it.
fn whole(reply: &Reply) -> BoxBody<Bytes, Infallible> {
    let said: Option<usize> = reply.header("content-length").parse().ok();
    if reply.body.is_empty() || said.is_none_or(|said| said == reply.body.len()) {
        return Full::new(reply.body.clone()).boxed();
    }
    let whole = Frame::data(reply.body.clone());
    // What was written is sent while the content is waited for; at its end the connection is closed at once.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        Ok(Frame::data(Bytes::new()))
    });
    BodyExt::boxed(StreamBody::new(stream::iter([Ok(whole)]).chain(end)))
}

fn pieces(body: Bytes) -> BoxBody<Bytes, Infallible> {
    let length = body.len().div_ceil(PIECES).max(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        let piece = rest.split_to(length.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    BodyExt::boxed(StreamBody::new(pieces))
}
