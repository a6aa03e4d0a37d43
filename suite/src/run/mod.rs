//! A run: probes first, then every other scenario at once, then random workflows, and all that broke once more.
//!
//! What happens is written down; the judge makes of it what it means.

mod campaign;
mod clean;
pub mod coded;
mod interpret;
mod preflight;
mod random;
mod read_after_write;
mod session;
mod settings;
mod stop;
mod territory;
mod watch;
mod world;

use crate::judgement::ScenarioOutcome;

pub use campaign::record;
pub use clean::{Cleaned, Kind, Left, clean};
pub use preflight::PreflightError;
pub use settings::{CleanUp, OnFinding, RunSettings};
pub use stop::Stop;

/// Told how a run goes on.
pub trait Progress: Send + Sync {
    /// So many scenarios will run.
    fn planned(&self, scenarios: usize);
    /// One of them is over.
    fn finished(&self, scenario: &ScenarioOutcome);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn planned(&self, _: usize) {}
    fn finished(&self, _: &ScenarioOutcome) {}
}
