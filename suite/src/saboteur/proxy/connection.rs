//! The connections of clients: as they are, over TLS, or with a lie on them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::layer::Layer;
use super::response::response;
use crate::saboteur::call::{Call, Reply};

/// How much of an answer is held between the registry and a connection that lies.
const BUFFER: usize = 256 * 1024;

/// How long a client has to agree on TLS: whoever begins nothing is let go.
const AGREEMENT: Duration = Duration::from_secs(30);

/// Who takes connections.
pub(super) struct Listening {
    layer: Arc<Layer>,
    /// How many requests it can be in the middle of at once.
    places: Arc<Semaphore>,
}

impl Listening {
    pub(super) fn of(layer: Arc<Layer>) -> Listening {
        let at_most = layer.wire().map_or(Semaphore::MAX_PERMITS, |wire| wire.at_most);
        Listening {
            layer,
            places: Arc::new(Semaphore::new(at_most)),
        }
    }

    /// Takes connections, each by itself, as long as there are any.
    pub(super) async fn serve(self, listener: TcpListener) {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            let connection = Connection {
                layer: self.layer.clone(),
                number,
            };
            tokio::spawn(connection.take(stream, self.places.clone()));
        }
    }
}

/// A connection of a client.
#[derive(Clone)]
struct Connection {
    layer: Arc<Layer>,
    /// Which one it is, counted from one.
    number: u64,
}

impl Connection {
    async fn take(self, stream: TcpStream, places: Arc<Semaphore>) {
        let layer = self.layer.clone();
        if let Some(wire) = layer.wire() {
            let (near, far) = tokio::io::duplex(BUFFER);
            let served = tokio::spawn(self.answer(near));
            let told = |asked: &[u8]| layer.tell_first_line(asked);
            wire.pass(stream, far, places, &told).await;
            served.abort();
        } else if let Some(tls) = &layer.tls {
            if let Ok(Ok(stream)) = tokio::time::timeout(AGREEMENT, tls.accept(stream)).await {
                self.answer(stream).await;
            }
        } else {
            self.answer(stream).await;
        }
    }

    /// Answers what is asked on it. One that breaks is the client's affair.
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let service = service_fn(move |request| self.clone().serve(request));
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn serve(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
        let Connection { layer, number } = self;
        let (head, mut body) = request.into_parts();
        let Some(path) = layer.path_below_mount(head.uri.path()) else {
            return Ok(response(Reply::empty(StatusCode::NOT_FOUND.as_u16())));
        };
        let mut call = Call {
            method: head.method,
            path: path.to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: Bytes::new(),
            connection: number,
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
        layer.mount(&mut reply);
        Ok(response(reply))
    }
}
