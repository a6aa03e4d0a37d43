//! The variables of the official conformance suite, old and new, as they are read where no target is given: a pipeline that
//! runs it goes on with the program replaced.

mod file;
mod variables;

use std::io;
use std::path::PathBuf;

use assize::report::{Destination, Format, ReportRequest};
use assize::run::ImageName;
use thiserror::Error;

use super::arguments::{RunArguments, Spec};
use super::environment::Environment;
use variables::{Meaning, TLS, VARIABLES, Variable, Workflow};

use file::NAMED_BY;
pub(crate) use file::OfficialFile;

/// The folder of results of the new suite unless a variable names another one.
const RESULTS: &str = "results";

/// Why variables of the official suite cannot be followed.
#[derive(Debug, Error)]
pub(crate) enum OfficialError {
    /// They name no registry.
    #[error("{0} is set, but no registry is named: set OCI_REGISTRY or OCI_ROOT_URL, or give a target")]
    NoRegistry(&'static str),
    /// A value has no meaning.
    #[error("{variable} is `{value}`, which is none of {known}")]
    Value {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        known: &'static str,
    },
    /// What a variable names cannot be read from the repository.
    #[error(
        "{variable} names `{value}`, which is neither a tag nor a digest, or OCI_REPO1 names no repository"
    )]
    Image {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        value: String,
    },
    /// The file of the configuration cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file of the configuration is none.
    #[error("{}: it is no configuration of the official suite: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The folder of the results cannot be made.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Whether the variables are those of the old suite, which leaves its files where it stands.
fn is_old(file: &OfficialFile, environment: Environment<'_>) -> bool {
    let is_set = |name: &str| {
        let value = file.complete(name, environment(name));
        value.is_some_and(|value| !value.is_empty())
    };
    is_set("OCI_ROOT_URL") && !is_set("OCI_REGISTRY")
}

/// Asks for the files that the official suite leaves, in the folder that its variables name.
pub(crate) fn results(
    arguments: &mut RunArguments,
    environment: Environment<'_>,
) -> Result<(), OfficialError> {
    let file = OfficialFile::read(arguments, environment)?;
    let named = ["OCI_RESULTS_DIR", "OCI_REPORT_DIR"]
        .into_iter()
        .find_map(|name| {
            let value = file.complete(name, environment(name));
            value.filter(|value| !value.is_empty())
        });
    let folder = match named.as_deref() {
        // So the old suite is told to write nothing.
        Some("none") => return Ok(()),
        Some(folder) => PathBuf::from(folder),
        None if is_old(&file, environment) => PathBuf::from("."),
        None => PathBuf::from(RESULTS),
    };
    std::fs::create_dir_all(&folder).map_err(|source| OfficialError::Folder {
        path: folder.clone(),
        source,
    })?;
    let report = |format, name| ReportRequest {
        format,
        destination: Destination::File(folder.join(name)),
    };
    arguments.verdict.report.extend([
        report(Format::Junit, "junit.xml"),
        report(Format::Html, "report.html"),
    ]);
    arguments.verdict.official_results = Some(folder.join("results.yaml"));
    Ok(())
}

/// What the variables of the official suite become, where nothing is typed in their place; the line that says so, if there
/// are any.
pub(crate) fn adopt(
    arguments: &mut RunArguments,
    environment: Environment<'_>,
) -> Result<Option<String>, OfficialError> {
    if arguments.target.is_some() {
        return Ok(None);
    }
    let set: Vec<SetVariable> = VARIABLES
        .iter()
        .filter_map(|variable| {
            let value = environment(variable.name).filter(|value| !value.is_empty())?;
            Some(SetVariable { variable, value })
        })
        .collect();
    let names_registry = |set: &&SetVariable| matches!(set.variable.meaning, Meaning::Host | Meaning::Url);
    if !set.iter().any(|set| names_registry(&set)) {
        let lonely = set.iter().find(|set| set.variable.meaning.needs_registry());
        return match lonely {
            Some(set) => Err(OfficialError::NoRegistry(set.variable.name)),
            None => Ok(None),
        };
    }
    let mut adopted = Adopted::default();
    for set in &set {
        adopted.take(set, arguments, environment)?;
    }
    adopted.only_read(&set, arguments)?;
    adopted.select(arguments);
    Ok(Some(adopted.line()))
}

/// A variable, and what it holds.
struct SetVariable {
    variable: &'static Variable,
    value: String,
}

/// What became of the variables.
#[derive(Default)]
struct Adopted {
    /// Each as it stands in the command line.
    became: Vec<String>,
    /// Those that mean nothing here.
    nothing: Vec<&'static str>,
    /// The parts of the suite that are asked for, and by which variables.
    workflows: Vec<(Workflow, &'static str)>,
}

impl Adopted {
    fn take(
        &mut self,
        set: &SetVariable,
        arguments: &mut RunArguments,
        environment: Environment<'_>,
    ) -> Result<(), OfficialError> {
        let SetVariable { variable, value } = set;
        match variable.meaning {
            Meaning::Host => {
                let tls = tls(environment)?;
                self.target(set, arguments, &format!("{}://{value}", tls.scheme));
                if tls.insecure && arguments.registry.ca.is_empty() {
                    arguments.registry.insecure = true;
                    self.became.push("OCI_TLS → --insecure".to_owned());
                }
            }
            // The one is read with the host, the other once it is known whether anything may be pushed.
            Meaning::Tls | Meaning::There => {}
            Meaning::Url => self.target(set, arguments, &value.to_lowercase()),
            Meaning::Repository => {
                if !arguments.registry.repository.contains(value) {
                    arguments.registry.repository.push(value.clone());
                }
                self.became
                    .push(format!("{} → --repository {value}", variable.name));
            }
            Meaning::User if arguments.registry.login.user.is_none() => {
                arguments.registry.login.user = Some(value.clone());
                self.became.push(format!("{} → --user {value}", variable.name));
            }
            Meaning::Password if environment(&arguments.registry.login.password_env).is_none() => {
                variable
                    .name
                    .clone_into(&mut arguments.registry.login.password_env);
                self.became
                    .push(format!("{0} → --password-env {0}", variable.name));
            }
            Meaning::Version if arguments.selection.spec.is_none() => {
                let (spec, name) = version(set)?;
                arguments.selection.spec = Some(spec);
                self.became.push(format!("{} → --spec {name}", variable.name));
            }
            Meaning::Writes if !boolean(set)? => {
                arguments.selection.read_only = true;
                self.became.push(format!("{} → --read-only", variable.name));
            }
            Meaning::Files if arguments.conduct.like_official || variable.name == NAMED_BY => {}
            Meaning::Part(workflow) => {
                if boolean(set)? {
                    self.workflows.push((workflow, variable.name));
                }
            }
            Meaning::User
            | Meaning::Password
            | Meaning::Version
            | Meaning::Writes
            | Meaning::Files
            | Meaning::Nothing => {
                self.nothing.push(variable.name);
            }
        }
        Ok(())
    }

