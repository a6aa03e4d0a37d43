//! The file of the official suite, `oci-conformance.yaml`: each of its keys says what a variable says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::OfficialError;
use crate::cli::arguments::RunArguments;
use crate::cli::environment::Environment;

/// The variable that names the file.
pub(super) const NAMED_BY: &str = "OCI_CONFIGURATION";
/// The file that is read where none is named.
const USUAL: &str = "oci-conformance.yaml";

/// What the file says; nothing where there is none, or where a target was typed.
#[derive(Debug, Default)]
pub(crate) struct OfficialFile {
    path: Option<PathBuf>,
    /// By the names of the variables in whose place it speaks.
    says: BTreeMap<String, String>,
}

impl OfficialFile {
    /// Reads the file that is named, or the usual one if it is there.
    pub(crate) fn read(
        arguments: &RunArguments,
        environment: Environment<'_>,
    ) -> Result<OfficialFile, OfficialError> {
        if arguments.target.is_some() {
            return Ok(OfficialFile::default());
        }
        let named = environment(NAMED_BY).filter(|path| !path.is_empty());
        if named.is_none() && !Path::new(USUAL).is_file() {
            return Ok(OfficialFile::default());
        }
        let path = PathBuf::from(named.unwrap_or_else(|| USUAL.to_owned()));
        match std::fs::read_to_string(&path) {
            Ok(text) => OfficialFile::parse(path, &text),
            Err(source) => Err(OfficialError::Unreadable { path, source }),
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<OfficialFile, OfficialError> {
        let malformed = |message: String| OfficialError::Malformed {
            path: path.clone(),
            message,
        };
        let yaml: Json = serde_saphyr::from_str(text).map_err(|error| {
            let message = error.to_string();
            malformed(message.lines().next().unwrap_or_default().to_owned())
        })?;
        if !yaml.is_object() {
            return Err(malformed("it has no keys".to_owned()));
        }
        let mut says = BTreeMap::new();
        collect("OCI", &yaml, &mut says);
        Ok(OfficialFile {
            path: Some(path),
            says,
        })
    }

    /// The value of a variable: what the environment holds, or else what the file says.
    pub(crate) fn complete(&self, name: &str, held: Option<String>) -> Option<String> {
        match (held, self.says.get(name)) {
            (Some(held), said) if !held.is_empty() || said.is_none() => Some(held),
            (_, said) => said.cloned(),
        }
    }

    /// What stands before the line that says what became of the variables.
    pub(crate) fn source(&self) -> String {
        match &self.path {
            Some(path) => format!("with {}, ", path.display()),
            None => String::new(),
        }
    }
}

/// Takes the values of a table, under the names of the variables that its keys stand for.
fn collect(prefix: &str, yaml: &Json, says: &mut BTreeMap<String, String>) {
    for (key, value) in yaml.as_object().into_iter().flatten() {
        let name = match key.as_str() {
            "apis" => format!("{prefix}_API"),
            "logging" => format!("{prefix}_LOG"),
            key => format!("{prefix}_{}", in_capitals(key)),
        };
        match value {
            Json::Object(_) => collect(&name, value, says),
            Json::Array(members) => {
                let members: Vec<String> = members.iter().map(text).collect();
                says.insert(name, members.join(" "));
            }
            Json::Null => {}
            value => {
                says.insert(name, text(value));
            }
        }
    }
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A key as a part of the name of a variable: `mountAnonymous` is `MOUNT_ANONYMOUS`.
fn in_capitals(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::variables::VARIABLES;
    use super::*;

    const FILE: &str = "
registry: r.example:5000
tls: disabled
repo1: team/one
repo2: team/two
username: me
password: hunter2
cacheAuth: true
logging: warn
version: 1.1
resultsDir: out
apis:
  push: false
  blobs: { atomic: true, digestHeader: false, mountAnonymous: true, uploadCancel: false }
  manifests: { tagParam: false }
  tags: { list: true }
  referrer: true
data: { indexList: true, subjectMissing: true, sha512: true }
roData:
  tags: [v1, v2]
  manifests: []
";

    #[test]
    fn every_key_speaks_in_the_place_of_a_variable() {
        let file = OfficialFile::parse("oci-conformance.yaml".into(), FILE).unwrap();
        let known = |name: &str| VARIABLES.iter().any(|variable| variable.name == name);
        for name in file.says.keys() {
            assert!(known(name), "{name}");
        }
        let says = |name: &str| file.complete(name, None);
        assert_eq!(says("OCI_REGISTRY").as_deref(), Some("r.example:5000"));
        assert_eq!(says("OCI_VERSION").as_deref(), Some("1.1"));
        assert_eq!(says("OCI_API_PUSH").as_deref(), Some("false"));
        assert_eq!(says("OCI_API_BLOBS_MOUNT_ANONYMOUS").as_deref(), Some("true"));
        assert_eq!(says("OCI_RO_DATA_TAGS").as_deref(), Some("v1 v2"));
    }

    #[test]
    fn the_environment_comes_before_the_file_unless_it_is_empty() {
        let file = OfficialFile::parse("oci-conformance.yaml".into(), FILE).unwrap();
        let held = |value: &str| file.complete("OCI_REPO1", Some(value.to_owned()));
        assert_eq!(held("other").as_deref(), Some("other"));
        assert_eq!(held("").as_deref(), Some("team/one"));
        assert_eq!(file.complete("HOME", None), None);
    }

    #[test]
    fn what_is_no_configuration_is_refused_by_its_name() {
        for text in ["- a\n- b\n", "a: [", "word"] {
            let refused = OfficialFile::parse("c.yaml".into(), text)
                .unwrap_err()
                .to_string();
            assert!(refused.starts_with("c.yaml: it is no configuration"), "{refused}");
        }
    }
}
