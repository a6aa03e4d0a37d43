//! HTTP as the registry speaks it: addresses, errors, bodies, and the ways in which bytes leave.

pub(crate) mod body;
pub(crate) mod error;
pub(crate) mod forwarded;
pub(crate) mod framing;
pub(crate) mod host;
pub(crate) mod idle_timeout;
pub(crate) mod peer;
pub(crate) mod request_body;
pub(crate) mod routes;
pub(crate) mod sendfile;
pub(crate) mod stalled_streams;
pub(crate) mod transport;
