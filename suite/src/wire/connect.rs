//! Making a connection to a server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::connection::Stream;
use super::url::{Origin, Scheme};
use super::{Fault, Settings, SettingsError, tls};

/// Makes connections.
pub(super) struct Connector {
    tls: TlsConnector,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(settings: &Settings) -> Result<Connector, SettingsError> {
        let config: ClientConfig = tls::config(settings)?;
        Ok(Connector {
            tls: TlsConnector::from(Arc::new(config)),
            limit: settings.timeouts.connect,
        })
    }

    /// A new connection to the server.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Box<dyn Stream>, Fault> {
        let end = Instant::now() + self.limit;
        let stream = self.tcp(origin, end).await?;
        match origin.scheme() {
            Scheme::Http => Ok(Box::new(stream)),
            Scheme::Https => self.handshake(origin, stream, end).await,
        }
    }

    async fn tcp(&self, origin: &Origin, end: Instant) -> Result<TcpStream, Fault> {
        let late = |doing| Fault::Timeout {
            after: self.limit,
            doing,
        };
        let addresses = timeout_at(end, lookup_host((origin.host(), origin.port())))
            .await
            .map_err(|_| late("looking up the host"))?
            .map_err(|error| {
                Fault::Connect(format!("no address is known for `{}`: {error}", origin.host()))
            })?;
        let addresses: Vec<SocketAddr> = addresses.collect();
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
                Err(_) => late("connecting"),
            };
        }
        Err(fault)
    }

    async fn handshake(
        &self,
        origin: &Origin,
        stream: TcpStream,
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
            Ok(Err(error)) => Err(Fault::Tls(handshake_error(&error))),
            Err(_) => Err(Fault::Timeout {
                after: self.limit,
                doing: "in the TLS handshake",
            }),
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

/// What a handshake failed of, in the words of somebody who has to act.
fn handshake_error(error: &io::Error) -> String {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "the certificate of the server leads to no root that is trusted here".to_owned()
        }
        Some(rustls::Error::InvalidMessage(_)) => "the server does not speak TLS on this port".to_owned(),
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection in the handshake".to_owned()
        }
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
