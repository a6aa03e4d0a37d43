//! The id of a requirement.

use std::fmt;

/// The id of a requirement: words joined by dots and hyphens, as in `push.mount.201`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequirementId(String);

impl RequirementId {
    /// Reads an id, or `None` if `text` has not the form of one.
    pub fn parse(text: &str) -> Option<RequirementId> {
        let word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        (text.contains('.') && text.split('.').all(word)).then(|| RequirementId(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
