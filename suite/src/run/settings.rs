//! The settings of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Stop;
use crate::catalogue::{RequirementId, Version};
use crate::explore::Budget;
use crate::log::{Lifetime, Strictness};
use crate::values::{ImageName, RunId};

/// Default limit on a run: a slow registry, or one that limits its clients, is not tested for hours.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Default limit on one scenario: the heaviest takes seconds on a registry that is not overloaded.
const LONGEST_SCENARIO: Duration = Duration::from_secs(5 * 60);

/// The settings of a run; [`RunSettings::new`] has the defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunSettings {
    /// Version of the specification to test against.
    pub version: Version,
    /// Which results count as failures (default: violations).
    pub strictness: Strictness,
    /// Seed for all generated names and content.
    pub seed: u64,
    /// Id that is part of all generated names and content, besides the seed (default: made from the seed).
    pub run_id: RunId,
    /// Maximum number of scenarios that run at the same time (default: 8).
    pub jobs: usize,
    /// Time for which a read after a write may be stale (default: 0).
    pub grace: Duration,
    /// What to do at a violation (default: go on).
    pub on_finding: OnFinding,
    /// The only repositories that the run may use (default: new ones for each scenario).
    pub repositories: Vec<String>,
    /// Name below which the repositories lie that the run makes; it names none beside it (default: none).
    pub repository_prefix: Option<String>,
    /// What the run may do to the registry (default: push and delete content of its own).
    pub access: Access,
    /// Optional capabilities that the registry must offer (default: none).
    pub require: Vec<String>,
    /// What to do with the content that the run created (default: delete it, unless it shows a finding).
    pub clean_up: CleanUp,
    /// Maximum duration of the run (default: 30 minutes).
    pub longest: Duration,
    /// Maximum duration of one scenario (default: 5 minutes).
    pub longest_scenario: Duration,
    /// Handle that stops the run.
    pub stop: Stop,
    /// Budget for random workflows (default: none).
    pub explore: Budget,
    /// Options that excluded a part of the suite, for the report (default: none).
    pub narrowed: Vec<String>,
    /// Command that repeats the run, without seed and selection, for the report (default: made from target and version).
    pub command: String,
    /// Whether the target outlives the run.
    pub lifetime: Lifetime,
}

impl RunSettings {
    /// Default settings. All names and content follow from the seed alone, so two runs with one seed must not use one
    /// registry at the same time.
    pub fn new(version: Version, seed: u64) -> RunSettings {
        RunSettings {
            version,
            strictness: Strictness::Violations,
            seed,
            run_id: RunId::of_seed(seed),
            jobs: 64,
            grace: Duration::ZERO,
            on_finding: OnFinding::GoOn,
            repositories: Vec::new(),
            repository_prefix: None,
            access: Access::Write,
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

/// What a run may do to the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Push content of its own, ask for it, and delete it.
    Write,
    /// `--read-only`: ask for what is there already, by GET and HEAD alone: for these images, or, if none is named, for what
    /// the catalogue and the lists of tags lead to.
    Read(Vec<ImageName>),
}

impl Access {
    /// Whether a request with this method may be sent.
    pub(super) fn allows(&self, method: &str) -> bool {
        *self == Access::Write || matches!(method, "GET" | "HEAD")
    }
}

/// What a run does at a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnFinding {
    /// It goes on.
    GoOn,
    /// `--fail-fast`: once one of these is broken, it starts no further scenario.
    StopAt(BTreeSet<RequirementId>),
}

/// What a run does with the content that it created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// Delete it, as far as the registry lets it.
    Always,
    /// `--keep`: leave it in the registry.
    Never,
}
