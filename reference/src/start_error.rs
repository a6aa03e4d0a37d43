//! Why a registry did not start.

use std::net::SocketAddr;

use crate::store::StoreError;

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
    /// Accounts, or the keys of tokens, cannot be used.
    #[error("cannot find out who is there: {0}")]
    Accounts(String),
    /// An endpoint for notifications cannot be used.
    #[error("cannot send notifications: {0}")]
    Notifications(String),
    /// No key for signed manifests can be made.
    #[error("cannot sign manifests: {0}")]
    Signing(String),
    /// The certificate cannot be used.
    #[error("cannot offer TLS: {0}")]
    Tls(String),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}
