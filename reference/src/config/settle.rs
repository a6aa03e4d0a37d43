//! Where a configuration comes from: flags count before the environment, the environment before a file,
//! a file before what is built in.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches as _};
use toml::{Table, Value};

use super::Config;

/// What every variable of the environment begins with.
const PREFIX: &str = "ASSIZE_REFERENCE_";

/// How alike two words are of which one may be a mistyped form of the other.
const ALIKE: f64 = 0.7;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {source}", file = .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file says something that means nothing, at a line that the message shows.
    #[error("{file}: {message}", file = .file.display())]
    Meaningless {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A variable of the environment means nothing.
    #[error("the environment has {name}, which means nothing here{suggestion}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// What may be meant.
        suggestion: String,
    },
    /// An argument is missing or wrong.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
}

impl Config {
    /// Settles the configuration: `file` speaks where neither flags nor the environment do.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn settle(matches: &ArgMatches, file: Option<&Path>) -> Result<Self, ConfigError> {
        let given = Self::from_arg_matches(matches)?;
        let Some(file) = file else {
            return Ok(given);
        };
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        Self::read(&text, &given, matches).map_err(|message| ConfigError::Meaningless {
            file: file.to_owned(),
            message,
        })
    }

    /// What the text of a file says, but for what is given elsewhere.
    ///
    /// # Errors
    /// Says what is wrong with the text, and in which line.
    pub(super) fn read(text: &str, given: &Self, matches: &ArgMatches) -> Result<Self, String> {
        let written = toml::from_str::<Self>(text).map_err(|error| explain(&error))?;
        let merged = merge(&written, given, matches).map_err(|error| error.to_string())?;
        merged
            .try_into()
            .map_err(|error: toml::de::Error| error.to_string())
    }
}

/// Refuses variables that begin like those of `command` and are none of them: a misspelt one would be
/// without effect.
///
/// # Errors
/// Names the variable, and one that may be meant.
pub fn refuse_unknown_variables<'a>(
    command: &Command,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), ConfigError> {
    let known = command
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str());
    let known = known.collect::<Vec<_>>();
    let unknown = names.find(|name| name.starts_with(PREFIX) && !known.contains(name));
    unknown.map_or(Ok(()), |name| {
        Err(ConfigError::UnknownVariable {
            name: name.to_owned(),
            suggestion: suggest(name, &known),
        })
    })
}

/// What `written` says, but for what is given elsewhere.
fn merge(written: &Config, given: &Config, matches: &ArgMatches) -> Result<Table, toml::ser::Error> {
    let mut merged = Table::try_from(written)?;
    overlay(&mut merged, Table::try_from(given)?, matches);
    Ok(merged)
}

fn overlay(below: &mut Table, above: Table, matches: &ArgMatches) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above, matches),
            (_, value) if is_given(matches, &key) => drop(below.insert(key, value)),
            _ => {}
        }
    }
}

/// Whether a flag or the environment gives a key its value.
fn is_given(matches: &ArgMatches, key: &str) -> bool {
    let id = key.replace('-', "_");
    let is_known = matches.try_contains_id(&id).is_ok();
    is_known
        && matches!(
            matches.value_source(&id),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        )
}

/// The message of an error, which shows the line, with a suggestion for an unknown key.
fn explain(error: &toml::de::Error) -> String {
    // "unknown field `a`, expected one of `b`, `c`"
    let quoted = error.message().split('`').skip(1).step_by(2).collect::<Vec<_>>();
    let suggestion = match quoted.split_first() {
        Some((unknown, known)) if error.message().starts_with("unknown ") => suggest(unknown, known),
        _ => String::new(),
    };
    format!("{}{suggestion}", error.to_string().trim_end())
}

