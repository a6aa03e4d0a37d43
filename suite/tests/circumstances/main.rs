//! Circumstances are never findings: a registry that conforms is told so wherever it stands, or the run says why it
//! cannot tell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked;
mod below;
mod confined;
mod elsewhere;
mod failures;
mod late;
mod lost;
mod no_registry;
mod over_http2;
mod read_only;
mod reset;
mod slowed;
mod stopped;
#[path = "../support/mod.rs"]
mod support;
mod twice;
