//! A running registry: it is started, listens, and is stopped.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::app::App;
use crate::config::Config;
use crate::connection::Server;
use crate::door;
use crate::maintenance::{keep_current, maintain, scrub};
use crate::notifications::Notifier;
use crate::store::{Audit, Check, StoreError, audit};
use crate::tls;

/// Why a registry did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error("cannot open the store: {0}")]
    Store(String),
    /// The file of accounts cannot be used.
    #[error("cannot tell accounts apart: {0}")]
    Accounts(String),
    /// An endpoint for notifications cannot be used.
    #[error("cannot send notifications: {0}")]
    Notifications(String),
    /// The certificate cannot be used.
    #[error("cannot offer TLS: {0}")]
    Tls(String),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// A registry that is running. Dropping it stops it at once; [`Running::shutdown`] lets requests end.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    app: Arc<App>,
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
        let scheme = self.app.certificate.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.address)
    }

    /// The URL of the metrics, if there is an address for them.
    #[must_use]
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics.map(|address| format!("http://{address}/metrics"))
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

/// Starts a registry in this process.
///
/// # Errors
/// Fails if the store cannot be opened, an address cannot be listened on, or a file that the configuration
/// names cannot be used.
pub async fn serve(config: Config) -> Result<Running, StartError> {
    let mut app = App::new(config)?;
    let tls = app
        .certificate
        .clone()
        .map(tls::acceptor)
        .transpose()
        .map_err(StartError::Tls)?;
    let (listener, address) = listen(app.config.listen).await?;
    app.config.listen = address;
    let app = Arc::new(app);
    let (stop, stopped) = watch::channel(false);
    let mut beside = JoinSet::new();
    let metrics = match app.config.metrics {
        None => None,
        Some(address) => {
            let (listener, address) = listen(address).await?;
            beside.spawn(serve_metrics(listener, door::metrics_router(Arc::clone(&app))));
            Some(address)
        }
    };
    beside.spawn(maintain(Arc::clone(&app)));
    beside.spawn(keep_current(Arc::clone(&app)));
    beside.spawn(scrub(Arc::clone(&app)));
    let deliveries = app.notifier.as_ref().map(Notifier::begin).unwrap_or_default();
    let router = door::router(Arc::clone(&app));
    let server = Server::new(Arc::clone(&app), router, tls, stopped);
    Ok(Running {
        address,
        metrics,
        app,
        stop,
        accepting: tokio::spawn(server.accept(listener)),
        deliveries,
        beside,
    })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn serve_metrics(listener: TcpListener, router: Router) {
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are not served any more");
    }
}

/// Audits the store in a folder that no registry is using: every digest, every reference and the journal.
///
/// # Errors
/// Fails if there is no store, or it cannot be read; then nothing is changed.
pub fn check(folder: &Path, check: Check) -> Result<Audit, StartError> {
    Ok(audit(folder, check)?)
}
