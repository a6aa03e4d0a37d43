//! The end of the report: the circumstances, and the verdict in one sentence.

use super::page::Page;
use super::parties::{self, Party};
use super::style::{self, paint};
use crate::catalogue::{Category, Level};
use crate::cause::Beyond;
use crate::judgement::{End, Facts, Finding, NotAsked, RequirementOutcome, Verdict};
use crate::report::tally::VerdictKind;
use crate::report::{Report, Ruling, words};

/// The longest reason that is shown.
const REASON: usize = 200;
/// The longest list of servers that is shown.
const HOSTS: usize = 400;

/// Writes the last lines.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    page.gap();
    let facts = &report.outcome.facts;
    page.line(&paint(style::QUIET, circumstances(facts)));
    if let [_, others @ ..] = &facts.hosts[..]
        && !others.is_empty()
    {
        let others = words::said(&others.join(", "), facts, HOSTS);
        page.line(&paint(
            style::QUIET,
            format!("other servers were asked, too: {others}"),
        ));
    }
    if let Some(line) = how_much_was_read(report) {
        page.line(&paint(style::DOUBTFUL, line));
    }
    for note in &facts.notes {
        page.line(&paint(
            style::DOUBTFUL,
            format!("note: {}", words::said(note, facts, REASON)),
        ));
    }
    let style = match report.ruling() {
        Ruling::Conforms | Ruling::NothingBroken | Ruling::AsListed => style::GOOD,
        Ruling::NotShown | Ruling::Outdated | Ruling::Interrupted => style::DOUBTFUL,
        Ruling::Breaks | Ruling::TargetLost | Ruling::SuiteFailed => style::BAD,
    };
    page.line(&paint(style, sentence(report)));
}

/// How much of pulls and lists a run could judge that only read; nothing of other runs.
fn how_much_was_read(report: &Report<'_>) -> Option<String> {
    let not_written = Verdict::NotAsked(NotAsked::Beyond(Beyond::ReadOnly));
    let requirements = &report.outcome.requirements;
    if !requirements.iter().any(|one| one.verdict == not_written) {
        return None;
    }
    let judged = [Category::Pull, Category::Discovery].map(|category| {
        let rows = report.tally();
        let musts = rows
            .into_iter()
            .find(|row| row.category == category && row.level == Level::Must);
        let (mut judged, mut all) = (0, 0);
        for kind in VerdictKind::ALL {
            let number = musts.as_ref().map_or(0, |row| row.number(kind));
            all += number;
            judged += if kind.is_judged() { number } else { 0 };
        }
        format!("{judged} of {all} MUST of {}", category.words())
    });
    Some(format!(
        "nothing was written, so only a part could be judged: {}",
        judged.join(", ")
    ))
}

fn circumstances(facts: &Facts) -> String {
    let requests = words::count(usize::try_from(facts.requests).unwrap_or(usize::MAX), "request");
    format!(
        "{requests} in {:.1} s, seed {}, run {}",
        facts.elapsed.as_secs_f64(),
        facts.seed,
        facts.run_id
    )
}

/// The verdict.
pub(super) fn sentence(report: &Report<'_>) -> String {
    let facts = &report.outcome.facts;
    let mut sentence = headline(report);
    let details = details(report);
    if !details.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&details.join(", "));
    }
    if !facts.narrowed.is_empty() {
        sentence.push_str(&format!(" (asked only in part: {})", facts.narrowed.join(" ")));
    }
    sentence
}

/// What the run comes to, without the numbers.
fn headline(report: &Report<'_>) -> String {
    let facts = &report.outcome.facts;
    let (target, specification) = (&facts.target, words::specification(facts.version));
    match report.ruling() {
        Ruling::Conforms => conforms(report),
        Ruling::NothingBroken if has_new(report) => {
            "nothing of what was asked is broken that counts".to_owned()
        }
        Ruling::NothingBroken => "nothing of what was asked is broken".to_owned(),
        Ruling::AsListed if facts.narrowed.is_empty() => {
            format!("{target} breaks nothing of {specification} but what the baseline lists")
        }
        Ruling::AsListed => "nothing of what was asked is broken but what the baseline lists".to_owned(),
        Ruling::Breaks => breaks(report),
        Ruling::NotShown => format!("{target} is not shown to conform to {specification}"),
        Ruling::Outdated => "the baseline is out of date".to_owned(),
        Ruling::TargetLost => format!("{target} was lost on the way, so this is partial"),
        Ruling::Interrupted => "the run was interrupted, so this is partial".to_owned(),
        Ruling::SuiteFailed => "the suite itself failed, so this is partial".to_owned(),
    }
}

