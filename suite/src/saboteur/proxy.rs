//! The proxy on loopback behind which a registry looks as if it deviated.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::call::{Call, Reply};
use super::deviation::{Act, Deviation};
use super::honest::Honest;
use super::stateful::{Memory, StatefulCall};
use super::upstream::Upstream;
use super::wire::Wire;
use crate::snapshot::Likeness;

/// How much of an answer is held between the registry and a connection that lies.
const BUFFER: usize = 256 * 1024;

/// A running registry that deviates. It ends when it is dropped.
#[derive(Debug)]
pub struct Saboteur {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Saboteur {
    /// Lays a deviation over the registry at `over`, on a port of its own.
    pub async fn lay(deviation: Deviation, over: &Upstream) -> std::io::Result<Saboteur> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Saboteur::start(Conduct::Deviates(deviation), over, listener)
    }

    /// Makes the registry at `over` answer like another one, at this address.
    pub async fn imitate(
        likeness: Likeness,
        over: &Upstream,
        listen: SocketAddr,
    ) -> std::io::Result<Saboteur> {
        let listener = TcpListener::bind(listen).await?;
        Saboteur::start(Conduct::Imitates(likeness), over, listener)
    }

    fn start(conduct: Conduct, over: &Upstream, listener: TcpListener) -> std::io::Result<Saboteur> {
        let address = listener.local_addr()?;
        let layer = Arc::new(Layer {
            conduct,
            honest: Honest::new(over)?,
            memory: Memory::default(),
        });
        let task = tokio::spawn(async move {
            let mut connection = 0;
            let wire = layer.wire();
            let places = Arc::new(Semaphore::new(
                wire.map_or(Semaphore::MAX_PERMITS, |wire| wire.at_most),
            ));
            while let Ok((stream, _)) = listener.accept().await {
                let (layer, places) = (layer.clone(), places.clone());
                connection += 1;
                let service = service_fn(move |request| serve(layer.clone(), request, connection));
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks is the client's affair.
                    if let Some(wire) = wire {
                        let (near, far) = tokio::io::duplex(BUFFER);
                        let served = tokio::spawn(server.serve_connection(TokioIo::new(near), service));
                        wire.pass(stream, far, places).await;
                        served.abort();
                    } else {
                        let _ = server.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Ok(Saboteur { address, task })
    }

    /// The address that the suite is given.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Saboteur {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a registry is made to answer otherwise.
enum Conduct {
    /// It breaks something.
    Deviates(Deviation),
    /// It answers as another one was recorded.
    Imitates(Likeness),
}

/// What lies over a registry.
struct Layer {
    conduct: Conduct,
    honest: Honest,
    memory: Memory,
}

impl Layer {
    async fn answer(&self, mut call: Call) -> Reply {
        let act = match &self.conduct {
            Conduct::Deviates(deviation) => deviation.act,
            Conduct::Imitates(likeness) => {
                let mut reply = self.honest.answer(&call).await;
                likeness.imitate(&call, &mut reply);
                return reply;
            }
        };
        match act {
            Act::Reply(change) => {
                let mut reply = self.honest.answer(&call).await;
                change(&call, &mut reply);
                reply
            }
            Act::Call(change) => {
                change(&mut call);
                self.honest.answer(&call).await
            }
            Act::Instead(answer) => match answer(&call) {
                Some(reply) => reply,
                None => self.honest.answer(&call).await,
            },
            Act::Stateful(tell) => tell(StatefulCall::new(call, &self.honest, &self.memory)).await,
            Act::Cut(_) | Act::Wire(_) => self.honest.answer(&call).await,
        }
    }

    /// What the deviation does, if there is one.
    fn act(&self) -> Option<Act> {
        match &self.conduct {
            Conduct::Deviates(deviation) => Some(deviation.act),
            Conduct::Imitates(_) => None,
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
    let mut call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
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
    let reply = layer.answer(call).await;
    let mut response = Response::new(content(&reply));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    Ok::<_, Infallible>(response).map_err(|never| match never {})
}

/// The content of a reply. One whose length says more is sent as it comes, and behind it the connection ends.
fn content(reply: &Reply) -> BoxBody<Bytes, Infallible> {
    let said: Option<usize> = reply.header("content-length").parse().ok();
    if reply.body.is_empty() || said.is_none_or(|said| said <= reply.body.len()) {
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
