//! A comparison in a comment on a change.

use std::fmt::{self, Write};

use super::{ComparedRequirement, ComparedVerdict, Comparison};
use crate::wire::hidden_characters::visible;

/// Writes a comparison.
pub(super) fn render(comparison: &Comparison) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(comparison, &mut out);
    out
}

fn write(comparison: &Comparison, out: &mut String) -> fmt::Result {
    for column in &comparison.columns {
        write!(out, "- **{}**: {}", plain(&column.name), plain(&column.verdict))?;
        match &column.since {
            Some(since) => writeln!(out, "; {}", plain(&since.words()))?,
            None => writeln!(out)?,
        }
    }
    if comparison.rows.is_empty() {
        writeln!(out, "\nNo requirement came to different verdicts.")?;
        return write_left_out(comparison, out);
    }
    let names: Vec<String> = comparison
        .columns
        .iter()
        .map(|column| plain(&column.name))
        .collect();
    writeln!(out, "\n| requirement | level | {} |", names.join(" | "))?;
    writeln!(out, "|---|---|{}", "---|".repeat(names.len()))?;
    comparison.rows.iter().try_for_each(|row| write_row(row, out))?;
    write_left_out(comparison, out)
}

fn write_left_out(comparison: &Comparison, out: &mut String) -> fmt::Result {
    match comparison.left_out() {
        Some(words) => writeln!(out, "\n{}", plain(&words)),
        None => Ok(()),
    }
}

fn write_row(row: &ComparedRequirement, out: &mut String) -> fmt::Result {
    let id = match &row.link {
        Some(link) => format!("[`{}`]({})", row.requirement, link.replace(')', "%29")),
        None => format!("`{}`", row.requirement),
    };
    let level = row.level.map(|level| level.to_string()).unwrap_or_default();
    let cells: Vec<String> = row.cells.iter().map(ComparedVerdict::words).collect();
    writeln!(out, "| {id} | {level} | {} |", cells.join(" | "))
}

/// The text with what Markdown or HTML would take for its own made harmless.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in visible(text).chars() {
        match c {
            '\n' | '\r' => plain.push(' '),
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => {
                plain.push('\\');
                plain.push(c);
            }
            c => plain.push(c),
        }
    }
    plain
}
