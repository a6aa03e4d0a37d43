//! What was found, in one screen: a line for each finding, and where the rest is said.

use super::page::Page;
use super::style::{self, paint};
use super::{new_findings, open};
use crate::judgement::{Finding, Offer};
use crate::report::{Report, words};

/// The width of a level.
const LEVEL: usize = 7;

/// Writes the findings, and what else the verdict may hang on.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    write_findings(page, report);
    write_not_offered(page, report);
    open::write_weighty(page, report);
}

fn write_findings(page: &mut Page, report: &Report<'_>) {
    let findings: Vec<&Finding> = new_findings(report).collect();
    if findings.is_empty() {
        return;
    }
    page.heading("Found");
    for finding in findings {
        let level = format!("{:<LEVEL$}", finding.level.to_string());
        let mark = match report.fails(finding) {
            true => paint(style::of(finding.level), level),
            false => paint(style::QUIET, level),
        };
        let room = page.width().saturating_sub(2 + LEVEL);
        let text = words::one_line(&in_one_line(report, finding), room);
        page.line(&format!("  {mark}{text}"));
    }
    page.prose(
        2,
        "--full, or --report html=FILE, shows each with its exchange, what it rests on, and how to see it again.",
    );
}

/// The requirement, what was got in place of what it asks, and what speaks against counting it.
fn in_one_line(report: &Report<'_>, finding: &Finding) -> String {
    let first = finding.ways.first();
    let got = first.map(|way| words::said(&way.got, &report.outcome.facts, usize::MAX));
    let again = finding.again;
    let remark = if report.is_unconfirmed(finding) {
        " (unconfirmed)"
    } else if again.broken < again.runs {
        " (now and then)"
    } else if report.binds(finding.level) && !report.counts(&finding.requirement) {
        " (not counted)"
    } else {
        ""
    };
    format!("{}{remark}: {}", finding.requirement, got.unwrap_or_default())
}

fn write_not_offered(page: &mut Page, report: &Report<'_>) {
    let capabilities = report.outcome.capabilities.iter();
    let refused = capabilities.filter(|(_, offer)| matches!(offer, Offer::Refused(_)));
    let names: Vec<&str> = refused.map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        page.gap();
        page.item(0, "not offered, as it may: ", &names.join(", "));
    }
}
