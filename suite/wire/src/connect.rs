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
use super::protocol::Http1Only;
use super::settings::Address;
use super::url::{Origin, Scheme};
use super::{ClientSettings, Fault, Proxies, Proxy, SettingsError, handshake, tls, tunnel};

/// What ALPN calls HTTP/1.1 and HTTP/2.
const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// Makes connections.
pub(super) struct Connector {
    /// Offers HTTP/1.1.
    http1: TlsConnector,
    /// Offers HTTP/2 as well.
    both: TlsConnector,
    proxies: Proxies,
    addresses: Vec<Address>,
    limit: Duration,
}

/// What a server may choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// HTTP/1.1 or HTTP/2.
    Both,
    /// HTTP/1.1, for this reason.
    Http1(Http1Only),
}

/// A new connection, in the version of HTTP that the server chose.
pub(super) enum Opened {
    /// HTTP/1.1.
    Http1(Box<dyn Stream>),
    /// HTTP/2.
    Http2(Box<dyn Stream>),
}

impl Opened {
    fn stream(self) -> Box<dyn Stream> {
        match self {
            Opened::Http1(stream) | Opened::Http2(stream) => stream,
        }
    }
}

impl Connector {
    pub(super) fn new(settings: &ClientSettings) -> Result<Connector, SettingsError> {
        let http1 = tls::config(settings)?;
        let both = http1.clone();
        Ok(Connector {
            http1: offering(http1, &[HTTP1]),
            both: offering(both, &[HTTP2, HTTP1]),
            proxies: settings.proxies.clone(),
            addresses: settings.addresses.clone(),
            limit: settings.timeouts.connect,
        })
    }

    /// A new connection to the server, over which HTTP/1.1 is spoken, for this reason.
    pub(super) async fn connect_http1(
        &self,
        origin: &Origin,
        because: Http1Only,
    ) -> Result<Box<dyn Stream>, Fault> {
        let opened = self.connect(origin, Offer::Http1(because)).await;
        opened.map(Opened::stream)
    }

    /// A new connection to the server.
    pub(super) async fn connect(&self, origin: &Origin, offer: Offer) -> Result<Opened, Fault> {
        let end = Instant::now() + self.limit;
        match self.proxies.of(origin)? {
            None => {
                let stream = Box::new(self.tcp(origin, end).await?);
                self.secured(origin, stream, offer, end).await
            }
            Some(proxy) => {
                let stream = self.to_proxy(proxy, end).await.map_err(|fault| {
                    Fault::Connect(format!("the proxy {} cannot be reached: {fault}", proxy.server))
                })?;
                let tunnel = timeout_at(end, tunnel::open(stream, proxy, origin)).await;
                let tunnel = tunnel.map_err(|_| self.late("waiting for the proxy"))??;
                self.secured(origin, tunnel, offer, end).await
            }
        }
    }

    async fn to_proxy(&self, proxy: &Proxy, end: Instant) -> Result<Box<dyn Stream>, Fault> {
        let stream = Box::new(self.tcp(&proxy.server, end).await?);
        let offer = Offer::Http1(Http1Only::Method);
        let opened = self.secured(&proxy.server, stream, offer, end).await;
        opened.map(Opened::stream)
    }

    /// The connection as the server wants it: as it is, or with TLS on it.
    async fn secured(
        &self,
        origin: &Origin,
        stream: Box<dyn Stream>,
        offer: Offer,
        end: Instant,
    ) -> Result<Opened, Fault> {
        match origin.scheme() {
            Scheme::Http => Ok(Opened::Http1(stream)),
            Scheme::Https => self.handshake(origin, stream, offer, end).await,
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
        offer: Offer,
        end: Instant,
    ) -> Result<Opened, Fault> {
        let name = ServerName::try_from(origin.host().to_owned()).map_err(|_| {
            Fault::Tls(format!(
                "`{}` is no name that a certificate can have",
                origin.host()
            ))
        })?;
        let connector = match offer {
            Offer::Both => &self.both,
            Offer::Http1(_) => &self.http1,
        };
        match (timeout_at(end, connector.connect(name, stream)).await, offer) {
            (Ok(Ok(stream)), _) if stream.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                Ok(Opened::Http2(Box::new(stream)))
            }
            (Ok(Ok(stream)), _) => Ok(Opened::Http1(Box::new(stream))),
            (Ok(Err(error)), Offer::Http1(because)) if handshake::speaks_none_of_these(&error) => {
                Err(Fault::Http2Alone {
                    server: origin.to_string(),
                    because: because.to_string(),
                })
            }
            (Ok(Err(error)), _) => Err(Fault::Tls(handshake::why(&error))),
            (Err(_), _) => Err(self.late("in the TLS handshake")),
        }
    }
}

/// Makes TLS connections in which these versions of HTTP are offered.
fn offering(mut config: ClientConfig, protocols: &[&[u8]]) -> TlsConnector {
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
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
