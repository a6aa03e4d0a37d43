//! The checks of one run of one program, those that were alike counted together.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalogue::RequirementId;
use crate::judgement::{Place, Verdict};
use crate::log::Evidence;
use crate::scenario::ast::Check;

/// Checks of one requirement that were alike in all that a report shows.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The requirement.
    pub(super) requirement: RequirementId,
    /// Where the check stands.
    pub(super) place: Place,
    /// The first cell of the row, if it stands in rows.
    pub(super) row: Option<String>,
    /// What it came to.
    pub(super) verdict: Verdict,
    /// What was asked.
    pub(super) asked: String,
    /// What was got; empty where nothing is to be said of it.
    pub(super) got: String,
    /// How many there were.
    pub(super) count: usize,
    /// What was looked at, where a transcript says so.
    pub(super) check: Option<Arc<Check>>,
    /// What the first of them looked at.
    pub(super) evidence: Evidence,
}

/// The checks of one run of one program, in order.
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: Vec<Entry>,
    index: HashMap<Key, usize>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    requirement: RequirementId,
    place: Place,
    row: Option<String>,
    verdict: String,
    got: String,
}

impl Entries {
    pub(super) fn add(&mut self, entry: Entry) {
        let key = Key {
            requirement: entry.requirement.clone(),
            place: entry.place.clone(),
            row: entry.row.clone(),
            verdict: match &entry.verdict {
                Verdict::NotReached(cause) => format!("{:?}", cause.kind()),
                other => format!("{other:?}"),
            },
            got: entry.got.clone(),
        };
        match self.index.get(&key) {
            Some(at) => self.entries[*at].count += entry.count,
            None => {
                self.index.insert(key, self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    /// Every entry, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Those that broke.
    pub(super) fn broken(&self) -> impl Iterator<Item = &Entry> {
        self.iter().filter(|entry| entry.verdict == Verdict::Broken)
    }

    /// The first fault of the suite itself.
    pub(super) fn failure(&self) -> Option<Verdict> {
        let failed = |entry: &&Entry| matches!(entry.verdict, Verdict::Failed(_));
        self.iter().find(failed).map(|entry| entry.verdict.clone())
    }
}
