//! Where a request comes from, and what is noted about it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use uuid::Uuid;

use super::host::Host;

/// Who sends a request, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The other end of the connection: a client or a proxy.
    pub(crate) address: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) is_secure: bool,
}

/// A request id, unique across requests and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId {
    instance: u32,
    number: u64,
}

impl RequestId {
    /// The id of the request of a number, in one run of the registry.
    pub(crate) fn new(instance: Uuid, number: u64) -> Self {
        Self {
            instance: instance.as_fields().0,
            number,
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.instance, self.number)
    }
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// Its name.
    pub(crate) id: RequestId,
    /// The other end of the connection.
    pub(crate) peer: Peer,
    /// The client, which may stand behind proxies.
    pub(crate) client: IpAddr,
    /// The host that it was sent to; none only in HTTP/1.0.
    pub(crate) host: Option<Host>,
}

/// What the access log says about a request besides its status.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note {
    /// The name of the endpoint.
    pub(crate) route: Option<&'static str>,
    /// Who asked.
    pub(crate) account: Option<Arc<str>>,
}
