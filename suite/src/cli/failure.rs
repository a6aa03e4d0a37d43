//! Why a command could not do what it was asked to do.

use std::io;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use assize::RunError;
use assize::compare::{BadReport, BadResults};
use assize::diagnostic::{Color, Faulty};
use assize::log::End;
use assize::log::record::ReadError;
use assize::plan::BadGlob;
use assize::report::WriteError;
use assize::run::PreflightError;
use assize::scenario::LoadError;
use assize::snapshot::{CutOff, FolderError};
use assize::wire::SettingsError;
use thiserror::Error;

use super::exit::Exit;
use super::login::LoginError;
use super::official::OfficialError;
use super::project_file::ProjectFileError;
use super::target::BadTarget;

const ERROR: Style = AnsiColor::BrightRed.on_default().bold();

/// Why a command could not do what it was asked to do.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The arguments contradict each other or ask for what there is not.
    #[error("{0}")]
    Arguments(String),
    /// The target is no address of a registry.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// It cannot be told who asks.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The file of the project cannot be used.
    #[error(transparent)]
    Project(#[from] ProjectFileError),
    /// Variables of the official suite cannot be followed.
    #[error(transparent)]
    Official(#[from] OfficialError),
    /// A glob is none.
    #[error(transparent)]
    Glob(#[from] BadGlob),
    /// No client can be made of what the user gave.
    #[error(transparent)]
    Client(#[from] SettingsError),
    /// The scenarios cannot be loaded.
    #[error(transparent)]
    Library(#[from] LoadError),
    /// Files have faults.
    #[error("{}", faulty(.0))]
    Faulty(Vec<Faulty>),
    /// A file cannot be read or written.
    #[error("{}{}: {}", option.map(|option| format!("{option} ")).unwrap_or_default(), path.display(), plain(source))]
    File {
        /// The option that names it, if one does.
        option: Option<&'static str>,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder of answers cannot be used.
    #[error(transparent)]
    Answers(#[from] FolderError),
    /// A record cannot be judged.
    #[error("{}: {source}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        source: ReadError,
    },
    /// A file is no report that can be compared.
    #[error("{}: {source}", path.display())]
    Compare {
        /// The file.
        path: PathBuf,
        /// Why it is none.
        source: BadReport,
    },
    /// A file holds no results of another suite.
    #[error("{}: {source}", path.display())]
    OtherSuite {
        /// The file.
        path: PathBuf,
        /// Why it holds none.
        source: BadResults,
    },
    /// A file is not where it was wanted.
    #[error("cannot write {}: {}", path.display(), plain(source))]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There was no run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A report is not where it was wanted.
    #[error(transparent)]
    Report(#[from] WriteError),
    /// The configuration of the bundled registry means nothing.
    #[cfg(feature = "bundled")]
    #[error(transparent)]
    Served(#[from] assize::bundled::ConfigError),
    /// The bundled registry does not start.
    #[cfg(feature = "bundled")]
    #[error("the bundled registry does not start: {0}")]
    Bundled(#[from] assize::bundled::StartError),
    /// A part of the suite fails that never should.
    #[error("{0}")]
    Suite(String),
    /// The system does not let the suite do what it must.
    #[error("{doing}: {}", plain(source))]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl Failure {
    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Arguments(_)
            | Failure::Target(_)
            | Failure::Login(_)
            | Failure::Official(_)
            | Failure::Project(_)
            | Failure::Glob(_)
            | Failure::Client(_)
            | Failure::Library(_)
            | Failure::Faulty(_)
            | Failure::File { .. }
            | Failure::Record { .. }
            | Failure::Compare { .. }
            | Failure::OtherSuite { .. }
            | Failure::Answers(_) => Exit::BadInput,
            Failure::Run(RunError::Unusable(PreflightError::Stopped { .. })) => Exit::Interrupted,
            Failure::Run(RunError::Unusable(_)) => Exit::UnusableTarget,
            Failure::Run(RunError::CutOff(CutOff(End::Interrupted))) => Exit::Interrupted,
            Failure::Run(RunError::CutOff(_)) => Exit::UnusableTarget,
            Failure::Run(_) => Exit::BadInput,
            #[cfg(feature = "bundled")]
            Failure::Served(_) => Exit::BadInput,
            #[cfg(feature = "bundled")]
            Failure::Bundled(_) => Exit::SuiteFailed,
            Failure::Unwritten { .. } | Failure::Report(_) | Failure::Suite(_) | Failure::System { .. } => {
                Exit::SuiteFailed
            }
        }
    }

    /// Why a run came to nothing, that was narrowed by these options.
    pub(crate) fn of_run(error: RunError, narrowed: &str) -> Failure {
        match error {
            RunError::Nothing => Failure::Arguments(format!(
                "no scenario is selected by {narrowed}; `assize list` shows them all"
            )),
            other => Failure::Run(other),
        }
    }

    /// Says on the standard error what is wrong, and draws the faults of files.
    pub(crate) fn print(&self) {
        let files: &[Faulty] = match self {
            Failure::Library(LoadError::Faulty(files))
            | Failure::Answers(FolderError::Faulty(files))
            | Failure::Faulty(files) => files,
            _ => &[],
        };
        for file in files {
            anstream::eprintln!("{}\n", file.render(Color::Always));
        }
        anstream::eprintln!("{ERROR}error{ERROR:#}: {self}");
    }
}

/// What the system says, without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// The names of files that cannot be used as they are.
fn faulty(files: &[Faulty]) -> String {
    let names: Vec<&str> = files.iter().map(|file| &*file.source.path).collect();
    format!("cannot be used as they are: {}", names.join(", "))
}
