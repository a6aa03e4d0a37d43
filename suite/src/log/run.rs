//! All that happened in a run, and its circumstances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::ProgramLog;
use crate::catalogue::{RequirementId, Version};
use crate::cause::{Loss, Unsettled};
use crate::scenario::Program;
use crate::values::RunId;
use crate::wire::{Exchange, Secrets, Url};

/// All that happened in one run against one registry.
#[derive(Clone, Debug)]
pub struct RunLog {
    /// What was run against what.
    pub facts: Facts,
    /// The requirements that were asked; `None` for all.
    pub asked: Option<BTreeSet<RequirementId>>,
    /// What is asked of every answer.
    pub invariants: Vec<Arc<Program>>,
    /// What the probes settled, by the capability's name.
    pub offers: BTreeMap<String, Offer>,
    /// The programs, in the order of the plan.
    pub programs: Vec<Attempts>,
    /// How the run ended.
    pub end: End,
}

/// The runs of one program.
#[derive(Clone, Debug)]
pub struct Attempts {
    /// The first run.
    pub first: ProgramLog,
    /// The run that followed, if something broke in the first.
    pub again: Option<ProgramLog>,
}

/// The circumstances of a run.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The target, without credentials.
    pub target: Url,
    /// The version that the registry is judged by.
    pub version: Version,
    /// The seed of what is drawn.
    pub seed: u64,
    /// What makes the same bytes and names again, together with the seed.
    pub run_id: RunId,
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
    /// How it is done again.
    pub rerun: Rerun,
}

/// How a run is done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    /// The command, without seed and selection.
    pub command: String,
    /// For how long random workflows were tried, if a time was given.
    pub explore: Option<Duration>,
    /// Whether the target is still there when the report is read.
    pub lifetime: Lifetime,
}

/// How long a target is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It is there when the report is read.
    Stays,
    /// It ends with the run, as the bundled registry does.
    EndsWithTheRun,
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
    /// No probe could settle it.
    Unsettled(Unsettled),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything planned was run.
    Complete,
    /// `--fail-fast`: it stopped at the first finding.
    FailedFast,
    /// The target is not what it was any more; what was found before is shown as partial.
    TargetLost(Loss),
    /// Somebody interrupted it.
    Interrupted,
    /// It took as long as a run may take.
    OutOfTime(Duration),
}

impl End {
    /// Whether the run was cut off from outside, so that what was found may not have been confirmed.
    pub fn is_cut_off(&self) -> bool {
        matches!(self, End::TargetLost(_) | End::Interrupted | End::OutOfTime(_))
    }
}
