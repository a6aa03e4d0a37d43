//! Findings, as programs read them.

use serde::Serialize;

use super::exchange::Exchange;
use crate::report::Report;
use crate::report::baseline::{self, Standing};
use crate::report::{secret, words};
use crate::run::outcome;

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    requirement: &'a str,
    level: String,
    fails: bool,
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
            fails: report.fails(finding),
            known: match report.standing(finding) {
                Standing::New => None,
                Standing::Listed(entry) | Standing::Grown(entry, _) => Some(&entry.reason),
            },
            broken: finding.broken,
            asked: finding.asked,
            runs: Runs {
                broken: finding.again.broken,
                made: finding.again.runs,
            },
            ways: finding.ways.iter().map(Way::of).collect(),
            consequences: finding.consequences.iter().map(Consequence::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Runs {
    broken: u32,
    made: u32,
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
    curl: String,
    assize: &'a str,
    exchange: Option<Exchange<'a>>,
}

impl<'a> Way<'a> {
    fn of(way: &'a outcome::Way) -> Way<'a> {
        Way {
            name: words::way(way),
            scenario: &way.place.scenario,
            line: way.place.line,
            row: way.row.as_deref(),
            asked: secret::text(&way.asked),
            got: secret::text(&way.got),
            count: way.count,
            curl: words::bounded_shell(&way.curl)
                .map(secret::text)
                .unwrap_or_default(),
            assize: &way.assize,
            exchange: way.exchange.as_deref().map(Exchange::of),
        }
    }
}

#[derive(Serialize)]
struct Consequence<'a> {
    requirement: &'a str,
    level: String,
    ways: Vec<Way<'a>>,
}

impl<'a> Consequence<'a> {
    fn of(consequence: &'a outcome::Consequence) -> Consequence<'a> {
        Consequence {
            requirement: consequence.requirement.as_str(),
            level: consequence.level.to_string(),
            ways: consequence.ways.iter().map(Way::of).collect(),
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
