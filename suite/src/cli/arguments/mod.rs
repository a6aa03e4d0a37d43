//! What was typed: every command and option, as clap reads them. What they mean is in [`super::settings`].

mod conduct;
mod corpus;
mod login;
mod registry;
mod reports;
mod run;
mod saboteur;
mod selection;
mod verdict;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::exit::Exit;
use assize::diagnostic::did_you_mean;

pub(crate) use conduct::{ConductArguments, PaceArguments};
pub(crate) use corpus::{ExplainArguments, FmtArguments, ListArguments, Listing, LspArguments};
pub(crate) use login::{LoginArguments, USUAL_PASSWORD};
pub(crate) use registry::{HttpVersion, RegistryArguments};
pub(crate) use reports::{CompareArguments, SiteArguments};
pub(crate) use run::{CleanArguments, RunArguments, SnapshotArguments};
pub(crate) use saboteur::{HuntArguments, SabotageArguments, SelftestArguments};
pub(crate) use selection::{Profile, SelectionArguments, Spec};
pub(crate) use verdict::{JudgeArguments, VerdictArguments};

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
    /// Change the answers of a good registry at random, in search of changes that break a client and that the suite passes
    Hunt(HuntArguments),
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

impl Command {
    /// The command whose name is like a word, as a question.
    pub(crate) fn like(word: &str) -> Option<String> {
        let assize = Arguments::command();
        did_you_mean(word, assize.get_subcommands().map(clap::Command::get_name))
    }
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
    /// reference where the record shows nothing. Over HTTP/1.1; bodies are held in memory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) like: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) launch: assize::bundled::Launch,
}
