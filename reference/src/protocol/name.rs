//! Repository names (spec: Pulling manifests).

use std::fmt;
use std::str::FromStr;

use super::NotARoute;

/// The longest name that is accepted: clients limit host, `/` and name to 255 characters together.
pub(crate) const LONGEST_NAME: usize = 255;

/// A repository name that follows the grammar of the specification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Reads a name as it stands in a query parameter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::from_components(&text.split('/').collect::<Vec<_>>())
    }

    /// Joins the path segments of a name; a segment that itself holds a slash is no component.
    pub(crate) fn from_components(components: &[impl AsRef<str>]) -> Option<Self> {
        let text = components.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("/");
        let valid = !components.is_empty()
            && text.len() <= LONGEST_NAME
            && components
                .iter()
                .all(|component| is_component(component.as_ref()));
        valid.then_some(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` is `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_component(text: &str) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut rest = text.as_bytes();
    loop {
        let word = rest.iter().take_while(|byte| is_alphanumeric(byte)).count();
        rest = &rest[word..];
        if word == 0 || rest.is_empty() {
            return word > 0;
        }
        let separator = match rest {
            [b'_', b'_', ..] => 2,
            [b'.' | b'_', ..] => 1,
            _ => rest.iter().take_while(|byte| **byte == b'-').count(),
        };
        if separator == 0 {
            return false;
        }
        rest = &rest[separator..];
    }
}

impl FromStr for Name {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        Self::parse(text).ok_or_else(|| NotARoute::new("a repository name", text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Name;
    use crate::protocol::vectors;

    #[test]
    fn names_are_judged_as_the_vectors_say() {
        vectors::judge("names.toml", |text| Name::parse(text).is_some());
    }

    proptest! {
        #[test]
        fn every_name_of_the_grammar_is_accepted(
            name in r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,3}(/[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,3}){0,3}"
        ) {
            prop_assert_eq!(Name::parse(&name).map(|parsed| parsed.to_string()), Some(name));
        }

        #[test]
        fn no_accepted_name_can_leave_its_folder(text in ".{0,40}") {
            if let Some(name) = Name::parse(&text) {
                prop_assert!(name.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
                prop_assert!(!name.as_str().contains(['\\', '%', '\0', ' '].as_slice()));
            }
        }
    }
}
