//! A running registry: it is started, listens, and is stopped.

mod access_log;
mod admission;
mod connection;
mod connections;
mod health;
mod maintenance;
mod operator;
mod signals;
mod welcome;

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::app::App;
use crate::config::Config;
use crate::notifications::Notifier;
use crate::operation::descriptors::{Room, make_room_for};
use crate::operation::tls;
use crate::start_error::StartError;
use crate::store::{Audit, AuditRequest, AuditWatch, Check, audit};
use connection::Server;
use maintenance::{keep_current, maintain, scrub};
pub use signals::{EndSignals, Signals};

/// A registry that is running. Dropping it stops it at once; [`Running::shutdown`] lets requests end.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    app: Arc<App>,
    /// What the front makes TLS with, where there is one.
    front: Option<Arc<ServerConfig>>,
    stop: watch::Sender<bool>,
    /// What accepts connections.
    accepting: JoinHandle<()>,
    /// What tells others about what happens.
    deliveries: JoinSet<()>,
    /// What goes on beside; it ends with the registry.
    beside: JoinSet<()>,
}

impl Running {
    /// The address that the registry listens on, with the port it was given.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the registry, such as `http://127.0.0.1:5000`.
    #[must_use]
    pub fn url(&self) -> String {
        let is_secure = self.app.certificate.is_some() && self.front.is_none();
        let scheme = if is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// What makes TLS of the connections of a front, with the certificate that is current; nothing without a certificate, or
    /// without a front.
    #[must_use]
    pub fn front(&self) -> Option<TlsAcceptor> {
        self.front.clone().map(TlsAcceptor::from)
    }

    /// The URL of the metrics, if there is an address for them.
    #[must_use]
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics
            .map(|address| format!("http://{address}{}", operator::METRICS))
    }

    /// Reads certificates and accounts again.
    pub fn reload(&self) {
        self.app.reload();
    }

    /// Stops to listen, lets requests under way end, tells what is still to be told, and closes the store.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = (&mut self.accepting).await {
            tracing::error!(%error, "the server did not end well");
        }
        if let Some(notifier) = &self.app.notifier {
            notifier.end(&mut self.deliveries).await;
        }
        self.beside.shutdown().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Who makes TLS of what clients say to a registry.
#[derive(Clone, Copy)]
enum Secured {
    ByItself,
    ByItsFront,
}

/// Starts a registry in this process.
///
/// # Errors
/// Fails if the store cannot be opened, an address cannot be listened on, or a file that the configuration
/// names cannot be used.
pub async fn serve(config: Config) -> Result<Running, StartError> {
    started(config, Secured::ByItself).await
}

/// Starts a registry behind a front in this process: clients speak HTTP/1.1 with the front, which makes TLS of it by
/// [`Running::front`], and the front speaks HTTP without TLS with the registry.
///
/// # Errors
/// Fails as [`serve`] does.
pub async fn serve_behind_a_front(config: Config) -> Result<Running, StartError> {
    started(config, Secured::ByItsFront).await
}

/// Boxed, so that the registry is compiled here and not again in each crate that starts one.
fn started(
    config: Config,
    secured: Secured,
) -> Pin<Box<dyn Future<Output = Result<Running, StartError>> + Send>> {
    Box::pin(start(config, secured))
}

async fn start(config: Config, secured: Secured) -> Result<Running, StartError> {
    let (listener, address) = listen(config.listen).await?;
    let mut config = Config {
        listen: address,
        ..config
    };
    make_room(&mut config);
    let app = App::new(config)?;
    app.authenticator.begin().await.map_err(StartError::Accounts)?;
    let secure = |protocols: &[&[u8]]| {
        let certificate = app.certificate.clone();
        let agreement = certificate.map(|certificate| tls::agreement(certificate, protocols));
        agreement.transpose().map_err(StartError::Tls)
    };
    let (own, front) = match secured {
        Secured::ByItself => (secure(&[b"h2", b"http/1.1"])?, None),
        Secured::ByItsFront => (None, secure(&[b"http/1.1"])?),
    };
    let app = Arc::new(app);
    let (stop, stopped) = watch::channel(false);
    let mut beside = JoinSet::new();
    let metrics = match app.config.metrics {
        None => None,
        Some(address) => {
            let (listener, address) = listen(address).await?;
            beside.spawn(operator::serve(listener, Arc::clone(&app)));
            Some(address)
        }
    };
    beside.spawn(maintain(Arc::clone(&app)));
    beside.spawn(keep_current(Arc::clone(&app)));
    beside.spawn(scrub(Arc::clone(&app)));
    let deliveries = app.notifier.as_ref().map(Notifier::begin).unwrap_or_default();
    let server = Server::new(Arc::clone(&app), own.map(TlsAcceptor::from), stopped);
    Ok(Running {
        address,
        metrics,
        app,
        front,
        stop,
        accepting: tokio::spawn(server.accept(listener)),
        deliveries,
        beside,
    })
}

/// Makes room for as many connections and requests as are configured; configures fewer if there is none.
fn make_room(config: &mut Config) {
    let wanted = Room {
        connections: config.limits.connections,
        requests: config.limits.requests,
    };
    let room = make_room_for(wanted, config.store.is_some());
    config.limits.connections = room.connections;
    config.limits.requests = room.requests;
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Audits the store in a folder that no registry is using: every digest, every reference and the journal.
///
/// # Errors
/// Fails if there is no store, or it cannot be read; then nothing is changed.
pub fn check(folder: &Path, check: Check) -> Result<Audit, StartError> {
    check_watched(folder, &check.into(), &Arc::default())
}

/// Audits a store as [`check`] does, or a part of it, so that others see how far it is and can stop it.
///
/// # Errors
/// Fails if there is no store, or it cannot be read; then nothing is changed.
pub fn check_watched(
    folder: &Path,
    request: &AuditRequest,
    watch: &Arc<AuditWatch>,
) -> Result<Audit, StartError> {
    Ok(audit(folder, request, watch)?)
}
