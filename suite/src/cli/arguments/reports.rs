//! What is made of reports.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::named_column::NamedColumn;
use assize::compare::ComparisonForm;

/// `assize compare`.
#[derive(Args, Debug)]
pub(crate) struct CompareArguments {
    /// What to compare, as columns from left to right: a report that --report json wrote, a run that --record kept, a folder
    /// of responses that `assize snapshot` recorded, the address of a registry, which is tested as `assize run ADDRESS` does, or
    /// junit.xml or results.yaml of the OCI's conformance suite; under its own name or another one
    #[arg(required = true, value_name = "[NAME=]FILE|DIR|ADDRESS", value_parser = NamedColumn::parse)]
    pub(crate) columns: Vec<NamedColumn>,

    /// Take the columns for one registry over time, oldest first: show what each gained and lost since the one before
    #[arg(long)]
    pub(crate) trend: bool,

    /// Show every requirement, not only those that came to different verdicts
    #[arg(long)]
    pub(crate) all: bool,

    /// How to write it: text, markdown, html (one page that needs no network) or json
    #[arg(long = "as", value_name = "FORM", default_value_t = ComparisonForm::Text)]
    pub(crate) form: ComparisonForm,
}

/// `assize site`.
#[derive(Args, Debug)]
pub(crate) struct SiteArguments {
    /// Folder of reports that --report json wrote: NAME.json for one run of a registry, or a folder NAME with a report for
    /// each of its runs
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) reports: PathBuf,

    /// Folder to write the site to
    #[arg(long, value_name = "DIR", default_value = "site", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
}
