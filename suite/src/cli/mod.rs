//! The command line. What was typed ([`arguments`]) becomes what it means ([`settings`]), and one command is executed.

mod arguments;
mod clean;
mod compare;
mod exit;
mod explain;
mod failure;
mod fmt;
mod judge;
mod library;
mod list;
mod lsp;
mod named_file;
mod output;
mod reproduce;
mod run;
mod sabotage;
mod selftest;
#[cfg(feature = "bundled")]
mod serve;
mod settings;
mod shell;
mod snapshot;
mod value;
mod verdict;

use anstream::ColorChoice;
use clap::Parser;

use arguments::{Arguments, Command, When};
use exit::Exit;
use failure::Failure;
use settings::Settings;
use verdict::Wanted;

/// Does what the arguments ask for.
pub(crate) fn main() -> Exit {
    let arguments = Arguments::parse();
    choose_color(arguments.color);
    execute(arguments).unwrap_or_else(|failure| {
        failure.print();
        failure.exit()
    })
}

fn execute(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.command {
        None => run_scenarios(arguments.run),
        Some(Command::Run(run)) => run_scenarios(*run),
        #[cfg(feature = "bundled")]
        Some(Command::Serve(config)) => block_on(serve::execute(*config)),
        Some(Command::Snapshot(arguments)) => {
            block_on(snapshot::execute(*arguments, &|name| std::env::var(name).ok()))
        }
        Some(Command::Clean(arguments)) => {
            block_on(clean::execute(&arguments, &|name| std::env::var(name).ok()))
        }
        Some(Command::Selftest(selftest)) => {
            block_on(selftest::execute(&selftest, &|name| std::env::var(name).ok()))
        }
        Some(Command::Sabotage(sabotage)) => {
            block_on(sabotage::execute(&sabotage, &|name| std::env::var(name).ok()))
        }
        Some(Command::Judge(arguments)) => judge::execute(&arguments),
        Some(Command::Compare(arguments)) => compare::execute(&arguments),
        Some(Command::List(list)) => list::execute(&list),
        Some(Command::Explain(explain)) => explain::execute(&explain),
        Some(Command::Fmt(fmt)) => fmt::execute(&fmt),
        Some(Command::Lsp(lsp)) => lsp::execute(&lsp),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man) => shell::man(),
    }
}

fn run_scenarios(arguments: arguments::RunArguments) -> Result<Exit, Failure> {
    assize::memory::return_what_is_free();
    let wanted = Wanted::new(&arguments.verdict, arguments.conduct.record.as_deref())?;
    let settings = Settings::new(arguments, &|name| std::env::var(name).ok())?;
    block_on(run::execute(settings, wanted))
}

/// How many threads do the work, at most: a run waits for its registry most of the time, and each thread keeps memory of
/// its own, 2 MiB and more.
const THREADS: usize = 4;

fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|source| Failure::System {
            doing: "cannot start threads",
            source,
        })?;
    runtime.block_on(command)
}

fn choose_color(when: When) {
    let choice = match when {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    };
    choice.write_global();
}
