//! Findings, as programs read them.

use serde::Serialize;

use super::exchange::JsonExchange;
use crate::catalogue::{self, Protected};
use crate::harm::Harm;
use crate::judgement::{self, Link};
use crate::report::baseline::{self, Standing};
use crate::report::{Report, backing, rerun, script, secret, words};

#[derive(Serialize)]
pub(super) struct JsonFinding<'a> {
    requirement: &'a str,
    level: String,
    text: Option<&'a str>,
    why: Option<&'a str>,
    harm: Option<String>,
    #[serde(flatten)]
    backing: Option<JsonBacking<'a>>,
    counted: bool,
    fails: bool,
    confirmed: bool,
    known: Option<&'a str>,
    broken: usize,
    asked: usize,
    runs: JsonRuns,
    ways: Vec<JsonWay<'a>>,
    consequences: Vec<JsonConsequence<'a>>,
}

impl<'a> JsonFinding<'a> {
    pub(super) fn of(report: &Report<'a>, finding: &'a judgement::Finding) -> JsonFinding<'a> {
        let requirement = report.library.catalogue.get(&finding.requirement);
        JsonFinding {
            requirement: finding.requirement.as_str(),
            level: finding.level.to_string(),
            text: requirement.map(|known| known.text.as_str()),
            why: requirement.map(|known| known.why.as_str()),
            harm: Harm::of(&finding.requirement).map(|harm| harm.sentence()),
            backing: report.backing(&finding.requirement).map(JsonBacking::of),
            counted: report.counts(&finding.requirement),
            fails: report.fails(finding),
            confirmed: !report.is_unconfirmed(finding),
            known: match report.standing(finding) {
                Standing::New => None,
                Standing::Listed(entry) | Standing::Grown(entry, _) => Some(&entry.reason),
            },
            broken: finding.broken,
            asked: finding.asked,
            runs: JsonRuns::of(finding.again),
            ways: ways(&finding.ways, report),
            consequences: finding
                .consequences
                .iter()
                .map(|following| JsonConsequence::of(report, following))
                .collect(),
        }
    }
}

/// What a requirement rests on.
#[derive(Serialize)]
pub(super) struct JsonBacking<'a> {
    basis: &'static str,
    authority: &'static str,
    source: Option<JsonSource<'a>>,
    protects: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonSource<'a> {
    document: &'a str,
    section: &'a str,
    link: String,
}

impl<'a> JsonBacking<'a> {
    pub(super) fn of(backing: backing::Backing<'a>) -> JsonBacking<'a> {
        let source = |source: &'a catalogue::Source| JsonSource {
            document: &source.document.title,
            section: &source.section,
            link: source.link(),
        };
        JsonBacking {
            basis: backing.requirement.basis.words(),
            authority: backing.authority(),
            source: backing.source.map(source),
            protects: backing.requirement.protects.map(Protected::words),
        }
    }
}

#[derive(Serialize)]
struct JsonRuns {
    broken: u32,
    made: u32,
}

impl JsonRuns {
    fn of(again: judgement::Repetition) -> JsonRuns {
        JsonRuns {
            broken: again.broken,
            made: again.runs,
        }
    }
}

#[derive(Serialize)]
struct JsonWay<'a> {
    name: String,
    scenario: &'a str,
    line: usize,
    row: Option<&'a str>,
    asked: String,
    got: String,
    count: usize,
    runs: JsonRuns,
    curl: String,
    assize: String,
    exchange: Option<JsonExchange<'a>>,
}

impl<'a> JsonWay<'a> {
    fn of(way: &'a judgement::Way, outcome: &judgement::Judgement) -> JsonWay<'a> {
        JsonWay {
            name: words::way(way),
            scenario: &way.place.scenario,
            line: way.place.line,
            row: way.row.as_deref(),
            asked: secret::text(&way.asked),
            got: secret::text(&way.got),
            count: way.count,
            runs: JsonRuns::of(way.again),
            curl: words::bounded_shell(&script(way, outcome))
                .map(secret::text)
                .unwrap_or_default(),
            assize: rerun::command(way, outcome),
            exchange: way.exchange().map(|exchange| JsonExchange::of(exchange)),
        }
    }
}

fn ways<'a>(ways: &'a [judgement::Way], report: &Report<'a>) -> Vec<JsonWay<'a>> {
    ways.iter().map(|way| JsonWay::of(way, report.outcome)).collect()
}

#[derive(Serialize)]
struct JsonConsequence<'a> {
    requirement: &'a str,
    level: String,
    link: &'static str,
    ways: Vec<JsonWay<'a>>,
}

impl<'a> JsonConsequence<'a> {
    fn of(report: &Report<'a>, consequence: &'a judgement::Consequence) -> JsonConsequence<'a> {
        JsonConsequence {
            requirement: consequence.requirement.as_str(),
            level: consequence.level.to_string(),
            link: match consequence.link {
                Link::SameAnswer => "same-answer",
                Link::Follows => "follows",
            },
            ways: ways(&consequence.ways, report),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonStale<'a> {
    requirement: &'a str,
    way: Option<&'a str>,
}

impl<'a> JsonStale<'a> {
    pub(super) fn of(stale: &baseline::Stale<'a>) -> JsonStale<'a> {
        JsonStale {
            requirement: stale.requirement.as_str(),
            way: stale.way,
        }
    }
}
