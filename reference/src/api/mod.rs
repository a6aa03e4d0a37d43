//! The verbs of the protocol, a file for each resource.

mod base;
mod blobs;
mod catalog;
mod manifests;
mod referrers;
mod signed;
mod tags;
mod token;
mod uploads;

mod answer;
mod context;
mod dispatch;
mod endpoints;
mod paging;
pub(crate) use dispatch::answer;
