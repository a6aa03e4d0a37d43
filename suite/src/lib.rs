//! Assize tells the truth about a container registry.
//!
//! The pipeline, in order: [`catalogue`] -> [`scenario`] -> [`plan`] -> [`run`] -> [`report`].

#[cfg(feature = "bundled")]
pub mod bundled;
pub mod catalogue;
pub mod diagnostic;
pub mod explore;
pub mod plan;
pub mod report;
pub mod run;
pub mod saboteur;
pub mod scenario;
mod visible;
pub mod wire;
mod words;