    /// The first variable that names the registry counts: the new one stands before the old one.
    fn target(&mut self, set: &SetVariable, arguments: &mut RunArguments, address: &str) {
        match arguments.target {
            Some(_) => self.nothing.push(set.variable.name),
            None => {
                arguments.target = Some(address.to_owned());
                self.became.push(format!("{} → {address}", set.variable.name));
            }
        }
    }

    /// What is there is asked for where nothing may be pushed: where that is said, or where the old variables ask for no
    /// part that pushes.
    fn only_read(&mut self, set: &[SetVariable], arguments: &mut RunArguments) -> Result<(), OfficialError> {
        let there: Vec<&SetVariable> = set
            .iter()
            .filter(|set| set.variable.meaning == Meaning::There)
            .collect();
        let pushes = self.workflows.is_empty()
            || self
                .workflows
                .iter()
                .any(|(workflow, _)| !matches!(workflow, Workflow::Pull | Workflow::ContentDiscovery));
        if !arguments.selection.read_only && pushes {
            self.nothing.extend(there.iter().map(|set| set.variable.name));
            return Ok(());
        }
        let repository = arguments.registry.repository.first().cloned().unwrap_or_default();
        for set in there {
            for reference in set.value.split_whitespace() {
                let image = image(&repository, reference).ok_or_else(|| OfficialError::Image {
                    variable: set.variable.name,
                    value: reference.to_owned(),
                })?;
                if !arguments.selection.read_only {
                    arguments.selection.read_only = true;
                    self.became.push("no part that pushes → --read-only".to_owned());
                }
                self.became
                    .push(format!("{} → --image {image}", set.variable.name));
                arguments.selection.image.push(image);
            }
        }
        Ok(())
    }

    /// Parts that are asked for leave the others out; all of them are the whole.
    fn select(&mut self, arguments: &mut RunArguments) {
        let typed = &arguments.selection;
        let is_typed = !typed.only.is_empty() || !typed.section.is_empty() || !typed.requirement.is_empty();
        let some = !self.workflows.is_empty() && self.workflows.len() < Workflow::ALL.len();
        for (workflow, name) in std::mem::take(&mut self.workflows) {
            if some && !is_typed {
                let glob = workflow.glob();
                self.became.push(format!("{name} → --only '{glob}'"));
                arguments.selection.only.push(glob.to_owned());
            } else {
                self.nothing.push(name);
            }
        }
    }

    fn line(&self) -> String {
        let became = self.became.join(", ");
        match self.nothing.as_slice() {
            [] => format!("variables of the official suite: {became}"),
            [one] => format!("variables of the official suite: {became}; {one} changes nothing here"),
            several => format!(
                "variables of the official suite: {became}; {} change nothing here",
                several.join(", ")
            ),
        }
    }
}

/// A tag or a digest in a repository, as a client names it.
fn image(repository: &str, reference: &str) -> Option<ImageName> {
    let mark = if reference.contains(':') { '@' } else { ':' };
    format!("{repository}{mark}{reference}").parse().ok()
}

/// How the host in `OCI_REGISTRY` is reached.
struct OfficialTls {
    scheme: &'static str,
    insecure: bool,
}

fn tls(environment: Environment<'_>) -> Result<OfficialTls, OfficialError> {
    let value = environment(TLS).unwrap_or_default();
    let (scheme, insecure) = match value.as_str() {
        "" | "enabled" => ("https", false),
        "insecure" => ("https", true),
        "disabled" => ("http", false),
        _ => {
            return Err(OfficialError::Value {
                variable: TLS,
                value,
                known: "enabled, insecure and disabled",
            });
        }
    };
    Ok(OfficialTls { scheme, insecure })
}

fn version(set: &SetVariable) -> Result<(Spec, &'static str), OfficialError> {
    match set.value.as_str() {
        "1.0" => Ok((Spec::V1_0, "1.0")),
        "1.1" | "stable" => Ok((Spec::V1_1, "1.1")),
        "dev" => Ok((Spec::Next, "next")),
        _ => Err(OfficialError::Value {
            variable: set.variable.name,
            value: set.value.clone(),
            known: "1.0, 1.1, stable and dev",
        }),
    }
}

/// A truth as Go reads it.
fn boolean(set: &SetVariable) -> Result<bool, OfficialError> {
    match set.value.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(OfficialError::Value {
            variable: set.variable.name,
            value: set.value.clone(),
            known: "1, 0, true and false",
        }),
    }
}

#[cfg(test)]
mod tests;
