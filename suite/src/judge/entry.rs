//! The checks of one run of one program, those that were alike counted together.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalogue::RequirementId;
use crate::check::describe;
use crate::judgement::{Place, Verdict};
use crate::log::Evidence;
use crate::scenario::Checkpoint;
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
    /// Where those stand of which nothing is to be said: most, and the same ones for every answer.
    plain: HashMap<PlainKey, usize>,
}

/// The program, the number of the check in it, and what that came to.
type PlainKey = (Arc<str>, usize, Plain);

/// What a check came to of which nothing is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plain {
    Held,
    NoOccasion,
}

impl From<Plain> for Verdict {
    fn from(plain: Plain) -> Verdict {
        match plain {
            Plain::Held => Verdict::Held,
            Plain::NoOccasion => Verdict::NoOccasion,
        }
    }
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
    /// Adds a check of an answer, the one of this number in its program, of which nothing is to be said.
    pub(super) fn add_plain(&mut self, number: usize, checkpoint: &Checkpoint, plain: Plain) {
        let key = (checkpoint.place.scenario.clone(), number, plain);
        if let Some(at) = self.plain.get(&key) {
            self.entries[*at].count += 1;
            return;
        }
        let at = self.add(Entry {
            requirement: checkpoint.requirement.clone(),
            place: checkpoint.place.clone(),
            row: None,
            verdict: plain.into(),
            asked: describe::line(&checkpoint.asked),
            got: String::new(),
            count: 1,
            check: checkpoint.check.clone(),
            evidence: Evidence::Nothing,
        });
        self.plain.insert(key, at);
    }

    /// Adds checks; where they stand now.
    pub(super) fn add(&mut self, entry: Entry) -> usize {
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
        if let Some(at) = self.index.get(&key) {
            self.entries[*at].count += entry.count;
            return *at;
        }
        let at = self.entries.len();
        self.index.insert(key, at);
        self.entries.push(entry);
        at
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
