//! The table: how many requirements came to which verdict, by category and level.

use super::page::Page;
use super::style::{self, paint};
use crate::report::Report;
use crate::report::tally::{Row, VerdictKind};

/// The width of what stands before the numbers.
const HEAD: usize = 20;
/// What stands where the number is zero.
const NONE: &str = "·";

/// Writes the table, without the columns that are empty.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    let rows = report.tally();
    let used = |column: &VerdictKind| rows.iter().any(|row| row.number(*column) > 0);
    let columns: Vec<VerdictKind> = VerdictKind::ALL.into_iter().filter(used).collect();
    if columns.is_empty() {
        return;
    }
    page.gap();
    for half in 0..2 {
        page.line(&heading(&columns, half));
    }
    let mut above = None;
    for row in &rows {
        let category = if above == Some(row.category) {
            ""
        } else {
            row.category.words()
        };
        above = Some(row.category);
        page.line(&line(category, row, &columns));
    }
}

/// The titles take two lines, or the table would not fit a narrow terminal.
fn heading(columns: &[VerdictKind], half: usize) -> String {
    let mut line = " ".repeat(HEAD);
    for column in columns {
        let (upper, lower) = column.title().split_once(' ').unwrap_or(("", column.title()));
        let word = [upper, lower][half];
        line.push_str(&format!("{word:>width$}", width = width(*column)));
    }
    paint(style::QUIET, line)
}

fn line(category: &str, row: &Row, columns: &[VerdictKind]) -> String {
    let mut line = format!("{category:<12}{:<width$}", row.level, width = HEAD - 12);
    for column in columns {
        let number = row.number(*column);
        let shown = if number == 0 {
            NONE.to_owned()
        } else {
            number.to_string()
        };
        let cell = format!("{shown:>width$}", width = width(*column));
        line.push_str(&match column {
            VerdictKind::Broken | VerdictKind::NotReached | VerdictKind::Failed if number > 0 => {
                paint(style::of(row.level), cell)
            }
            _ => cell,
        });
    }
    line
}

fn width(column: VerdictKind) -> usize {
    let word = column.title().rsplit(' ').next().unwrap_or_default();
    word.len().max(4) + 2
}
