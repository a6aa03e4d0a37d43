//! What was typed: every command and option, as clap reads them. What they mean is in [`super::settings`].

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::exit::Exit;
use super::value;
use assize::report::{Counted, ReportRequest};
use assize::values::RunId;
use assize::wire::{Address, Proxy};

/// Asks a container registry everything that the specification asks of it, and says what holds, what is
/// broken, what it does not offer and what could not be reached.
///
/// Without a command and without a target it runs against the registry that comes with it.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_long_help = Exit::table())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// When to print in colour
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

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the scenarios against a registry (the command if none is given)
    #[command(after_long_help = Exit::table())]
    Run(Box<RunArguments>),
    /// Serve the registry that comes with the suite
    #[cfg(feature = "bundled")]
    Serve(Box<assize::bundled::Config>),
    /// Write down what a registry answers, one file for each scenario, and show what has changed since
    #[command(after_long_help = Exit::table())]
    Snapshot(Box<SnapshotArguments>),
    /// Remove what earlier runs left: everything below assize/, or what the suite made in the repositories given
    Clean(Box<CleanArguments>),
    /// Lay every deviation over a well-behaved registry and see that the suite catches it
    Selftest(SelftestArguments),
    /// Judge again what `assize run --record` wrote down, without any registry
    #[command(after_long_help = Exit::table())]
    Judge(JudgeArguments),
    /// List scenarios, requirements or capabilities
    List(ListArguments),
    /// Say what a requirement asks and why, or show a scenario
    Explain(ExplainArguments),
    /// Bring scenarios into their usual shape
    Fmt(FmtArguments),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// `assize clean`.
#[derive(Args, Debug)]
pub(crate) struct CleanArguments {
    /// The registry: its address, or its host alone, which means https (http on this machine)
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) target: String,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// `assize selftest`.
#[derive(Args, Debug)]
pub(crate) struct SelftestArguments {
    /// Lay the deviations over this registry in place of the one that comes with the suite
    #[arg(long, value_name = "TARGET", value_hint = ValueHint::Url)]
    pub(crate) over: Option<String>,

    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// Try the deviations whose id matches, as in 'range-*'
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// The number from which all names and contents are made
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,

    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// When to do something that suits a terminal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    /// If the output is a terminal that shows colour
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

/// `assize run`.
#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The registry: its address, or its host alone, which means https (http on this machine); the one that
    /// comes with the suite if none is given
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

/// Who asks the registry.
#[derive(Args, Debug)]
pub(crate) struct LoginArguments {
    /// The user to log in as; the password is never an argument. A bearer token in ASSIZE_TOKEN takes the place
    /// of both
    #[arg(long, env = "ASSIZE_USER", hide_env_values = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = "ASSIZE_PASSWORD")]
    pub(crate) password_env: String,

    /// Another account, for scenarios that ask for one; it logs in with ASSIZE_NAME_USER and
    /// ASSIZE_NAME_PASSWORD, or ASSIZE_NAME_TOKEN
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Vec<String>,
}

/// How the registry is reached, and where a run may write.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArguments {
    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// A file of certificates (PEM) to trust besides those of the system: of who signs, or of the registry itself
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Vec<PathBuf>,

    /// Accept any certificate
    #[arg(long, conflicts_with = "ca")]
    pub(crate) insecure: bool,

    /// The certificate (PEM) to show where the registry wants one of its clients
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cert: Option<PathBuf>,

    /// The key (PEM) of that certificate, if it is not in the same file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// A proxy for every server, in place of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, which never count for
    /// this machine
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Url, value_parser = Proxy::parse)]
    pub(crate) proxy: Option<Proxy>,

    /// Where a host is found, in place of what its name resolves to
    #[arg(long, value_name = "HOST:PORT:ADDRESS", value_parser = value::address)]
    pub(crate) resolve: Vec<Address>,

    /// A header line of every request to the registry, as in 'X-Tenant: me'; reports show it, unless it is Authorization
    /// or Cookie
    #[arg(long, value_name = "LINE", value_parser = value::header_line)]
    pub(crate) header: Vec<(String, String)>,

    /// What to call the client
    #[arg(long, value_name = "TEXT", value_parser = value::header_value)]
    pub(crate) user_agent: Option<String>,

    /// Ask no other host, wherever the registry leads; what lies there is not reached
    #[arg(long)]
    pub(crate) same_host: bool,

    /// How long the registry may take to begin an answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,

    /// Name this repository and no other, neither to write nor to read; scenarios that share one run one after
    /// another. A second and a third, for mounts and the like: repeat it
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Vec<String>,
}

/// What is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is asked")]
pub(crate) struct SelectionArguments {
    /// The version of the specification to judge by; 1.1 unless told
    #[arg(long, value_name = "VERSION")]
    pub(crate) spec: Option<Spec>,

    /// Whose specification: of the OCI, or of Docker's Registry HTTP API V2
    #[arg(long, default_value = "oci")]
    pub(crate) profile: Profile,

