//! One finding for one cause: by the trace that a cause leaves, and by what a requirement rests on.

use std::collections::{BTreeMap, BTreeSet};

use super::general::one_for_each_kind_of_request;
use super::symptom::Symptom;
use super::{Standard, order};
use crate::catalogue::{Level, Requirement, RequirementId};
use crate::check::error_codes;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::{Consequence, Finding, Link, Place, Repetition, Way};
use crate::values::json_of;

/// A broken requirement, and the ways in which it broke.
#[derive(Debug)]
pub(super) struct Broken {
    /// The requirement.
    pub(super) requirement: RequirementId,
    /// Its level in the version judged by.
    pub(super) level: Level,
    /// How many checks of it broke.
    pub(super) broken: usize,
    /// How many checks of it were made.
    pub(super) asked: usize,
    /// The ways, most frequent first, each with the trace of its cause.
    pub(super) ways: Vec<(Way, Option<Symptom>)>,
}

/// Makes one finding of each cause.
///
/// Ways with one trace in common stand under the most general requirement that they break. What is left of the other
/// requirements is a finding of its own, unless it rests on a finding that was seen in the same place.
pub(super) fn one_for_each_cause(standard: &Standard<'_>, broken: Vec<Broken>) -> Vec<Finding> {
    let broken = with_rows_of_one_check_together(standard, in_general(broken));
    let heads = heads(standard, &broken);
    let mut findings = Vec::new();
    let mut under: BTreeMap<RequirementId, Vec<Consequence>> = BTreeMap::new();
    for requirement in broken {
        let (own, others) = divide(&requirement, &heads);
        for (head, ways) in others {
            under
                .entry(head)
                .or_default()
                .push(consequence(&requirement, ways, Link::SameAnswer));
        }
        if !own.is_empty() {
            findings.push(finding(&requirement, own));
        }
    }
    for finding in &mut findings {
        finding
            .consequences
            .extend(under.remove(&finding.requirement).unwrap_or_default());
    }
    fold_what_rests_on_others(standard, findings)
}

/// Takes for each trace the most general one of those that say it too and were left as well: of what may be a matter of
/// luck only those that a requirement met every time.
fn in_general(mut broken: Vec<Broken>) -> Vec<Broken> {
    let left: BTreeSet<Symptom> = broken
        .iter()
        .flat_map(|requirement| &requirement.ways)
        .filter_map(|(_, symptom)| symptom.clone())
        .collect();
    let met_always: BTreeSet<Symptom> = broken
        .iter()
        .filter(|requirement| requirement.broken == requirement.asked)
        .flat_map(|requirement| &requirement.ways)
        .filter_map(|(_, symptom)| symptom.clone())
        .collect();
    let explains =
        |general: &Symptom| left.contains(general) && (!general.is_of_luck() || met_always.contains(general));
    for (_, symptom) in broken.iter_mut().flat_map(|requirement| &mut requirement.ways) {
        let more_general = |symptom: &Option<Symptom>| {
            let mut known = symptom.iter().flat_map(Symptom::more_general);
            known.find(|general| explains(general))
        };
        while let Some(general) = more_general(symptom) {
            *symptom = Some(general);
        }
    }
    broken
}

/// Takes from the rows of a check what they show afterwards, where one of them is seen with what the requirement rests on.
fn with_rows_of_one_check_together(standard: &Standard<'_>, mut broken: Vec<Broken>) -> Vec<Broken> {
    let explained: Vec<Vec<Place>> = broken
        .iter()
        .map(|requirement| {
            let roots = broken.iter().filter(|root| {
                root.level >= requirement.level
                    && rests_on(standard, &requirement.requirement, &root.requirement)
            });
            let seen: Vec<Way> = roots
                .flat_map(|root| root.ways.iter().map(|(way, _)| way.clone()))
                .collect();
            let ways = requirement.ways.iter().map(|(way, _)| way);
            ways.filter(|way| is_seen_with(way, &seen))
                .map(|way| way.place.clone())
                .collect()
        })
        .collect();
    for (requirement, places) in broken.iter_mut().zip(explained) {
        for (way, symptom) in &mut requirement.ways {
            if places.contains(&way.place) && symptom.as_ref().is_some_and(Symptom::is_afterwards) {
                *symptom = None;
            }
        }
    }
    broken
}

