//! Differences for a terminal, for a merge request, and for programs.

use anstyle::{AnsiColor, Style};
use serde_json::{Value as Json, json};

use super::compare::{Change, DifferenceKind};
use super::fold::Folded;
use super::words;
use super::write::lines;
use crate::wire::hidden_characters::visible_json;

/// The name and version of the document for programs.
const SCHEMA: &str = "assize-answers/1";
/// The widest word for a kind.
const WORD: usize = "unstable".len();
/// The narrowest text beside a kind.
const NARROWEST: usize = 20;

/// The differences as a terminal of this width shows them, one paragraph each and what belongs to it below.
pub fn text(folds: &[Folded], width: usize) -> String {
    folds.iter().map(|folded| one(folded, width)).collect()
}

/// One folded difference as a terminal of this width shows it.
pub fn one(folded: &Folded, width: usize) -> String {
    let style = style(folded.kind);
    let indent = " ".repeat(WORD + 2);
    let wrapped = |words: &str| {
        let options = textwrap::Options::new(width.saturating_sub(WORD + 2).max(NARROWEST))
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::wrap(words, options).join(&format!("\n{indent}"))
    };
    let mut text = format!(
        "{style}{:WORD$}{style:#}  {}\n",
        folded.kind.word(),
        wrapped(&words::change(folded).join("; "))
    );
    for (word, ids) in words::meaning(folded) {
        let level = folded
            .level
            .map(|level| format!(" ({level})"))
            .unwrap_or_default();
        text.push_str(&format!("{indent}{}\n", wrapped(&format!("{word} {ids}{level}"))));
    }
    text + &format!("{indent}{}\n", wrapped(&words::places(folded)))
}

/// How many differences there are of each kind, in one line.
pub fn summary(folds: &[Folded]) -> String {
    words::counts(folds)
}

fn style(kind: DifferenceKind) -> Style {
    match kind {
        DifferenceKind::Worse => AnsiColor::BrightRed.on_default().bold(),
        DifferenceKind::Better => AnsiColor::Green.on_default().bold(),
        DifferenceKind::Other | DifferenceKind::Unstable => AnsiColor::Yellow.on_default(),
        DifferenceKind::New | DifferenceKind::Gone => Style::new().bold(),
    }
}

/// The differences as Markdown, for the comment on a merge request.
pub fn markdown(folds: &[Folded]) -> String {
    if folds.is_empty() {
        return "The registry answers as it is recorded.\n".to_owned();
    }
    let mut text = format!(
        "**The registry answers differently: {}**\n\n",
        words::counts(folds)
    );
    text.push_str("| | what | where |\n|---|---|---|\n");
    for folded in folds {
        let mut what: Vec<String> = words::change(folded).iter().map(|line| code(line)).collect();
        for (word, ids) in words::meaning(folded) {
            what.push(format!("{word} {ids}"));
        }
        text.push_str(&format!(
            "| {} | {} | {} |\n",
            folded.kind.word(),
            what.join("<br>"),
            cell(&words::places(folded))
        ));
    }
    text
}

/// Foreign text in a cell of a table, as code.
pub(super) fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{}{pad}{fence}", cell(text))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The differences as a document for programs.
pub fn document(folds: &[Folded]) -> String {
    let differences: Vec<Json> = folds.iter().map(difference).collect();
    let document = json!({ "schema": SCHEMA, "differences": differences });
    // A document of texts and numbers is always JSON.
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    visible_json(&text).into_owned() + "\n"
}

fn difference(folded: &Folded) -> Json {
    let mut document = json!({
        "kind": folded.kind.word(),
        "level": folded.level.map(|level| level.to_string()),
        "count": folded.differences.len(),
        "scenarios": folded.scenarios(),
        "says": words::change(folded),
    });
    if let Change::Answer(changed) = &folded.change {
        let ids = |ids: &std::collections::BTreeSet<_>| -> Vec<String> {
            ids.iter().map(ToString::to_string).collect()
        };
        document["breaks"] = json!(ids(&changed.broken));
        document["mends"] = json!(ids(&changed.mended));
        let facets: Vec<Json> = changed
            .facets
            .iter()
            .map(|(facet, (before, now))| {
                let told = |told: &Option<_>| told.as_ref().map(|told| lines(facet, told));
                json!({ "facet": facet.to_string(), "before": told(before), "now": told(now) })
            })
            .collect();
        document["facets"] = json!(facets);
    }
    document
}
