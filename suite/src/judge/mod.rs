//! The judge: a pure function of what happened in a run. It sends nothing and words nothing.
//!
//! `entries` turns the log of one program into checks and their verdicts, `invariants` asks every answer, `failures`
//! says what a failure breaks, `findings` sums up by requirement, `symptom` tells causes apart, `denials` knows what was
//! never granted, `causes` makes one finding of each cause.

mod anomaly;
mod broken;
mod causes;
mod denial;
mod denials;
mod entries;
mod entry;
mod failures;
mod findings;
mod general;
mod invariants;
mod kept;
mod lost;
mod order;
mod reproduce;
mod symptom;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeSet;
use std::sync::Arc;

use assize_language::at_once;

pub(crate) use self::broken::broken_by;
use self::entry::Entries;
use crate::catalogue::{Catalogue, Level, RequirementId, Version};
use crate::cause::Loss;
use crate::judgement::{Judgement, ScenarioOutcome, Verdict};
use crate::log::{Attempts, End, ProgramLog, RunLog};
use crate::scenario::{Library, Program};

/// What is judged by: the requirements, the version, and what the user asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standard<'a> {
    /// The requirements.
    pub catalogue: &'a Catalogue,
    /// The version whose levels count.
    pub version: Version,
    /// The requirements that are asked; `None` for all.
    pub asked: Option<&'a BTreeSet<RequirementId>>,
    /// What is asked of every answer.
    pub invariants: &'a [Arc<Program>],
    /// What became of the target, if it was lost: what that explains is no finding.
    pub loss: Option<&'a Loss>,
}

impl Standard<'_> {
    /// The level of a requirement in the version judged by.
    fn level(&self, id: &RequirementId) -> Option<Level> {
        self.catalogue.get(id)?.levels.in_version(self.version)
    }

    /// Whether the user asked for a requirement.
    fn asks(&self, id: &RequirementId) -> bool {
        self.asked.is_none_or(|asked| asked.contains(id))
    }
}

/// Judges all that happened in a run.
pub(crate) fn judge(library: &Library, log: &RunLog) -> Judgement {
    let standard = Standard {
        catalogue: &library.catalogue,
        version: log.facts.version,
        asked: log.asked.as_ref(),
        invariants: &log.invariants,
        loss: match &log.end {
            End::TargetLost(loss) => Some(loss),
            _ => None,
        },
    };
    let runs: Vec<Judged<'_>> = at_once(&log.programs, |attempts| Judged::of(&standard, attempts, log));
    let (requirements, findings) = findings::sum_up(&standard, &log.programs, &runs);
    let generated = log.programs.iter().map(|attempts| &attempts.first.program);
    let generated = generated
        .filter(|program| !program.lines.text().is_empty() && library.get(&program.name).is_none())
        .map(|program| (program.name.clone(), program.lines.text().clone()));
    Judgement {
        facts: log.facts.clone(),
        capabilities: log.offers.clone(),
        findings,
        requirements,
        scenarios: runs.iter().map(Judged::outcome).collect(),
        generated: generated.collect(),
        end: log.end.clone(),
    }
}

/// Judges one run of one program.
pub(crate) fn judge_program(
    standard: &Standard<'_>,
    log: &ProgramLog,
    target: &crate::wire::Url,
) -> ProgramVerdict {
    let entries = entries::of(standard, log, target);
    // What is asked of every answer says less of why a program came to nothing than what the program asks.
    let is_own = |entry: &&entry::Entry| entry.place.scenario == log.program.name;
    let first = entries.broken().find(is_own).or_else(|| entries.broken().next());
    ProgramVerdict {
        first_broken: first.map(|entry| (entry.requirement.clone(), entry.got.clone())),
        broken: entries.broken().map(|entry| entry.requirement.clone()).collect(),
        outcome: outcome(log, &entries),
    }
}

/// What one run of one program comes to by itself.
#[derive(Debug)]
pub(crate) struct ProgramVerdict {
    /// The requirement that broke first, and what was got.
    pub first_broken: Option<(RequirementId, String)>,
    /// The requirements that broke.
    pub broken: BTreeSet<RequirementId>,
    /// The scenario, and the worst that happened in it.
    pub outcome: ScenarioOutcome,
}

/// The runs of one program, check by check.
struct Judged<'a> {
    log: &'a ProgramLog,
    entries: Entries,
    again: Option<Entries>,
}

impl Judged<'_> {
    fn of<'a>(standard: &Standard<'_>, attempts: &'a Attempts, log: &RunLog) -> Judged<'a> {
        let target = &log.facts.target;
        Judged {
            entries: entries::of(standard, &attempts.first, target),
            again: attempts
                .again
                .as_ref()
                .map(|again| entries::of(standard, again, target)),
            log: &attempts.first,
        }
    }

    fn outcome(&self) -> ScenarioOutcome {
        outcome(self.log, &self.entries)
    }
}

fn outcome(log: &ProgramLog, entries: &Entries) -> ScenarioOutcome {
    let stopped = || entries::stopped(log);
    let verdict = if entries.broken().next().is_some() {
        Verdict::Broken
    } else {
        stopped().or_else(|| entries.failure()).unwrap_or(Verdict::Held)
    };
    ScenarioOutcome {
        name: log.program.name.clone(),
        title: log.program.title.clone(),
        verdict,
        elapsed: log.elapsed,
    }
}
