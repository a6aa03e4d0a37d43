//! The id of a requirement.

use std::fmt;

// `IDS`, in order: made by the build script from the files of the catalogue.
include!(concat!(env!("OUT_DIR"), "/ids.rs"));

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

/// Whether a requirement of the catalogue that is compiled in has this id; asked while compiling.
pub const fn is_in_the_catalogue(id: &str) -> bool {
    let mut at = 0;
    while at < IDS.len() {
        if is_same(IDS[at].as_bytes(), id.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_knows_the_ids_of_the_catalogue() {
        assert!(is_in_the_catalogue("push.mount.201"));
        assert!(!is_in_the_catalogue("push.mount.210") && !is_in_the_catalogue("push.mount"));
        assert!(IDS.iter().all(|id| RequirementId::parse(id).is_some()));
    }
}
