//! The registry that comes with the suite: the default target, and `assize serve`. Nothing else names it.

use std::net::{Ipv4Addr, SocketAddr};

pub use assize_reference::{Config, Running, StartError, serve};

/// Starts a registry that keeps everything in memory, on a free port of this machine.
pub async fn in_memory() -> Result<Running, StartError> {
    serve(Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..Config::default()
    })
    .await
}
