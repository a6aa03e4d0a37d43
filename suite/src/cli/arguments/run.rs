//! A run, and the recording of answers, which is made of runs.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{ConductArguments, PaceArguments, RegistryArguments, SelectionArguments, VerdictArguments};
use assize::report::ReportRequest;

/// `assize run`.
#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// URL or host of the registry, or the name of one in assize.toml; a host alone means https, or http for this machine,
    /// and in https://HOST/PREFIX the API is at PREFIX/v2/ (default: the registry that the variables of the official conformance suite name, such as OCI_ROOT_URL, or else the
    /// bundled one)
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) target: Option<String>,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) conduct: ConductArguments,
    #[command(flatten)]
    pub(crate) verdict: VerdictArguments,
}

/// `assize snapshot`.
#[derive(Args, Debug)]
pub(crate) struct SnapshotArguments {
    /// URL or host of the registry; a host alone means https, or http for this machine (default: the bundled registry,
    /// and then the first argument may be the folder). With --accept, --review or --unreferenced no request is sent unless
    /// a registry is given: they apply to the changes that are still pending
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) target: Option<String>,

    /// Folder of the recorded responses
    #[arg(default_value = "answers", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,

    /// Write nothing, and fail if any response differs or is not recorded
    #[arg(long, conflicts_with_all = ["accept", "review", "unreferenced"])]
    pub(crate) check: bool,

    /// Accept pending changes: all, those of the scenarios whose name matches, such as 'push/*', or, with 'better', only
    /// those by which a requirement came to hold
    #[arg(long, value_name = "GLOB", num_args = 0..=1, default_missing_value = "*", conflicts_with_all = ["review", "unreferenced"])]
    pub(crate) accept: Option<String>,

    /// Review pending changes one by one: accept, reject, skip, why, quit
    #[arg(long, conflicts_with = "unreferenced")]
    pub(crate) review: bool,

    /// List the files whose scenario no longer exists
    #[arg(long)]
    pub(crate) unreferenced: bool,

    /// Write the differences in a format: text, markdown or json. The path - means standard output; repeatable
    #[arg(long, value_name = "FORMAT=PATH", value_parser = ReportRequest::parse)]
    pub(crate) report: Vec<ReportRequest>,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) pace: SnapshotPace,
}

/// How the runs of a snapshot are done.
#[derive(Args, Debug)]
#[command(next_help_heading = "The runs")]
pub(crate) struct SnapshotPace {
    #[command(flatten)]
    pub(crate) pace: PaceArguments,
}

/// `assize clean`.
#[derive(Args, Debug)]
pub(crate) struct CleanArguments {
    /// URL or host of the registry; a host alone means https, or http for this machine
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) target: String,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}
