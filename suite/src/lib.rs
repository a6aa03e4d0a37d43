//! Assize tells the truth about a container registry.
//!
//! The pipeline, in order: [`catalogue`] -> [`scenario`] (text to program) -> [`plan`] -> [`run`] -> [`log`] -> [`judge`]
//! -> [`outcome`] -> [`report`].

#[cfg(feature = "bundled")]
pub mod bundled;
pub mod catalogue;
pub mod cause;
pub mod check;
pub mod diagnostic;
pub mod endpoint;
pub mod explore;
pub mod judge;
pub mod log;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod run;
pub mod saboteur;
pub mod scenario;
pub mod values;
mod visible;
pub mod wire;
mod words;