/// Whether something is broken, though nothing that makes the run fail.
fn has_new(report: &Report<'_>) -> bool {
    let mut findings = report.outcome.findings.iter();
    findings.any(|finding| finding.level > Level::May && report.known(finding).is_none())
}

/// No more is claimed than what counts.
fn conforms(report: &Report<'_>) -> String {
    let facts = &report.outcome.facts;
    let (target, specification) = (&facts.target, words::specification(facts.version));
    let mut findings = report.outcome.findings.iter();
    if !report.counted.includes_the_text() {
        format!(
            "{target} breaks nothing that counts by --basis {}",
            report.counted
        )
    } else if findings.any(|finding| finding.level == Level::Must) {
        format!("{target} conforms to the text of {specification}")
    } else {
        format!("{target} conforms to {specification}")
    }
}

/// Only what the text states speaks against conformance to it.
fn breaks(report: &Report<'_>) -> String {
    let facts = &report.outcome.facts;
    let (target, specification) = (&facts.target, words::specification(facts.version));
    let failing = report
        .outcome
        .findings
        .iter()
        .filter(|finding| report.fails(finding));
    let late = report.late().into_iter().filter(|late| report.fails_late(late));
    let broken = failing
        .map(|finding| &finding.requirement)
        .chain(late.map(|late| &late.id));
    let broken: Vec<Party> = broken.map(|id| Party::of(report, id)).collect();
    if !report.counted.includes_the_text() {
        format!("{target} breaks what counts by --basis {}", report.counted)
    } else if broken.iter().all(|party| *party == Party::House) {
        format!("{target} breaks the rules of the house")
    } else if broken.into_iter().any(Party::is_of_the_text) {
        format!("{target} does not conform to {specification}")
    } else {
        format!("{target} breaks what counts beside the text of {specification}")
    }
}

/// What speaks for the registry, and how much was never asked of it.
fn what_holds(report: &Report<'_>) -> String {
    let number = |wanted: fn(&RequirementOutcome) -> bool| {
        let requirements = report.outcome.requirements.iter();
        requirements.filter(|requirement| wanted(requirement)).count()
    };
    let musts = number(|one| one.level == Some(Level::Must) && one.verdict == Verdict::Held);
    let shoulds = number(|one| one.level == Some(Level::Should) && one.verdict == Verdict::Held);
    let not_asked = number(|one| one.level > Some(Level::May) && matches!(one.verdict, Verdict::NotAsked(_)));
    let holds = format!("{musts} MUST and {shoulds} SHOULD hold");
    let rest = some(not_asked, |number| format!(", {number} not asked"));
    holds + &rest
}

/// What there is to say besides: numbers first, then how the run ended.
fn details(report: &Report<'_>) -> Vec<String> {
    let mut details = Vec::new();
    if matches!(report.ruling(), Ruling::Conforms | Ruling::NothingBroken) {
        details.push(what_holds(report));
    }
    let findings = || report.outcome.findings.iter();
    let is_known = |finding: &&Finding| report.known(finding).is_some();
    let new = |level: Level| findings().filter(move |finding| finding.level == level && !is_known(finding));
    let unconfirmed = findings().filter(|finding| report.is_unconfirmed(finding));
    details.extend(parties::violations(report, new(Level::Must)));
    details.push(some(new(Level::Should).count(), |number| {
        words::count(number, words::finding(Level::Should))
    }));
    details.push(some(unconfirmed.count(), |number| {
        format!("{number} unconfirmed")
    }));
    details.push(some(findings().filter(is_known).count(), |number| {
        format!("{number} known")
    }));
    details.push(some(report.late().len(), |number| format!("{number} late")));
    details.push(some(report.not_shown().len(), |number| {
        format!("{number} not reached")
    }));
    details.push(some(report.stale().len(), |number| {
        format!("{number} of the baseline found no more")
    }));
    if !report.has_shown_anything() {
        details.push("nothing was answered that could be judged".to_owned());
    }
    details.push(match &report.outcome.end {
        End::Complete | End::Interrupted => String::new(),
        End::FailedFast => "stopped at the first violation".to_owned(),
        End::TargetLost(loss) => words::said(&loss.to_string(), &report.outcome.facts, REASON),
        End::OutOfTime(limit) => format!("stopped after {}, the time that it may take", words::time(*limit)),
    });
    details.retain(|detail| !detail.is_empty());
    details
}

/// Says a number unless it is zero.
fn some(number: usize, say: impl Fn(usize) -> String) -> String {
    if number == 0 { String::new() } else { say(number) }
}
