//! A difference in words.

use super::answers::{Ended, Facet, FacetValue};
use super::compare::{Change, DifferenceKind};
use super::fold::Folded;
use super::write::lines;
use crate::wire::hidden_characters::visible;

/// The longest text that is shown whole where it differs from another, in characters.
const SHORT: usize = 100;
/// How much of a longer one is shown around what differs.
const AROUND: usize = 24;
/// How many scenarios are named before the others are counted.
const NAMED: usize = 4;

/// What is different, a line each.
pub(super) fn change(folded: &Folded) -> Vec<String> {
    let told = match &folded.change {
        Change::Answer(changed) => {
            let facets = changed.facets.iter();
            let mut told: Vec<String> = facets
                .map(|(facet, (before, now))| facet_change(facet, before.as_ref(), now.as_ref()))
                .collect();
            if told.is_empty() {
                told.push("the same answer".to_owned());
            }
            if !changed.asked.is_empty() {
                told[0] = format!("{}: {}", changed.asked, told[0]);
            }
            told
        }
        Change::Request(asked) => vec![match folded.kind {
            DifferenceKind::New => format!("{asked}: asked now"),
            DifferenceKind::Gone => format!("{asked}: not asked any more"),
            _ => format!("{asked}: asked now and then"),
        }],
        Change::Ended(before, now) => vec![format!(
            "ended: {} -> {}",
            end(before.as_ref()),
            end(now.as_ref())
        )],
        Change::Scenario => vec![match folded.kind {
            DifferenceKind::Gone => "not answered any more".to_owned(),
            _ => "not recorded".to_owned(),
        }],
        Change::Version(before, now) => {
            vec![format!("what is broken is told by {now}, and was by {before}")]
        }
    };
    told.iter().map(|line| visible(line).into_owned()).collect()
}

fn end(ended: Option<&Ended>) -> String {
    ended.map_or_else(|| "at its end".to_owned(), ToString::to_string)
}

fn facet_change(facet: &Facet, before: Option<&FacetValue>, now: Option<&FacetValue>) -> String {
    if now == Some(&FacetValue::Unstable) {
        return format!("{facet} differs from run to run");
    }
    let told = |told: &FacetValue| {
        let lines = lines(facet, told);
        let told: Vec<&str> = lines.iter().map(|line| line.trim_start_matches("< ")).collect();
        told.join(", ")
    };
    match (before.map(told), now.map(told)) {
        (None, Some(now)) => format!("+ {now}"),
        (Some(before), None) => format!("- {before}"),
        (Some(before), Some(now)) => match (facet, before.split_once(": "), now.split_once(": ")) {
            (Facet::Header(name), Some((_, before)), Some((_, now))) => format!("{name}: {before} -> {now}"),
            _ => {
                let (before, now) = where_they_differ(&before, &now);
                format!("{before} -> {now}")
            }
        },
        (None, None) => facet.to_string(),
    }
}

/// Of two long texts the parts in which they differ, with a little of what stands around.
fn where_they_differ(before: &str, now: &str) -> (String, String) {
    let (before, now): (Vec<char>, Vec<char>) = (before.chars().collect(), now.chars().collect());
    let shorter = before.len().min(now.len());
    let same = |at: &usize| before[*at] == now[*at];
    let start = (0..shorter).take_while(same).count();
    let same = |at: &usize| before[before.len() - 1 - at] == now[now.len() - 1 - at];
    let end = (0..shorter - start).take_while(same).count();
    let part = |text: &[char]| {
        let first = start.saturating_sub(AROUND);
        let last = (text.len() - end + AROUND).min(text.len());
        let head = if first > 0 { "…" } else { "" };
        let tail = if last < text.len() { "…" } else { "" };
        let shown: String = text[first..last].iter().collect();
        format!("{head}{shown}{tail}")
    };
    if before.len().max(now.len()) <= SHORT {
        return (before.iter().collect(), now.iter().collect());
    }
    (part(&before), part(&now))
}

/// What the difference means for the requirements; empty where it means nothing.
pub(super) fn meaning(folded: &Folded) -> Vec<(&'static str, String)> {
    let Change::Answer(changed) = &folded.change else {
        return Vec::new();
    };
    let ids = |ids: &std::collections::BTreeSet<_>| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        ids.join(", ")
    };
    let breaks = match folded.kind {
        DifferenceKind::Unstable => "breaks now and then",
        _ => "breaks",
    };
    let said = [(breaks, &changed.broken), ("mends", &changed.mended)];
    said.into_iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(word, all)| (word, ids(all)))
        .collect()
}

/// In how many places, and in which scenarios.
pub(super) fn places(folded: &Folded) -> String {
    let scenarios = folded.scenarios();
    let named = &scenarios[..scenarios.len().min(NAMED)];
    let more = match scenarios.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = match folded.differences.len() {
        1 => String::new(),
        count => format!("{count} of them, "),
    };
    format!("{count}in {}{more}", visible(&named.join(", ")))
}

/// How many of each kind: `1 worse, 36 other`.
pub(super) fn counts(folds: &[Folded]) -> String {
    let counts = DifferenceKind::ALL.into_iter().filter_map(|kind| {
        let of_kind = folds.iter().filter(|folded| folded.kind == kind);
        let count: usize = of_kind.map(|folded| folded.differences.len()).sum();
        (count > 0).then(|| format!("{count} {}", kind.word()))
    });
    let counts: Vec<String> = counts.collect();
    counts.join(", ")
}
