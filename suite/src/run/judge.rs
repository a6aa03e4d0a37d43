//! From checks to requirements to findings: one finding for one cause.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Entry, Ledger, Shown};
use super::outcome::{Consequence, Counts, Finding, Repetition, RequirementOutcome, Verdict, Way};
use super::reproduce;
use super::shared::Shared;
use crate::catalogue::{Level, RequirementId};

/// The ledgers of one scenario: of its run, and of the run that followed if something broke.
pub struct Judged {
    /// What was seen.
    pub ledger: Ledger,
    /// What was seen when it ran again.
    pub again: Option<Ledger>,
}

/// What became of every requirement, and what a person must look at.
pub fn judge(shared: &Shared, runs: &[Judged]) -> (Vec<RequirementOutcome>, Vec<Finding>) {
    let mut seen: BTreeMap<&RequirementId, Vec<&Entry>> = BTreeMap::new();
    for entry in runs.iter().flat_map(|run| run.ledger.entries()) {
        seen.entry(&entry.requirement).or_default().push(entry);
    }
    let outcomes: Vec<RequirementOutcome> = shared
        .catalogue()
        .iter()
        .map(|requirement| {
            let id = &requirement.id;
            let level = shared.level(id);
            let entries = seen.get(id).map_or(&[][..], Vec::as_slice);
            let verdict = match level {
                Some(_) if shared.asks(id) => verdict(entries),
                Some(_) => Verdict::NotAsked("not selected".to_owned()),
                None => Verdict::NotAsked(format!("not in force in {}", shared.settings.version)),
            };
            RequirementOutcome {
                id: id.clone(),
                level,
                verdict,
                counts: counts(entries),
            }
        })
        .collect();
    let broken: Vec<Finding> = outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Broken)
        .filter_map(|outcome| {
            let entries = seen.get(&outcome.id).map_or(&[][..], Vec::as_slice);
            Some(finding(shared, runs, &outcome.id, outcome.level?, entries))
        })
        .collect();
    (outcomes, one_for_each_cause(shared, broken))
}

/// The verdict of a requirement, from those of its checks: the first that occurs.
fn verdict(entries: &[&Entry]) -> Verdict {
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
    let mut verdicts = entries.iter().map(|entry| &entry.verdict);
    LADDER
        .iter()
        .find_map(|kind| {
            entries
                .iter()
                .map(|entry| &entry.verdict)
                .find(|verdict| kind(verdict))
        })
        .or_else(|| verdicts.next())
        .cloned()
        .unwrap_or_else(|| Verdict::NotAsked("no scenario of this run asks it".to_owned()))
}

fn counts(entries: &[&Entry]) -> Counts {
    entries.iter().fold(Counts::default(), |mut counts, entry| {
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

fn finding(
    shared: &Shared,
    runs: &[Judged],
    id: &RequirementId,
    level: Level,
    entries: &[&Entry],
) -> Finding {
    let counts = counts(entries);
    let mut ways: Vec<Way> = entries
        .iter()
        .filter(|entry| entry.verdict == Verdict::Broken)
        .map(|entry| way(shared, entry))
        .collect();
    ways.sort_by_key(|way| std::cmp::Reverse(way.count));
    Finding {
        requirement: id.clone(),
        level,
        broken: counts.broken,
        asked: counts.broken + counts.held + counts.late,
        ways,
        again: repetition(runs, id),
        consequences: Vec::new(),
    }
}

fn way(shared: &Shared, entry: &Entry) -> Way {
    Way {
        place: entry.place.clone(),
        row: entry.row.clone(),
        asked: entry.asked.clone(),
        got: entry.got.clone(),
        count: entry.count,
        exchange: match &entry.shown {
            Shown::Exchanges(chain) => chain.last().cloned(),
            Shown::Nothing | Shown::Shell(_) => None,
        },
        curl: match &entry.shown {
            Shown::Exchanges(chain) => reproduce::script(chain),
            Shown::Shell(lines) => lines.clone(),
            Shown::Nothing => String::new(),
        },
        assize: format!(
            "assize run {} --spec {} --seed {} --only {}",
            shared.client.target(),
            shared.settings.version,
            shared.seed(),
            entry.place.scenario
        ),
    }
}

/// A finding comes again if it does in every scenario in which it was seen.
fn repetition(runs: &[Judged], id: &RequirementId) -> Repetition {
    let breaks = |ledger: &Ledger| {
        ledger
            .entries()
            .iter()
            .any(|entry| entry.requirement == *id && entry.verdict == Verdict::Broken)
    };
    let again: Vec<&Ledger> = runs
        .iter()
        .filter(|run| breaks(&run.ledger))
        .filter_map(|run| run.again.as_ref())
        .collect();
    match again.as_slice() {
        [] => Repetition { broken: 1, runs: 1 },
        again if again.iter().all(|ledger| breaks(ledger)) => Repetition { broken: 2, runs: 2 },
        _ => Repetition { broken: 1, runs: 2 },
    }
}

/// Puts each finding that rests on another one under it, unless it weighs more.
fn one_for_each_cause(shared: &Shared, broken: Vec<Finding>) -> Vec<Finding> {
    let levels: BTreeMap<RequirementId, Level> = broken
        .iter()
        .map(|finding| (finding.requirement.clone(), finding.level))
        .collect();
    let mut findings = Vec::new();
    let mut consequences = Vec::new();
    for finding in broken {
        match cause(shared, &finding, &levels) {
            Some(cause) => consequences.push((cause, finding)),
            None => findings.push(finding),
        }
    }
    for (cause, finding) in consequences {
        if let Some(under) = findings.iter_mut().find(|other| other.requirement == cause) {
            under.consequences.push(Consequence {
                requirement: finding.requirement,
                level: finding.level,
                ways: finding.ways,
            });
        }
    }
    findings.sort_by(|a, b| {
        b.level
            .cmp(&a.level)
            .then_with(|| a.requirement.cmp(&b.requirement))
    });
    findings
}

/// The root of what a finding rests on: a broken requirement, at least as heavy, that rests on no other such.
fn cause(
    shared: &Shared,
    finding: &Finding,
    levels: &BTreeMap<RequirementId, Level>,
) -> Option<RequirementId> {
    let mut visited = BTreeSet::new();
    let mut roots = Vec::new();
    let mut waiting = vec![finding.requirement.clone()];
    while let Some(id) = waiting.pop() {
        if !visited.insert(id.clone()) {
            continue;
        }
        let rests_on = shared
            .catalogue()
            .get(&id)
            .map_or(&[][..], |requirement| &requirement.rests_on);
        if id != finding.requirement && levels.get(&id).is_some_and(|level| *level >= finding.level) {
            roots.push(id.clone());
        }
        waiting.extend(rests_on.iter().cloned());
    }
    roots.pop()
}
