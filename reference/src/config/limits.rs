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
    /// Size in bytes of the largest manifest accepted
    #[arg(long, env = "ASSIZE_REFERENCE_MANIFEST_SIZE", default_value_t = Limits::default().manifest_size)]
    pub manifest_size: usize,

    /// Number of tag parameters accepted in one request
    #[arg(long, env = "ASSIZE_REFERENCE_TAG_PARAMETERS", default_value_t = Limits::default().tag_parameters)]
    pub tag_parameters: usize,

    /// Length in bytes of the shortest chunk accepted, but for the last; 0 for none
    #[arg(long, env = "ASSIZE_REFERENCE_CHUNK_MIN_LENGTH", default_value_t = Limits::default().chunk_min_length)]
    pub chunk_min_length: u64,

    /// Number of tags or repositories in one answer
    #[arg(long, env = "ASSIZE_REFERENCE_PAGE_SIZE", default_value_t = Limits::default().page_size, value_parser = at_least_one)]
    pub page_size: NonZeroUsize,

    /// Size in bytes of one page of referrers
    #[arg(long, env = "ASSIZE_REFERENCE_REFERRERS_PAGE_BYTES", default_value_t = Limits::default().referrers_page_bytes, value_parser = at_least_one)]
    pub referrers_page_bytes: NonZeroUsize,

    /// Number of descriptors in one page of referrers
    #[arg(long, env = "ASSIZE_REFERENCE_REFERRERS_PAGE_SIZE", default_value_t = Limits::default().referrers_page_size, value_parser = at_least_one)]
    pub referrers_page_size: NonZeroUsize,

    /// Seconds after which an upload that nobody adds to is dropped
    #[arg(long, env = "ASSIZE_REFERENCE_UPLOAD_EXPIRY", default_value_t = Limits::default().upload_expiry)]
    pub upload_expiry: u64,

    /// Seconds for which a blob is kept that no manifest names; 0 keeps it for ever
    #[arg(long, env = "ASSIZE_REFERENCE_BLOB_GRACE", default_value_t = Limits::default().blob_grace)]
    pub blob_grace: u64,

    /// Seconds for which a manifest is kept that no tag, index or subject holds; 0 keeps it for ever
    #[arg(long, env = "ASSIZE_REFERENCE_MANIFEST_GRACE", default_value_t = Limits::default().manifest_grace)]
    pub manifest_grace: u64,

    /// Requests a second that one client may make; 0 for no limit
    #[arg(long, env = "ASSIZE_REFERENCE_REQUEST_RATE", default_value_t = Limits::default().request_rate)]
    pub request_rate: u32,

    /// Seconds within which a client has to send a request, or to send or take the next part of a body
    #[arg(long, env = "ASSIZE_REFERENCE_CLIENT_TIMEOUT", default_value_t = Limits::default().client_timeout)]
    pub client_timeout: u64,

    /// Seconds that requests under way get when the registry is to end
    #[arg(long, env = "ASSIZE_REFERENCE_SHUTDOWN_TIMEOUT", default_value_t = Limits::default().shutdown_timeout)]
    pub shutdown_timeout: u64,

    /// Number of connections open at once; beyond, the longest idle one of the address that has most ends
    #[arg(long, env = "ASSIZE_REFERENCE_CONNECTIONS", default_value_t = Limits::default().connections)]
    pub connections: usize,

    /// Number of requests under way at once; further ones are told to come back
    #[arg(long, env = "ASSIZE_REFERENCE_REQUESTS", default_value_t = Limits::default().requests)]
    pub requests: usize,

    /// Number of connections that one address may have open, at most half of all; beyond, its longest idle one ends. A
    /// trusted proxy may have any
    #[arg(long, env = "ASSIZE_REFERENCE_CONNECTIONS_PER_ADDRESS", default_value_t = Limits::default().connections_per_address)]
    pub connections_per_address: usize,

    /// Number of requests that one address may have under way, at most half of all
    #[arg(long, env = "ASSIZE_REFERENCE_REQUESTS_PER_ADDRESS", default_value_t = Limits::default().requests_per_address)]
    pub requests_per_address: usize,

    /// Bytes a second that a client has to send of a body, measured over a client timeout; 0 for any
    #[arg(long, env = "ASSIZE_REFERENCE_BODY_RATE", default_value_t = Limits::default().body_rate)]
    pub body_rate: u64,

    /// Size in bytes of the largest head of a request accepted
    #[arg(long, env = "ASSIZE_REFERENCE_HEADER_SIZE", default_value_t = Limits::default().header_size)]
    pub header_size: usize,

    /// Size in bytes of the largest blob accepted; 0 for no limit
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
