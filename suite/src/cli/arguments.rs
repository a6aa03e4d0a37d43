//! What was typed: every command and option, as clap reads them. What they mean is in [`super::settings`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::exit::Exit;
use super::named_file::NamedFile;
use super::value;
use assize::compare::ComparisonForm;
use assize::report::{Counted, ReportRequest};
use assize::run::RunId;
use assize::wire::{Address, Proxy};

/// What the program is for, and four ways to use it.
const ABOUT: &str = "\
Tests a container registry against the OCI distribution specification and reports which requirements hold, which are \
broken, which features the registry does not offer, and what could not be tested.

Test your registry, and show each finding with its exchange:
    assize run registry.example.com --full

Write a page for people, and files for a pipeline:
    assize run registry.example.com --report html=report.html --report junit=junit.xml

Record what the registry answers; later, fail if it answers anything else:
    assize snapshot registry.example.com
    assize snapshot registry.example.com --check

Lay two reports side by side:
    assize compare before.json after.json

Without a command and without a target, it tests its own bundled registry.";

/// Tests a container registry against the OCI distribution specification
#[derive(Debug, Parser)]
#[command(version, long_about = ABOUT, args_conflicts_with_subcommands = true, after_long_help = Exit::table())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: When,

    #[command(flatten)]
    pub(crate) run: RunArguments,
}

impl Arguments {
    /// Gives the command that was typed another target.
    pub(crate) fn set_target(&mut self, address: String) {
        match &mut self.command {
            None => self.run.target = Some(address),
            Some(Command::Run(run)) => run.target = Some(address),
            Some(Command::Snapshot(snapshot)) => snapshot.target = Some(address),
            Some(Command::Clean(clean)) => clean.target = address,
            Some(_) => {}
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the scenarios against a registry (the default command)
    #[command(after_long_help = Exit::table())]
    Run(Box<RunArguments>),
    /// Serve the bundled reference registry
    #[cfg(feature = "bundled")]
    Serve(Box<ServeArguments>),
    /// Record the responses of a registry, one file per scenario, and show what has changed since the last recording
    #[command(after_long_help = Exit::table())]
    Snapshot(Box<SnapshotArguments>),
    /// Delete what earlier runs left behind: everything below assize/, or the suite's content in the given repositories
    Clean(Box<CleanArguments>),
    /// Check that the suite catches every known deviation, each simulated by a proxy in front of a conforming registry
    Selftest(SelftestArguments),
    /// Serve a registry that breaks one requirement, or uses one freedom of the specification, to try a client against
    Sabotage(SabotageArguments),
    /// Judge a run again from the file that `assize run --record` wrote, without a registry
    #[command(after_long_help = Exit::table())]
    Judge(JudgeArguments),
    /// Compare reports or recorded runs: registries as columns, requirements as rows
    Compare(CompareArguments),
    /// Make a static site from a folder of reports: a table of registries, and a page with the history of each
    Site(SiteArguments),
    /// Sign a manifest of schema 1 from standard input with a new key, as the scripts of findings about such manifests do
    Sign,
    /// List scenarios, requirements or capabilities
    List(ListArguments),
    /// Show what a requirement demands and why, or print a scenario
    Explain(ExplainArguments),
    /// Format scenario files
    Fmt(FmtArguments),
    /// Run a language server for scenario files on standard input and output, for editors
    Lsp(LspArguments),
    /// Print a completion script for a shell
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
    /// Print the manual page of assize or of a command, or write all manual pages to a folder
    Man(ManArguments),
}

/// `assize man`.
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// Command to show the page of (default: the page of assize)
    pub(crate) command: Option<String>,

    /// Write the page of assize and a page for each command to this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub(crate) into: Option<PathBuf>,
}

/// `assize serve`.
#[cfg(feature = "bundled")]
#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// Folder of responses that `assize snapshot` recorded: answer as that registry did in the same situation, and as the
    /// reference where the record shows nothing. Over HTTP only; bodies are held in memory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) like: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) config: assize::bundled::Config,
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

/// `assize selftest`.
#[derive(Args, Debug)]
pub(crate) struct SelftestArguments {
    /// Registry behind the simulated deviations (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Run only the deviations whose id matches, such as 'range-*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// Seed for all generated names and content
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = value::seed)]
    pub(crate) seed: u64,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `assize sabotage`.
#[derive(Args, Debug)]
pub(crate) struct SabotageArguments {
    /// Id of a deviation, which is wrong, or of a variation, which is allowed
    #[arg(required_unless_present = "list")]
    pub(crate) id: Option<String>,

    /// Registry behind it, reached without TLS (default: the bundled registry)
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Address to listen on; a port alone listens on loopback only, and port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000", value_parser = value::listen)]
    pub(crate) listen: SocketAddr,

    /// List all deviations and variations
    #[arg(long, conflicts_with_all = ["id", "over"])]
    pub(crate) list: bool,

    /// Print the list as JSON
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}

