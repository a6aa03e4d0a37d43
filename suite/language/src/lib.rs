//! The language of Assize, without a network: texts in, programs out.
//!
//! The order: [`diagnostic`] (how a fault of a text is shown) -> [`catalogue`] (the requirements) -> [`scenario`] (from a
//! text to a [`scenario::Program`] for one version of the specification). Scenarios and catalogue are part of this crate.

#[macro_use]
mod words;

mod at_once;
pub mod catalogue;
pub mod diagnostic;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod scenario;

pub use at_once::at_once;