    /// A capability that the registry has to offer, although the specification leaves it free
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) require: Vec<String>,

    /// Run the scenarios whose name matches, as in 'push/*'
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,

    /// Ask the requirements of the sections whose title contains this
    #[arg(long, value_name = "TITLE")]
    pub(crate) section: Vec<String>,

    /// Ask the requirements whose id matches, as in 'push.mount.*'
    #[arg(long, value_name = "GLOB")]
    pub(crate) requirement: Vec<String>,

    /// Run the scenarios in this folder in place of those that come with the suite
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// How a run is done.
#[derive(Args, Debug)]
#[command(next_help_heading = "The run")]
pub(crate) struct ConductArguments {
    #[command(flatten)]
    pub(crate) pace: PaceArguments,

    /// How long to try random workflows after the scenarios; ten of them unless given, none if a part is asked
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) explore: Option<Duration>,

    /// Stop at the first violation that makes the run fail
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) fail_fast: bool,

    /// Leave what the run has pushed in the registry
    #[arg(long)]
    pub(crate) keep: bool,

    /// Write down all that happens, so that `assize judge` can judge it again; no secret is in it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) record: Option<PathBuf>,
}

/// What makes a run what it is, and how fast it goes.
#[derive(Args, Debug)]
pub(crate) struct PaceArguments {
    /// The number from which all contents are made; any, unless given
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// The word that stands in all names and contents of the run, so that no two runs meet; with the seed of an
    /// earlier run it makes the same bytes again
    #[arg(long, value_name = "WORD")]
    pub(crate) run_id: Option<RunId>,

    /// How many scenarios run at once
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    pub(crate) jobs: NonZeroUsize,

    /// How long a list, or a read after a write, may lag behind
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = value::duration)]
    pub(crate) grace: Duration,

    /// How long the run may take; what it has found by then is reported
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = value::duration)]
    pub(crate) longest: Duration,
}

/// `assize snapshot`.
#[derive(Args, Debug)]
pub(crate) struct SnapshotArguments {
    /// The registry: its address, or its host alone, which means https (http on this machine); the one that
    /// comes with the suite if none is given. With --accept, --review and --unreferenced it may be left out:
    /// nothing is asked then, and what is pending from before counts
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) target: Option<String>,

    /// The folder of answers
    #[arg(default_value = "answers", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,

    /// Write nothing, and fail if anything is different, or not recorded
    #[arg(long, conflicts_with_all = ["accept", "review", "unreferenced"])]
    pub(crate) check: bool,

    /// Take over what is pending: everything, of the scenarios whose name matches, as in 'push/*', or, as `better`,
    /// only what a requirement gained
    #[arg(long, value_name = "GLOB", num_args = 0..=1, default_missing_value = "*", conflicts_with_all = ["review", "unreferenced"])]
    pub(crate) accept: Option<String>,

    /// Go through what is pending one by one: accept, reject, skip, why, quit
    #[arg(long, conflicts_with = "unreferenced")]
    pub(crate) review: bool,

    /// Name the files whose scenario there is not
    #[arg(long)]
    pub(crate) unreferenced: bool,

    /// Write what is different: text, markdown or json; a path of - is the standard output
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
    /// Fail for warnings and late answers, too
    #[arg(long)]
    pub(crate) strict: bool,

    /// Whose MUSTs make the run fail: 'text' (the OCI's specifications), 'rfc', 'implied' (stated nowhere),
    /// 'security' (stated nowhere), 'data' (what protects content or access, whoever asks it), or 'all'; the others are
    /// shown and counted
    #[arg(long, value_name = "LIST", default_value_t = Counted::usual(), value_parser = Counted::parse)]
    pub(crate) basis: Counted,

    /// A file of known findings: others fail, and so do those that are found no more
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,

    /// Write a report: text, json, junit, markdown, html or baseline (a draft of the file for --baseline); a path of
    /// - is the standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = ReportRequest::parse)]
    pub(crate) report: Vec<ReportRequest>,

    /// Write every exchange into a HAR file, as a browser shows them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trace: Option<PathBuf>,
}

/// `assize judge`.
#[derive(Args, Debug)]
pub(crate) struct JudgeArguments {
    /// What `assize run --record FILE` wrote
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// The folder of scenarios that ran, if it was not those that come with the suite
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
    /// The next version, as its draft stands
    Next,
}

/// Whose specification a registry is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The OCI distribution specification
    Oci,
    /// Docker Registry HTTP API V2
    Docker,
}

/// `assize list`.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// What to list
    #[arg(default_value = "scenarios")]
    pub(crate) what: Listing,

    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// From the scenarios in this folder in place of those that come with the suite
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Listing {
    /// The scenarios: name and title
    Scenarios,
    /// The requirements: id, level and sentence
    Requirements,
    /// What a registry may leave out, and the probe that finds out
    Capabilities,
}

/// `assize explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The id of a requirement, as in push.mount.201, or the name of a scenario, as in push/mount
    pub(crate) id: String,

    /// From the scenarios in this folder in place of those that come with the suite
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) scenarios: Option<PathBuf>,
}

/// `assize fmt`.
#[derive(Args, Debug)]
pub(crate) struct FmtArguments {
    /// Scenarios, or folders of them
    #[arg(default_value = "scenarios", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,

    /// Change nothing; say which are not in shape, and fail if there is one
    #[arg(long)]
    pub(crate) check: bool,
}
