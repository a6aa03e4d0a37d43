//! Faults of texts, as an editor shows them.

use std::collections::BTreeMap;
use std::path::Path;

use assize_language::diagnostic::{Diagnostic, Faulty, Kind};
use gen_lsp_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, Location,
    PublishDiagnosticsParams, Uri,
};

use crate::address::uri_of;
use crate::text::Lines;
use crate::workspace::{Document, LeftOut, Workspace};

/// How many faults of one file are shown. Nobody reads more before mending some, and a large file that is no scenario
/// has a fault in each of its lines.
const MOST: usize = 200;

/// What is shown of every open document, and of every other file with faults.
pub(crate) fn all(workspace: &mut Workspace) -> BTreeMap<String, PublishDiagnosticsParams> {
    let understood = workspace.all();
    let open: BTreeMap<String, &Document> = workspace.documents().map(|open| (open.name(), open)).collect();
    let mut shown: BTreeMap<String, PublishDiagnosticsParams> = BTreeMap::new();
    for document in open.values() {
        let nothing = PublishDiagnosticsParams::new(document.uri.clone(), Some(document.version), Vec::new());
        shown.insert(document.uri.0.clone(), nothing);
    }
    for understood in &understood {
        if let Some(left_out) = &understood.left_out
            && let Some(document) = open.get(&left_out.document)
            && let Some(file) = shown.get_mut(&document.uri.0)
        {
            file.diagnostics.push(of_left_out(left_out));
        }
        for faulty in &understood.draft.faulty {
            let known = open
                .get(&*faulty.source.path)
                .map(|document| document.uri.clone());
            let Some(uri) = known.or_else(|| uri_of(Path::new(&*faulty.source.path))) else {
                continue;
            };
            let file = shown
                .entry(uri.0.clone())
                .or_insert_with(|| PublishDiagnosticsParams::new(uri.clone(), None, Vec::new()));
            let room = MOST.saturating_sub(file.diagnostics.len());
            file.diagnostics.extend(of_file(faulty, &uri, room));
        }
    }
    shown
}

fn of_left_out(left_out: &LeftOut) -> Shown {
    let message = format!("the scenarios beside this one are left out: {}", left_out.because);
    Shown {
        severity: Some(DiagnosticSeverity::Warning),
        source: Some("assize".to_owned()),
        message: message.into(),
        ..Shown::default()
    }
}

fn of_file(faulty: &Faulty, uri: &Uri, most: usize) -> Vec<Shown> {
    let lines = Lines::of(&faulty.source.text);
    let faults = faulty.faults.iter().take(most);
    faults.map(|fault| shown(fault, &lines, uri)).collect()
}

fn shown(fault: &Diagnostic, lines: &Lines<'_>, uri: &Uri) -> Shown {
    let related = fault
        .marks
        .iter()
        .map(|(span, said)| DiagnosticRelatedInformation {
            location: Location::new(uri.clone(), lines.range(span)),
            message: said.clone(),
        });
    let related: Vec<DiagnosticRelatedInformation> = related.collect();
    Shown {
        range: lines.range(&fault.span),
        severity: Some(severity(fault.kind)),
        source: Some("assize".to_owned()),
        message: message(fault).into(),
        related_information: (!related.is_empty()).then_some(related),
        ..Shown::default()
    }
}

/// All that is said of a fault but for its place, in the words and the order of the terminal.
fn message(fault: &Diagnostic) -> String {
    let mut said = fault.title.clone();
    if !fault.label.is_empty() {
        said = format!("{said}: {}", fault.label);
    }
    let notes = fault.notes.iter().map(|note| format!("\nnote: {note}"));
    let help = fault.suggestion.iter().map(|help| format!("\nhelp: {help}"));
    notes.chain(help).for_each(|line| said.push_str(&line));
    said
}

fn severity(kind: Kind) -> DiagnosticSeverity {
    match kind {
        Kind::Error | Kind::Violation => DiagnosticSeverity::Error,
        Kind::Warning => DiagnosticSeverity::Warning,
        Kind::Information => DiagnosticSeverity::Information,
    }
}
