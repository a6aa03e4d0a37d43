//! Connections: each is accepted, served over HTTP/1.1 or HTTP/2, and ended when nothing happens on it.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::activity::{Activity, Observed};
use crate::app::App;
use crate::door;
use crate::outlet::{Outlet, WithOutlet};
use crate::store::BLOCK;

/// How much hyper reads of a request at once, and the largest head that it looks at itself.
const BUFFER: usize = 400 * 1024;

/// How long the registry waits after it could not accept a connection.
const BREATH: Duration = Duration::from_millis(10);

/// The send buffer towards a client on the same machine, of which the kernel makes twice as much. Left to
/// itself the buffer grows until it is the client that moves what waits in it, and downloads take twice as
/// long.
const LOCAL_SEND_BUFFER: usize = 768 * 1024;

/// How much is encrypted before it is sent: a block of a blob in one go, so that the client is woken less
/// often.
const TLS_BUFFER: usize = BLOCK;

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
        if let Err(error) = tune(&stream, address) {
            tracing::debug!(%error, "the connection is slower than it could be");
        }
        let _open = self.app.metrics.connection();
        let is_secure = self.tls.is_some();
        let peer = Peer { address, is_secure };
        let Some(tls) = &self.tls else {
            let stream = WithOutlet::new(stream);
            let outlet = stream.outlet();
            return self.serve_stream(stream, peer, Some(outlet)).await;
        };
        let patience = Duration::from_secs(self.app.config.limits.client_timeout);
        let accepting = tls.accept_with(stream, |session| session.set_buffer_limit(Some(TLS_BUFFER)));
        match tokio::time::timeout(patience, accepting).await {
            Ok(Ok(stream)) => self.serve_stream(stream, peer, None).await,
            Ok(Err(error)) => tracing::debug!(%error, %address, "no agreement on TLS"),
            Err(_) => tracing::debug!(%address, "TLS was not agreed on in time"),
        }
    }

    async fn serve_stream<S>(&self, stream: S, peer: Peer, outlet: Option<Outlet>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.app.config.limits;
        let patience = Duration::from_secs(limits.client_timeout);
        let activity = Arc::new(Activity::new(patience));
        let service = service_fn(|mut request: Request<Incoming>| {
            // The frames of HTTP/2 are made of copied bytes.
            if let Some(outlet) = outlet.as_ref().filter(|_| request.version() <= Version::HTTP_11) {
                request.extensions_mut().insert(outlet.clone());
            }
            let (app, router) = (Arc::clone(&self.app), self.router.clone());
            door::answer(app, router, peer, activity.begin(), request)
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            // A client that has said all it has to say is still answered.
            .half_close(true)
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

/// Makes a connection fast, whether little is sent on it or much.
fn tune(stream: &TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    if peer.ip().to_canonical().is_loopback() {
        set_socket_send_buffer_size(stream, LOCAL_SEND_BUFFER)?;
    }
    Ok(())
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
