//! Connections: each is accepted, served over HTTP/1.1 or HTTP/2, and ended when nothing happens on it.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::activity::{Activity, Observed};
use crate::app::App;
use crate::door;

/// How much hyper reads of a request at once, and the largest head that it looks at itself.
const BUFFER: usize = 400 * 1024;

/// How long the registry waits after it could not accept a connection.
const BREATH: Duration = Duration::from_millis(10);

/// Who sends a request, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The other end of the connection: a client or a proxy.
    pub(crate) address: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) is_secure: bool,
}

/// Serves connections, all in the same way.
pub(crate) struct Server {
    app: Arc<App>,
    router: Router,
    tls: Option<TlsAcceptor>,
    /// Turns true when the registry is to end.
    stopped: watch::Receiver<bool>,
}

impl Server {
    /// A server of what `router` answers.
    pub(crate) fn new(
        app: Arc<App>,
        router: Router,
        tls: Option<TlsAcceptor>,
        stopped: watch::Receiver<bool>,
    ) -> Arc<Self> {
        Arc::new(Self {
            app,
            router,
            tls,
            stopped,
        })
    }

    /// Accepts connections until the registry is to stop, then lets those that are open end.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let limits = &self.app.config.limits;
        let places = Arc::new(Semaphore::new(
            limits.connections.clamp(1, Semaphore::MAX_PERMITS),
        ));
        let mut open = JoinSet::new();
        let mut stopped = self.stopped.clone();
        loop {
            let accepted = tokio::select! {
                accepted = accept_one(&listener, &places) => accepted,
                Some(_) = open.join_next() => continue,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            if let Some((stream, peer, place)) = accepted {
                open.spawn(Arc::clone(&self).serve(stream, peer, place));
            }
        }
        drop(listener);
        let patience = Duration::from_secs(limits.shutdown_timeout);
        let all_ended = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all_ended).await.is_err() {
            tracing::warn!(connections = open.len(), "connections were still open at the end");
        }
    }

    /// Serves one connection to its end.
    async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr, _place: OwnedSemaphorePermit) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection delays small packets");
        }
        let _open = self.app.metrics.connection();
        let is_secure = self.tls.is_some();
        let peer = Peer { address, is_secure };
        let Some(tls) = &self.tls else {
            return self.serve_stream(stream, peer).await;
        };
        let patience = Duration::from_secs(self.app.config.limits.client_timeout);
        match tokio::time::timeout(patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve_stream(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, %address, "no agreement on TLS"),
            Err(_) => tracing::debug!(%address, "TLS was not agreed on in time"),
        }
    }

    async fn serve_stream<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.app.config.limits;
        let patience = Duration::from_secs(limits.client_timeout);
        let activity = Arc::new(Activity::new(patience));
        let service = service_fn(|request: Request<Incoming>| {
            let (app, router) = (Arc::clone(&self.app), self.router.clone());
            door::answer(app, router, peer, activity.begin(), request)
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .max_buf_size(limits.header_size.max(BUFFER))
            .header_read_timeout(patience);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
            .keep_alive_interval(patience);
        let stream = TokioIo::new(Observed::new(stream, Arc::clone(&activity)));
        let mut connection = pin!(builder.serve_connection(stream, service));
        let mut stopped = self.stopped.clone();
        let why = tokio::select! {
            biased;
            ended = connection.as_mut() => return report(ended),
            _ = stopped.wait_for(|stop| *stop) => "the registry ends",
            why = activity.over() => why,
        };
        tracing::debug!(peer = %peer.address, why, "a connection is ended");
        connection.as_mut().graceful_shutdown();
        activity.renew();
        tokio::select! {
            ended = connection => report(ended),
            why = activity.over() => tracing::debug!(peer = %peer.address, why, "a connection is cut"),
        }
    }
}

/// Accepts a connection as soon as there is a place for it.
async fn accept_one(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Out of file descriptors, or a client that is already gone: the next one may be fine.
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(BREATH).await;
            None
        }
    }
}

fn report(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
