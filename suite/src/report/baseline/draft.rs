//! The draft of a baseline: the present findings, for somebody to give the reasons.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::Occurs;
use crate::catalogue::RequirementId;
use crate::judgement::{Facts, RequirementOutcome, Way};
use crate::report::{Report, causes, words};

/// The longest text of a comment.
const LONGEST: usize = 120;

/// Drafts a baseline of what now makes the run fail. Reasons that are known stay; the others are left empty, and
/// refused as long as they are.
pub(in crate::report) fn draft(report: &Report<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut text);
    text
}

fn write(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let facts = &report.outcome.facts;
    let specification = words::specification(facts.version);
    writeln!(
        out,
        "# Known findings of {}, judged by {specification}.",
        facts.target
    )?;
    writeln!(out, "# Each needs a reason before it counts as known.")?;
    let mut listed = BTreeSet::new();
    for finding in &report.outcome.findings {
        if report.weighs(&finding.requirement, finding.level) && listed.insert(&finding.requirement) {
            write_findings(report, &finding.requirement, out)?;
        }
    }
    let unlisted = Report {
        baseline: None,
        ..*report
    };
    for requirement in unlisted.not_shown() {
        write_unreached(report, requirement, out)?;
    }
    Ok(())
}

/// The findings of one requirement, in one entry.
fn write_findings(report: &Report<'_>, id: &RequirementId, out: &mut String) -> fmt::Result {
    write_text(report, id, out)?;
    let findings = || report.findings_of(id);
    let ways = || findings().flat_map(|finding| &finding.ways);
    let seen: BTreeSet<String> = ways()
        .map(|way| asked_and_got(way, &report.outcome.facts))
        .collect();
    for line in &seen {
        writeln!(out, "# {line}")?;
    }
    write_head(report, id, out)?;
    if findings().all(|finding| finding.again.broken < finding.again.runs) {
        writeln!(out, "occurs = {}", quoted(Occurs::NOW_AND_THEN))?;
    }
    let ways: BTreeSet<String> = ways().map(words::way).collect();
    writeln!(out, "ways = [")?;
    for way in &ways {
        writeln!(out, "    {},", quoted(way))?;
    }
    writeln!(out, "]")
}

fn asked_and_got(way: &Way, facts: &Facts) -> String {
    let [asked, got] = [&way.asked, &way.got].map(|text| words::said(text, facts, LONGEST));
    format!("asked {asked}, got {got}")
}

fn write_unreached(report: &Report<'_>, requirement: &RequirementOutcome, out: &mut String) -> fmt::Result {
    write_text(report, &requirement.id, out)?;
    let reason = causes::reason(&requirement.verdict).unwrap_or_default();
    writeln!(
        out,
        "# not reached: {}",
        words::said(&reason, &report.outcome.facts, LONGEST)
    )?;
    write_head(report, &requirement.id, out)
}

fn write_head(report: &Report<'_>, id: &RequirementId, out: &mut String) -> fmt::Result {
    let entry = report.baseline.and_then(|baseline| baseline.get(id));
    writeln!(out, "[{}]", quoted(id.as_str()))?;
    writeln!(
        out,
        "reason = {}",
        quoted(entry.map_or("", |entry| &entry.reason))
    )
}

fn write_text(report: &Report<'_>, id: &RequirementId, out: &mut String) -> fmt::Result {
    writeln!(out)?;
    match report.library.catalogue.get(id) {
        Some(requirement) => writeln!(out, "# {}", words::one_line(&requirement.text, usize::MAX)),
        None => Ok(()),
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
