//! How a program that serves a registry is told what to serve: by flags, the environment, a file and a profile.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command};

use super::{Config, ConfigError, PROFILES, profile, refuse_unknown_variables};

/// What a registry is started with.
#[derive(Debug, Clone, Args)]
pub struct Launch {
    /// TOML file for settings that are given neither as flags nor in the environment; its keys are the flags
    #[arg(
        long = "config",
        id = "config",
        value_name = "FILE",
        env = "ASSIZE_REFERENCE_CONFIG"
    )]
    pub file: Option<PathBuf>,

    /// Named profile to apply on top of the configuration
    #[arg(long, env = "ASSIZE_REFERENCE_PROFILE", value_parser = profile_names())]
    pub profile: Option<String>,

    /// Print the configuration that flags, environment, file and profile come to, as such a file, and serve nothing
    #[arg(long)]
    pub print_config: bool,

    /// What is given as flags or in the environment.
    #[command(flatten)]
    pub given: Config,
}

fn profile_names() -> PossibleValuesParser {
    PossibleValuesParser::new(PROFILES.iter().map(|profile| profile.name))
}

impl Launch {
    /// Settles the configuration; `command` is the one whose arguments these are, and `matches` how they were given.
    ///
    /// # Errors
    /// Says what is wrong with the file, or which variable of the environment means nothing.
    pub fn settle(&self, command: &Command, matches: &ArgMatches) -> Result<Config, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let variables = variables.collect::<Vec<_>>();
        refuse_unknown_variables(command, variables.iter().map(String::as_str))?;
        let config = Config::settle(matches, self.file.as_deref())?;
        Ok(match self.profile.as_deref().and_then(profile) {
            Some(profile) => (profile.apply)(config),
            None => config,
        })
    }
}

impl Config {
    /// The configuration as a file.
    ///
    /// # Errors
    /// Says what no file can hold.
    pub fn as_file(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Authentication, Config};

    #[test]
    fn what_is_printed_is_a_file_that_says_the_same() {
        let mut config = Config {
            store: Some("content".into()),
            authentication: Authentication::Token,
            accounts: Some("accounts".into()),
            ..Config::default()
        };
        config.offer.read_only = true;
        let read: Config = toml::from_str(&config.as_file().unwrap()).unwrap();
        assert_eq!(read, config);
    }
}
