//! A registry behind a circumstance: a proxy on loopback that answers in its place, or lets through.

mod broken_off;
mod children;
mod circumstance;
mod instead;
mod layer;
mod proxy;
mod stale;

use assize::bundled::{Config, Running, serve};

pub(crate) use circumstance::{Circumstance, Failure, Front};
pub(crate) use proxy::Proxy;

/// A registry in memory, with these changes.
pub(crate) async fn registry(change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    change(&mut config);
    serve(config).await.unwrap()
}
