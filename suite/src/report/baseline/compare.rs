//! A result held against a baseline.

use super::{BaselineEntry, Occurs};
use crate::catalogue::RequirementId;
use crate::judgement::{End, Finding, Strictness, Verdict, Way};
use crate::report::{Report, words};

/// What the baseline says of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It does not list it.
    New,
    /// It lists it.
    Listed(&'a BaselineEntry),
    /// It lists it in other ways, and not in these.
    Grown(&'a BaselineEntry, Vec<String>),
}

/// Something that the baseline lists and that is found no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale<'a> {
    /// The requirement.
    pub requirement: &'a RequirementId,
    /// The way, if the requirement is still broken in others.
    pub way: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// What the baseline says of a finding.
    pub fn standing(&self, finding: &'a Finding) -> Standing<'a> {
        let Some(entry) = self
            .baseline
            .and_then(|baseline| baseline.get(&finding.requirement))
        else {
            return Standing::New;
        };
        let mut others: Vec<String> = finding.ways.iter().map(words::way).collect();
        let is_listed = |way: &String| entry.ways.contains(way) || entry.races.contains(way);
        others.retain(|way| !entry.ways.is_empty() && !is_listed(way));
        others.sort();
        others.dedup();
        if others.is_empty() {
            Standing::Listed(entry)
        } else {
            Standing::Grown(entry, others)
        }
    }

    /// What the baseline knows about a finding, if it lists it in all its ways.
    pub fn known(&self, finding: &'a Finding) -> Option<&'a BaselineEntry> {
        match self.standing(finding) {
            Standing::Listed(entry) => Some(entry),
            Standing::New | Standing::Grown(..) => None,
        }
    }

    /// What the baseline lists and the run did not find, although it asked everything.
    pub fn stale(&self) -> Vec<Stale<'a>> {
        let facts = &self.outcome.facts;
        let whole = facts.narrowed.is_empty() && self.outcome.end == End::Complete;
        let entries = self
            .baseline
            .iter()
            .filter(|_| whole)
            .flat_map(|baseline| baseline.iter())
            .filter(|(_, entry)| entry.occurs == Occurs::Always);
        entries
            .flat_map(|(id, entry)| {
                let found = |way: Option<&'a str>| Stale { requirement: id, way };
                if self.is_settled(id) {
                    return vec![found(None)];
                }
                let present = self.ways_of(id);
                let gone = |way: &&String| !present.is_empty() && !present.contains(*way);
                entry
                    .ways
                    .iter()
                    .filter(gone)
                    .map(|way| found(Some(way)))
                    .collect()
            })
            .collect()
    }

    /// Whether the run has shown that a requirement is not broken: where nothing was learnt, nothing is out of date.
    fn is_settled(&self, id: &RequirementId) -> bool {
        let outcome = self.outcome.requirements.iter().find(|outcome| outcome.id == *id);
        outcome.is_some_and(|outcome| match outcome.verdict {
            Verdict::Held | Verdict::NotOffered(_) => true,
            Verdict::Late => self.outcome.facts.strictness == Strictness::Violations,
            Verdict::Broken
            | Verdict::NotReached(_)
            | Verdict::NoOccasion
            | Verdict::NotAsked(_)
            | Verdict::Failed(_) => false,
        })
    }

    /// The ways in which a requirement broke, be it a finding or a consequence of one.
    fn ways_of(&self, id: &RequirementId) -> Vec<String> {
        let findings = self.outcome.findings.iter();
        let ways = findings.flat_map(|finding| {
            let own = (&finding.requirement, &finding.ways);
            let following = finding
                .consequences
                .iter()
                .map(|following| (&following.requirement, &following.ways));
            std::iter::once(own).chain(following)
        });
        let ways: Vec<&Way> = ways
            .filter(|(broken, _)| *broken == id)
            .flat_map(|(_, ways)| ways)
            .collect();
        ways.into_iter().map(words::way).collect()
    }
}
