//! Tags (spec: Pulling manifests).

use std::fmt;
use std::str::FromStr;

use super::NotARoute;

/// The longest tag the grammar allows.
const LONGEST_TAG: usize = 128;

/// A tag that follows the grammar `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Reads a tag.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let (first, rest) = text.as_bytes().split_first()?;
        let valid = text.len() <= LONGEST_TAG
            && is_word(*first)
            && rest
                .iter()
                .all(|&byte| is_word(byte) || byte == b'.' || byte == b'-');
        valid.then(|| Self(text.to_owned()))
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        Self::parse(text).ok_or_else(|| NotARoute::new("a tag", text))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Tag;
    use crate::protocol::vectors;

    #[test]
    fn tags_are_judged_as_the_vectors_say() {
        vectors::judge("tags.toml", |text| Tag::parse(text).is_some());
    }

    proptest! {
        #[test]
        fn every_tag_of_the_grammar_is_accepted(tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
            prop_assert!(Tag::parse(&tag).is_some());
        }

        #[test]
        fn one_character_outside_the_grammar_spoils_a_tag(
            head in "[a-zA-Z0-9_]{1,4}", bad in "[^a-zA-Z0-9._-]", tail in "[a-z]{0,4}"
        ) {
            let text = format!("{head}{bad}{tail}");
            prop_assert!(Tag::parse(&text).is_none());
        }
    }
}
