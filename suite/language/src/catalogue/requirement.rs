//! One requirement of the catalogue.

use std::collections::BTreeMap;

use super::{Basis, Level, Levels, RequirementId, Source, Version};
use crate::diagnostic::Span;

/// One sentence that a registry can keep or break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, for ever.
    pub id: RequirementId,
    /// How much it asks, in each version.
    pub levels: Levels,
    /// The part of the protocol to which it belongs.
    pub category: Category,
    /// What [`Requirement::section`] gives.
    pub(super) section: String,
    /// Where each version says it, or says what it follows from.
    pub(super) sources: BTreeMap<Version, Source>,
    /// Who says it.
    pub basis: Basis,
    /// What is in danger where it is broken, if something is.
    pub protects: Option<Protected>,
    /// What a failure of the registry does to it.
    pub failure: Failure,
    /// The sentence, as it is true of a good registry.
    pub text: String,
    /// Why it matters: what breaks where it is broken.
    pub why: String,
    /// Why it is a requirement, at this level, where the texts leave that open.
    pub decided: Option<String>,
    /// The requirements without which it cannot hold.
    pub rests_on: Vec<RequirementId>,
    /// Whether a registry may need a moment until it holds.
    pub may_lag: bool,
    /// Why nothing asks it, if nothing does.
    pub left_out: Option<String>,
    /// Where it stands in the catalogue.
    pub(super) place: EntryPlace,
}

impl Requirement {
    /// What a scenario asks by no id but its own name: that its title is true.
    pub(super) fn of_scenario(name: &str, title: &str, place: EntryPlace) -> Requirement {
        let basis = Basis::House;
        Requirement {
            id: RequirementId::of_scenario(name),
            levels: Version::ALL
                .into_iter()
                .map(|version| (version, Level::Must))
                .collect(),
            category: Category::Common,
            section: "Scenarios of one's own".to_owned(),
            sources: BTreeMap::new(),
            basis,
            protects: None,
            failure: Failure::usual(basis, None),
            text: title.to_owned(),
            why: format!("The scenario {name} asks it."),
            decided: None,
            rests_on: Vec::new(),
            may_lag: false,
            left_out: None,
            place,
        }
    }

    /// Where `version` says it, or says what it follows from; `None` where no document is cited, or it is not in force.
    ///
    /// Judged by several texts, it is the first that asks as much as any.
    pub fn source(&self, version: Version) -> Option<&Source> {
        let heaviest = self.levels.in_version(version);
        let texts = version.texts().iter();
        let asking = texts.filter(|text| self.levels.in_version(**text) == heaviest);
        asking.filter_map(|text| self.sources.get(text)).next()
    }

    /// The section to which it belongs, as a report names it: that of its source in the newest version that has one.
    pub fn section(&self) -> &str {
        &self.section
    }
}

/// Where an entry stands: which of the files, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryPlace {
    pub(super) file: usize,
    /// The id.
    pub(super) span: Span,
    /// Each of the ids it rests on.
    pub(super) rests_on: Vec<Span>,
}

words! {
    /// The part of the protocol to which a requirement belongs.
    Category {
        /// Getting content.
        Pull = "pull",
        /// Sending content.
        Push = "push",
        /// Finding content.
        Discovery = "discovery",
        /// Deleting content.
        Management = "management",
        /// Everything else: names, errors, HTTP.
        Common = "common",
    }
}

words! {
    /// What a registry is trusted with.
    Protected {
        /// What was pushed: no wrong bytes, nothing acknowledged lost, nothing of another repository.
        Content = "content",
        /// Who may read and write: nobody gets in who may not.
        Access = "access",
    }
}

words! {
    /// What a failure of the registry does to a requirement: an answer of 5xx, or none, to a request by which it is asked.
    Failure {
        /// It breaks it: the requirement is about being answered, or about the status.
        Breaks = "breaks",
        /// It hides it: what became of content or access cannot be told from it.
        Hides = "hides",
    }
}

impl Failure {
    /// What it does unless an entry says otherwise: of content and access it tells nothing.
    pub(super) fn usual(basis: Basis, protects: Option<Protected>) -> Failure {
        match (basis, protects) {
            (Basis::Security, _) | (_, Some(_)) => Failure::Hides,
            (_, None) => Failure::Breaks,
        }
    }
}

impl Protected {
    /// What must not happen to it, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Protected::Content => {
                "content: no wrong bytes, nothing acknowledged lost, nothing of another repository"
            }
            Protected::Access => "access: nobody gets in who may not",
        }
    }
}
