//! The order of findings: what a maintainer need not be convinced of comes first.

use std::cmp::Reverse;

use super::Standard;
use crate::catalogue::{Authority, Requirement};
use crate::judgement::Finding;

/// Where a finding stands, before its level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The OCI's texts state it.
    Text,
    /// It protects content or access.
    Data,
    /// An RFC states it.
    Rfc,
    /// It follows from a text.
    Implied,
    /// Anything else.
    Rest,
}

/// Sorts findings by who asks what is broken, then by its level, then by its id.
pub(super) fn sort(standard: &Standard<'_>, findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let requirement = standard.catalogue.get(&finding.requirement);
        let rank = requirement.map_or(Rank::Rest, rank);
        (rank, Reverse(finding.level), finding.requirement.clone())
    });
}

fn rank(requirement: &Requirement) -> Rank {
    match requirement.basis.authority() {
        Authority::Specification | Authority::ImageSpecification | Authority::Extension => Rank::Text,
        _ if requirement.protects.is_some() => Rank::Data,
        Authority::Rfc => Rank::Rfc,
        Authority::Implication => Rank::Implied,
        Authority::Security | Authority::Interoperability => Rank::Rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::diagnostic::SourceFile;

    fn rank_of(basis: &str, protects: &str) -> Rank {
        let entry = format!(
            "category = \"pull\"\n[\"pull.a\"]\nlevel = \"MUST\"\nsection = \"Pull\"\nbasis = \"{basis}\"\n{protects}\ntext = \"It is.\"\nwhy = \"So.\"\n"
        );
        let (catalogue, faulty) = Catalogue::load(vec![SourceFile::new("one.toml", entry)]);
        assert_eq!(faulty, []);
        catalogue.iter().map(rank).next().unwrap()
    }

    #[test]
    fn what_nobody_doubts_comes_first_and_then_what_does_harm() {
        let ranks = [
            rank_of("spec", ""),
            rank_of("implied", "protects = \"content\""),
            rank_of("rfc9110", ""),
            rank_of("implied", ""),
            rank_of("security", ""),
        ];
        assert!(ranks.is_sorted_by(|before, after| before < after), "{ranks:?}");
    }
}
