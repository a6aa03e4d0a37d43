//! The scenarios and requirements themselves: listed, explained, formatted, edited.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// `assize list`.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// What to list
    #[arg(default_value = "scenarios")]
    pub(crate) what: Listing,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Folder of scenarios, or a single one (default: the built-in scenarios)
    #[arg(long, value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Listing {
    /// Scenarios: name and title
    Scenarios,
    /// Requirements: id, level and text
    Requirements,
    /// Optional capabilities, and the probe that detects each
    Capabilities,
}

/// `assize explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// Id of a requirement, such as push.mount.201, or name of a scenario, such as push/mount
    pub(crate) id: String,

    /// Folder of scenarios, or a single one (default: the built-in scenarios)
    #[arg(long, value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// `assize fmt`.
#[derive(Args, Debug)]
pub(crate) struct FmtArguments {
    /// Scenario files, or folders of them
    #[arg(default_value = "scenarios", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,

    /// Change nothing; list the files that are not formatted, and fail if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

/// `assize lsp`.
#[derive(Args, Debug)]
pub(crate) struct LspArguments {
    /// Folder of scenarios (default: the nearest one above a file that holds a catalogue in requirements/ or scenarios in
    /// probe/; without such a one, the file by itself)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}
