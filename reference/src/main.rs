//! The reference registry as a program.

mod checking;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use assize_reference::routes::Digest;
use assize_reference::{AuditRequest, Check, Config, Launch, Log, LogFormat, Signals, serve};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// A reference implementation of the OCI distribution specification
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    launch: Launch,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify a store that is not in use: every digest, every reference, and the journal
    ///
    /// Exits with 0 if the store is intact or was repaired, with 1 if there are faults, with 2 if there is no store or
    /// it cannot be read, and with 130 if it was interrupted: then nothing is repaired, and the last line of the output
    /// is the command that goes on. While it runs, a line every ten seconds says how far it is.
    Check {
        /// Directory that holds the content
        #[arg(long, env = "ASSIZE_REFERENCE_STORE")]
        store: PathBuf,

        /// Repair what can be repaired, and report how
        #[arg(long)]
        repair: bool,

        /// Rebuild the metadata from the journal as far as possible, then verify the result
        #[arg(long, conflicts_with = "repair")]
        rebuild: bool,

        /// Do not read the blobs before this one, which an earlier check has read; all else is verified
        #[arg(long, value_name = "DIGEST", value_parser = read_digest)]
        resume_from: Option<Digest>,
    },
}

/// The exit code where an argument, a variable or a file of the configuration is wrong.
const BAD_INPUT: u8 = 2;

/// The exit code where the registry does not start.
const CANNOT_START: u8 = 4;

#[tokio::main]
async fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    if let Some(Command::Check {
        store,
        repair,
        rebuild,
        resume_from,
    }) = arguments.command
    {
        let _log = Log::start(LogFormat::Text);
        let check = match (repair, rebuild) {
            (true, _) => Check::Repair,
            (_, true) => Check::Rebuild,
            _ => Check::Look,
        };
        return checking::run(store, AuditRequest { check, resume_from }).await;
    }
    match arguments.launch.settle(&Arguments::command(), &matches) {
        Ok(config) if arguments.launch.print_config => match config.as_file() {
            Ok(file) => {
                say(file.trim_end());
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error, BAD_INPUT),
        },
        Ok(config) => {
            let _log = Log::start(config.log_format);
            run(config).await
        }
        Err(error) => fail(&error, BAD_INPUT),
    }
}

/// Serves until the operating system asks the program to end.
async fn run(config: Config) -> ExitCode {
    let mut signals = match Signals::receive() {
        Ok(signals) => signals,
        Err(error) => return fail(&format!("cannot receive signals: {error}"), CANNOT_START),
    };
    let registry = match serve(config).await {
        Ok(registry) => registry,
        Err(error) => return fail(&error, CANNOT_START),
    };
    tracing::info!(url = %registry.url(), "listening");
    say(&registry.url());
    for line in registry.welcome(&registry.url()) {
        drop(writeln!(io::stderr(), "note: {line}"));
    }
    signals.end(&registry).await;
    tracing::info!("ending; a second signal ends at once");
    tokio::select! {
        () = registry.shutdown() => ExitCode::SUCCESS,
        () = signals.end_at_once() => ExitCode::FAILURE,
    }
}

/// Reads the digest of a blob, as an interrupted check prints it.
fn read_digest(text: &str) -> Result<Digest, String> {
    let advice = |error| format!("{error}; give the one that the interrupted check has printed, whole");
    text.parse().map_err(advice)
}

/// Says on the standard error why the program does not do what it was asked to do.
fn fail(error: &impl Display, exit: u8) -> ExitCode {
    drop(writeln!(io::stderr(), "error: {error}"));
    ExitCode::from(exit)
}

/// Prints a line for whoever started the program; one who has stopped listening misses nothing.
fn say(line: &str) {
    drop(writeln!(io::stdout(), "{line}"));
}
