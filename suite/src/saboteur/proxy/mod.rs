//! The proxy on loopback behind which a registry looks as if it deviated.

mod connection;
mod layer;
mod mount;
mod response;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use self::connection::Listening;
use self::layer::{Conduct, Layer};
use super::call::{Call, Reply};
use super::deviation::Act;
use super::likeness::Likeness;
use super::mutation::Mutation;
use super::upstream::Upstream;

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
        Saboteur::listen(act, over, ON_LOOPBACK, |_| {}).await
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
        let layer = Layer::new(Conduct::Imitates(likeness), over)?.over_tls(tls);
        Saboteur::start(layer, at).await
    }

    /// Changes the answers of the registry at `over`, on a port of its own.
    pub async fn mutate(mutation: Mutation, over: &Upstream) -> std::io::Result<Saboteur> {
        Saboteur::start(Layer::new(Conduct::Mutates(mutation), over)?, ON_LOOPBACK).await
    }

    /// Passes everything on as it is, and shows it to `seen`.
    pub async fn watch(
        over: &Upstream,
        seen: impl Fn(&Call, &Reply) + Send + Sync + 'static,
    ) -> std::io::Result<Saboteur> {
        Saboteur::start(Layer::new(Conduct::Watches(Box::new(seen)), over)?, ON_LOOPBACK).await
    }

    /// Boxed, so that what is served is compiled here and not again in each crate that starts one.
    fn start(layer: Layer, at: SocketAddr) -> BoxFuture<'static, std::io::Result<Saboteur>> {
        Box::pin(async move {
            let listener = TcpListener::bind(at).await?;
            Ok(Saboteur {
                address: listener.local_addr()?,
                mount: layer.honest.mount().to_owned(),
                is_secure: layer.tls.is_some(),
                task: tokio::spawn(Listening::of(Arc::new(layer)).serve(listener)),
            })
        })
    }

    /// The address that the suite is given.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.address, self.mount)
    }
}

/// A port of its own on this machine.
const ON_LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Drop for Saboteur {
    fn drop(&mut self) {
        self.task.abort();
    }
}
