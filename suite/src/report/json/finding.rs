//! Findings, as programs read them.

use serde::Serialize;

use super::exchange::Exchange;
use crate::catalogue::{self, Protected};
use crate::outcome::{self, Link};
use crate::report::baseline::{self, Standing};
use crate::report::{Report, backing, rerun, script, secret, words};

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    requirement: &'a str,
    level: String,
    #[serde(flatten)]
    backing: Option<Backing<'a>>,
    counted: bool,
    fails: bool,
    confirmed: bool,
    known: Option<&'a str>,
    broken: usize,
    asked: usize,
    runs: Runs,
    ways: Vec<Way<'a>>,
    consequences: Vec<Consequence<'a>>,
}

impl<'a> Finding<'a> {
    pub(super) fn of(report: &Report<'a>, finding: &'a outcome::Finding) -> Finding<'a> {
        Finding {
            requirement: finding.requirement.as_str(),
            level: finding.level.to_string(),
            backing: report.backing(&finding.requirement).map(Backing::of),
            counted: report.counts(&finding.requirement),
            fails: report.fails(finding),
            confirmed: !report.is_unconfirmed(finding),
            known: match report.standing(finding) {
                Standing::New => None,
                Standing::Listed(entry) | Standing::Grown(entry, _) => Some(&entry.reason),
            },
            broken: finding.broken,
            asked: finding.asked,
            runs: Runs::of(finding.again),
            ways: ways(&finding.ways, report),
            consequences: finding
                .consequences
                .iter()
                .map(|following| Consequence::of(report, following))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Backing<'a> {
    basis: &'static str,
    authority: &'static str,
    source: Option<Source<'a>>,
    protects: Option<&'static str>,
}

#[derive(Serialize)]
struct Source<'a> {
    document: &'a str,
    section: &'a str,
    link: String,
}

impl<'a> Backing<'a> {
    fn of(backing: backing::Backing<'a>) -> Backing<'a> {
        let source = |source: &'a catalogue::Source| Source {
            document: &source.document.title,
            section: &source.section,
            link: source.link(),
        };
        Backing {
            basis: backing.requirement.basis.words(),
            authority: backing.authority(),
            source: backing.source.map(source),
            protects: backing.requirement.protects.map(Protected::words),
        }
    }
}

#[derive(Serialize)]
struct Runs {
    broken: u32,
    made: u32,
}

impl Runs {
    fn of(again: outcome::Repetition) -> Runs {
        Runs {
            broken: again.broken,
            made: again.runs,
        }
    }
}

#[derive(Serialize)]
struct Way<'a> {
    name: String,
    scenario: &'a str,
    line: usize,
    row: Option<&'a str>,
    asked: String,
    got: String,
    count: usize,
    runs: Runs,
    curl: String,
    assize: String,
    exchange: Option<Exchange<'a>>,
}

impl<'a> Way<'a> {
    fn of(way: &'a outcome::Way, outcome: &outcome::Outcome) -> Way<'a> {
        Way {
            name: words::way(way),
            scenario: &way.place.scenario,
            line: way.place.line,
            row: way.row.as_deref(),
            asked: secret::text(&way.asked),
            got: secret::text(&way.got),
            count: way.count,
            runs: Runs::of(way.again),
            curl: words::bounded_shell(&script(way, outcome))
                .map(secret::text)
                .unwrap_or_default(),
            assize: rerun::command(way, outcome),
            exchange: way.exchange().map(|exchange| Exchange::of(exchange)),
        }
    }
}

fn ways<'a>(ways: &'a [outcome::Way], report: &Report<'a>) -> Vec<Way<'a>> {
    ways.iter().map(|way| Way::of(way, report.outcome)).collect()
}

#[derive(Serialize)]
struct Consequence<'a> {
    requirement: &'a str,
    level: String,
    link: &'static str,
    ways: Vec<Way<'a>>,
}

impl<'a> Consequence<'a> {
    fn of(report: &Report<'a>, consequence: &'a outcome::Consequence) -> Consequence<'a> {
        Consequence {
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
pub(super) struct Stale<'a> {
    requirement: &'a str,
    way: Option<&'a str>,
}

impl<'a> Stale<'a> {
    pub(super) fn of(stale: &baseline::Stale<'a>) -> Stale<'a> {
        Stale {
            requirement: stale.requirement.as_str(),
            way: stale.way,
        }
    }
}
