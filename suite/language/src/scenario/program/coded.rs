//! Scenarios that are coded in Rust, since a transcript cannot say them, and the checks that they declare.

use std::collections::BTreeSet;

use crate::catalogue::{RequirementId, is_in_the_catalogue};

/// What a scenario that is coded in Rust says of itself.
#[derive(Debug)]
pub struct CodedScenario {
    /// Its name.
    pub name: &'static str,
    /// A sentence that is true of a good registry.
    pub title: &'static str,
    /// The capabilities that it needs.
    pub needs: &'static [&'static str],
    /// How much it asks of a registry at once.
    pub weight: Weight,
    /// The checks that it makes.
    pub checks: &'static [&'static CodedCheck],
}

/// How much a scenario asks of a registry at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As much as a client does: others go on beside it.
    Usual,
    /// Manifests of many megabytes, or of thousands of entries: nothing else is judged under it.
    Heavy,
}

impl CodedScenario {
    /// The requirements that it asks.
    pub fn cites(&self) -> BTreeSet<RequirementId> {
        self.checks.iter().map(|check| check.requirement()).collect()
    }
}

/// One requirement asked at one place of a coded scenario.
#[derive(Debug, PartialEq, Eq)]
pub struct CodedCheck {
    /// The requirement's id.
    pub id: &'static str,
    /// What is asked, in words.
    pub asked: &'static str,
    /// The line of its declaration.
    pub line: u32,
}

impl CodedCheck {
    /// Declares a check. An id that is not in the catalogue does not compile.
    pub const fn new(id: &'static str, asked: &'static str, line: u32) -> CodedCheck {
        assert!(is_in_the_catalogue(id), "this id is not in the catalogue");
        CodedCheck { id, asked, line }
    }

    /// The requirement.
    #[expect(
        clippy::expect_used,
        reason = "the compiler has found the id in the catalogue, whose ids have this form"
    )]
    pub fn requirement(&self) -> RequirementId {
        RequirementId::parse(self.id).expect("an id of the catalogue")
    }
}