/// The known word that is most like an unknown one, if one is.
fn suggest(unknown: &str, known: &[&str]) -> String {
    let rated = known
        .iter()
        .map(|word| (strsim::jaro_winkler(unknown, word), word));
    let best = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness >= ALIKE)
        .map_or_else(String::new, |(_, word)| format!("; did you mean {word}?"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use clap::Args as _;
    use clap::Command;

    use super::{PREFIX, refuse_unknown_variables};
    use crate::config::{Config, Offer};

    fn command() -> Command {
        Config::augment_args(Command::new("test"))
    }

    fn settle(arguments: &[&str], file: &str) -> Result<Config, String> {
        let matches = command()
            .try_get_matches_from([&["test"], arguments].concat())
            .map_err(|error| error.to_string())?;
        let mut written = tempfile::NamedTempFile::new().unwrap();
        written.write_all(file.as_bytes()).unwrap();
        Config::settle(&matches, Some(written.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_counts_more_than_what_is_built_in_and_less_than_a_flag() {
        let file =
            "location = \"absolute\"\n[offer]\nread-only = true\n[limits]\npage-size = 7\nrequests = 8";
        let config = settle(&["--page-size", "9"], file).unwrap();
        assert_eq!(config.limits.page_size.get(), 9);
        assert_eq!(config.limits.requests, 8);
        assert!(config.offer.read_only);
        assert_eq!(config.listen, Config::default().listen);
    }

    #[test]
    fn a_flag_that_says_what_is_built_in_counts_as_well() {
        let default = Config::default().limits.page_size.to_string();
        let config = settle(&["--page-size", &default], "[limits]\npage-size = 7").unwrap();
        assert_eq!(config.limits.page_size.to_string(), default);
    }

    #[test]
    fn endpoints_that_are_given_replace_those_of_a_file() {
        let file = "[[notify]]\nname = \"a\"\nurl = \"http://a/\"\nthreshold = 3";
        let names = |arguments: &[&str]| {
            let notify = settle(arguments, file).unwrap().notify;
            notify
                .into_iter()
                .map(|endpoint| (endpoint.name, endpoint.threshold))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), [("a".to_owned(), 3)]);
        let given = ["--notify", "b=http://b/ http://c:1/", "--notify", "http://d/"];
        assert_eq!(names(&given), ["b", "c:1", "d"].map(|name| (name.to_owned(), 10)));
        let error = settle(&["--notify", "gopher://a/"], file).unwrap_err();
        assert!(
            error.contains("begins neither with http:// nor with https://"),
            "{error}"
        );
    }

    #[test]
    fn a_whole_configuration_is_read_back_from_a_file() {
        let config = Config {
            store: Some("/srv/registry".into()),
            trusted_proxies: vec![std::net::Ipv4Addr::LOCALHOST.into()],
            notify: vec!["a=http://b/c".parse().unwrap()],
            offer: Offer {
                warnings: vec!["one".to_owned()],
                ..Offer::default()
            },
            ..Config::default()
        };
        assert_eq!(settle(&[], &toml::to_string(&config).unwrap()), Ok(config));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words_wherever_it_is_said() {
        let told = [
            (
                ["--page-size", "0"],
                "[limits]\npage-size = 0",
                "at least 1",
                "nonzero",
            ),
            (
                ["--base-url", "nonsense"],
                "base-url = \"nonsense\"",
                "a base URL",
                "a base URL",
            ),
            (
                ["--redirect-blobs", "nonsense"],
                "[offer]\nredirect-blobs = \"nonsense\"",
                "self for signed URLs",
                "self for signed URLs",
            ),
            (
                ["--listen", "nonsense"],
                "listen = \"nonsense\"",
                ":5000 or 5000",
                ":5000 or 5000",
            ),
        ];
        for (flags, file, by_flag, by_file) in told {
            let error = settle(&flags, "").unwrap_err();
            assert!(error.contains(by_flag), "{error}");
            let error = settle(&[], file).unwrap_err();
            assert!(error.contains(by_file) && error.contains("line "), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_a_suggestion() {
        let error = settle(&[], "listen = \"127.0.0.1:1\"\n[limits]\npage-sise = 7\n").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        assert!(error.ends_with("did you mean page-size?"), "{error}");
        let error = settle(&[], "limitz = 1").unwrap_err();
        assert!(error.ends_with("did you mean limits?"), "{error}");
    }

    #[test]
    fn a_misspelt_variable_is_refused_with_a_suggestion() {
        let names = |name| refuse_unknown_variables(&command(), std::iter::once(name));
        assert!(names("ASSIZE_REFERENCE_LISTEN").is_ok());
        assert!(names("PATH").is_ok());
        let error = names("ASSIZE_REFERENCE_LISTN").unwrap_err().to_string();
        assert!(
            error.ends_with("did you mean ASSIZE_REFERENCE_LISTEN?"),
            "{error}"
        );
    }

    #[test]
    fn flags_keys_and_variables_have_one_name() {
        for argument in command().get_arguments() {
            let variable = argument.get_env().and_then(|name| name.to_str()).unwrap();
            let key = variable.strip_prefix(PREFIX).unwrap().to_lowercase();
            assert_eq!(key, argument.get_id().as_str());
        }
    }
}
