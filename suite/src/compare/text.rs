//! A comparison on a terminal.

use super::{ComparedRequirement, Comparison};
use crate::catalogue::Level;
use crate::report::VerdictKind;
use crate::report::style::{BAD, DOUBTFUL, GOOD, HEADING, QUIET, paint};
use crate::wire::hidden_characters::visible;

/// The narrowest and the widest column of a report: the longest verdict has 12 letters.
const WIDTHS: std::ops::RangeInclusive<usize> = 12..=28;
/// What is left of an id where there is no room: enough to tell most of them apart.
const SHORTEST_ID: usize = 24;
/// The width of a level, and of the gap between two columns.
const LEVEL: usize = 6;
const GAP: usize = 2;

/// Writes a comparison.
pub(super) fn render(comparison: &Comparison, width: usize) -> String {
    let mut lines = Vec::new();
    for column in &comparison.columns {
        lines.push(paint(HEADING, visible(&column.name)));
        lines.push(format!("  {}", visible(&column.verdict)));
        let since = column.since.as_ref();
        lines.extend(since.map(|since| format!("  {}", visible(&since.words()))));
    }
    lines.push(String::new());
    if comparison.rows.is_empty() {
        lines.push("no requirement came to different verdicts".to_owned());
    } else {
        write_table(comparison, width, &mut lines);
    }
    lines.extend(comparison.left_out().map(|words| paint(QUIET, words)));
    lines.join("\n") + "\n"
}

fn write_table(comparison: &Comparison, width: usize, lines: &mut Vec<String>) {
    let ids = comparison.rows.iter().map(|row| row.requirement.len());
    let narrowest = (WIDTHS.start() + GAP) * comparison.columns.len();
    let room = width.saturating_sub(narrowest + GAP + LEVEL).max(SHORTEST_ID);
    let first = ids.max().unwrap_or(0).min(room) + GAP + LEVEL;
    let left = width.saturating_sub(first) / comparison.columns.len().max(1);
    let each = left.saturating_sub(GAP).clamp(*WIDTHS.start(), *WIDTHS.end());
    let names = comparison.columns.iter().map(|column| cut(&column.name, each));
    lines.push(paint(HEADING, line(format!("{:first$}", ""), names)));
    for level in [Level::Must, Level::Should] {
        let scores = comparison.columns.iter().map(|column| {
            let score = column.scores.iter().find(|score| score.level == level);
            let shown = score.map(|score| format!("{} of {}", score.held, score.judged));
            cut(&shown.unwrap_or_default(), each)
        });
        lines.push(paint(
            QUIET,
            line(format!("{:first$}", format!("{level} held")), scores),
        ));
    }
    for row in &comparison.rows {
        lines.push(write_row(row, first, each));
    }
}

fn write_row(row: &ComparedRequirement, first: usize, each: usize) -> String {
    let level = row.level.map(|level| level.to_string()).unwrap_or_default();
    let id_width = first - LEVEL;
    let id = cut_in_the_middle(&row.requirement, id_width - GAP);
    let head = format!("{id:id_width$}{level:LEVEL$}");
    let cells = row.cells.iter().map(|cell| {
        let word = format!("{:each$}", cell.words());
        match cell.verdict {
            Some(VerdictKind::Held) => paint(GOOD, word),
            Some(VerdictKind::Broken) if row.level == Some(Level::Must) => paint(BAD, word),
            Some(VerdictKind::Broken | VerdictKind::Late) => paint(DOUBTFUL, word),
            _ => paint(QUIET, word),
        }
    });
    line(head, cells)
}

fn line(head: String, cells: impl Iterator<Item = String>) -> String {
    let gap = " ".repeat(GAP);
    let line = cells.fold(head, |line, cell| line + &gap + &cell);
    line.trim_end().to_owned()
}

/// An id no longer than this width; its beginning and its end say most.
fn cut_in_the_middle(id: &str, width: usize) -> String {
    let letters: Vec<char> = id.chars().collect();
    if letters.len() <= width {
        return id.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (head, tail) = (kept / 2, kept - kept / 2);
    let (head, tail) = (&letters[..head], &letters[letters.len() - tail..]);
    head.iter().chain(['…'].iter()).chain(tail).collect()
}

/// The text at exactly this width.
fn cut(text: &str, width: usize) -> String {
    let text = visible(text);
    match text.chars().count() > width {
        true => text.chars().take(width - 1).chain(['…']).collect(),
        false => format!("{text:width$}"),
    }
}
