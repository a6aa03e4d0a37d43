//! Violations counted by whose they are: of the text, of which RFCs, and of nobody's in writing.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Authority, Basis, RequirementId};
use crate::judgement::Finding;
use crate::report::{Report, words};

/// Who asks a requirement, as the verdict tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    /// The specification judged by.
    Text,
    /// The specification of images, or an extension.
    OtherText,
    /// RFCs.
    Rfc,
    /// Nobody in writing.
    Unwritten,
    /// The project that runs the suite.
    House,
}

impl Party {
    /// Who asks a requirement.
    pub(super) fn of(report: &Report<'_>, id: &RequirementId) -> Party {
        let requirement = report.library.catalogue.get(id);
        match requirement.map(|known| known.basis.authority()) {
            None | Some(Authority::Specification) => Party::Text,
            Some(Authority::ImageSpecification | Authority::Extension) => Party::OtherText,
            Some(Authority::Rfc) => Party::Rfc,
            Some(Authority::Implication | Authority::Security | Authority::Interoperability) => {
                Party::Unwritten
            }
            Some(Authority::House) => Party::House,
        }
    }

    /// Whether it is one of the OCI's texts.
    pub(super) fn is_of_the_text(self) -> bool {
        matches!(self, Party::Text | Party::OtherText)
    }
}

/// The violations, a number for each party: `7 violations of its text`, `3 of RFC 9110 and 9112`.
pub(super) fn violations<'a>(
    report: &Report<'_>,
    findings: impl Iterator<Item = &'a Finding>,
) -> Vec<String> {
    let mut parties: BTreeMap<Party, Vec<&RequirementId>> = BTreeMap::new();
    for finding in findings {
        let party = Party::of(report, &finding.requirement);
        parties.entry(party).or_default().push(&finding.requirement);
    }
    let counted = parties.into_iter().enumerate();
    counted
        .map(|(at, (party, ids))| {
            let number = match at {
                0 => words::count(ids.len(), "violation"),
                _ => ids.len().to_string(),
            };
            format!("{number} {}", whose(report, party, &ids))
        })
        .collect()
}

fn whose(report: &Report<'_>, party: Party, ids: &[&RequirementId]) -> String {
    match party {
        Party::Text => "of its text".to_owned(),
        Party::OtherText => "of the texts beside it".to_owned(),
        Party::Rfc => format!("of RFC {}", numbers(report, ids)),
        Party::Unwritten => "implied or of security".to_owned(),
        Party::House => "of its rules".to_owned(),
    }
}

/// The numbers of the RFCs that state some of these.
fn numbers(report: &Report<'_>, ids: &[&RequirementId]) -> String {
    let bases = ids.iter().filter_map(|id| report.library.catalogue.get(id));
    let numbers: BTreeSet<&str> = bases.filter_map(|known| number(known.basis)).collect();
    let numbers: Vec<&str> = numbers.into_iter().collect();
    match numbers.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => numbers.concat(),
    }
}

fn number(basis: Basis) -> Option<&'static str> {
    basis.words().strip_prefix("rfc")
}
