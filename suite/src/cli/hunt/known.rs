//! What was found before, and the reason why it is left at that.

use std::collections::BTreeMap;
use std::path::Path;

use assize::saboteur::mutation::Mutation;
use serde::Deserialize;

use crate::cli::failure::Failure;

/// The mutations that are known, each with what there is to say about it.
#[derive(Debug, Default)]
pub(super) struct KnownMutations(BTreeMap<String, String>);

/// The file, as far as it tells of these.
#[derive(Deserialize)]
struct KnownFile {
    #[serde(default)]
    found: Vec<KnownEntry>,
}

/// One that was found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownEntry {
    mutation: String,
    breaks: String,
    reason: String,
}

impl KnownMutations {
    pub(super) fn read(path: Option<&Path>) -> Result<KnownMutations, Failure> {
        let Some(path) = path else {
            return Ok(KnownMutations::default());
        };
        let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
            option: Some("--known"),
            path: path.to_owned(),
            source,
        })?;
        let wrong = |why: String| Failure::Arguments(format!("--known {}: {why}", path.display()));
        let written: KnownFile = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let read = |found: KnownEntry| {
            let mutation: Mutation = found
                .mutation
                .parse()
                .map_err(|error| wrong(format!("{error}")))?;
            Ok((
                mutation.to_string(),
                format!("breaks {}: {}", found.breaks, found.reason),
            ))
        };
        let known: Result<BTreeMap<String, String>, Failure> = written.found.into_iter().map(read).collect();
        known.map(KnownMutations)
    }

    /// What there is to say about a mutation, if it is known.
    pub(super) fn said_of(&self, mutation: &Mutation) -> Option<&str> {
        self.0.get(&mutation.to_string()).map(String::as_str)
    }
}
