//! From checks to requirements, and to what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::causes::{Broken, one_for_each_cause};
use super::denials::Denials;
use super::entry::{Entries, Entry};
use super::symptom::Symptom;
use super::{Judged, Standard, reproduce};
use crate::catalogue::{Level, RequirementId};
use crate::judgement::{Counts, Finding, NotAsked, Repetition, RequirementOutcome, Verdict, Way};
use crate::log::{Attempts, Evidence};
use crate::wire::Exchange;

/// An entry, and the run that it was read from.
type Logged<'a> = (&'a Entry, &'a Judged<'a>);

/// What became of every requirement, and what a person must look at.
pub(super) fn sum_up(
    standard: &Standard<'_>,
    programs: &[Attempts],
    runs: &[Judged<'_>],
) -> (Vec<RequirementOutcome>, Vec<Finding>) {
    let mut seen: BTreeMap<&RequirementId, Vec<Logged<'_>>> = BTreeMap::new();
    for run in runs {
        for entry in run.entries.iter() {
            seen.entry(&entry.requirement).or_default().push((entry, run));
        }
    }
    let times = times(runs);
    let denials = Denials::of(programs, runs);
    let outcomes: Vec<RequirementOutcome> = standard
        .catalogue
        .iter()
        .map(|requirement| {
            let id = &requirement.id;
            let level = standard.level(id);
            let entries = seen.get(id).map_or(&[][..], Vec::as_slice);
            let verdict = match level {
                Some(_) if standard.asks(id) => verdict(entries),
                Some(_) => Verdict::NotAsked(NotAsked::NotSelected),
                None => Verdict::NotAsked(NotAsked::NotInForce(standard.version)),
            };
            RequirementOutcome {
                id: id.clone(),
                level,
                verdict,
                counts: counts(entries),
                held_by: held_by(entries),
                elapsed: times.get(id).copied().unwrap_or_default(),
            }
        })
        .collect();
    let broken: Vec<Broken> = outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Broken)
        .filter_map(|outcome| {
            let entries = seen.get(&outcome.id).map_or(&[][..], Vec::as_slice);
            Some(broken(&outcome.id, outcome.level?, entries, &denials))
        })
        .collect();
    (outcomes, one_for_each_cause(standard, broken))
}

