//! Assize tells the truth about a container registry.
//!
//! A registry that is tested by Rust programs can ask the whole suite, or a part of it, among its own tests:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let registry = assize::bundled::in_memory().await?;
//! # let url = registry.url();
//! let suite = assize::Suite::built_in()?;
//! let outcome = suite.against(&url).spec(assize::Version::V1_1).only("pull/blob").run().await?;
//!
//! assert!(outcome.conforms(), "{:#?}", outcome.findings());
//! assert_eq!(outcome.requirement("pull.blob.get-200"), Some(&assize::Verdict::Held));
//! # Ok(())
//! # }
//! ```
//!
//! [`Run`] says what can be told to a run: accounts, a version, a selection. An [`Outcome`] can be asked for its findings,
//! for what became of a requirement, and for a report. What happened can be kept, too: [`Run::record`] gives a
//! [`log::RunLog`], [`log::record`] and [`log::trace`] write it, and [`Suite::judge`] judges it.
//!
//! The pipeline, in order: [`catalogue`] -> [`scenario`] (text to program) -> [`plan`] -> [`run`] -> [`log`] ->
//! [`judgement`] -> [`report`].

pub use assize_language::{catalogue, diagnostic, scenario};
pub use assize_wire as wire;

#[cfg(feature = "bundled")]
pub mod bundled;
pub mod cause;
mod check;
pub mod compare;
#[doc(hidden)]
pub mod endpoint;
mod explore;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod harm;
mod judge;
pub mod judgement;
pub mod log;
pub mod memory;
pub mod plan;
pub mod report;
pub mod run;
pub mod saboteur;
mod secret;
pub mod snapshot;
mod suite;
mod values;

pub use catalogue::{Level, Version};
pub use judgement::{Finding, Verdict};
pub use report::Format;
pub use suite::{Outcome, Run, RunError, Suite};
pub use wire::Login;
