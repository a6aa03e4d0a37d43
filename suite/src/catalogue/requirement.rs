//! One requirement of the catalogue.

use super::{Levels, RequirementId};
use crate::diagnostic::Span;
use crate::words::words;

/// One sentence that a registry can keep or break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, for ever.
    pub id: RequirementId,
    /// How much it asks, in each version.
    pub levels: Levels,
    /// The part of the protocol to which it belongs.
    pub category: Category,
    /// Where it stands in the document that says it.
    pub section: String,
    /// Who says it.
    pub basis: Basis,
    /// The sentence, as it is true of a good registry.
    pub text: String,
    /// Why it matters: what breaks where it is broken.
    pub why: String,
    /// The requirements without which it cannot hold.
    pub rests_on: Vec<RequirementId>,
    /// Whether a registry may need a moment until it holds.
    pub may_lag: bool,
    /// Why nothing asks it, if nothing does.
    pub left_out: Option<String>,
    /// Where it stands in the catalogue.
    pub(super) place: Place,
}

/// Where an entry stands: which of the files, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
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
    /// Who says that a requirement is one.
    Basis {
        /// The specification, in these words.
        Spec = "spec",
        /// The specification, by what follows from it.
        Implied = "implied",
        /// HTTP semantics.
        Rfc9110 = "rfc9110",
        /// HTTP caching.
        Rfc7234 = "rfc7234",
        /// The image specification.
        ImageSpec = "image-spec",
        /// Nobody in writing: what is broken here can be abused.
        Security = "security",
        /// A specification that extends this one.
        Extension = "extension",
        /// Nobody in writing: clients in the field rely on it.
        Interop = "interop",
    }
}
