//! One finding: the line of the scenario that broke, what it means, and how to see it again.

use super::page::Page;
use super::style::{self, paint};
use crate::catalogue::Level;
use crate::diagnostic::{Color, Diagnostic, Kind, render};
use crate::harm::Harm;
use crate::judgement::{Consequence, Finding, Link, Repetition, Way};
use crate::report::baseline::Standing;
use crate::report::{Report, rerun, script, words};
use crate::wire::Protocol;

/// How many ways are shown beyond the first.
const FURTHER_WAYS: usize = 4;
/// The longest label under a line of a scenario.
const LABEL: usize = 60;
/// The longest text of a way that is not drawn.
const BRIEF: usize = 100;

/// Writes a finding.
pub(super) fn write(page: &mut Page, report: &Report<'_>, finding: &Finding) {
    let Some((first, further)) = finding.ways.split_first() else {
        return;
    };
    page.gap();
    match report.source(&first.place.scenario) {
        Some(source) => write_drawing(page, report, finding, first, source),
        None => write_place(page, report, finding, first),
    }
    write_exchange(page, report, first);
    write_meaning(page, report, finding);
    write_standing(page, report, finding);
    write_reproduction(page, report, first);
    write_generated(page, report, first);
    write_further(page, report, further);
    write_consequences(page, report, &finding.consequences);
}

/// The scenario, with the line that broke and the request above it.
fn write_drawing(
    page: &mut Page,
    report: &Report<'_>,
    finding: &Finding,
    first: &Way,
    (path, text): (&str, &str),
) {
    let span = first.place.range();
    let got = words::said(&first.got, &report.outcome.facts, usize::MAX);
    let label = words::one_line(&got, LABEL);
    let is_whole = label == got;
    let is_literal = text
        .get(span.clone())
        .is_some_and(|line| line.trim_start_matches('<').trim() == first.asked);
    let mut drawing = Diagnostic::new(kind(finding.level), title(report, finding), span).label(label);
    if let Some(request) = request_above(text, first.place.span.0) {
        drawing = drawing.mark(request, "");
    }
    page.line(&render(&[drawing], path, text, Color::Always));
    page.line("");
    if let Some(row) = &first.row {
        page.item(2, "row       ", row);
    }
    if !is_literal || !is_whole {
        page.item(
            2,
            "asked     ",
            &words::said(&first.asked, &report.outcome.facts, usize::MAX),
        );
    }
    if !is_whole {
        page.item(2, "got       ", &got);
    }
}

/// Where a check has no text, as one that is made in Rust.
fn write_place(page: &mut Page, report: &Report<'_>, finding: &Finding, first: &Way) {
    let word = paint(style::of(finding.level), words::finding(finding.level));
    page.line(&format!(
        "{word}: {}",
        paint(style::HEADING, title(report, finding))
    ));
    page.line(&format!("  --> {}", words::way(first)));
    page.item(
        2,
        "asked     ",
        &words::said(&first.asked, &report.outcome.facts, usize::MAX),
    );
    page.item(
        2,
        "got       ",
        &words::said(&first.got, &report.outcome.facts, usize::MAX),
    );
}

fn write_exchange(page: &mut Page, report: &Report<'_>, way: &Way) {
    if let Some(exchange) = way.exchange() {
        let over = match exchange.protocol {
            Protocol::Http1 | Protocol::Http1Alone => String::new(),
            Protocol::Http2 => format!(" ({})", exchange.protocol),
        };
        page.line(&format!(
            "  sent      {}{over}",
            words::request(exchange, &report.outcome.facts)
        ));
        let answer = words::answer(exchange, &report.outcome.facts);
        if answer != way.got {
            page.item(2, "answered  ", &answer);
        }
    }
}

fn write_meaning(page: &mut Page, report: &Report<'_>, finding: &Finding) {
    if let Some(requirement) = report.library.catalogue.get(&finding.requirement) {
        page.item(
            2,
            "requires  ",
            &format!("{} ({})", requirement.text, finding.level),
        );
        write_backing(page, report, finding);
        page.item(2, "because   ", &requirement.why);
        if let Some(harm) = Harm::of(&requirement.id) {
            page.item(2, "clients   ", &harm.sentence());
        }
    }
}

/// Who says so, and where; what that means for the verdict.
fn write_backing(page: &mut Page, report: &Report<'_>, finding: &Finding) {
    let Some(backing) = report.backing(&finding.requirement) else {
        return;
    };
    match backing.place() {
        Some(place) if backing.is_stated() => page.item(2, "stated in ", &place),
        Some(place) => page.item(2, "basis     ", &format!("{}; see {place}", backing.authority())),
        None => page.item(2, "basis     ", backing.authority()),
    }
    if let Some(source) = backing.source {
        page.verbatim(12, &source.link());
    }
    if let Some(protected) = backing.requirement.protects {
        page.item(2, "protects  ", protected.meaning());
    }
    if report.binds(finding.level) && !report.counts(&finding.requirement) {
        let basis = report.counted;
        page.item(
            2,
            "verdict   ",
            &format!("not by this: only --basis {basis} counts"),
        );
    }
}

