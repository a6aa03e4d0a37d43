//! The folder in which answers are kept: a file for each scenario, and beside it what is pending.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::answers::Answers;
use super::codes;
use super::ignore::{self, Ignore};
use crate::diagnostic::{Faulty, SourceFile};
use crate::report::NewFile;

/// A folder of answers.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// The two states of answers in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswersState {
    /// They are what the registry is known to answer.
    Recorded,
    /// They are what it answered last, and nobody has said that this is right.
    Pending,
}

impl AnswersState {
    fn ending(self) -> &'static str {
        match self {
            AnswersState::Recorded => ".answers",
            AnswersState::Pending => ".answers.new",
        }
    }
}

/// What is pending of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// These answers.
    Answers(Answers),
    /// It is not answered any more.
    Gone,
}

impl Pending {
    /// The answers, if there are any.
    pub fn answers(&self) -> Option<&Answers> {
        match self {
            Pending::Answers(answers) => Some(answers),
            Pending::Gone => None,
        }
    }
}

/// Why a folder of answers cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A file or a folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Files have faults; each is to be drawn.
    #[error("cannot be used as they are: {}", names(.0))]
    Faulty(Vec<Faulty>),
}

fn names(files: &[Faulty]) -> String {
    let names: Vec<&str> = files.iter().map(|file| &*file.source.path).collect();
    names.join(", ")
}

impl Folder {
    /// The folder at a path, which need not be there yet.
    pub fn at(root: impl Into<PathBuf>) -> Folder {
        Folder { root: root.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// What the user does not want to be written down.
    ///
    /// # Errors
    /// There is an `answers.toml` that cannot be read or has faults.
    pub fn ignore(&self) -> Result<Ignore, FolderError> {
        let path = self.root.join(ignore::FILE);
        match read(&path) {
            Ok(source) => Ignore::parse(&source).map_err(|faulty| FolderError::Faulty(vec![faulty])),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Ignore::default()),
            Err(source) => Err(FolderError::File { path, source }),
        }
    }

    /// What is recorded, by the names of the scenarios.
    ///
    /// # Errors
    /// A file cannot be read, or has faults.
    pub fn recorded(&self) -> Result<BTreeMap<Arc<str>, Answers>, FolderError> {
        self.all(AnswersState::Recorded, Answers::parse)
    }

    /// What is pending, by the names of the scenarios.
    ///
    /// # Errors
    /// A file cannot be read, or has faults.
    pub fn pending(&self) -> Result<BTreeMap<Arc<str>, Pending>, FolderError> {
        self.all(AnswersState::Pending, |source| {
            if source.text.is_empty() {
                return Ok(Pending::Gone);
            }
            Answers::parse(source).map(Pending::Answers)
        })
    }

    fn all<T>(
        &self,
        state: AnswersState,
        parse: impl Fn(&SourceFile) -> Result<T, Faulty>,
    ) -> Result<BTreeMap<Arc<str>, T>, FolderError> {
        let mut found = Vec::new();
        gather(&self.root, "", state, &mut found)?;
        let mut all = BTreeMap::new();
        let mut faulty = Vec::new();
        for (name, path) in found {
            let source = read(&path).map_err(|source| FolderError::File { path, source })?;
            match parse(&source) {
                Ok(answers) => {
                    all.insert(Arc::from(name), answers);
                }
                Err(faults) => faulty.push(faults),
            }
        }
        if faulty.is_empty() {
            Ok(all)
        } else {
            Err(FolderError::Faulty(faulty))
        }
    }

    /// Where the answers of a scenario are.
    pub fn file(&self, scenario: &str, state: AnswersState) -> PathBuf {
        self.root.join(format!("{scenario}{}", state.ending()))
    }

    /// Records answers; nothing of them is pending any more.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn record(&self, scenario: &str, answers: Option<&Answers>) -> Result<(), FolderError> {
        match answers {
            Some(answers) => {
                let path = self.file(scenario, AnswersState::Recorded);
                write(&path, &answers.to_string())
            }
            None => self.remove(scenario, AnswersState::Recorded),
        }
    }

    /// Puts answers beside those that are recorded.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn put_beside(&self, scenario: &str, pending: &Pending) -> Result<(), FolderError> {
        let text = pending.answers().map(ToString::to_string).unwrap_or_default();
        write(&self.file(scenario, AnswersState::Pending), &text)
    }

    /// Removes the answers of a scenario, if there are any.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, scenario: &str, state: AnswersState) -> Result<(), FolderError> {
        let path = self.file(scenario, state);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(FolderError::File { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Where the table of status and error codes is.
    pub fn codes(&self) -> PathBuf {
        self.root.join(codes::FILE)
    }

    /// Whether that table is the one of what is recorded.
    ///
    /// # Errors
    /// A file cannot be read, or has faults.
    pub fn codes_are_current(&self) -> Result<bool, FolderError> {
        let table = codes::table(&self.recorded()?);
        match std::fs::read_to_string(self.codes()) {
            Ok(text) => Ok(text == table),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(FolderError::File {
                path: self.codes(),
                source,
            }),
        }
    }

    /// Writes the table of status and error codes anew.
    ///
    /// # Errors
    /// A file cannot be read or written, or has faults.
    pub fn write_codes(&self) -> Result<(), FolderError> {
        write(&self.codes(), &codes::table(&self.recorded()?))
    }
}

fn read(path: &Path) -> io::Result<SourceFile> {
    let text = std::fs::read_to_string(path)?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

fn write(path: &Path, text: &str) -> Result<(), FolderError> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = NewFile::create(path)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    };
    written().map_err(|source| FolderError::File {
        path: path.to_owned(),
        source,
    })
}

/// The files of a folder and of those in it, by the names of their scenarios; none where there is no folder.
fn gather(
    folder: &Path,
    prefix: &str,
    state: AnswersState,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), FolderError> {
    let failed = |source| FolderError::File {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            gather(&path, &format!("{prefix}{name}/"), state, found)?;
        } else if let Some(scenario) = name.strip_suffix(state.ending()) {
            found.push((format!("{prefix}{scenario}"), path));
        }
    }
    found.sort();
    Ok(())
}