/// `assize compare`.
#[derive(Args, Debug)]
pub(crate) struct CompareArguments {
    /// What to compare, as columns from left to right: a report that --report json wrote, a run that --record kept, or
    /// junit.xml or results.yaml of the OCI's conformance suite; under the name of the file or another one
    #[arg(required = true, value_name = "[NAME=]FILE", value_parser = NamedFile::parse)]
    pub(crate) files: Vec<NamedFile>,

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

/// When to do something that suits a terminal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    /// When the output is a terminal that supports colour
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `assize run`.
#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// URL or host of the registry, or the name of one in assize.toml; a host alone means https, or http for this machine
    /// (default: the registry that the variables of the official conformance suite name, such as OCI_ROOT_URL, or else the
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

/// The variable of the password unless another one is named.
pub(crate) const USUAL_PASSWORD: &str = "ASSIZE_PASSWORD";

/// Who asks the registry.
#[derive(Args, Debug)]
pub(crate) struct LoginArguments {
    /// User to log in as. The password comes from the environment (see --password-env), or is asked for on a terminal;
    /// ASSIZE_TOKEN (a bearer token) or ASSIZE_REFRESH_TOKEN replaces user and password. Without any of these the logins
    /// that docker, podman, crane and curl keep are looked through: REGISTRY_AUTH_FILE, DOCKER_CONFIG, auth.json,
    /// ~/.docker/config.json with its credential helpers, and .netrc
    #[arg(long, env = "ASSIZE_USER", hide_env_values = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = USUAL_PASSWORD)]
    pub(crate) password_env: String,

    /// Log in as nobody, whatever the environment and the files of other clients hold
    #[arg(long)]
    pub(crate) anonymous: bool,

    /// Additional account for the scenarios that need one of this name; it logs in with ASSIZE_NAME_USER and
    /// ASSIZE_NAME_PASSWORD, or with ASSIZE_NAME_TOKEN or ASSIZE_NAME_REFRESH_TOKEN; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Vec<String>,
}

/// How the registry is reached, and where a run may write.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArguments {
    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// PEM file of certificates to trust in addition to the system's: a CA's, or the registry's own; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Vec<PathBuf>,

    /// Accept any TLS certificate
    #[arg(long, conflicts_with = "ca")]
    pub(crate) insecure: bool,

    /// PEM file with the client certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cert: Option<PathBuf>,

    /// PEM file with the key of the client certificate (default: the file of --cert)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Proxy for all requests. It overrides http_proxy, HTTPS_PROXY, ALL_PROXY and NO_PROXY, which are never used
    /// for this machine
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Url, value_parser = Proxy::parse)]
    pub(crate) proxy: Option<Proxy>,

    /// Address to connect to for a host and port, instead of what DNS says; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDRESS", value_parser = value::address)]
    pub(crate) resolve: Vec<Address>,

    /// Header for every request to the registry, such as 'X-Tenant: me'; reports show its value, unless it is
    /// Authorization or Cookie; repeatable
    #[arg(long, value_name = "LINE", value_parser = value::header_line)]
    pub(crate) header: Vec<(String, String)>,

    /// Value of the User-Agent header (default: assize/VERSION)
    #[arg(long, value_name = "TEXT", value_parser = value::header_value)]
    pub(crate) user_agent: Option<String>,

    /// Never contact another host, even where the registry redirects to one; checks that would need it are not reached
    #[arg(long)]
    pub(crate) same_host: bool,

    /// Time within which the registry must begin its response
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,

    /// Use only this repository, for writes and for reads. Repeat it to give a second and a third one for scenarios
    /// that need several, such as mounts. Scenarios that share a repository do not run at the same time
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Vec<String>,
}

/// What is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is asked")]
pub(crate) struct SelectionArguments {
    /// Version of the specification to test against (default: 1.1)
    #[arg(long, value_name = "VERSION")]
    pub(crate) spec: Option<Spec>,

    /// Specification to test against: OCI distribution, or one of Docker
    #[arg(long, default_value = "oci")]
    pub(crate) profile: Profile,

    /// Require a capability that the specification leaves optional; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) require: Vec<String>,

    /// Run only the scenarios whose name matches, such as 'push/*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// Test only the requirements of sections whose title contains this text; repeatable
    #[arg(long, value_name = "TITLE")]
    pub(crate) section: Vec<String>,

    /// Test only the requirements whose id matches, such as 'push.mount.*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) requirement: Vec<String>,

    /// Folder of scenarios to run (default: the built-in scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// How a run is done.
#[derive(Args, Debug)]
#[command(next_help_heading = "The run")]
pub(crate) struct ConductArguments {
    #[command(flatten)]
    pub(crate) pace: PaceArguments,

    /// Time to spend on random workflows after the scenarios (default: ten workflows, or none if only a part of the suite runs)
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) explore: Option<Duration>,

    /// Stop at the first violation that makes the run fail
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) fail_fast: bool,

    /// Do not delete what the run has pushed
    #[arg(long)]
    pub(crate) keep: bool,

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

    /// Folder of the scenarios that ran (default: the built-in scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) verdict: VerdictArguments,
}

/// The versions of the OCI distribution specification.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Spec {
    /// 1.0
    #[value(name = "1.0")]
    V1_0,
    /// 1.1
    #[value(name = "1.1")]
    V1_1,
    /// The current draft of the next version
    Next,
}

/// Whose specification a registry is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The OCI distribution specification
    Oci,
    /// Docker Registry HTTP API V2
    Docker,
    /// What Docker's registry of 2014 spoke: TarSum digests and signed manifests
    Legacy,
}

/// `assize list`.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// What to list
    #[arg(default_value = "scenarios")]
    pub(crate) what: Listing,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Folder of scenarios (default: the built-in scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
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

    /// Folder of scenarios (default: the built-in scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
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
    /// The folder of scenarios; unless given, the nearest one above a file with a catalogue in requirements/ or scenarios in
    /// probe/, and without such a one the file by itself
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}
