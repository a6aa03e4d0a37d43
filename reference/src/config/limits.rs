//! How much a registry takes, and for how long.

use std::num::NonZeroUsize;

use clap::Args;
use serde::{Deserialize, Serialize};

/// The number of entries on a page, unless told.
const PAGE_SIZE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

/// The size in bytes of a page of referrers, unless told: 4 MiB, which clients have to be able to take (spec: Listing
/// Referrers).
const PAGE_BYTES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4 * 1024 * 1024 - 1);

/// The limits of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Maximum size of a manifest, in bytes
    #[arg(long, env = "ASSIZE_REFERENCE_MANIFEST_SIZE", default_value_t = Limits::default().manifest_size)]
    pub manifest_size: usize,

    /// Maximum number of tag parameters in one request
    #[arg(long, env = "ASSIZE_REFERENCE_TAG_PARAMETERS", default_value_t = Limits::default().tag_parameters)]
    pub tag_parameters: usize,

    /// Minimum length of a chunk other than the last, in bytes; 0 for no minimum
    #[arg(long, env = "ASSIZE_REFERENCE_CHUNK_MIN_LENGTH", default_value_t = Limits::default().chunk_min_length)]
    pub chunk_min_length: u64,

    /// Maximum number of tags or repositories in one response
    #[arg(long, env = "ASSIZE_REFERENCE_PAGE_SIZE", default_value_t = Limits::default().page_size, value_parser = at_least_one)]
    pub page_size: NonZeroUsize,

    /// Maximum size of a page of referrers, in bytes
    #[arg(long, env = "ASSIZE_REFERENCE_REFERRERS_PAGE_BYTES", default_value_t = Limits::default().referrers_page_bytes, value_parser = at_least_one)]
    pub referrers_page_bytes: NonZeroUsize,

    /// Maximum number of descriptors in a page of referrers
    #[arg(long, env = "ASSIZE_REFERENCE_REFERRERS_PAGE_SIZE", default_value_t = Limits::default().referrers_page_size, value_parser = at_least_one)]
    pub referrers_page_size: NonZeroUsize,

    /// Seconds after which an inactive upload is discarded
    #[arg(long, env = "ASSIZE_REFERENCE_UPLOAD_EXPIRY", default_value_t = Limits::default().upload_expiry)]
    pub upload_expiry: u64,

    /// Seconds to keep a blob that no manifest references; 0 keeps it forever
    #[arg(long, env = "ASSIZE_REFERENCE_BLOB_GRACE", default_value_t = Limits::default().blob_grace)]
    pub blob_grace: u64,

    /// Seconds to keep a manifest that no tag, index or subject references; 0 keeps it forever
    #[arg(long, env = "ASSIZE_REFERENCE_MANIFEST_GRACE", default_value_t = Limits::default().manifest_grace)]
    pub manifest_grace: u64,

    /// Maximum requests per second from one client; 0 for no limit
    #[arg(long, env = "ASSIZE_REFERENCE_REQUEST_RATE", default_value_t = Limits::default().request_rate)]
    pub request_rate: u32,

    /// Seconds within which a client must send a request, or send or receive the next part of a body
    #[arg(long, env = "ASSIZE_REFERENCE_CLIENT_TIMEOUT", default_value_t = Limits::default().client_timeout)]
    pub client_timeout: u64,

    /// Seconds that requests in progress have to finish when the registry shuts down
    #[arg(long, env = "ASSIZE_REFERENCE_SHUTDOWN_TIMEOUT", default_value_t = Limits::default().shutdown_timeout)]
    pub shutdown_timeout: u64,

    /// Maximum number of open connections; beyond it, the longest idle one of the address that has most is closed
    #[arg(long, env = "ASSIZE_REFERENCE_CONNECTIONS", default_value_t = Limits::default().connections)]
    pub connections: usize,

    /// Maximum number of requests in progress; further ones are answered 503 with Retry-After
    #[arg(long, env = "ASSIZE_REFERENCE_REQUESTS", default_value_t = Limits::default().requests)]
    pub requests: usize,

    /// Maximum number of open connections per client address, at most half of all; beyond it, the longest idle one is
    /// closed. Trusted proxies are exempt
    #[arg(long, env = "ASSIZE_REFERENCE_CONNECTIONS_PER_ADDRESS", default_value_t = Limits::default().connections_per_address)]
    pub connections_per_address: usize,

    /// Maximum number of requests in progress per client address, at most half of all
    #[arg(long, env = "ASSIZE_REFERENCE_REQUESTS_PER_ADDRESS", default_value_t = Limits::default().requests_per_address)]
    pub requests_per_address: usize,

    /// Minimum rate at which a client must send a body, in bytes per second over one client timeout; 0 for no minimum
    #[arg(long, env = "ASSIZE_REFERENCE_BODY_RATE", default_value_t = Limits::default().body_rate)]
    pub body_rate: u64,

    /// Maximum size of a request's headers, in bytes
    #[arg(long, env = "ASSIZE_REFERENCE_HEADER_SIZE", default_value_t = Limits::default().header_size)]
    pub header_size: usize,

    /// Maximum size of a blob, in bytes; 0 for no limit
    #[arg(long, env = "ASSIZE_REFERENCE_BLOB_SIZE", default_value_t = Limits::default().blob_size)]
    pub blob_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest_size: 8 * 1024 * 1024,
            tag_parameters: 100,
            chunk_min_length: 0,
            page_size: PAGE_SIZE,
            referrers_page_bytes: PAGE_BYTES,
            referrers_page_size: PAGE_SIZE,
            // A client that resumes the next morning finds its upload; what is given up takes no disk for longer than
            // a day.
            upload_expiry: 24 * 60 * 60,
            blob_grace: 0,
            manifest_grace: 0,
            request_rate: 0,
            // As long as the common front ends wait.
            client_timeout: 60,
            // As long as Docker waits between SIGTERM and SIGKILL.
            shutdown_timeout: 10,
            connections: 10_000,
            requests: 10_000,
            connections_per_address: 1_000,
            requests_per_address: 1_000,
            body_rate: 1024,
            header_size: 64 * 1024,
            blob_size: 0,
        }
    }
}

/// Reads a number of at least one.
fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number of at least 1"))
}