/// The most general requirement that each trace breaks: the heaviest, the one that says what is denied, the one that the
/// others rest on, the one that it breaks most often, one that a document states, the one that is asked most often. A
/// failure says nothing of what the registry keeps and of whom it lets in, so it stands under what a document states, or
/// at least under what guards none of that.
fn heads(standard: &Standard<'_>, broken: &[Broken]) -> BTreeMap<Symptom, RequirementId> {
    let mut by_trace: BTreeMap<&Symptom, Vec<&Broken>> = BTreeMap::new();
    for requirement in broken {
        let symptoms: BTreeSet<&Symptom> = requirement
            .ways
            .iter()
            .filter_map(|(_, symptom)| symptom.as_ref())
            .collect();
        for symptom in symptoms {
            by_trace.entry(symptom).or_default().push(requirement);
        }
    }
    let heads = by_trace.into_iter().filter_map(|(symptom, breaks)| {
        let supports = |one: &Broken| {
            let rests = |other: &&&Broken| rests_on(standard, &other.requirement, &one.requirement);
            breaks.iter().filter(rests).count()
        };
        let head = breaks.iter().rev().max_by_key(|one| {
            let known = standard.catalogue.get(&one.requirement);
            let of_failure = known.filter(|_| symptom.is_failure());
            let is_stated = |known: &Requirement| known.basis.authority().is_stated();
            let guards_nothing = of_failure.map(|known| known.protects.is_none());
            let general = (
                supports(one),
                broken_by(one, symptom),
                known.map(is_stated),
                one.asked,
            );
            let says_it = symptom
                .denial()
                .is_some_and(|denial| denial.breaks(&one.requirement));
            (
                one.level,
                says_it,
                of_failure.map(is_stated),
                guards_nothing,
                general,
            )
        })?;
        Some((symptom.clone(), head.requirement.clone()))
    });
    heads.collect()
}

/// How many checks of a requirement broke in ways that left this trace.
fn broken_by(requirement: &Broken, symptom: &Symptom) -> usize {
    let ways = requirement.ways.iter();
    ways.filter(|(_, left)| left.as_ref() == Some(symptom))
        .map(|(way, _)| way.count)
        .sum()
}

/// The ways that stay with a requirement, and those that stand under others.
fn divide(
    requirement: &Broken,
    heads: &BTreeMap<Symptom, RequirementId>,
) -> (Vec<Way>, BTreeMap<RequirementId, Vec<Way>>) {
    let (mut own, mut others) = (Vec::new(), BTreeMap::new());
    for (way, symptom) in &requirement.ways {
        match symptom.as_ref().and_then(|symptom| heads.get(symptom)) {
            Some(head) if *head != requirement.requirement => {
                let ways: &mut Vec<Way> = others.entry(head.clone()).or_default();
                ways.push(way.clone());
            }
            _ => own.push(way.clone()),
        }
    }
    (own, others)
}

fn finding(requirement: &Broken, ways: Vec<Way>) -> Finding {
    Finding {
        requirement: requirement.requirement.clone(),
        level: requirement.level,
        broken: requirement.broken,
        asked: requirement.asked,
        again: together(&ways),
        ways,
        consequences: Vec::new(),
    }
}

/// What breaks comes again if one of its ways does.
fn together(ways: &[Way]) -> Repetition {
    let again = ways.iter().map(|way| way.again);
    again
        .max_by_key(|again| (again.broken, again.runs))
        .unwrap_or(Repetition { broken: 1, runs: 1 })
}

fn consequence(requirement: &Broken, ways: Vec<Way>, link: Link) -> Consequence {
    Consequence {
        requirement: requirement.requirement.clone(),
        level: requirement.level,
        ways,
        link,
    }
}

