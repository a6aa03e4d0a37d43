//! How many requirements came to which verdict, by category of the specification.

use super::Report;
use crate::catalogue::{Category, Level, RequirementId};
use crate::judgement::{Finding, RequirementOutcome, Verdict};

/// The columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
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
    Failed,
}

impl Column {
    /// The columns in their order.
    pub(super) const ALL: [Column; 9] = [
        Column::Held,
        Column::Broken,
        Column::Follows,
        Column::Late,
        Column::NotOffered,
        Column::NotReached,
        Column::NoOccasion,
        Column::NotAsked,
        Column::Failed,
    ];

    /// The column's heading; also what the verdict is called elsewhere.
    pub(super) fn title(self) -> &'static str {
        match self {
            Column::Held => "held",
            Column::Broken => "broken",
            Column::Follows => "follows",
            Column::Late => "late",
            Column::NotOffered => "not offered",
            Column::NotReached => "not reached",
            Column::NoOccasion => "no occasion",
            Column::NotAsked => "not asked",
            Column::Failed => "suite failed",
        }
    }

    /// The column of a verdict.
    pub(super) fn of(verdict: &Verdict) -> Column {
        match verdict {
            Verdict::Held => Column::Held,
            Verdict::Broken => Column::Broken,
            Verdict::Late => Column::Late,
            Verdict::NotOffered(_) => Column::NotOffered,
            Verdict::NotReached(_) => Column::NotReached,
            Verdict::NoOccasion => Column::NoOccasion,
            Verdict::NotAsked(_) => Column::NotAsked,
            Verdict::Failed(_) => Column::Failed,
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
    pub(super) numbers: [usize; Column::ALL.len()],
}

impl Row {
    /// The number in a column.
    pub(super) fn number(&self, column: Column) -> usize {
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
        let mut findings = self.outcome.findings.iter();
        findings.any(|finding| finding.requirement == *id)
    }

    fn column(&self, outcome: &RequirementOutcome) -> Column {
        match Column::of(&outcome.verdict) {
            Column::Broken if self.cause(&outcome.id).is_some() => Column::Follows,
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
            numbers: [0; Column::ALL.len()],
        }
    }
}
