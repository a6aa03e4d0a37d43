//! What the user asks of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Stop;
use crate::catalogue::{RequirementId, Version};
use crate::explore::Budget;
use crate::log::{Lifetime, Strictness};
use crate::values::RunId;

/// How long a run may take unless told: a patient registry, or one that limits, is not asked for hours.
pub const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How long one scenario may take: the heaviest takes seconds on a registry that is not held up.
const LONGEST_SCENARIO: Duration = Duration::from_secs(5 * 60);

/// What the user asks of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunSettings {
    /// The version that the registry is judged by.
    pub version: Version,
    /// What makes the run fail.
    pub strictness: Strictness,
    /// The seed of what is drawn.
    pub seed: u64,
    /// The part of all content and names that is not the seed.
    pub run_id: RunId,
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
    /// How long the run may take.
    pub longest: Duration,
    /// How long one scenario may take.
    pub longest_scenario: Duration,
    /// By what it is stopped.
    pub stop: Stop,
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
    /// The usual settings for a version, of a run that has its registry for itself: its names and contents follow from
    /// the seed alone.
    pub fn new(version: Version, seed: u64) -> RunSettings {
        RunSettings {
            version,
            strictness: Strictness::Violations,
            seed,
            run_id: RunId::of_seed(seed),
            jobs: 8,
            grace: Duration::ZERO,
            on_finding: OnFinding::GoOn,
            repositories: Vec::new(),
            require: Vec::new(),
            clean_up: CleanUp::Always,
            longest: LONGEST,
            longest_scenario: LONGEST_SCENARIO,
            stop: Stop::default(),
            explore: Budget::Nothing,
            narrowed: Vec::new(),
            command: String::new(),
            lifetime: Lifetime::Stays,
        }
    }
}

/// What happens at a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnFinding {
    /// The run goes on.
    GoOn,
    /// `--fail-fast`: once one of these is broken, no further scenario begins.
    StopAt(BTreeSet<RequirementId>),
}

/// What becomes of what a run created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// It is removed, as far as the registry lets it.
    Always,
    /// `--keep`: it stays.
    Never,
}
