//! Connections: each is accepted, served over HTTP/1.1 or HTTP/2, and ended when nothing happens on it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::admission;
use super::connections::{ConnectionSlot, Connections};
use crate::app::App;
use crate::http::idle_timeout::{IdleTimeout, Observed};
use crate::http::peer::Peer;
use crate::http::sendfile::{SendfileQueue, SendfileStream};
use crate::http::stalled_streams::StreamExecutor;
use crate::http::transport::Transport;
use crate::store::BLOCK;

/// How much hyper reads of a request at once, and the largest head that it looks at itself.
const BUFFER: usize = 400 * 1024;

/// How long the registry waits after it could not accept a connection: some connections end meanwhile, and a loop that
/// found no descriptor does not take a whole core.
pub(super) const BREATH: Duration = Duration::from_millis(10);

/// The send buffer towards a client on the same machine, of which the kernel makes twice as much. Left to
/// itself the buffer grows until it is the client that moves what waits in it, and downloads take twice as
/// long.
const LOCAL_SEND_BUFFER: usize = 768 * 1024;

/// How much is encrypted before it is sent: a block of a blob in one go, so that the client is woken less
/// often.
const TLS_BUFFER: usize = BLOCK;

/// Serves connections, all in the same way.
pub(super) struct Server {
    app: Arc<App>,
    connections: Arc<Connections>,
    tls: Option<TlsAcceptor>,
    /// Turns true when the registry is to end.
    stopped: watch::Receiver<bool>,
}

impl Server {
    /// A server of what `app` answers.
    pub(super) fn new(app: Arc<App>, tls: Option<TlsAcceptor>, stopped: watch::Receiver<bool>) -> Arc<Self> {
        let limits = &app.config.limits;
        let proxies = app.config.trusted_proxies.clone();
        let connections = Connections::new(limits.connections, limits.connections_per_address, proxies);
        Arc::new(Self {
            app,
            connections,
            tls,
            stopped,
        })
    }

    /// Accepts connections until the registry is to stop, then lets those that are open end.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let limits = &self.app.config.limits;
        let patience = Duration::from_secs(limits.client_timeout);
        let mut open = JoinSet::new();
        let mut stopped = self.stopped.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = open.join_next() => continue,
                () = is_stopped(&mut stopped) => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or a client that is already gone: the next one may be fine.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            let admitted = tokio::select! {
                slot = self.connections.admit(address.ip(), IdleTimeout::new(patience)) => slot,
                () = is_stopped(&mut stopped) => break,
            };
            match admitted {
                Some(slot) => drop(open.spawn(Arc::clone(&self).serve(stream, address, slot))),
                None => tracing::debug!(%address, "an address has as many connections as it may"),
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
    async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr, slot: ConnectionSlot) {
        if let Err(error) = tune(&stream, address) {
            tracing::debug!(%error, "the connection is slower than it could be");
        }
        let _open = self.app.metrics.connection();
        let is_secure = self.tls.is_some();
        let peer = Peer { address, is_secure };
        let Some(tls) = &self.tls else {
            let stream = SendfileStream::new(stream);
            let queue = stream.queue();
            return self.serve_stream(stream, peer, Some(queue), slot.idle()).await;
        };
        let patience = Duration::from_secs(self.app.config.limits.client_timeout);
        let accepting = tls.accept_with(stream, |session| session.set_buffer_limit(Some(TLS_BUFFER)));
        let accepted = tokio::select! {
            accepted = tokio::time::timeout(patience, accepting) => accepted,
            () = slot.idle().gives_way() => return,
        };
        match accepted {
            Ok(Ok(stream)) => self.serve_stream(stream, peer, None, slot.idle()).await,
            Ok(Err(error)) => tracing::debug!(%error, %address, "no agreement on TLS"),
            Err(_) => tracing::debug!(%address, "TLS was not agreed on in time"),
        }
    }

    async fn serve_stream<S>(
        &self,
        stream: S,
        peer: Peer,
        queue: Option<SendfileQueue>,
        idle: &Arc<IdleTimeout>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.app.config.limits;
        let patience = Duration::from_secs(limits.client_timeout);
        let service = service_fn(|request: Request<Incoming>| {
            let transport = Transport::of(request.version(), queue.as_ref());
            let answer = admission::answer(Arc::clone(&self.app), peer, transport, idle.begin(), request);
            // Boxed so that what it takes is free while the body of the answer waits for its client.
            let answer = Box::pin(answer);
            async { Ok::<_, Infallible>(answer.await) }
        });
        let mut builder = auto::Builder::new(StreamExecutor::new(patience));
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
        let stream = TokioIo::new(Observed::new(stream, Arc::clone(idle)));
        let mut connection = pin!(builder.serve_connection(stream, service));
        let mut stopped = self.stopped.clone();
        let ending = tokio::select! {
            biased;
            ended = connection.as_mut() => return report(ended),
            () = is_stopped(&mut stopped) => Ending::Patient("the registry ends"),
            why = idle.over() => Ending::Patient(why),
            () = idle.gives_way() => Ending::AtOnce,
        };
        connection.as_mut().graceful_shutdown();
        let Ending::Patient(why) = ending else {
            tracing::debug!(peer = %peer.address, "a connection gives way to another one");
            // One look, so that a good-bye leaves if the client takes it at once.
            return drop(tokio::time::timeout(Duration::ZERO, connection).await);
        };
        tracing::debug!(peer = %peer.address, why, "a connection is ended");
        idle.renew();
        tokio::select! {
            ended = connection => report(ended),
            why = idle.over() => tracing::debug!(peer = %peer.address, why, "a connection is cut"),
            () = idle.gives_way() => tracing::debug!(peer = %peer.address, "a connection gives way to another one"),
        }
    }
}

/// How the registry ends a connection.
enum Ending {
    /// Its request may end, for as long as the client does its part.
    Patient(&'static str),
    /// There is somebody who needs its place.
    AtOnce,
}

/// Waits until the registry is to end.
async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

/// Makes a connection fast, whether little is sent on it or much.
fn tune(stream: &TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    if peer.ip().to_canonical().is_loopback() {
        set_socket_send_buffer_size(stream, LOCAL_SEND_BUFFER)?;
    }
    Ok(())
}

fn report(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
