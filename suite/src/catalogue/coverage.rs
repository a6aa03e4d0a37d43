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
    let mut faults = vec![Vec::new(); catalogue.sources.len()];
    for requirement in catalogue.iter() {
        let fault = match cited.contains(&requirement.id) {
            true => asked_and_left_out(requirement),
            false => neither_asked_nor_left_out(requirement),
        };
        faults[requirement.place.file].extend(fault);
    }
    let faulty = catalogue.sources.iter().zip(faults);
    faulty
        .filter_map(|(source, faults)| Faulty::new(source, faults))
        .collect()
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
