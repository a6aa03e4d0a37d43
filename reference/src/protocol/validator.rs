//! Conditional requests (RFC 9110, section 13): the entity tag of all content is its digest in quotes.

use super::Digest;

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList {
    /// `*`: whatever is there.
    Any,
    /// Entity tags, each as written: quoted, perhaps with `W/` in front.
    These(Vec<String>),
}

impl TagList {
    /// Reads the lines of one field, which form one list.
    pub(crate) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let tags = lines.flat_map(split_tags).map(str::to_owned).collect::<Vec<_>>();
        match tags.as_slice() {
            [] => None,
            [star] if star == "*" => Some(Self::Any),
            _ => Some(Self::These(tags)),
        }
    }

    /// Strong comparison (section 8.8.3.2): a weak tag never matches.
    pub(crate) fn matches_strongly(&self, current: Option<&Digest>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::These(tags), Some(digest)) => tags.contains(&entity_tag(digest)),
        }
    }

    /// Weak comparison (section 8.8.3.2): `W/` makes no difference.
    pub(crate) fn matches_weakly(&self, current: Option<&Digest>) -> bool {
        match (self, current) {
            (Self::These(tags), Some(digest)) => {
                let expected = entity_tag(digest);
                tags.iter()
                    .any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == expected)
            }
            _ => self.matches_strongly(current),
        }
    }
}

/// The entity tag of content.
pub(crate) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Cuts a field value at the commas that stand outside of quotes.
fn split_tags(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .map(str::trim)
    .filter(|tag| !tag.is_empty())
    .collect()
}

/// What must hold of the present state for a change to be made (section 13.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Condition {
    /// The state must be one of these.
    pub(crate) if_match: Option<TagList>,
    /// The state must be none of these.
    pub(crate) if_none_match: Option<TagList>,
}

impl Condition {
    /// Whether a change may be made to what now has the digest `current`, or is not there.
    pub(crate) fn allows_change(&self, current: Option<&Digest>) -> bool {
        self.if_match
            .as_ref()
            .is_none_or(|tags| tags.matches_strongly(current))
            && self
                .if_none_match
                .as_ref()
                .is_none_or(|tags| !tags.matches_weakly(current))
    }
}

/// The value of `If-Range` (section 13.1.5).
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfRange<'a>(pub(crate) &'a str);

impl IfRange<'_> {
    /// Whether the range may be served. A date never matches: the registry sends no `Last-Modified`.
    pub(crate) fn allows_range(self, digest: &Digest) -> bool {
        self.0 == entity_tag(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, TagList, entity_tag};
    use crate::protocol::{Algorithm, Digest};

    fn digest() -> Digest {
        Digest::of(Algorithm::Sha256, b"content")
    }

    fn list(value: &str) -> Option<TagList> {
        TagList::parse([value].into_iter())
    }

    #[test]
    fn a_weak_tag_matches_weakly_only() {
        let weak = list(&format!("\"other\", W/{}", entity_tag(&digest()))).unwrap();
        assert!(weak.matches_weakly(Some(&digest())));
        assert!(!weak.matches_strongly(Some(&digest())));
    }

    #[test]
    fn a_comma_inside_quotes_separates_nothing() {
        assert_eq!(
            list("\"a,b\", \"c\""),
            Some(TagList::These(vec!["\"a,b\"".into(), "\"c\"".into()]))
        );
    }

    #[test]
    fn a_star_matches_whatever_exists() {
        let create_only = Condition {
            if_none_match: list("*"),
            ..Condition::default()
        };
        assert!(create_only.allows_change(None));
        assert!(!create_only.allows_change(Some(&digest())));
        let replace_only = Condition {
            if_match: list("*"),
            ..Condition::default()
        };
        assert!(!replace_only.allows_change(None));
        assert!(replace_only.allows_change(Some(&digest())));
    }
}
