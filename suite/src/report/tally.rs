//! How many requirements came to which verdict, by category of the specification.

use serde::{Deserialize, Serialize};

use super::Report;
use crate::catalogue::{Category, Level, RequirementId};
use crate::judgement::{Finding, RequirementOutcome, Verdict};

/// What a requirement came to, in one word: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// It holds.
    Held,
    /// It is broken, and a finding.
    Broken,
    /// It is broken, as follows from a finding.
    Follows,
    /// It held within the grace.
    Late,
    /// The registry does not offer it, as it may.
    NotOffered,
    /// Something before it failed.
    NotReached,
    /// The occasion never came up.
    NoOccasion,
    /// It was not to be asked.
    NotAsked,
    /// The suite itself failed.
    #[serde(rename = "suite-failed")]
    Failed,
}

impl VerdictKind {
    /// The columns in their order.
    pub(super) const ALL: [VerdictKind; 9] = [
        VerdictKind::Held,
        VerdictKind::Broken,
        VerdictKind::Follows,
        VerdictKind::Late,
        VerdictKind::NotOffered,
        VerdictKind::NotReached,
        VerdictKind::NoOccasion,
        VerdictKind::NotAsked,
        VerdictKind::Failed,
    ];

    /// The column's heading; also what the verdict is called elsewhere.
    pub fn title(self) -> &'static str {
        match self {
            VerdictKind::Held => "held",
            VerdictKind::Broken => "broken",
            VerdictKind::Follows => "follows",
            VerdictKind::Late => "late",
            VerdictKind::NotOffered => "not offered",
            VerdictKind::NotReached => "not reached",
            VerdictKind::NoOccasion => "no occasion",
            VerdictKind::NotAsked => "not asked",
            VerdictKind::Failed => "suite failed",
        }
    }

    /// Whether the registry answered what was asked.
    pub fn is_judged(self) -> bool {
        matches!(
            self,
            VerdictKind::Held | VerdictKind::Broken | VerdictKind::Follows | VerdictKind::Late
        )
    }

    /// Whether a registry that conforms would have shown it: it was judged, or was to be and could not.
    pub(crate) fn is_due(self) -> bool {
        self.is_judged() || matches!(self, VerdictKind::NotReached | VerdictKind::Failed)
    }

    /// The column of a verdict.
    pub(super) fn of(verdict: &Verdict) -> VerdictKind {
        match verdict {
            Verdict::Held => VerdictKind::Held,
            Verdict::Broken => VerdictKind::Broken,
            Verdict::Late => VerdictKind::Late,
            Verdict::NotOffered(_) => VerdictKind::NotOffered,
            Verdict::NotReached(_) => VerdictKind::NotReached,
            Verdict::NoOccasion => VerdictKind::NoOccasion,
            Verdict::NotAsked(_) => VerdictKind::NotAsked,
            Verdict::Failed(_) => VerdictKind::Failed,
        }
    }
}

/// A row of the table: the requirements of one category and one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The category.
    pub(super) category: Category,
    /// The level: MUST or SHOULD.
    pub(super) level: Level,
    /// The numbers, a column each.
    pub(super) numbers: [usize; VerdictKind::ALL.len()],
}

impl Row {
    /// The number in a column.
    pub(super) fn number(&self, column: VerdictKind) -> usize {
        self.numbers[column as usize]
    }
}

impl<'a> Report<'a> {
    /// The finding from which it follows that a requirement is broken, if it is none itself.
    pub(super) fn cause(&self, id: &RequirementId) -> Option<&'a Finding> {
        let follows = |finding: &&Finding| finding.consequences.iter().any(|one| one.requirement == *id);
        let mut findings = self.outcome.findings.iter();
        findings.find(follows).filter(|_| !self.is_finding(id))
    }

    /// Whether a requirement is a finding itself, and so no mere consequence whatever else breaks it.
    pub(super) fn is_finding(&self, id: &RequirementId) -> bool {
        self.findings_of(id).next().is_some()
    }

    /// The findings of a requirement: one for each cause.
    pub(super) fn findings_of(&self, id: &RequirementId) -> impl Iterator<Item = &'a Finding> {
        let findings = self.outcome.findings.iter();
        findings.filter(move |finding| finding.requirement == *id)
    }

    fn column(&self, outcome: &RequirementOutcome) -> VerdictKind {
        match VerdictKind::of(&outcome.verdict) {
            VerdictKind::Broken if self.cause(&outcome.id).is_some() => VerdictKind::Follows,
            column => column,
        }
    }

    /// The table: a row for each category and level in which something was in force.
    pub(super) fn tally(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Category::ALL
            .iter()
            .flat_map(|category| [Level::Must, Level::Should].map(|level| Row::empty(*category, level)))
            .collect();
        for requirement in &self.outcome.requirements {
            let category = self
                .library
                .catalogue
                .get(&requirement.id)
                .map(|found| found.category);
            let row = rows
                .iter_mut()
                .find(|row| Some(row.category) == category && Some(row.level) == requirement.level);
            if let Some(row) = row {
                row.numbers[self.column(requirement) as usize] += 1;
            }
        }
        rows.retain(|row| row.numbers.iter().any(|number| *number > 0));
        rows
    }
}

impl Row {
    fn empty(category: Category, level: Level) -> Row {
        Row {
            category,
            level,
            numbers: [0; VerdictKind::ALL.len()],
        }
    }
}
