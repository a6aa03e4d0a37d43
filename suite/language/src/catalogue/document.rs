//! The documents that requirements cite.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::by_version::ByVersion;
use super::{Basis, Version};

/// A document that requirements cite: a specification, or an RFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id in the catalogue: `oci-distribution`, `rfc9110`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What stands before a section of it, as in `RFC 9110, 14.2`; nothing where it is the specification judged by.
    pub short: Option<String>,
    /// How the addresses of its sections are made.
    pub anchors: Anchors,
    /// How it says how much it asks.
    pub wording: Wording,
    pub(super) editions: ByVersion<Arc<Edition>>,
}

impl Document {
    /// The edition that counts for a version of the specification judged by.
    pub fn edition(&self, version: Version) -> Option<&Arc<Edition>> {
        self.editions.get(version)
    }
}

/// A document as it was published once and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Its address, without a section.
    pub url: String,
    /// The name of the file that holds its text, in a folder of such texts; `None` where there is none to check against.
    pub text: Option<String>,
}

words! {
    /// How the address of a section is made from what the catalogue calls it.
    Anchors {
        /// From its heading, in the way of GitHub: `POST then PUT` is at `#post-then-put`.
        Headings = "headings",
        /// From its number, in the way of the RFC Editor: `14.2` is at `#section-14.2`.
        Numbers = "numbers",
    }
}

words! {
    /// How a document says how much it asks.
    Wording {
        /// In the capital letters of RFC 2119.
        Rfc2119 = "rfc2119",
        /// In plain English: what "will" be is asked as much as what "must".
        Prose = "prose",
    }
}

impl Anchors {
    /// The anchor of a section, without `#`.
    pub fn of(self, section: &str) -> String {
        match self {
            Anchors::Numbers => format!("section-{section}"),
            Anchors::Headings => section
                .to_lowercase()
                .chars()
                .filter_map(|letter| match letter {
                    ' ' => Some('-'),
                    '-' | '_' => Some(letter),
                    _ => letter.is_alphanumeric().then_some(letter),
                })
                .collect(),
        }
    }
}

/// Every document, by its id.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents(BTreeMap<String, Arc<Document>>);

impl Documents {
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Document>> {
        self.0.get(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn add(&mut self, document: Document) {
        self.0.insert(document.id.clone(), Arc::new(document));
    }
}

/// The id of the document that a source of this basis cites when it names none.
pub(super) fn usual(basis: Basis) -> Option<&'static str> {
    match basis {
        Basis::Spec | Basis::Implied | Basis::Security | Basis::Interop => Some("oci-distribution"),
        Basis::Rfc9110 | Basis::Rfc9112 | Basis::Rfc8288 | Basis::Rfc7234 => Some(basis.words()),
        Basis::ImageSpec | Basis::Extension | Basis::House => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_github_and_of_the_rfc_editor() {
        assert_eq!(Anchors::Headings.of("POST then PUT"), "post-then-put");
        assert_eq!(
            Anchors::Headings.of("Layer Upload De-duplication"),
            "layer-upload-de-duplication"
        );
        assert_eq!(Anchors::Headings.of("Module: `discover`"), "module-discover");
        assert_eq!(Anchors::Numbers.of("15.3.7.1"), "section-15.3.7.1");
    }
}
