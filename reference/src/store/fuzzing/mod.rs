//! Journals that nobody would write, and lives that nobody would lead.

mod journal;
mod model;
mod operation;
mod store;

pub(crate) use journal::journal;
pub(crate) use store::store;
