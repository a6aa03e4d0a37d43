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
//! The map of the crate, in the order in which a request meets it; no folder uses one that stands above it:
//! - `server`: starts and stops what follows, accepts connections, and admits requests.
//! - `api`: gives each request a context and dispatches it to its endpoint, a file for each resource.
//! - `app`: what one running registry owns.
//! - `notifications`: others are told what happened.
//! - `auth`: who may do what.
//! - `http`: paths, errors, bodies, and the ways in which bytes leave.
//! - `store`: the storage contract, and the store that keeps it.
//! - `operation`: the log, the metrics, certificates, and what only the kernel can do.
//! - `config`: everything that can be chosen, and named profiles of it.
//! - `protocol`: the nouns, parsed once.

mod api;
mod app;
mod auth;
mod config;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod http;
mod notifications;
mod operation;
mod protocol;
mod server;
mod start_error;
mod store;

pub use config::{
    Action, Authentication, BaseUrl, BlobRedirect, Config, ConfigError, Durability, Ignore, Limits, Location,
    LogFormat, MissingContent, NotificationEndpoint, Offer, PROFILES, Profile, profile,
    refuse_unknown_variables,
};
pub use operation::log::Log;
pub use server::{Running, Signals, check, serve};
pub use start_error::StartError;
pub use store::{Audit, AuditFinding, Check};
