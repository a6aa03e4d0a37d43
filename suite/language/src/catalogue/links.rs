//! What entries say of each other: one id each, resting on entries that are there, and never on themselves.

use std::collections::HashMap;

use super::{Catalogue, Requirement, RequirementId};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};

/// Checks what every entry rests on.
pub(super) fn check(catalogue: &Catalogue, faults: &mut [Vec<Diagnostic>]) {
    for requirement in catalogue.iter() {
        let links = requirement.rests_on.iter().zip(&requirement.place.rests_on);
        let unknown = links.filter(|(id, _)| catalogue.get(id).is_none());
        faults[requirement.place.file].extend(unknown.map(|(id, span)| unknown_link(catalogue, id, span)));
    }
    let mut marks = HashMap::new();
    for requirement in catalogue.iter() {
        let mut path = Vec::new();
        walk(catalogue, requirement, &mut marks, &mut path, faults);
    }
}

fn unknown_link(catalogue: &Catalogue, id: &RequirementId, span: &Span) -> Diagnostic {
    let fault = Diagnostic::error(format!("there is no requirement `{id}`"), span.clone())
        .label("not in the catalogue");
    match did_you_mean(id.as_str(), catalogue.iter().map(|known| known.id.as_str())) {
        Some(meant) => fault.suggest(meant),
        None => fault,
    }
}

/// How far a requirement is followed.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    /// What it rests on is being followed.
    Open,
    /// All that it rests on was followed.
    Done,
}

/// Follows what a requirement rests on, and reports where that leads back to it.
fn walk<'c>(
    catalogue: &'c Catalogue,
    requirement: &'c Requirement,
    marks: &mut HashMap<&'c RequirementId, Mark>,
    path: &mut Vec<&'c RequirementId>,
    faults: &mut [Vec<Diagnostic>],
) {
    if marks.insert(&requirement.id, Mark::Open) == Some(Mark::Done) {
        marks.insert(&requirement.id, Mark::Done);
        return;
    }
    path.push(&requirement.id);
    for (id, span) in requirement.rests_on.iter().zip(&requirement.place.rests_on) {
        if marks.get(id) == Some(&Mark::Open) {
            faults[requirement.place.file].push(cycle(path, id, span));
        } else if let Some(next) = catalogue.get(id) {
            walk(catalogue, next, marks, path, faults);
        }
    }
    path.pop();
    marks.insert(&requirement.id, Mark::Done);
}

fn cycle(path: &[&RequirementId], id: &RequirementId, span: &Span) -> Diagnostic {
    let from = path.iter().position(|step| *step == id).unwrap_or_default();
    let steps: Vec<&str> = path[from..]
        .iter()
        .map(|step| step.as_str())
        .chain([id.as_str()])
        .collect();
    Diagnostic::error("a requirement rests on itself", span.clone())
        .label("leads back")
        .note(format!("the way is {}", steps.join(" -> ")))
}

/// The fault of an entry whose id another entry has.
pub(super) fn duplicate(catalogue: &Catalogue, first: &Requirement, second: &Requirement) -> Diagnostic {
    let source = &catalogue.files[first.place.file];
    let (line, _) = source.line_and_column(first.place.span.start);
    if catalogue.is_own(second) && !catalogue.is_own(first) {
        return Diagnostic::error(
            format!("there is a requirement `{}` already", first.id),
            second.place.span.clone(),
        )
        .label("a catalogue of one's own adds, and replaces nothing")
        .note(format!("that one stands at {}:{line}", source.path))
        .suggest("give this one another id, or cite that one as it is");
    }
    Diagnostic::error(
        format!("there are two requirements `{}`", first.id),
        second.place.span.clone(),
    )
    .label("the second")
    .note(format!("the first stands at {}:{line}", source.path))
}
