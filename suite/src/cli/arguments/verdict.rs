//! What a run is held against, and where the result is written.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use assize::report::{Counted, ReportRequest};

/// What the result is held against, and where it is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Verdict and reports")]
pub(crate) struct VerdictArguments {
    /// Treat warnings and late responses as failures
    #[arg(long)]
    pub(crate) strict: bool,

    /// Which MUSTs make the run fail, as a comma-separated list: 'text' (stated by the OCI specifications), 'rfc'
    /// (stated by RFCs), 'implied' and 'security' (stated nowhere), 'data' (protects content or access, wherever it is
    /// stated), or 'all'. Other broken MUSTs are reported but do not fail the run
    #[arg(long, value_name = "LIST", default_value_t = Counted::usual(), value_parser = Counted::parse)]
    pub(crate) basis: Counted,

    /// TOML file of known findings; the run fails for findings that it does not list, and for listed ones that are no
    /// longer found
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,

    /// Show each finding with its exchange, what it rests on and how to see it again, not only a line
    #[arg(short = 'v', long)]
    pub(crate) full: bool,

    /// Write a report in a format: text, json, junit, markdown, html, badge (an SVG image), sarif, gitlab (code quality),
    /// baseline (a draft for --baseline), or github, which needs no path: annotations, and the summary of the job. The
    /// path - means standard output; repeatable
    #[arg(long, value_name = "FORMAT=PATH", value_parser = ReportRequest::parse)]
    pub(crate) report: Vec<ReportRequest>,

    /// Where the results go in the form of the OCI's conformance suite, if --like-official asks for them.
    #[arg(skip)]
    pub(crate) official_results: Option<PathBuf>,

    /// Write all requests and responses to a HAR file, which a browser's network panel can open
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trace: Option<PathBuf>,
}

/// `assize judge`.
#[derive(Args, Debug)]
pub(crate) struct JudgeArguments {
    /// File that `assize run --record` wrote
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Folder of the scenarios that ran, or the single one (default: the built-in scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) verdict: VerdictArguments,
}
