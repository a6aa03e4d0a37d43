//! The hunt for what nobody thought of: what the suite says of a mutation, and the image that a client is tried with.

mod image;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use self::image::SampleImage;
use super::mutation::Mutation;
use super::proxy::Saboteur;
use super::upstream::Upstream;
use crate::catalogue::{Level, RequirementId, Version};
use crate::report::Ruling;
use crate::run::{CleanUp, OnFinding, RunSettings};
use crate::scenario::Library;
use crate::suite::{RunError, Suite};

/// How many scenarios run at once: a registry on this machine answers no faster for more.
const JOBS: usize = 8;

/// What the suite says of a registry whose answers are mutated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuiteVerdict {
    /// It breaks these, and perhaps more: the run ends at what is found first.
    Blamed(BTreeSet<RequirementId>),
    /// It is no registry that can be tested.
    Refused(String),
    /// It breaks nothing, and is not shown to conform either: this is what the run comes to.
    Unshown(Ruling),
    /// Nothing but what it may do, of which these are told.
    Passed(BTreeSet<RequirementId>),
}

/// Runs the suite over a mutation until something is broken.
///
/// # Errors
/// The mutation cannot be laid over the registry.
pub async fn say(
    library: &Arc<Library>,
    mutation: &Mutation,
    over: &Upstream,
    version: Version,
    seed: u64,
) -> std::io::Result<SuiteVerdict> {
    let saboteur = Saboteur::mutate(mutation.clone(), over).await?;
    let weighty = library.catalogue.iter().filter(|requirement| {
        let level = requirement.levels.in_version(version);
        level.is_some_and(|level| level > Level::May)
    });
    let settings = RunSettings {
        jobs: JOBS,
        clean_up: CleanUp::Never,
        on_finding: OnFinding::StopAt(weighty.map(|requirement| requirement.id.clone()).collect()),
        ..RunSettings::new(version, seed)
    };
    let run = Suite::of(library.clone())
        .against(&saboteur.url())
        .accounts(over.credentials.clone())
        .settings(settings);
    Ok(match run.run().await {
        Err(RunError::Unusable(why)) => SuiteVerdict::Refused(why.to_string()),
        Err(error) => return Err(std::io::Error::other(error)),
        Ok(outcome) => {
            let of = |is_heavy: bool| {
                let findings = outcome.findings().iter();
                let findings = findings.filter(move |finding| (finding.level > Level::May) == is_heavy);
                findings
                    .map(|finding| finding.requirement.clone())
                    .collect::<BTreeSet<_>>()
            };
            match of(true) {
                blamed if !blamed.is_empty() => SuiteVerdict::Blamed(blamed),
                _ if outcome.conforms() => SuiteVerdict::Passed(of(false)),
                _ => SuiteVerdict::Unshown(outcome.as_report().ruling()),
            }
        }
    })
}
