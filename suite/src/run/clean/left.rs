//! What stays in a registry, and why.

use std::collections::BTreeMap;
use std::fmt;

/// How many of the things that stay for one reason are named.
const NAMED: usize = 3;

/// The kinds of things that a run puts into a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentKind {
    /// A tag.
    Tag,
    /// A manifest, by its digest.
    Manifest,
    /// A blob, by its digest.
    Blob,
}

impl ContentKind {
    /// What stands before its reference in a path.
    pub(super) fn collection(self) -> &'static str {
        match self {
            ContentKind::Tag | ContentKind::Manifest => "manifests",
            ContentKind::Blob => "blobs",
        }
    }

    /// One or more of them, in words.
    pub fn counted(self, number: usize) -> String {
        let noun = match self {
            ContentKind::Tag => "tag",
            ContentKind::Manifest => "manifest",
            ContentKind::Blob => "blob",
        };
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {noun}{plural}")
    }
}

/// Why something stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum StaysSince {
    /// This status came in answer to its deletion.
    Answered(u16),
    /// No answer came to its deletion.
    Unanswered,
    /// This status came in answer to the deletion of another such thing, and so its own was not tried.
    Refused(u16),
    /// Nothing told whether the registry deletes such things, and so its deletion was not tried.
    Unsettled,
}

impl StaysSince {
    /// What came of a deletion that removed nothing.
    pub(super) fn of(status: Option<u16>) -> StaysSince {
        status.map_or(StaysSince::Unanswered, StaysSince::Answered)
    }
}

impl fmt::Display for StaysSince {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StaysSince::Answered(status) => write!(f, "the registry answers {status} to their deletion"),
            StaysSince::Unanswered => write!(f, "no answer came to their deletion"),
            StaysSince::Refused(status) => {
                write!(f, "the registry answers {status} to such deletions")
            }
            StaysSince::Unsettled => write!(
                f,
                "nothing tells whether the registry deletes such things, and it was not tried"
            ),
        }
    }
}

/// What could not be removed, by its kind and by why it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left(BTreeMap<(ContentKind, StaysSince), Vec<String>>);

impl Left {
    /// Notes one thing that stays.
    pub(super) fn note(&mut self, kind: ContentKind, since: StaysSince, name: &str, reference: &str) {
        let mark = if kind == ContentKind::Tag { ':' } else { '@' };
        self.0
            .entry((kind, since))
            .or_default()
            .push(format!("{name}{mark}{reference}"));
    }

    /// Notes what else stays.
    pub(in crate::run) fn extend(&mut self, other: Left) {
        for (why, mut things) in other.0 {
            self.0.entry(why).or_default().append(&mut things);
        }
    }

    /// Whether nothing stays.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Left {
    /// A line for each kind and reason.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|((kind, since), things)| {
            let first: Vec<&str> = things.iter().take(NAMED).map(String::as_str).collect();
            let more = if things.len() > NAMED { ", …" } else { "" };
            format!(
                "{}, since {since}: {}{more}",
                kind.counted(things.len()),
                first.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_by_kind_and_reason() {
        let mut left = Left::default();
        for number in 1..=4 {
            left.note(
                ContentKind::Blob,
                StaysSince::Answered(405),
                "a/b",
                &format!("sha256:{number}"),
            );
        }
        left.note(ContentKind::Tag, StaysSince::Unanswered, "a/b", "latest");
        left.note(ContentKind::Tag, StaysSince::Unsettled, "a/b", "v1");
        left.note(ContentKind::Manifest, StaysSince::Refused(405), "a/b", "sha256:5");
        insta::assert_snapshot!(left.lines().collect::<Vec<String>>().join("\n"), @r"
        1 tag, since no answer came to their deletion: a/b:latest
        1 tag, since nothing tells whether the registry deletes such things, and it was not tried: a/b:v1
        1 manifest, since the registry answers 405 to such deletions: a/b@sha256:5
        4 blobs, since the registry answers 405 to their deletion: a/b@sha256:1, a/b@sha256:2, a/b@sha256:3, …
        ");
    }
}
