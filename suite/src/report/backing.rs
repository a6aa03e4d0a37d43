//! What a finding rests on: who says it, and where.

use super::{Report, words};
use crate::catalogue::{Requirement, RequirementId, Source, Version};

/// What a requirement rests on in the version judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backing<'a> {
    /// The requirement.
    pub(super) requirement: &'a Requirement,
    /// Where that version says it, or says what it follows from.
    pub(super) source: Option<&'a Source>,
    version: Version,
}

impl<'a> Report<'a> {
    /// What a requirement rests on; `None` where the catalogue does not have it.
    pub(super) fn backing(&self, id: &RequirementId) -> Option<Backing<'a>> {
        let version = self.outcome.facts.version;
        let requirement = self.library.catalogue.get(id)?;
        Some(Backing {
            requirement,
            source: requirement.source(version),
            version,
        })
    }
}

impl Backing<'_> {
    /// Who says it, in words, unless that is the document in which it stands: `stated by an RFC`.
    pub(super) fn authority(&self) -> &'static str {
        self.requirement.basis.authority().words()
    }

    /// The document and the section: `OCI distribution 1.1, Pulling blobs`, or `RFC 9110, 14.2`.
    pub(super) fn place(&self) -> Option<String> {
        let source = self.source?;
        Some(match source.document.short {
            Some(_) => source.place(),
            None => format!("{}, {}", words::specification(self.version), source.section),
        })
    }

    /// Whether its source states it, and is not only what it follows from.
    pub(super) fn is_stated(&self) -> bool {
        self.source.is_some() && self.requirement.basis.authority().is_stated()
    }
}
