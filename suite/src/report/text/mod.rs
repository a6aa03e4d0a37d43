//! The report for people, the verdict on its last line. In full each finding stands before the table with all that shows it;
//! in brief it is a line after it, so that a screen holds the whole.

mod brief;
mod finding;
mod open;
mod page;
mod parties;
pub(crate) mod style;
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

/// How much is shown of what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A line for each finding.
    Brief,
    /// Each finding with its exchange, what it rests on, and how to see it again.
    Full,
}

/// The report in colour, wrapped to a width.
pub fn styled(report: &Report<'_>, width: usize, detail: Detail) -> String {
    let mut page = Page::new(width);
    match detail {
        Detail::Brief => {
            table::write(&mut page, report);
            brief::write(&mut page, report);
        }
        Detail::Full => {
            for finding in new_findings(report) {
                finding::write(&mut page, report, finding);
            }
            table::write(&mut page, report);
            open::write(&mut page, report);
        }
    }
    verdict::write(&mut page, report);
    page.finish()
}

/// The findings of some weight that no baseline lists.
fn new_findings<'a>(report: &Report<'a>) -> impl Iterator<Item = &'a Finding> {
    let findings = report.outcome.findings.iter();
    findings.filter(move |finding| finding.level > Level::May && report.known(finding).is_none())
}

/// The report without colour.
pub(super) fn plain(report: &Report<'_>) -> String {
    strip_str(&styled(report, USUAL_WIDTH, Detail::Full)).to_string()
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
