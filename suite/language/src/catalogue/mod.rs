//! The requirements: what the specifications ask of a registry, each with an id that never changes.

mod basis;
mod by_version;
mod citation;
mod coverage;
mod described;
mod document;
mod document_file;
mod entry;
mod fields;
mod id;
mod level;
mod links;
mod load;
mod requirement;
mod source;
#[cfg(test)]
mod tests;

pub use basis::{Authority, Basis};
pub use coverage::{cross_check, unsourced};
pub use document::{Anchors, Document, Edition, Wording};
pub use id::{RequirementId, is_in_the_catalogue};
pub use level::{Level, Levels, Version};
pub use load::Catalogue;
pub use requirement::{Category, Failure, Protected, Requirement};
pub use source::{Source, Words};
