//! Whether everything that is required is asked.

use std::collections::HashSet;

use super::{Catalogue, Level, Requirement, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Faulty};

/// Says which MUSTs and SHOULDs nothing asks although they are not left out, and which are asked although they are.
///
/// `cited` is every id that a scenario, or a check in Rust, asks.
pub fn cross_check<'i>(
    catalogue: &Catalogue,
    cited: impl IntoIterator<Item = &'i RequirementId>,
) -> Vec<Faulty> {
    let cited: HashSet<&RequirementId> = cited.into_iter().collect();
    let mut faults = vec![Vec::new(); catalogue.files.len()];
    for requirement in catalogue.iter() {
        let fault = match cited.contains(&requirement.id) {
            true => asked_and_left_out(requirement),
            false => neither_asked_nor_left_out(requirement),
        };
        faults[requirement.place.file].extend(fault);
    }
    catalogue.drawn(faults)
}

/// Says which requirements are said to be stated by a document and do not say where, for a version that has them.
pub fn unsourced(catalogue: &Catalogue) -> Vec<Faulty> {
    let mut faults = vec![Vec::new(); catalogue.files.len()];
    for requirement in catalogue.iter() {
        faults[requirement.place.file].extend(without_source(requirement));
    }
    catalogue.drawn(faults)
}

fn without_source(requirement: &Requirement) -> Option<Diagnostic> {
    let lacks = |version: &Version| {
        let source = requirement.source(*version);
        requirement.levels.in_version(*version).is_some() && source.is_none()
    };
    let stated = requirement.basis.authority().is_stated();
    let version = Version::ALL.into_iter().find(lacks).filter(|_| stated)?;
    Some(
        Diagnostic::error(
            format!("nothing shows where {version} says `{}`", requirement.id),
            requirement.place.span.clone(),
        )
        .label(format!(
            "`basis = \"{}\"` has a source for each version",
            requirement.basis.words()
        ))
        .suggest(
            "add `source = { section = \"…\", from = \"…\", to = \"…\" }`, or say `basis = \"implied\"`",
        ),
    )
}

fn asked_and_left_out(requirement: &Requirement) -> Option<Diagnostic> {
    requirement.left_out.as_ref().map(|reason| {
        Diagnostic::error(
            format!("`{}` is left out, and asked", requirement.id),
            requirement.place.span.clone(),
        )
        .label("a check asks it")
        .note(format!("it is left out because: {reason}"))
        .suggest("take away `left-out`, or the check")
    })
}

fn neither_asked_nor_left_out(requirement: &Requirement) -> Option<Diagnostic> {
    let binding = Version::ALL
        .into_iter()
        .any(|version| requirement.levels.in_version(version) > Some(Level::May));
    (binding && requirement.left_out.is_none()).then(|| {
        Diagnostic::error(
            format!("nothing asks `{}`", requirement.id),
            requirement.place.span.clone(),
        )
        .label("no check has this id")
        .suggest("write a scenario that asks it, or say why none does: `left-out = \"…\"`")
    })
}
