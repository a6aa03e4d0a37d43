//! What a run found: one tree, made by the judgement and folded by every report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::{Level, RequirementId, Version};
pub use crate::plan::Place;
use crate::wire::{Exchange, Secrets};

/// All that one run found out about one registry.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was run against what.
    pub facts: Facts,
    /// What the probes settled, by the capability's name.
    pub capabilities: BTreeMap<String, Offer>,
    /// What a person must look at: one for each broken requirement that is no mere consequence, heaviest first.
    pub findings: Vec<Finding>,
    /// Every requirement of the catalogue, in its order.
    pub requirements: Vec<RequirementOutcome>,
    /// Every scenario of the plan, in its order.
    pub scenarios: Vec<ScenarioOutcome>,
    /// The texts of scenarios that are not in the library, by their names: those that random workflows came to.
    pub generated: BTreeMap<Arc<str>, Arc<str>>,
    /// How the run ended.
    pub end: End,
}

/// The circumstances of a run.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The target as the reader would type it, without credentials.
    pub target: String,
    /// The version that the registry is judged by.
    pub version: Version,
    /// The seed that makes the same bytes and names again.
    pub seed: u64,
    /// Whether warnings count.
    pub strictness: Strictness,
    /// The options that kept a part of the suite from being asked, as the reader would type them; empty if nothing did.
    pub narrowed: Vec<String>,
    /// When the run began, in seconds since 1970.
    pub started: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// How many requests were sent.
    pub requests: u64,
    /// The servers that requests were sent to, the target first.
    pub hosts: Vec<String>,
    /// What else a reader has to know to believe the report, a sentence each.
    pub notes: Vec<String>,
    /// What must not be shown.
    pub secrets: Secrets,
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Violations, and a MUST that was nowhere reached.
    Violations,
    /// `--strict`: warnings, and late answers, too.
    Warnings,
}

/// What a registry does about a capability.
#[derive(Clone, Debug)]
pub enum Offer {
    /// It offers it, as this exchange shows.
    Offered(Arc<Exchange>),
    /// It refuses it as the specification allows, as this exchange shows.
    Refused(Arc<Exchange>),
    /// No probe could settle it, for this reason.
    Unsettled(String),
}

/// A broken requirement.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level in the version judged by.
    pub level: Level,
    /// How many checks of it broke.
    pub broken: usize,
    /// How many checks of it were made.
    pub asked: usize,
    /// The different ways in which it broke, most frequent first; never empty.
    pub ways: Vec<Way>,
    /// In how many of how many runs of the scenario it broke.
    pub again: Repetition,
    /// The broken requirements that follow from this one.
    pub consequences: Vec<Consequence>,
}

/// How often a finding was seen when its scenario ran again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// Runs in which it broke.
    pub broken: u32,
    /// Runs that were made.
    pub runs: u32,
}

/// One way in which a requirement broke: this was asked, that was got.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where the check stands.
    pub place: Place,
    /// The first cell of the row, if the check stands in rows.
    pub row: Option<String>,
    /// What the check asked, its placeholders filled in.
    pub asked: String,
    /// What the registry answered.
    pub got: String,
    /// How many checks broke in this way.
    pub count: usize,
    /// The exchange that broke it.
    pub exchange: Option<Arc<Exchange>>,
    /// Shell lines that show it again; empty where none can.
    pub curl: String,
    /// The command that runs the scenario again.
    pub assize: String,
}

/// A broken requirement that rests on another broken one.
#[derive(Clone, Debug)]
pub struct Consequence {
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level in the version judged by.
    pub level: Level,
    /// The ways in which it broke.
    pub ways: Vec<Way>,
}

/// What became of one requirement.
#[derive(Clone, Debug)]
pub struct RequirementOutcome {
    /// The requirement.
    pub id: RequirementId,
    /// Its level in the version judged by; `None` where it is not in force.
    pub level: Option<Level>,
    /// The verdict over all its checks.
    pub verdict: Verdict,
    /// How many checks of it came to each kind of verdict.
    pub counts: Counts,
}

/// How many checks came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that held.
    pub held: usize,
    /// Checks that broke.
    pub broken: usize,
    /// Checks that held only within the grace.
    pub late: usize,
    /// Checks of any other verdict.
    pub other: usize,
}

/// What became of one scenario.
#[derive(Clone, Debug)]
pub struct ScenarioOutcome {
    /// Its name.
    pub name: Arc<str>,
    /// Its title.
    pub title: String,
    /// The worst that happened in it.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// What became of a check, a requirement or a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Held,
    /// It is broken.
    Broken,
    /// It held within the grace, not at once.
    Late,
    /// Something before it failed.
    NotReached(String),
    /// The registry does not offer this capability, as it may.
    NotOffered(String),
    /// The occasion never came up.
    NoOccasion,
    /// It was not to be asked: version, profile, selection, or something the user did not give.
    NotAsked(String),
    /// The suite itself failed.
    Failed(String),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything planned was run.
    Complete,
    /// `--fail-fast`: it stopped at the first finding.
    FailedFast,
    /// The target stopped answering anybody; what was found before is shown as partial.
    TargetLost(String),
}
