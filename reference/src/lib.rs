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

/// The named routes of the protocol: read from the path of a request, and printed as a path or as a URL.
///
/// They are the routes by which the registry itself finds its endpoints and fills in each `Location`, for clients and tests.
///
/// ```
/// use assize_reference::routes::{Route, UrlBuilder};
///
/// let route: Route = "/v2/team/app/manifests/v1".parse()?;
/// assert_eq!(route, Route::Manifest("team/app".parse()?, "v1".parse()?));
/// assert_eq!(route.kind(), "manifest");
/// assert_eq!(route.to_string(), "/v2/team/app/manifests/v1");
/// # Ok::<(), assize_reference::routes::NotARoute>(())
/// ```
///
/// A URL stands under a base URL, or is the one by which the client of a request sees the registry:
/// ```
/// use assize_reference::routes::{Route, UrlBuilder};
/// use http::header::{HOST, HeaderMap, HeaderValue};
/// use http::uri::Scheme;
///
/// let uploads = Route::Uploads("team/app".parse()?);
/// let urls = UrlBuilder::under(&"https://registry.example.com/mirror".parse()?);
/// assert_eq!(urls.url(&uploads), "https://registry.example.com/mirror/v2/team/app/blobs/uploads/");
/// let digest = [("digest", "sha256:e3b0")];
/// assert!(urls.url_with_query(&uploads, &digest).ends_with("/uploads/?digest=sha256:e3b0"));
///
/// let mut headers = HeaderMap::new();
/// headers.insert(HOST, HeaderValue::from_static("127.0.0.1:5000"));
/// headers.insert("forwarded", HeaderValue::from_static("proto=https;host=registry.example.com"));
/// let urls = UrlBuilder::of_request(&Scheme::HTTP, &headers);
/// assert_eq!(urls.url(&Route::Base), "https://registry.example.com/v2/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub mod routes {
    pub use crate::http::routes::{Route, UrlBuilder};
    pub use crate::protocol::{Digest, Name, NotARoute, Reference, Tag};
}

pub use config::{
    Action, Authentication, BaseUrl, BlobRedirect, Config, ConfigError, Durability, Ignore, Launch, Limits,
    Location, LogFormat, MissingContent, NotificationEndpoint, Offer, PROFILES, Profile, TokenName,
    TokenRealm, TrustedKeysSource, profile, refuse_unknown_variables,
};
pub use operation::log::Log;
pub use server::{EndSignals, Running, Signals, check, check_watched, serve, serve_behind_a_front};
pub use start_error::StartError;
pub use store::{
    Audit, AuditFinding, AuditInterruption, AuditRequest, AuditStage, AuditWatch, Check, LeftOut,
};
