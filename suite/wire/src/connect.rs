//! Making a connection to a server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::connection::Stream;
use super::settings::Address;
use super::url::{Origin, Scheme};
use super::{ClientSettings, Fault, Proxies, Proxy, SettingsError, handshake, tls, tunnel};

/// Makes connections.
pub(super) struct Connector {
    tls: TlsConnector,
    proxies: Proxies,
    addresses: Vec<Address>,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(settings: &ClientSettings) -> Result<Connector, SettingsError> {
        let config: ClientConfig = tls::config(settings)?;
        Ok(Connector {
            tls: TlsConnector::from(Arc::new(config)),
            proxies: settings.proxies.clone(),
            addresses: settings.addresses.clone(),
            limit: settings.timeouts.connect,
        })
    }

    /// A new connection to the server.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Box<dyn Stream>, Fault> {
        let end = Instant::now() + self.limit;
        match self.proxies.of(origin)? {
            None => {
                self.secured(origin, Box::new(self.tcp(origin, end).await?), end)
                    .await
            }
            Some(proxy) => {
                let stream = self.to_proxy(proxy, end).await.map_err(|fault| {
                    Fault::Connect(format!("the proxy {} cannot be reached: {fault}", proxy.server))
                })?;
                let tunnel = timeout_at(end, tunnel::open(stream, proxy, origin)).await;
                let tunnel = tunnel.map_err(|_| self.late("waiting for the proxy"))??;
                self.secured(origin, tunnel, end).await
            }
        }
    }

    async fn to_proxy(&self, proxy: &Proxy, end: Instant) -> Result<Box<dyn Stream>, Fault> {
        let stream = Box::new(self.tcp(&proxy.server, end).await?);
        self.secured(&proxy.server, stream, end).await
    }

    /// The connection as the server wants it: as it is, or with TLS on it.
    async fn secured(
        &self,
        origin: &Origin,
        stream: Box<dyn Stream>,
        end: Instant,
    ) -> Result<Box<dyn Stream>, Fault> {
        match origin.scheme() {
            Scheme::Http => Ok(stream),
            Scheme::Https => self.handshake(origin, stream, end).await,
        }
    }

    fn late(&self, doing: &'static str) -> Fault {
        Fault::Timeout {
            after: self.limit,
            doing,
        }
    }

    /// Where a server is found.
    async fn look_up(&self, origin: &Origin, end: Instant) -> Result<Vec<SocketAddr>, Fault> {
        let given: Vec<SocketAddr> = self
            .addresses
            .iter()
            .filter(|given| given.host == origin.host() && given.port == origin.port())
            .map(|given| SocketAddr::from((given.address, given.port)))
            .collect();
        if !given.is_empty() {
            return Ok(given);
        }
        let found = timeout_at(end, lookup_host((origin.host(), origin.port())))
            .await
            .map_err(|_| self.late("looking up the host"))?
            .map_err(|error| {
                Fault::Connect(format!("no address is known for `{}`: {error}", origin.host()))
            })?;
        Ok(found.collect())
    }

    async fn tcp(&self, origin: &Origin, end: Instant) -> Result<TcpStream, Fault> {
        let addresses = self.look_up(origin, end).await?;
        let mut fault = Fault::Connect(format!("no address is known for `{}`", origin.host()));
        for (index, address) in addresses.iter().enumerate() {
            let left = addresses.len() - index;
            let share =
                end.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
            fault = match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream
                        .set_nodelay(true)
                        .map_err(|error| unreachable(*address, &error))?;
                    return Ok(stream);
                }
                Ok(Err(error)) => unreachable(*address, &error),
                Err(_) => self.late("connecting"),
            };
        }
        Err(fault)
    }

    async fn handshake(
        &self,
        origin: &Origin,
        stream: Box<dyn Stream>,
        end: Instant,
    ) -> Result<Box<dyn Stream>, Fault> {
        let name = ServerName::try_from(origin.host().to_owned()).map_err(|_| {
            Fault::Tls(format!(
                "`{}` is no name that a certificate can have",
                origin.host()
            ))
        })?;
        match timeout_at(end, self.tls.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(Fault::Tls(handshake::why(&error))),
            Err(_) => Err(self.late("in the TLS handshake")),
        }
    }
}

fn unreachable(address: SocketAddr, error: &io::Error) -> Fault {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        _ => error.to_string(),
    };
    Fault::Connect(format!("{address}: {reason}"))
}

#[cfg(test)]
mod tests;