fn write_standing(page: &mut Page, report: &Report<'_>, finding: &Finding) {
    match report.standing(finding) {
        Standing::New => {}
        Standing::Listed(entry) => page.item(2, "known     ", &entry.reason),
        Standing::Grown(entry, ways) => {
            let (reason, others) = (&entry.reason, ways.join(", "));
            page.item(2, "known     ", &format!("{reason}; but not in {others}"));
        }
    }
}

fn write_reproduction(page: &mut Page, report: &Report<'_>, way: &Way) {
    page.line("  see it again with");
    let facts = &report.outcome.facts;
    page.verbatim(4, &words::shell(&script(way, report.outcome), facts));
    page.verbatim(4, &words::shell(&rerun::command(way, report.outcome), facts));
}

/// A scenario that stands in no file is shown whole, so that it can be kept in one.
fn write_generated(page: &mut Page, report: &Report<'_>, way: &Way) {
    if let Some(text) = report.outcome.generated.get(&way.place.scenario) {
        page.line("  the scenario, made up at random and cut short");
        page.verbatim(4, text);
    }
}

fn write_further(page: &mut Page, report: &Report<'_>, ways: &[Way]) {
    let ways = distinct(ways, report);
    if ways.is_empty() {
        return;
    }
    page.line("  also");
    for (way, count) in ways.iter().take(FURTHER_WAYS) {
        let times = if *count > 1 {
            format!(" ({count} times)")
        } else {
            String::new()
        };
        page.item(4, "", &format!("{way}{times}"));
    }
    let left = ways.len().saturating_sub(FURTHER_WAYS);
    if left > 0 {
        page.line(&format!("    and in {}", words::count(left, "other way")));
    }
}

/// The ways that read differently, each with its number of checks.
fn distinct(ways: &[Way], report: &Report<'_>) -> Vec<(String, usize)> {
    let mut distinct: Vec<(String, usize)> = Vec::new();
    for way in ways {
        let text = match way.again {
            Repetition { broken, runs } if broken < runs => {
                format!("{}, now and then", in_one_line(way, report))
            }
            _ => in_one_line(way, report),
        };
        match distinct.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += way.count,
            None => distinct.push((text, way.count)),
        }
    }
    distinct
}

fn write_consequences(page: &mut Page, report: &Report<'_>, consequences: &[Consequence]) {
    for (link, heading) in [
        (Link::SameAnswer, "  the same answer also breaks"),
        (Link::Follows, "  from which follows"),
    ] {
        let linked: Vec<&Consequence> = consequences.iter().filter(|one| one.link == link).collect();
        write_linked(page, report, heading, &linked);
    }
}

fn write_linked(page: &mut Page, report: &Report<'_>, heading: &str, consequences: &[&Consequence]) {
    if !consequences.is_empty() {
        page.line(heading);
    }
    for consequence in consequences {
        let way = consequence
            .ways
            .first()
            .map(|way| in_one_line(way, report))
            .unwrap_or_default();
        let mark = format!("{} ", consequence.level);
        let own = match report.is_finding(&consequence.requirement) {
            true => " (in this way; in others by itself)",
            false => "",
        };
        page.item(4, &mark, &format!("{}{own}: {way}", consequence.requirement));
    }
}

fn in_one_line(way: &Way, report: &Report<'_>) -> String {
    let asked = words::said(&way.asked, &report.outcome.facts, BRIEF);
    let got = words::said(&way.got, &report.outcome.facts, BRIEF);
    format!(
        "{}, line {}: asked {asked}, got {got}",
        words::way(way),
        way.place.line
    )
}

fn kind(level: Level) -> Kind {
    match level {
        Level::Must => Kind::Violation,
        Level::Should => Kind::Warning,
        Level::May => Kind::Information,
    }
}

/// The requirement, and how often it broke.
fn title(report: &Report<'_>, finding: &Finding) -> String {
    let checks = match (finding.broken, finding.asked) {
        (1, 1) => "is broken".to_owned(),
        (broken, asked) => format!("is broken in {broken} of {asked}"),
    };
    let again = finding.again;
    let runs = match (again.broken, again.runs) {
        _ if report.is_unconfirmed(finding) => ", in a run that was cut off: unconfirmed".to_owned(),
        (broken, runs) if broken < runs => format!(", in {broken} of {runs} runs: now and then"),
        (_, 0 | 1) => String::new(),
        (broken, runs) => format!(", in {broken} of {runs} runs"),
    };
    format!("{} {checks}{runs}", finding.requirement)
}

/// The first line of the request whose answer is checked at `place`.
fn request_above(text: &str, place: usize) -> Option<std::ops::Range<usize>> {
    let above = text.get(..place)?;
    let mut end = above.len();
    let mut request = None;
    for line in above.split_inclusive('\n').rev() {
        let start = end - line.len();
        let shown = line.trim();
        if shown.starts_with('>') {
            let indent = line.len() - line.trim_start().len();
            request = Some(start + indent..start + indent + shown.len());
        } else if request.is_some() {
            break;
        }
        end = start;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_of_a_check_is_the_nearest_one_above_it() {
        let text = "> GET /a\n< 200\n  > GET /b\n  > Range: x\n  < 200\n  < @b\n";
        let request = |check: &str| request_above(text, text.find(check)?).map(|span| &text[span]);
        assert_eq!(request("< @b"), Some("> GET /b"));
        assert_eq!(request("< 200"), Some("> GET /a"));
        assert_eq!(request("> GET /a"), None);
    }
}
