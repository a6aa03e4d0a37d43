//! What can stand between the suite and a registry.

use std::time::Duration;

use assize::endpoint::EndpointKind;

/// What stands between the suite and a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Circumstance {
    /// Nothing: requests are noted and passed on.
    Nothing,
    /// After so many requests every one is answered with this status, and this `Retry-After`.
    EverythingIs(usize, u16, Option<&'static str>),
    /// After so many requests every connection is closed without an answer.
    Closes(usize),
    /// After so many requests every one is sent to this address.
    SentTo(usize, &'static str),
    /// Every request is answered with this, from the first on.
    Always(u16, &'static str),
    /// The first so many requests are answered with 429 and this `Retry-After`.
    LimitedAtFirst(usize, Option<&'static str>),
    /// After so many requests every one is answered with 429 and `Retry-After: 1`, for this long.
    LimitedFor(usize, Duration),
    /// Every n-th request is answered with 429 and `Retry-After: 0`.
    Limited(usize),
    /// Every n-th request is answered with 503 and `Retry-After: 1`.
    OutOfService(usize),
    /// After so many requests nothing but the base endpoint is answered in less than this.
    Slow(usize, Duration),
    /// A manifest, and the list of its tag, is not there before this time has passed since its push.
    Lags(Duration),
    /// What a client sent before it went away reaches the registry behind the next question about the upload.
    ArrivesLate,
    /// An upload is in the hands of a client that went away until the next one has tried to go on.
    HeldStill,
    /// Only names of this many components are routed.
    Components(usize),
    /// Every request that would change something is answered with 405.
    ReadOnly,
    /// Once so many bytes were pushed, more are refused with this status and this error.
    Full(usize, u16, &'static str),
    /// After so many requests every write of a manifest is answered with 429 and this `Retry-After`.
    LimitedWrites(usize, &'static str),
    /// The API is below this path, as this front tells it.
    Below(&'static str, Front),
    /// A manifest stays as long as an index refers to it: until then its deletion is answered with 405.
    KeepsChildren,
    /// Requests of this method to endpoints of this kind fail.
    Fails(&'static str, EndpointKind, Failure),
}

/// Whether a front that takes a path off the requests tells the registry so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// By `X-Forwarded-Prefix`.
    Tells,
    /// By nothing, so that the registry answers with addresses that lead beside it.
    IsSilent,
}

/// How a request fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// It is answered with this status.
    Status(u16),
}
