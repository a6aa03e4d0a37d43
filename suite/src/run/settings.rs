//! What the user asks of a run.

use std::time::Duration;

use crate::catalogue::Version;
use crate::explore::Budget;
use crate::log::{Lifetime, Strictness};

/// What the user asks of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunSettings {
    /// The version that the registry is judged by.
    pub version: Version,
    /// What makes the run fail.
    pub strictness: Strictness,
    /// The seed of all content and names.
    pub seed: u64,
    /// How many scenarios run at once, at most.
    pub jobs: usize,
    /// How long a late answer is waited for.
    pub grace: Duration,
    /// What happens at a violation.
    pub on_finding: OnFinding,
    /// The repositories that the run is confined to; its own, one set for each scenario, if empty.
    pub repositories: Vec<String>,
    /// Capabilities whose refusal is a finding.
    pub require: Vec<String>,
    /// What becomes of what the run created.
    pub clean_up: CleanUp,
    /// How long random workflows are tried.
    pub explore: Budget,
    /// The options that kept a part of the suite from being asked.
    pub narrowed: Vec<String>,
    /// The command that does the run again, without seed and selection; one that names target and version if empty.
    pub command: String,
    /// How long the target is there.
    pub lifetime: Lifetime,
}

impl RunSettings {
    /// The usual settings for a version.
    pub fn new(version: Version, seed: u64) -> RunSettings {
        RunSettings {
            version,
            strictness: Strictness::Violations,
            seed,
            jobs: 8,
            grace: Duration::ZERO,
            on_finding: OnFinding::GoOn,
            repositories: Vec::new(),
            require: Vec::new(),
            clean_up: CleanUp::UnlessBroken,
            explore: Budget::Nothing,
            narrowed: Vec::new(),
            command: String::new(),
            lifetime: Lifetime::Stays,
        }
    }
}

/// What happens at a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFinding {
    /// The run goes on.
    GoOn,
    /// `--fail-fast`: no further scenario begins.
    Stop,
}

/// What becomes of what a run created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// It is removed, but for what shows a finding.
    UnlessBroken,
    /// `--keep`: it stays.
    Never,
}
