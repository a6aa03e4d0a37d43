//! `assize.toml`: the targets of a project by name, each with the options that one would type.
//!
//! ```toml
//! [targets.staging]
//! target = "https://registry.staging.example.com"
//! user = "ci"
//! password-env = "STAGING_PASSWORD"
//! repository = ["team/app", "team/other"]
//! ```
//!
//! A key is the long form of an option of `assize run`. What is typed comes first, then the environment, then the file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use serde::Deserialize;
use thiserror::Error;
use toml::Value;

/// The name of the file.
const NAME: &str = "assize.toml";
/// The commands that ask a registry, and so can be told one by its name.
const COMMANDS: [&str; 3] = ["run", "snapshot", "clean"];

/// Why the file of a project cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ProjectFileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not as it should be.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A key is no option.
    #[error("{}: the target `{target}` has `{key}`, which is no option of `assize run`", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The target.
        target: String,
        /// The key.
        key: String,
    },
    /// A value is of no use.
    #[error("{}: the target `{target}` has a `{key}` that is neither a text, a number, true or false, nor a list of these", path.display())]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The target.
        target: String,
        /// The key.
        key: String,
    },
}

/// A target that was named, and what was not typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamedTarget {
    /// Its address.
    pub(crate) address: String,
    /// The command line, its options added.
    pub(crate) words: Vec<OsString>,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectFile {
    targets: BTreeMap<String, TargetTable>,
}

/// A target in it.
#[derive(Debug, Deserialize)]
struct TargetTable {
    target: String,
    #[serde(flatten)]
    options: BTreeMap<String, Value>,
}

/// The target that was typed by its name, if it was, with the options of the file that is found from this folder upwards.
pub(crate) fn named_target(
    command: &Command,
    matches: &ArgMatches,
    words: &[OsString],
    folder: &Path,
) -> Result<Option<NamedTarget>, ProjectFileError> {
    let (matches, name) = match matches.subcommand() {
        None => (matches, None),
        Some((name, matches)) if COMMANDS.contains(&name) => (matches, Some(name)),
        Some(_) => return Ok(None),
    };
    let Some(typed) = matches.get_one::<String>("target") else {
        return Ok(None);
    };
    let paths = folder.ancestors().map(|folder| folder.join(NAME));
    let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
        return Ok(None);
    };
    let Some(table) = read(&path)?.targets.remove(typed) else {
        return Ok(None);
    };
    let target = TargetOptions {
        path: &path,
        target: typed,
        run: command.find_subcommand("run").unwrap_or(command),
        command: name
            .and_then(|name| command.find_subcommand(name))
            .unwrap_or(command),
        matches,
    };
    let added = target.words(&table.options)?;
    let place = name.and_then(|name| words.iter().position(|word| *word == *name));
    let (before, behind) = words.split_at(place.unwrap_or_default() + 1);
    Ok(Some(NamedTarget {
        address: table.target,
        words: [before, &added, behind].concat(),
    }))
}

fn read(path: &Path) -> Result<ProjectFile, ProjectFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| ProjectFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|error| ProjectFileError::Malformed {
        path: path.to_owned(),
        message: error.to_string(),
    })
}

/// The options of a target, and who they are for.
struct TargetOptions<'a> {
    path: &'a Path,
    target: &'a str,
    /// The command that knows them all.
    run: &'a Command,
    /// The command that was typed.
    command: &'a Command,
    matches: &'a ArgMatches,
}

impl TargetOptions<'_> {
    /// The words for those options that the command has and that were not given otherwise.
    fn words(&self, options: &BTreeMap<String, Value>) -> Result<Vec<OsString>, ProjectFileError> {
        let mut words = Vec::new();
        for (key, value) in options {
            if option(self.run, key).is_none() {
                return Err(ProjectFileError::UnknownKey {
                    path: self.path.to_owned(),
                    target: self.target.to_owned(),
                    key: key.clone(),
                });
            }
            let Some(argument) = option(self.command, key).filter(|argument| !self.is_given(argument)) else {
                continue;
            };
            words.extend(self.of_option(argument, key, value)?);
        }
        Ok(words)
    }

    fn is_given(&self, argument: &Arg) -> bool {
        let source = self.matches.value_source(argument.get_id().as_str());
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    }

    fn of_option(&self, argument: &Arg, key: &str, value: &Value) -> Result<Vec<OsString>, ProjectFileError> {
        let bad = || ProjectFileError::BadValue {
            path: self.path.to_owned(),
            target: self.target.to_owned(),
            key: key.to_owned(),
        };
        match value {
            Value::Boolean(true) => Ok(vec![format!("--{key}").into()]),
            Value::Boolean(false) => Ok(Vec::new()),
            Value::Array(values) => {
                let each = values
                    .iter()
                    .map(|value| self.word(argument, key, value).ok_or_else(bad));
                each.collect()
            }
            value => self
                .word(argument, key, value)
                .map(|word| vec![word])
                .ok_or_else(bad),
        }
    }

    /// An option and its value; a path is one from the folder of the file.
    fn word(&self, argument: &Arg, key: &str, value: &Value) -> Option<OsString> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => return None,
        };
        let mut word = OsString::from(format!("--{key}="));
        match (argument.get_value_hint(), self.path.parent()) {
            (ValueHint::FilePath | ValueHint::DirPath, Some(folder)) => word.push(folder.join(text)),
            _ => word.push(text),
        }
        Some(word)
    }
}

/// The option of this long form.
fn option<'a>(command: &'a Command, long: &str) -> Option<&'a Arg> {
    options(command).find(|argument| argument.get_long() == Some(long))
}

/// The options of a command that a target can have.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let about_itself = |action: &ArgAction| {
        matches!(
            action,
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        )
    };
    command
        .get_arguments()
        .filter(move |argument| argument.get_long().is_some() && !about_itself(argument.get_action()))
}

#[cfg(test)]
mod tests;
