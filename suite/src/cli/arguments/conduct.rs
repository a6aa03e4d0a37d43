//! How a run is done.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use crate::cli::value;
use assize::run::RunId;

/// How a run is done.
#[derive(Args, Debug)]
#[command(next_help_heading = "The run")]
pub(crate) struct ConductArguments {
    #[command(flatten)]
    pub(crate) pace: PaceArguments,

    /// Time to spend on random workflows after the scenarios (default: ten workflows, or none if only a part of the suite or --scenarios runs)
    #[arg(long, value_name = "TIME", value_parser = value::duration, conflicts_with = "read_only")]
    pub(crate) explore: Option<Duration>,

    /// Stop at the first violation that makes the run fail
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) fail_fast: bool,

    /// Do not delete what the run has pushed
    #[arg(long)]
    pub(crate) keep: bool,

    /// Write junit.xml, report.html and results.yaml to the folder that OCI_RESULTS_DIR or OCI_REPORT_DIR names (default:
    /// results), and end with 0 or 1 alone, as the OCI's conformance suite does
    #[arg(long)]
    pub(crate) like_official: bool,

    /// Write a record of the run, without secrets, that `assize judge` can judge again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) record: Option<PathBuf>,
}

/// What makes a run what it is, and how fast it goes.
#[derive(Args, Debug)]
pub(crate) struct PaceArguments {
    /// Seed for all generated names and content (default: random)
    #[arg(long, value_name = "NUMBER", value_parser = value::seed)]
    pub(crate) seed: Option<u64>,

    /// Word that is part of all names and content of the run, so that runs do not interfere (default: random). With
    /// the seed of an earlier run it reproduces the same bytes
    #[arg(long, value_name = "WORD")]
    pub(crate) run_id: Option<RunId>,

    /// Maximum number of scenarios to run at the same time
    #[arg(long, value_name = "NUMBER", default_value = "64", value_parser = value::jobs)]
    pub(crate) jobs: NonZeroUsize,

    /// Time for which a list, or a read after a write, may be stale
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = value::duration)]
    pub(crate) grace: Duration,

    /// Maximum duration of the run; what it has found by then is reported
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = value::duration)]
    pub(crate) longest: Duration,
}
