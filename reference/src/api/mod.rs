//! The verbs of the protocol, a file for each resource.

pub(crate) mod base;
pub(crate) mod blobs;
pub(crate) mod catalog;
pub(crate) mod manifests;
pub(crate) mod referrers;
pub(crate) mod tags;
pub(crate) mod token;
pub(crate) mod uploads;

mod answer;
mod paging;

pub(crate) use answer::CONTENT_DIGEST;
pub(crate) use manifests::TAG;
