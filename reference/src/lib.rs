//! The reference registry: how the OCI distribution protocol is meant.
//!
//! ```
//! # async fn example() -> Result<(), assize_reference::StartError> {
//! let config = assize_reference::Config { listen: ([127, 0, 0, 1], 0).into(), ..Default::default() };
//! let registry = assize_reference::serve(config).await?;
//! println!("listening on {}", registry.url());
//! registry.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The map of the crate, in the order in which a request meets it:
//! - [`server`]: starts and stops what follows; [`connection`] accepts connections and ends them; by the
//!   [`outlet`] of a connection blobs leave it without passing through this process.
//! - [`door`]: each request gets a [`context`] and an answer.
//! - [`auth`]: who may do what.
//! - [`dispatch`]: which endpoint answers which method, after [`routes`] has read the path.
//! - [`api`]: the verbs, a file for each resource; what goes wrong is in the table of [`error`].
//! - [`protocol`]: the nouns, parsed once.
//! - [`notifications`]: others are told what happened.
//! - [`store`]: the storage contract, and the store that keeps it.
//! - [`app`] is what one instance owns, built from its [`config`]; its [`log`] and [`metrics`] say what it does.

mod activity;
mod api;
mod app;
mod auth;
mod body;
mod config;
mod connection;
mod context;
mod dispatch;
mod door;
mod error;
mod forwarded;
mod kernel;
mod limiter;
mod log;
mod maintenance;
mod metrics;
mod notifications;
mod outlet;
mod profiles;
mod protocol;
mod record;
mod reloading;
mod routes;
mod server;
mod store;
mod tls;

pub use config::{
    Action, Authentication, Config, ConfigError, Durability, Ignore, Limits, Location, LogFormat,
    MissingContent, NotificationEndpoint, Offer, refuse_unknown_variables,
};
pub use log::Log;
pub use profiles::{PROFILES, Profile, profile};
pub use server::{Running, StartError, check, serve};
pub use store::{Audit, Check, Fault};
