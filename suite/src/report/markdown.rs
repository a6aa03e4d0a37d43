//! The report as Markdown, for a comment on a change or the summary of a job: short, details folded away.

use std::fmt::{self, Write};

use super::tally::VerdictKind;
use super::{Report, Ruling, text, words};
use crate::catalogue::Level;
use crate::judgement::Finding;

/// How many findings are shown with their details: a comment may not be of any length.
const DETAILED: usize = 20;
/// The longest text of what came back, in a line.
const GOT: usize = 120;

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut markdown = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut markdown);
    markdown
}

fn write(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let mark = match report.ruling() {
        Ruling::Conforms | Ruling::NothingBroken | Ruling::AsListed => "✅",
        Ruling::NotShown | Ruling::Outdated | Ruling::Interrupted => "⚠️",
        Ruling::Breaks | Ruling::TargetLost | Ruling::SuiteFailed => "❌",
    };
    writeln!(out, "### {mark} {}", plain(&text::verdict(report)))?;
    write_findings(report, out)?;
    write_table(report, out)?;
    write_known(report, out)?;
    write_unreached(report, out)
}

fn write_findings(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let findings = report.outcome.findings.iter();
    let new = findings.filter(|finding| report.known(finding).is_none());
    let (detailed, listed): (Vec<_>, Vec<_>) = new
        .enumerate()
        .partition(|(at, finding)| *at < DETAILED && finding.level > Level::May);
    for (_, finding) in &detailed {
        write_finding(report, finding, out)?;
    }
    if !listed.is_empty() {
        writeln!(out)?;
    }
    for (_, finding) in &listed {
        writeln!(
            out,
            "- {}{}: `{}`",
            words::finding(finding.level),
            uncounted(report, finding),
            finding.requirement
        )?;
    }
    Ok(())
}

/// What is said of a finding that does not make the run fail by itself.
fn uncounted(report: &Report<'_>, finding: &Finding) -> &'static str {
    match report.counts(&finding.requirement) {
        true => "",
        false => " (not counted)",
    }
}

fn write_finding(report: &Report<'_>, finding: &Finding, out: &mut String) -> fmt::Result {
    let word = words::finding(finding.level);
    let got = finding
        .ways
        .first()
        .map(|way| words::said(&way.got, &report.outcome.facts, GOT));
    let got = html(&got.unwrap_or_default());
    let text = text::finding(report, finding);
    let fence = fence_for(&text);
    writeln!(
        out,
        "\n<details><summary>{word}{}: <code>{}</code>: {got}</summary>\n",
        uncounted(report, finding),
        finding.requirement
    )?;
    writeln!(out, "{fence}text\n{}\n{fence}", text.trim_end())?;
    write_backing(report, finding, out)?;
    writeln!(out, "</details>")
}

/// Where it stands, as a link that can be followed, which the text above is not.
fn write_backing(report: &Report<'_>, finding: &Finding, out: &mut String) -> fmt::Result {
    let Some(backing) = report.backing(&finding.requirement) else {
        return Ok(());
    };
    let Some((place, source)) = backing.place().zip(backing.source) else {
        return writeln!(out, "\n{}.\n", plain(&sentence_case(backing.authority())));
    };
    let link = format!("[{}]({})", plain(&place), source.link());
    match backing.is_stated() {
        true => writeln!(out, "\nStated in {link}.\n"),
        false => writeln!(
            out,
            "\n{}; see {link}.\n",
            plain(&sentence_case(backing.authority()))
        ),
    }
}

fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn write_table(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let rows = report.tally();
    let used = |column: &VerdictKind| rows.iter().any(|row| row.number(*column) > 0);
    let columns: Vec<VerdictKind> = VerdictKind::ALL.into_iter().filter(used).collect();
    if columns.is_empty() {
        return Ok(());
    }
    let titles: Vec<&str> = columns.iter().map(|column| column.title()).collect();
    writeln!(out, "\n| category | level | {} |", titles.join(" | "))?;
    writeln!(out, "|---|---|{}", "--:|".repeat(columns.len()))?;
    for row in &rows {
        let numbers: Vec<String> = columns
            .iter()
            .map(|column| row.number(*column).to_string())
            .collect();
        writeln!(
            out,
            "| {} | {} | {} |",
            row.category.words(),
            row.level,
            numbers.join(" | ")
        )?;
    }
    Ok(())
}

fn write_known(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let mut title = "\nKnown, as the baseline lists:\n";
    for finding in &report.outcome.findings {
        if let Some(entry) = report.known(finding) {
            writeln!(
                out,
                "{title}- {} `{}`: {}",
                finding.level,
                finding.requirement,
                plain(&entry.reason)
            )?;
            title = "";
        }
    }
    for stale in report.stale() {
        let way = stale
            .way
            .map(|way| format!(", the way {}", plain(way)))
            .unwrap_or_default();
        writeln!(
            out,
            "- `{}`{way}: found no more, to be taken out",
            stale.requirement
        )?;
    }
    Ok(())
}

fn write_unreached(report: &Report<'_>, out: &mut String) -> fmt::Result {
    let unreached = report.not_shown();
    for level in Level::ALL {
        let at_level = unreached
            .iter()
            .filter(|requirement| requirement.level == Some(level));
        let ids: Vec<String> = at_level
            .map(|requirement| format!("`{}`", requirement.id))
            .collect();
        if !ids.is_empty() {
            writeln!(
                out,
                "\n{level} not reached, so not shown to conform: {}",
                ids.join(", ")
            )?;
        }
    }
    Ok(())
}

/// A fence that is longer than any in the text.
fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The text with what HTML would take for its own made harmless.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The text with what HTML or Markdown would take for its own made harmless.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in html(&words::one_line(text, usize::MAX)).chars() {
        if "*_`[]\\|#~".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_stays_text() {
        assert_eq!(html("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(plain("a\n# b | <c> *d*"), "a \\# b \\| &lt;c&gt; \\*d\\*");
        assert_eq!(fence_for("a ```` b"), "`````");
    }
}