/// The time of the scenarios, each shared among the requirements that it asks itself; what is asked of every answer takes none.
fn times<'a>(runs: &'a [Judged<'_>]) -> BTreeMap<&'a RequirementId, Duration> {
    let mut times: BTreeMap<&RequirementId, Duration> = BTreeMap::new();
    for run in runs {
        let own = |entry: &&Entry| entry.place.scenario == run.log.program.name;
        let asked: BTreeSet<&RequirementId> = run
            .entries
            .iter()
            .filter(own)
            .map(|entry| &entry.requirement)
            .collect();
        let share = run.log.elapsed / u32::try_from(asked.len().max(1)).unwrap_or(u32::MAX);
        for id in asked {
            *times.entry(id).or_default() += share;
        }
    }
    times
}

/// The verdict of a requirement, from those of its checks: the first that occurs.
fn verdict(entries: &[Logged<'_>]) -> Verdict {
    type Kind = fn(&Verdict) -> bool;
    const LADDER: [Kind; 7] = [
        |verdict| matches!(verdict, Verdict::Broken),
        |verdict| matches!(verdict, Verdict::Late),
        |verdict| matches!(verdict, Verdict::Held),
        |verdict| matches!(verdict, Verdict::Failed(_)),
        |verdict| matches!(verdict, Verdict::NotReached(_)),
        |verdict| matches!(verdict, Verdict::NotOffered(_)),
        |verdict| matches!(verdict, Verdict::NoOccasion),
    ];
    let verdicts = || entries.iter().map(|(entry, _)| &entry.verdict);
    LADDER
        .iter()
        .find_map(|kind| verdicts().find(|verdict| kind(verdict)))
        .or_else(|| verdicts().next())
        .cloned()
        .unwrap_or_else(|| Verdict::NotAsked(NotAsked::NoScenario))
}

/// What the first check that held looked at.
fn held_by(entries: &[Logged<'_>]) -> Option<Arc<Exchange>> {
    let mut held = entries.iter().filter(|(entry, _)| entry.verdict == Verdict::Held);
    held.find_map(|(entry, _)| match &entry.evidence {
        Evidence::Exchanges(chain) => chain.last().cloned(),
        Evidence::Nothing | Evidence::Connection(_) => None,
    })
}

fn counts(entries: &[Logged<'_>]) -> Counts {
    entries.iter().fold(Counts::default(), |mut counts, (entry, _)| {
        let count = match entry.verdict {
            Verdict::Held => &mut counts.held,
            Verdict::Broken => &mut counts.broken,
            Verdict::Late => &mut counts.late,
            _ => &mut counts.other,
        };
        *count += entry.count;
        counts
    })
}

/// How a requirement broke, each way with the trace that its cause leaves.
fn broken(id: &RequirementId, level: Level, entries: &[Logged<'_>], denials: &Denials) -> Broken {
    let counts = counts(entries);
    let mut ways: Vec<(Way, Option<Symptom>)> = traced(entries, denials)
        .into_iter()
        .map(|((entry, run), trace)| (way(entry, run), trace))
        .collect();
    ways.sort_by_key(|(way, _)| std::cmp::Reverse(way.count));
    Broken {
        requirement: id.clone(),
        level,
        broken: counts.broken,
        asked: counts.broken + counts.held + counts.late,
        ways,
    }
}

/// The checks that broke, each with its trace: its own, or that of what broke before it and led to it.
fn traced<'a>(entries: &[Logged<'a>], denials: &Denials) -> Vec<(Logged<'a>, Option<Symptom>)> {
    let mut traced: Vec<(Logged<'a>, Option<Symptom>)> = Vec::new();
    for logged in entries {
        let (entry, run) = logged;
        if entry.verdict != Verdict::Broken {
            continue;
        }
        let own = denials.trace(entry, run.log);
        let led_to_it = match &own {
            Some(own) if !own.is_afterwards() => None,
            _ => traced
                .iter()
                .rev()
                .filter(|(_, trace)| trace.as_ref().is_some_and(|trace| !trace.is_afterwards()))
                .find(|(earlier, _)| leads_to(*earlier, *logged, entries))
                .and_then(|(_, trace)| trace.clone()),
        };
        traced.push((*logged, led_to_it.or(own)));
    }
    traced
}

/// Whether a check stands before another in the same workflow: in the same row, or in rows that the other has no part in.
fn leads_to(earlier: Logged<'_>, later: Logged<'_>, entries: &[Logged<'_>]) -> bool {
    let is_of_workflow = later.0.place.scenario == later.1.log.program.name;
    let is_same_run = |run: &Judged<'_>| std::ptr::eq(run, later.1);
    let is_before =
        earlier.0.place.scenario == later.0.place.scenario && earlier.0.place.line < later.0.place.line;
    let is_beside = || {
        entries.iter().any(|(entry, run)| {
            is_same_run(run) && entry.place == earlier.0.place && entry.row == later.0.row
        })
    };
    is_of_workflow && is_same_run(earlier.1) && is_before && (earlier.0.row == later.0.row || !is_beside())
}

fn way(entry: &Entry, run: &Judged<'_>) -> Way {
    Way {
        place: entry.place.clone(),
        row: entry.row.clone(),
        asked: entry.asked.clone(),
        got: entry.got.clone(),
        count: entry.count,
        again: repetition(entry, run.again.as_ref()),
        proof: reproduce::proof(entry, run.log),
    }
}

/// A way comes again if the same check of the same row breaks when its scenario runs again.
fn repetition(entry: &Entry, again: Option<&Entries>) -> Repetition {
    let same = |other: &Entry| {
        other.requirement == entry.requirement && other.place == entry.place && other.row == entry.row
    };
    match again {
        None => Repetition { broken: 1, runs: 1 },
        Some(again) if again.broken().any(same) => Repetition { broken: 2, runs: 2 },
        Some(_) => Repetition { broken: 1, runs: 2 },
    }
}
