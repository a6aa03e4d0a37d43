//! What was seen of each requirement, check by check; equal things are counted, not repeated.

use std::collections::HashMap;
use std::sync::Arc;

use super::outcome::{Place, Verdict};
use crate::catalogue::RequirementId;
use crate::wire::Exchange;

/// The checks of one run of one scenario.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    index: HashMap<Key, usize>,
}

/// Checks of one requirement that were alike in all that a report shows.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The requirement.
    pub requirement: RequirementId,
    /// Where the check stands.
    pub place: Place,
    /// The first cell of the row, if it stands in rows.
    pub row: Option<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// What was asked.
    pub asked: String,
    /// What was got; empty where nothing is to be said of it.
    pub got: String,
    /// How many there were.
    pub count: usize,
    /// What shows it again.
    pub shown: Shown,
}

/// What shows again what a check came to.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Nothing does, or nothing needs to.
    Nothing,
    /// These exchanges, the one that was judged at the end.
    Exchanges(Vec<Arc<Exchange>>),
    /// These lines for a shell.
    Shell(String),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    requirement: RequirementId,
    place: Place,
    row: Option<String>,
    verdict: String,
    got: String,
}

impl Ledger {
    /// Adds what was seen.
    pub fn add(&mut self, entry: Entry) {
        let key = Key {
            requirement: entry.requirement.clone(),
            place: entry.place.clone(),
            row: entry.row.clone(),
            verdict: format!("{:?}", entry.verdict),
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

    /// Everything seen, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether a check broke.
    pub fn is_broken(&self) -> bool {
        self.entries.iter().any(|entry| entry.verdict == Verdict::Broken)
    }

    /// The first fault of the suite itself.
    pub fn failure(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match &entry.verdict {
            Verdict::Failed(why) => Some(why.as_str()),
            _ => None,
        })
    }
}
