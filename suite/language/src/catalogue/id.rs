//! The id of a requirement.

use std::fmt;

// `IDS`, in order: made by the build script from the files of the catalogue.
include!(concat!(env!("OUT_DIR"), "/ids.rs"));

/// The id of a requirement: words joined by dots and hyphens, as in `push.mount.201`, or the name of a scenario that asks
/// something by itself.
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

    /// The id of what a scenario of this name asks by no other id: the name itself, in small letters and with hyphens
    /// for what separates ids.
    pub fn of_scenario(name: &str) -> RequirementId {
        let separates = |letter: char| letter.is_whitespace() || letter.is_control() || letter == ',';
        RequirementId(name.replace(separates, "-").to_lowercase())
    }

    /// Reads an id that was written down, of a requirement or of a scenario.
    pub fn read(text: &str) -> Option<RequirementId> {
        let read = RequirementId::of_scenario(text);
        (!text.is_empty() && read.0 == text).then_some(read)
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
    fn a_scenario_lends_its_name_to_what_it_asks_by_itself() {
        for (name, id) in [("own/mine", "own/mine"), ("A, b\nc", "a--b-c")] {
            let asked = RequirementId::of_scenario(name);
            assert_eq!(asked.as_str(), id);
            assert_eq!(RequirementId::read(id), Some(asked));
        }
        assert_eq!(
            RequirementId::read("push.mount.201"),
            RequirementId::parse("push.mount.201")
        );
        assert_eq!(RequirementId::read("a b"), None);
        assert_eq!(RequirementId::read("NO"), None);
        assert_eq!(RequirementId::read(""), None);
    }

    #[test]
    fn the_compiler_knows_the_ids_of_the_catalogue() {
        assert!(is_in_the_catalogue("push.mount.201"));
        assert!(!is_in_the_catalogue("push.mount.210") && !is_in_the_catalogue("push.mount"));
        assert!(IDS.iter().all(|id| RequirementId::parse(id).is_some()));
    }
}
