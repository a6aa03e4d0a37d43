//! The order of findings: what a maintainer need not be convinced of comes first, and then what does harm.

use std::cmp::Reverse;

use super::Standard;
use crate::catalogue::{Authority, Level, Requirement};
use crate::harm::Harm;
use crate::judgement::Finding;

/// Where a finding stands, before its level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A MUST that the OCI's texts state, or that the project asks that runs the suite.
    Violation,
    /// A MUST that protects content or access, or guards against abuse.
    Danger,
    /// Anything else that the OCI's texts state.
    Text,
    /// Anything else that protects content or access.
    Data,
    /// An RFC states it.
    Rfc,
    /// It follows from a text.
    Implied,
    /// Anything else.
    Rest,
}

/// Sorts findings by who asks what is broken, then by its level, then by how many clients it was seen to break, then by its
/// id.
pub(super) fn sort(standard: &Standard<'_>, findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let requirement = standard.catalogue.get(&finding.requirement);
        let rank = requirement.map_or(Rank::Rest, |requirement| rank(requirement, finding.level));
        let harm = Harm::of(&finding.requirement).map_or(0, |harm| harm.broken.len());
        (
            rank,
            Reverse(finding.level),
            Reverse(harm),
            finding.requirement.clone(),
        )
    });
}

fn rank(requirement: &Requirement, level: Level) -> Rank {
    let protects = requirement.protects.is_some();
    match (requirement.basis.authority(), level) {
        (
            Authority::Specification
            | Authority::ImageSpecification
            | Authority::Extension
            | Authority::House,
            Level::Must,
        ) => Rank::Violation,
        (Authority::Security, Level::Must) => Rank::Danger,
        (_, Level::Must) if protects => Rank::Danger,
        (Authority::Specification | Authority::ImageSpecification | Authority::Extension, _) => Rank::Text,
        _ if protects => Rank::Data,
        (Authority::Rfc, _) => Rank::Rfc,
        (Authority::Implication, _) => Rank::Implied,
        (Authority::Security | Authority::Interoperability | Authority::House, _) => Rank::Rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::diagnostic::SourceFile;

    fn rank_of(level: Level, basis: &str, protects: &str) -> Rank {
        let entry = format!(
            "category = \"pull\"\n[\"pull.a\"]\nlevel = \"{level}\"\nsection = \"Pull\"\nbasis = \"{basis}\"\n{protects}\ntext = \"It is.\"\nwhy = \"So.\"\n"
        );
        let (catalogue, faulty) = Catalogue::load(vec![SourceFile::new("one.toml", entry)]);
        assert_eq!(faulty, []);
        catalogue
            .iter()
            .map(|requirement| rank(requirement, level))
            .next()
            .unwrap()
    }

    #[test]
    fn violations_that_nobody_doubts_come_first_and_then_those_that_do_harm() {
        let protects = "protects = \"content\"";
        let ranks = [
            rank_of(Level::Must, "spec", ""),
            rank_of(Level::Must, "implied", protects),
            rank_of(Level::Should, "spec", ""),
            rank_of(Level::Should, "implied", protects),
            rank_of(Level::Must, "rfc9110", ""),
            rank_of(Level::Must, "implied", ""),
            rank_of(Level::Should, "security", ""),
        ];
        assert!(ranks.is_sorted_by(|before, after| before < after), "{ranks:?}");
        assert_eq!(rank_of(Level::Must, "security", ""), Rank::Danger);
    }
}
