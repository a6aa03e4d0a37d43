//! What findings and table leave open: what is known, not offered, late, out of date, and what failed in the suite.

use std::collections::BTreeMap;

use super::page::Page;
use super::unreached;
use crate::catalogue::Level;
use crate::cause::Unsettled;
use crate::harm::Harm;
use crate::judgement::{Finding, Offer};
use crate::report::{Report, causes, words};

/// The longest reason that is shown.
const REASON: usize = 400;

/// Writes what is open, if anything is.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    write_known(page, report);
    write_information(page, report);
    write_not_offered(page, report);
    write_unsettled(page, report);
    write_weighty(page, report);
}

/// Writes what the verdict may hang on beside the findings.
pub(super) fn write_weighty(page: &mut Page, report: &Report<'_>) {
    write_late(page, report);
    unreached::write(page, report);
    write_stale(page, report);
    write_failures(page, report);
}

/// A heading and a line for each entry, if there are entries.
fn section<T>(page: &mut Page, heading: &str, entries: Vec<T>, write: impl Fn(&mut Page, T)) {
    if entries.is_empty() {
        return;
    }
    page.heading(heading);
    for entry in entries {
        write(page, entry);
    }
}

fn write_known(page: &mut Page, report: &Report<'_>) {
    let findings = report.outcome.findings.iter();
    let known = findings.filter_map(|finding| Some((finding, report.known(finding)?)));
    section(
        page,
        "Known, as the baseline lists",
        known.collect(),
        |page, (finding, entry)| {
            let mark = format!("{:<7}", finding.level.to_string());
            page.item(2, &mark, &format!("{}: {}", finding.requirement, entry.reason));
        },
    );
}

/// What the specification leaves free, and clients in the field nevertheless rely on.
fn write_information(page: &mut Page, report: &Report<'_>) {
    let findings = report.outcome.findings.iter();
    let light: Vec<&Finding> = findings.filter(|finding| finding.level == Level::May).collect();
    section(
        page,
        "For information: no requirement, and yet some clients rely on it",
        light,
        |page, finding| {
            let text = report
                .library
                .catalogue
                .get(&finding.requirement)
                .map_or("", |known| &known.text);
            let got = finding
                .ways
                .first()
                .map(|way| short(&way.got, report))
                .unwrap_or_default();
            let harm = Harm::of(&finding.requirement).filter(|harm| !harm.broken.is_empty());
            let harm = harm.map_or(String::new(), |harm| format!(" It {}.", harm.sentence()));
            page.item(
                2,
                "",
                &format!("{}: {text} Got: {got}.{harm}", finding.requirement),
            );
        },
    );
}

fn write_not_offered(page: &mut Page, report: &Report<'_>) {
    let capabilities = report.outcome.capabilities.iter();
    let refused = capabilities.filter_map(|(name, offer)| match offer {
        Offer::Refused(exchange) => Some((name, exchange)),
        Offer::Offered(_) | Offer::Unsettled(_) => None,
    });
    section(
        page,
        "Not offered, as the specification allows",
        refused.collect(),
        |page, (name, exchange)| {
            let request = words::request(exchange, &report.outcome.facts);
            page.line(&format!(
                "  {name:<20} {request} -> {}",
                words::answer(exchange, &report.outcome.facts)
            ));
        },
    );
}

/// The capabilities that no probe could settle, under what kept it from it.
fn write_unsettled(page: &mut Page, report: &Report<'_>) {
    let mut causes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, offer) in &report.outcome.capabilities {
        if let Offer::Unsettled(why) = offer
            && !matches!(why, Unsettled::NotInForce(_))
        {
            let reason = causes::unsettled(why, Some(&format!("probe/{name}")));
            causes.entry(short(&reason, report)).or_default().push(name);
        }
    }
    section(
        page,
        "Neither offered nor refused",
        causes.into_iter().collect(),
        |page, (cause, names)| {
            page.item(2, "", &format!("{}: {cause}", names.join(", ")));
        },
    );
}

fn write_late(page: &mut Page, report: &Report<'_>) {
    let late = report.late();
    if !late.is_empty() {
        page.heading("Late: held within the grace, not at once");
        unreached::write_ids(page, 2, &late);
    }
}

fn write_stale(page: &mut Page, report: &Report<'_>) {
    let heading = "Listed in the baseline and found no more: take these out";
    section(page, heading, report.stale(), |page, entry| match entry.way {
        Some(way) => page.line(&format!("  {}, the way {way}", entry.requirement)),
        None => page.line(&format!("  {}", entry.requirement)),
    });
}

fn write_failures(page: &mut Page, report: &Report<'_>) {
    section(
        page,
        "The suite itself failed",
        report.suite_failures(),
        |page, (place, reason)| {
            page.prose(2, &format!("{place}: {}", short(reason, report)));
        },
    );
}

fn short(reason: &str, report: &Report<'_>) -> String {
    words::said(reason, &report.outcome.facts, REASON)
}
