//! Files of configuration that nobody would write.

use clap::Args as _;
use clap::Command;

use super::Config;

/// A file that is understood can be merged with what is given elsewhere; of one that is not, something is said.
pub(crate) fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let matches = Config::augment_args(Command::new("test")).get_matches_from(["test"]);
    if let Err(message) = Config::read(text, &Config::default(), &matches) {
        assert!(!message.trim().is_empty());
        assert!(toml::from_str::<Config>(text).is_err(), "{message}");
    }
}
