//! The requirements: what the specifications ask of a registry, each with an id that never changes.

mod coverage;
mod entry;
mod id;
mod level;
mod links;
mod load;
mod requirement;
#[cfg(test)]
mod tests;

pub use coverage::cross_check;
pub use id::{RequirementId, is_in_the_catalogue};
pub use level::{Level, Levels, Version};
pub use load::Catalogue;
pub use requirement::{Basis, Category, Requirement};
