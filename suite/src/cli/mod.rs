//! The command line. What was typed ([`arguments`]) becomes what it means ([`settings`]), and one command is executed.

mod arguments;
mod clean;
mod compare;
mod environment;
mod exit;
mod explain;
mod failure;
mod fmt;
mod global;
mod hunt;
mod judge;
mod library;
mod list;
mod login;
mod lsp;
mod named_column;
mod official;
mod output;
mod project_file;
mod reproduce;
mod run;
mod sabotage;
mod selftest;
#[cfg(feature = "bundled")]
mod serve;
mod settings;
mod shell;
mod sign;
mod site;
mod snapshot;
mod target;
mod value;
mod verdict;

use anstream::ColorChoice;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use arguments::{Arguments, Command, When};
use exit::Exit;
use failure::Failure;
use settings::Settings;
use verdict::Wanted;

/// Does what the arguments ask for.
pub(crate) fn main() -> Exit {
    let done = typed().and_then(|arguments| {
        choose_color(arguments.color);
        execute(arguments)
    });
    done.unwrap_or_else(|failure| {
        failure.print();
        failure.exit()
    })
}

/// What was typed, with what the file of the project says of a target that was typed by its name.
fn typed() -> Result<Arguments, Failure> {
    let mut command = Arguments::command();
    command.build();
    let words = global::behind_the_command(&command, std::env::args_os().collect());
    let mut matches = command
        .clone()
        .try_get_matches_from(&words)
        .unwrap_or_else(|error| refuse(&error));
    let folder = std::env::current_dir().map_err(|source| Failure::System {
        doing: "cannot tell the present folder",
        source,
    })?;
    let named = project_file::named_target(&command, &matches, &words, &folder)?;
    if let Some(named) = &named {
        matches = command.get_matches_from(&named.words);
    }
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(named) = named {
        arguments.set_target(named.address);
    }
    Ok(arguments)
}

/// Says what is wrong with the arguments, and ends. What follows a word that is like a command was meant for that command.
fn refuse(error: &clap::Error) -> ! {
    let first = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let meant = first.as_deref().and_then(Command::like);
    if let (ErrorKind::UnknownArgument | ErrorKind::ArgumentConflict, Some(word), Some(meant)) =
        (error.kind(), first, meant)
        && !meant.contains(&format!("`{word}`"))
    {
        let failure = Failure::Arguments(format!("there is no command `{word}`; {meant}"));
        failure.print();
        std::process::exit(failure.exit() as i32);
    }
    error.exit()
}

fn execute(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.command {
        None => run_scenarios(arguments.run),
        Some(Command::Run(run)) => run_scenarios(*run),
        #[cfg(feature = "bundled")]
        Some(Command::Serve(arguments)) => match serve::settle(*arguments)? {
            Some((like, config)) => block_on(serve::execute(like, config)),
            None => Ok(Exit::Done),
        },
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
        Some(Command::Hunt(arguments)) => block_on(hunt::execute(&arguments)),
        Some(Command::Judge(arguments)) => judge::execute(&arguments, &|name| std::env::var(name).ok()),
        Some(Command::Compare(arguments)) => {
            block_on(compare::execute(&arguments, &|name| std::env::var(name).ok()))
        }
        Some(Command::Site(arguments)) => site::execute(&arguments),
        Some(Command::Sign) => sign::execute(),
        Some(Command::List(list)) => list::execute(&list),
        Some(Command::Explain(explain)) => explain::execute(&explain),
        Some(Command::Fmt(fmt)) => fmt::execute(&fmt),
        Some(Command::Lsp(lsp)) => lsp::execute(&lsp),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man(arguments)) => shell::man(&arguments),
    }
}

fn run_scenarios(mut arguments: arguments::RunArguments) -> Result<Exit, Failure> {
    if !arguments.conduct.like_official {
        return adopted_run(arguments);
    }
    let done = official::results(&mut arguments, &|name| std::env::var(name).ok());
    let done = done.map_err(Failure::from).and_then(|()| adopted_run(arguments));
    let exit = done.unwrap_or_else(|failure| {
        failure.print();
        failure.exit()
    });
    Ok(exit.like_official())
}

/// Runs the scenarios with what the variables and the file of the official suite say, where they are in force.
fn adopted_run(mut arguments: arguments::RunArguments) -> Result<Exit, Failure> {
    assize::memory::return_what_is_free();
    let process = |name: &str| std::env::var(name).ok();
    let file = official::OfficialFile::read(&arguments, &process)?;
    let environment = |name: &str| file.complete(name, process(name));
    if let Some(line) = official::adopt(&mut arguments, &environment)? {
        anstream::eprintln!("note: {}{line}", file.source());
    }
    let wanted = Wanted::new(
        &arguments.verdict,
        arguments.conduct.record.as_deref(),
        &environment,
    )?;
    let settings = Settings::new(arguments, &environment)?;
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
