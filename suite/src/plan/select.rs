//! What the user asked to be run.

use std::collections::BTreeSet;

use glob::Pattern;

use super::in_section;
use crate::catalogue::{Catalogue, RequirementId};
use crate::scenario::Program;

/// Which scenarios run and which requirements are asked; everything, unless told.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    scenarios: Vec<Pattern>,
    requirements: Vec<Pattern>,
    sections: Vec<String>,
}

/// A pattern that is no glob.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{glob}` is not a pattern: {reason}")]
pub struct BadGlob {
    glob: String,
    reason: String,
}

impl Selection {
    /// A selection by globs of scenario names, globs of requirement ids, and parts of section names.
    pub fn new(
        scenarios: &[String],
        requirements: &[String],
        sections: &[String],
    ) -> Result<Selection, BadGlob> {
        Ok(Selection {
            scenarios: scenarios
                .iter()
                .map(|glob| matcher(glob))
                .collect::<Result<_, _>>()?,
            requirements: requirements
                .iter()
                .map(|glob| matcher(glob))
                .collect::<Result<_, _>>()?,
            sections: sections.to_vec(),
        })
    }

    /// Whether scenarios are selected by their names.
    pub(super) fn names_scenarios(&self) -> bool {
        !self.scenarios.is_empty()
    }

    /// Whether a scenario runs.
    pub fn takes(&self, program: &Program, catalogue: &Catalogue) -> bool {
        let named =
            self.scenarios.is_empty() || self.scenarios.iter().any(|glob| glob.matches(&program.name));
        let asked = self
            .requirements(catalogue)
            .is_none_or(|asked| !asked.is_disjoint(&program.cites));
        named && asked
    }

    /// The requirements that are asked; `None` for all.
    pub fn requirements(&self, catalogue: &Catalogue) -> Option<BTreeSet<RequirementId>> {
        if self.requirements.is_empty() && self.sections.is_empty() {
            return None;
        }
        let asked = catalogue.iter().map(|requirement| &requirement.id).filter(|id| {
            let named = self.requirements.is_empty()
                || self.requirements.iter().any(|glob| glob.matches(id.as_str()));
            let placed = self.sections.is_empty() || in_section(catalogue, id, &self.sections);
            named && placed
        });
        Some(asked.cloned().collect())
    }
}

fn matcher(glob: &str) -> Result<Pattern, BadGlob> {
    Pattern::new(glob).map_err(|error| BadGlob {
        glob: glob.to_owned(),
        reason: error.msg.to_owned(),
    })
}
