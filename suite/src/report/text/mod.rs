//! The report for people: findings first, then the table, then what is open, and the verdict on the last line.

mod finding;
mod open;
mod page;
mod parties;
mod style;
mod table;
mod unreached;
mod verdict;

use anstream::adapter::strip_str;

use self::page::Page;
use super::Report;
use crate::catalogue::Level;
use crate::judgement::Finding;

/// The width of a report that nobody told the width of.
const USUAL_WIDTH: usize = 80;

/// The report in colour, wrapped to a width.
pub fn styled(report: &Report<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    for finding in &report.outcome.findings {
        if finding.level > Level::May && report.known(finding).is_none() {
            finding::write(&mut page, report, finding);
        }
    }
    table::write(&mut page, report);
    open::write(&mut page, report);
    verdict::write(&mut page, report);
    page.finish()
}

/// The report without colour.
pub(super) fn plain(report: &Report<'_>) -> String {
    strip_str(&styled(report, USUAL_WIDTH)).to_string()
}

/// One finding alone, without colour.
pub(super) fn finding(report: &Report<'_>, finding: &Finding) -> String {
    let mut page = Page::new(USUAL_WIDTH);
    finding::write(&mut page, report, finding);
    strip_str(&page.finish()).to_string()
}

/// The verdict alone, in one sentence.
pub(super) fn verdict(report: &Report<'_>) -> String {
    verdict::sentence(report)
}
