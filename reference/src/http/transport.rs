//! How the bytes of answers leave on a connection.

use http::Version;

use super::sendfile::SendfileQueue;

/// How the bytes of an answer leave.
#[derive(Debug, Clone)]
pub(crate) enum Transport {
    /// The kernel sends files by themselves: HTTP/1 without TLS.
    Sendfile(SendfileQueue),
    /// All bytes are copied, for one answer at a time: HTTP/1 over TLS.
    Copied,
    /// All bytes are copied, for many answers at once, of which the client may take none: HTTP/2.
    Multiplexed,
}

impl Transport {
    /// The transport of a connection that has this queue if it has no TLS.
    pub(crate) fn of(version: Version, queue: Option<&SendfileQueue>) -> Self {
        match queue {
            // The frames of HTTP/2 are made of copied bytes.
            _ if version > Version::HTTP_11 => Self::Multiplexed,
            Some(queue) => Self::Sendfile(queue.clone()),
            None => Self::Copied,
        }
    }
}