/// Puts each finding that rests on another one, and was seen where that one was, under it, unless it weighs more.
fn fold_what_rests_on_others(standard: &Standard<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    let root_of = |finding: &Finding| {
        let roots = findings.iter().filter(|root| {
            root.requirement != finding.requirement
                && root.level >= finding.level
                && rests_on(standard, &finding.requirement, &root.requirement)
                && are_seen_with(&finding.ways, &root.ways)
        });
        let free = |root: &&Finding| {
            !findings.iter().any(|other| {
                other.requirement != root.requirement
                    && other.level >= root.level
                    && rests_on(standard, &root.requirement, &other.requirement)
                    && are_seen_with(&root.ways, &other.ways)
            })
        };
        roots
            .filter(free)
            .map(|root| root.requirement.clone())
            .next_back()
    };
    let roots: Vec<Option<RequirementId>> = findings.iter().map(root_of).collect();
    let (mut kept, mut folded) = (Vec::new(), Vec::new());
    for (finding, root) in findings.into_iter().zip(roots) {
        match root {
            Some(root) => folded.push((root, finding)),
            None => kept.push(finding),
        }
    }
    for (root, finding) in folded {
        if let Some(above) = kept
            .iter_mut()
            .find(|other: &&mut Finding| other.requirement == root)
        {
            above.consequences.push(Consequence {
                requirement: finding.requirement,
                level: finding.level,
                ways: finding.ways,
                link: Link::Follows,
            });
            above.consequences.extend(finding.consequences);
        }
    }
    kept.iter_mut().for_each(take_back_own_ways);
    let mut apart: Vec<Finding> = kept.into_iter().flat_map(one_for_each_kind_of_request).collect();
    order::sort(standard, &mut apart);
    apart
}

/// Nothing is a consequence of itself: what broke by way of one of its consequences is a way of its own.
fn take_back_own_ways(finding: &mut Finding) {
    let own = |one: &mut Consequence| one.requirement == finding.requirement;
    let taken: Vec<Consequence> = finding.consequences.extract_if(.., own).collect();
    finding.ways.extend(taken.into_iter().flat_map(|one| one.ways));
}

/// Whether every check that broke was seen where others were, in one of its rows at least.
fn are_seen_with(ways: &[Way], others: &[Way]) -> bool {
    ways.iter().all(|way| {
        let mut rows = ways.iter().filter(|row| row.place == way.place);
        rows.any(|row| is_seen_with(row, others))
    })
}

/// Whether a way was seen where one of the others was: in the same scenario, or of the same request. What failed once
/// explains nothing that did not, a race nothing that was none, and a refusal no other that has another reason.
fn is_seen_with(way: &Way, others: &[Way]) -> bool {
    let explains = |other: &Way| !fails(other) || fails(way) && (is_race(way) || !is_race(other));
    others.iter().any(|other| {
        let is_same_request = form(way).is_some() && form(way) == form(other);
        let has_one_reason = match (reasons(way), reasons(other)) {
            (Some(reasons), Some(others)) => reasons == others,
            _ => true,
        };
        way.place.scenario == other.place.scenario || is_same_request && has_one_reason && explains(other)
    })
}

/// Whether the registry failed, or said nothing.
fn fails(way: &Way) -> bool {
    way.exchange()
        .is_some_and(|exchange| exchange.status().is_none_or(|status| status >= 500))
}

/// The reasons that a refusal gives, if it gives any.
fn reasons(way: &Way) -> Option<Vec<String>> {
    let answer = way.exchange()?.outcome.as_ref().ok()?;
    let codes = json_of(answer).map(|json| error_codes(&json));
    codes.filter(|codes| (400..500).contains(&answer.status) && !codes.is_empty())
}

/// Whether it takes requests that are made at once to see it.
fn is_race(way: &Way) -> bool {
    way.proof.rounds.iter().any(|round| round.len() > 1)
}

/// The form of the request that a way is about: method, endpoint, and the names of its parameters.
fn form(way: &Way) -> Option<(String, EndpointKind, Vec<String>)> {
    let request = &way.exchange()?.request;
    let endpoint = Endpoint::of(&request.url);
    let names: BTreeSet<String> = endpoint.parameter_names().map(str::to_owned).collect();
    Some((
        request.method.clone(),
        endpoint.kind(),
        names.into_iter().collect(),
    ))
}

/// Whether a requirement rests on another one, directly or not.
fn rests_on(standard: &Standard<'_>, id: &RequirementId, root: &RequirementId) -> bool {
    let mut visited = BTreeSet::new();
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        if !visited.insert(id) {
            continue;
        }
        if let Some(requirement) = standard.catalogue.get(id) {
            if requirement.rests_on.contains(root) {
                return true;
            }
            waiting.extend(&requirement.rests_on);
        }
    }
    false
}
