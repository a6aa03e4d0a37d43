//! Requirements, scenarios and the table, as programs read them.

use std::sync::Arc;

use serde::Serialize;

use super::exchange::JsonExchange;
use super::finding::JsonBacking;
use crate::catalogue::Requirement;
use crate::judgement::{Counts, RequirementOutcome, ScenarioOutcome};
use crate::report::causes::reason;
use crate::report::tally::{Row, VerdictKind};
use crate::report::{Report, secret};

#[derive(Serialize)]
pub(super) struct JsonCategory {
    category: &'static str,
    level: String,
    held: usize,
    broken: usize,
    follows: usize,
    late: usize,
    not_offered: usize,
    not_reached: usize,
    no_occasion: usize,
    not_asked: usize,
    suite_failed: usize,
}

impl JsonCategory {
    pub(super) fn of(row: &Row) -> JsonCategory {
        JsonCategory {
            category: row.category.words(),
            level: row.level.to_string(),
            held: row.number(VerdictKind::Held),
            broken: row.number(VerdictKind::Broken),
            follows: row.number(VerdictKind::Follows),
            late: row.number(VerdictKind::Late),
            not_offered: row.number(VerdictKind::NotOffered),
            not_reached: row.number(VerdictKind::NotReached),
            no_occasion: row.number(VerdictKind::NoOccasion),
            not_asked: row.number(VerdictKind::NotAsked),
            suite_failed: row.number(VerdictKind::Failed),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonRequirement<'a> {
    id: &'a str,
    level: Option<String>,
    #[serde(flatten)]
    backing: Option<JsonBacking<'a>>,
    category: Option<&'static str>,
    section: Option<&'a str>,
    text: Option<&'a str>,
    why: Option<&'a str>,
    verdict: VerdictKind,
    reason: Option<String>,
    follows_from: Option<&'a str>,
    checks: JsonChecks,
    held_by: Option<JsonExchange<'a>>,
}

impl<'a> JsonRequirement<'a> {
    pub(super) fn of(report: &Report<'a>, outcome: &'a RequirementOutcome) -> JsonRequirement<'a> {
        let requirement: Option<&'a Requirement> = report.library.catalogue.get(&outcome.id);
        JsonRequirement {
            id: outcome.id.as_str(),
            level: outcome.level.map(|level| level.to_string()),
            backing: report.backing(&outcome.id).map(JsonBacking::of),
            category: requirement.map(|known| known.category.words()),
            section: requirement.map(Requirement::section),
            text: requirement.map(|known| known.text.as_str()),
            why: requirement.map(|known| known.why.as_str()),
            verdict: VerdictKind::of(&outcome.verdict),
            reason: reason(&outcome.verdict).as_deref().map(secret::text),
            follows_from: report.cause(&outcome.id).map(|cause| cause.requirement.as_str()),
            checks: JsonChecks::of(outcome.counts),
            held_by: outcome.held_by.as_deref().map(JsonExchange::of),
        }
    }
}

#[derive(Serialize)]
struct JsonChecks {
    held: usize,
    broken: usize,
    late: usize,
    other: usize,
}

impl JsonChecks {
    fn of(counts: Counts) -> JsonChecks {
        JsonChecks {
            held: counts.held,
            broken: counts.broken,
            late: counts.late,
            other: counts.other,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonScenario<'a> {
    name: &'a str,
    title: &'a str,
    verdict: VerdictKind,
    reason: Option<String>,
    elapsed_ms: u128,
}

impl<'a> JsonScenario<'a> {
    pub(super) fn of(outcome: &'a ScenarioOutcome) -> JsonScenario<'a> {
        JsonScenario {
            name: &outcome.name,
            title: &outcome.title,
            verdict: VerdictKind::of(&outcome.verdict),
            reason: reason(&outcome.verdict).as_deref().map(secret::text),
            elapsed_ms: outcome.elapsed.as_millis(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonGenerated<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> JsonGenerated<'a> {
    pub(super) fn of((name, text): (&'a Arc<str>, &'a Arc<str>)) -> JsonGenerated<'a> {
        JsonGenerated { name, text }
    }
}
