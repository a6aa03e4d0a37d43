//! A scenario understood once, for one version of the specification.
//!
//! [`check`] says what is wrong with the meaning of a text; of a text with which nothing is wrong, a [`Program`] holds
//! every action in force, every check with its requirement, level and place, and what is left out in that version.

mod across;
mod action;
mod authority;
mod coded;
mod fixtures;
mod lacking;
mod levels;
mod names;
mod place;
mod resolve;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{Capability, Nature, Scenario, Stance, Statement, each_statement};
use super::tables::cited_in;
use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::diagnostic::Diagnostic;

pub use across::check_all;
pub use action::{Action, Block, Checkpoint, Does, Each, Row};
pub use coded::{CodedCheck, CodedScenario, Weight};
pub use fixtures::check_files;
pub use place::{Lines, Place};

/// A scenario understood for one version.
#[derive(Debug)]
pub struct Program {
    /// Its name: its path under `scenarios/`, without the ending.
    pub name: Arc<str>,
    /// A sentence that is true of a good registry.
    pub title: String,
    /// Its text, line by line; empty for a scenario that is coded in Rust.
    pub lines: Lines,
    /// How it is carried out.
    pub script: Script,
    /// Every check in force or beside one that is, in the order of the text.
    pub checks: Vec<Checkpoint>,
    /// The checks of steps and rows that are not in force in this version.
    pub left_out: Vec<Checkpoint>,
    /// The names of its steps, each with the number of the action that follows it.
    pub steps: Vec<(usize, String)>,
    /// The requirements that it cites, in whatever version.
    pub cites: BTreeSet<RequirementId>,
    /// The capabilities that it needs, with the stance that it needs of each.
    pub needs: Vec<Capability>,
    /// The capabilities that it settles.
    pub settles: BTreeSet<String>,
}

/// How a program is carried out.
#[derive(Debug)]
pub enum Script {
    /// Action by action.
    Workflow(Block),
    /// As questions to every answer of the run.
    Invariant(Block),
    /// By a function of the run, known there by the scenario's name.
    Coded(&'static CodedScenario),
}

impl Program {
    /// Understands a scenario in which [`check`] finds no fault.
    pub fn of(
        name: Arc<str>,
        text: Arc<str>,
        scenario: &Scenario,
        catalogue: &Catalogue,
        version: Version,
    ) -> Program {
        let lines = Lines::of(name.clone(), text);
        let mut faults = resolve::Faults::default();
        let resolved = resolve::resolve(scenario, &lines, catalogue, version, &mut faults);
        let script = match scenario.nature {
            Nature::Workflow => Script::Workflow(resolved.block),
            Nature::Standing => Script::Invariant(resolved.block),
        };
        Program {
            cites: cites(&name, scenario, catalogue),
            name,
            title: scenario.title.value.clone(),
            lines,
            script,
            checks: resolved.checks,
            left_out: resolved.left_out,
            steps: resolved.steps,
            needs: needs(scenario),
            settles: settles(scenario),
        }
    }

    /// Understands a scenario that is coded in Rust.
    pub fn coded(coded: &'static CodedScenario, catalogue: &Catalogue, version: Version) -> Program {
        let name: Arc<str> = coded.name.into();
        let level = |id: &RequirementId| catalogue.get(id)?.levels.in_version(version);
        let checks: Vec<Checkpoint> = coded
            .checks
            .iter()
            .enumerate()
            .map(|(number, check)| Checkpoint {
                number,
                level: level(&check.requirement()),
                requirement: check.requirement(),
                check: None,
                asked: check.asked.to_owned(),
                place: Place {
                    scenario: name.clone(),
                    line: check.line as usize,
                    span: (0, 0),
                },
                row: None,
            })
            .collect();
        Program {
            title: coded.title.to_owned(),
            lines: Lines::of(name.clone(), "".into()),
            script: Script::Coded(coded),
            cites: coded.cites(),
            checks,
            left_out: Vec::new(),
            steps: Vec::new(),
            needs: coded.needs.iter().map(|name| offered(name)).collect(),
            settles: BTreeSet::new(),
            name,
        }
    }

    /// Whether it sends nothing, and asks something of every answer.
    pub fn is_invariant(&self) -> bool {
        matches!(self.script, Script::Invariant(_))
    }

    /// Whether it cites requirements, and none of them is in force in its version.
    pub fn is_out_of_force(&self) -> bool {
        !self.cites.is_empty() && self.checks.iter().all(|check| check.level.is_none())
    }

    /// The name of the step in which an action stands; none above the first step.
    pub fn step(&self, number: usize) -> Option<&str> {
        let begun = self.steps.partition_point(|(at, _)| *at <= number);
        let (_, name) = self.steps.get(begun.checked_sub(1)?)?;
        Some(name)
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// Whether all of a file could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Every line.
    Whole,
    /// Some lines have faults, so that a name that seems unused may not be.
    Partial,
}

/// Whether some check of a scenario is asked by no id, and so by the scenario itself.
pub(super) fn asks_by_itself(scenario: &Scenario, catalogue: &Catalogue) -> bool {
    let mut faults = resolve::Faults::default();
    let nameless = Lines::of("".into(), "".into());
    resolve::resolve(scenario, &nameless, catalogue, Version::V1_1, &mut faults);
    faults.authority.lacks_a_right()
}

/// Says what keeps a scenario of this name from being understood in every version, in the order of its text.
pub fn check(
    name: &Arc<str>,
    scenario: &Scenario,
    catalogue: &Catalogue,
    reading: Reading,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    shape::check(scenario, &mut faults);
    names::check(scenario, reading, &mut faults);
    let mut resolving = resolve::Faults::default();
    let lines = Lines::of(name.clone(), "".into());
    for version in Version::ALL {
        resolve::resolve(scenario, &lines, catalogue, version, &mut resolving);
    }
    faults.extend(resolving.authority.diagnostics());
    levels::check(scenario, catalogue, &mut faults);
    if scenario.nature == Nature::Workflow {
        faults.extend(resolving.lacking.diagnostics());
    }
    faults.sort_by_key(|fault| fault.span.start);
    faults
}

/// The requirements that a scenario of this name cites, in whatever version; its own as well, if it asks something by
/// itself.
pub(super) fn cites(name: &str, scenario: &Scenario, catalogue: &Catalogue) -> BTreeSet<RequirementId> {
    let cited = cited_in(&scenario.body).into_iter().map(|id| id.value);
    cited.chain(catalogue.of_scenario(name).cloned()).collect()
}

/// The capabilities that a scenario settles.
pub fn settles(scenario: &Scenario) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_statement(&scenario.body, &mut |item| {
        if let Statement::Provides(capability) = &item.value {
            found.insert(capability.name.clone());
        }
    });
    found
}

/// The capabilities that a scenario needs.
fn needs(scenario: &Scenario) -> Vec<Capability> {
    let mut found = Vec::new();
    each_statement(&scenario.body, &mut |item| {
        if let Statement::Needs(capabilities) = &item.value {
            found.extend(capabilities.iter().map(|capability| capability.value.clone()));
        }
    });
    found
}

fn offered(name: &str) -> Capability {
    Capability {
        name: name.to_owned(),
        stance: Stance::Offered,
    }
}
