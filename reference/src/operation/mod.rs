//! What keeps a registry running and tells its operator about it.

pub(crate) mod descriptors;
pub(crate) mod kernel;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod outgoing;
pub(crate) mod quota;
pub(crate) mod rate_limit;
pub(crate) mod reloading;
pub(crate) mod tls;
