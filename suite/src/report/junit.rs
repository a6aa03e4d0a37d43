//! The report as JUnit XML: a suite for each category, a case for each requirement that is in force. The times of the cases
//! are those of the scenarios, shared among what they ask.
//!
//! A case fails if the requirement makes the run fail, so that the viewer of a build and the exit code agree:
//! `failure` for what is broken, `error` for what was not shown, `skipped` for what was not to be shown.

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::tally::VerdictKind;
use super::{Report, causes, text, words};
use crate::catalogue::Category;
use crate::judgement::{End, Finding, RequirementOutcome, Verdict};

/// The longest reason that is given.
const REASON: usize = 200;

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, SerializeError> {
    let mut junit = quick_junit::Report::new(format!("assize {}", report.outcome.facts.target));
    junit.set_time(report.outcome.facts.elapsed);
    junit.add_test_suite(the_run(report));
    for category in Category::ALL {
        let suite = of_category(report, *category);
        if !suite.test_cases.is_empty() {
            junit.add_test_suite(suite);
        }
    }
    junit.to_string()
}

/// What concerns the run as a whole: whether it came to its end, and whether the baseline is up to date.
fn the_run(report: &Report<'_>) -> TestSuite {
    let facts = &report.outcome.facts;
    let mut suite = TestSuite::new("run");
    suite.set_time(facts.elapsed);
    suite.add_property(Property::new(
        "specification",
        words::specification(facts.version),
    ));
    suite.add_property(Property::new("seed", facts.seed.to_string()));
    suite.add_property(Property::new("run-id", facts.run_id.to_string()));
    suite.add_property(Property::new("verdict", text::verdict(report)));
    let end = match &report.outcome.end {
        End::Complete if report.has_shown_anything() => TestCaseStatus::success(),
        End::Complete => error("nothing shown", "nothing was asked that was answered"),
        End::FailedFast => error("stopped", "stopped at the first violation"),
        End::TargetLost(loss) => error("target lost", &loss.to_string()),
        End::Interrupted => error("interrupted", "somebody interrupted it"),
        End::OutOfTime(limit) => error(
            "out of time",
            &format!("it took longer than {}", words::time(*limit)),
        ),
    };
    suite.add_test_case(case("run", "comes to its end", end));
    for (place, reason) in report.suite_failures() {
        suite.add_test_case(case("run", place, error("suite failed", reason)));
    }
    for stale in report.stale() {
        let way = stale.way.map(|way| format!(" in {way}")).unwrap_or_default();
        let name = format!("{}{way} is listed in the baseline", stale.requirement);
        suite.add_test_case(case("run", &name, failure("outdated", "it is found no more")));
    }
    suite
}

fn of_category(report: &Report<'_>, category: Category) -> TestSuite {
    let mut suite = TestSuite::new(category.words());
    for outcome in &report.outcome.requirements {
        let known = report.library.catalogue.get(&outcome.id);
        if outcome.level.is_some() && known.is_some_and(|known| known.category == category) {
            suite.add_test_case(of_requirement(report, outcome, category));
        }
    }
    suite.set_time(suite.test_cases.iter().filter_map(|case| case.time).sum());
    suite
}

fn of_requirement(report: &Report<'_>, outcome: &RequirementOutcome, category: Category) -> TestCase {
    let findings: Vec<&Finding> = report.findings_of(&outcome.id).collect();
    let status = match (&outcome.verdict, findings.first()) {
        (Verdict::Broken, Some(_)) => of_findings(report, &findings),
        (Verdict::Broken, None) => skipped(&of_consequence(report, outcome)),
        (Verdict::Late, _) if report.fails_late(outcome) => failure("late", "it held only within the grace"),
        (Verdict::Held | Verdict::Late, _) => TestCaseStatus::success(),
        (Verdict::NotReached(cause), _) if report.lacks(outcome) => {
            error("not reached", &said(report, &causes::cause(cause)))
        }
        (Verdict::Failed(reason), _) => error("suite failed", &said(report, reason)),
        (verdict, _) => {
            let reason = causes::reason(verdict)
                .map(|reason| format!(": {}", said(report, &reason)))
                .unwrap_or_default();
            skipped(&format!("{}{reason}", VerdictKind::of(verdict).title()))
        }
    };
    let mut case = case(category.words(), outcome.id.as_str(), status);
    case.set_time(outcome.elapsed);
    let light: Vec<&Finding> = findings
        .into_iter()
        .filter(|finding| !report.weighs(&finding.requirement, finding.level))
        .collect();
    if !light.is_empty() {
        case.set_system_out(texts(report, &light));
    }
    case
}

/// A reason, as far as it may be shown.
fn said(report: &Report<'_>, reason: &str) -> String {
    words::said(reason, &report.outcome.facts, REASON)
}

/// A finding fails its case if it fails the run; a known one is skipped, a lighter one is a case that passes.
fn of_findings(report: &Report<'_>, findings: &[&Finding]) -> TestCaseStatus {
    let failing: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|finding| report.fails(finding))
        .collect();
    if let Some(first) = failing.first() {
        let mut status = failure(words::finding(first.level), &report.message(first));
        status.set_description(texts(report, &failing));
        return status;
    }
    let weighs = |finding: &&&Finding| report.weighs(&finding.requirement, finding.level);
    match findings
        .iter()
        .find(weighs)
        .and_then(|finding| report.known(finding))
    {
        Some(entry) => skipped(&format!("known: {}", entry.reason)),
        None => TestCaseStatus::success(),
    }
}

fn texts(report: &Report<'_>, findings: &[&Finding]) -> String {
    let texts = findings.iter().map(|finding| text::finding(report, finding));
    texts.collect::<Vec<String>>().join("\n")
}

fn of_consequence(report: &Report<'_>, outcome: &RequirementOutcome) -> String {
    let cause = report
        .cause(&outcome.id)
        .map(|cause| format!(", which follows from {}", cause.requirement))
        .unwrap_or_default();
    format!("broken{cause}")
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("assize.{class}"));
    case
}

fn failure(kind: &str, message: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Failure, kind, message)
}

fn error(kind: &str, message: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Error, kind, message)
}

fn non_success(kind: NonSuccessKind, word: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}
