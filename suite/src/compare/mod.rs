//! Registries side by side: reports as columns, requirements as rows.
//!
//! [`ReportFile`] reads what `--report json` wrote, what `assize snapshot` recorded, or the results of the OCI's own suite,
//! [`Comparison`] lays reports side by side, the forms only write.

mod form;
mod html;
mod markdown;
mod official;
mod recorded;
mod report_file;
#[cfg(test)]
mod tests;
mod text;
mod trend;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

pub use self::form::{BadComparisonForm, ComparisonError, ComparisonForm};
pub use self::official::{BadResults, official_results};
pub(crate) use self::report_file::Score;
pub use self::report_file::{BadReport, ReportFile};
pub use self::trend::{Since, Trend};
use crate::catalogue::Level;
use crate::report::VerdictKind;

/// Reports side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The reports.
    pub columns: Vec<ComparedReport>,
    /// The requirements, in the order of the catalogue, those of most weight first, and of these what is broken.
    pub rows: Vec<ComparedRequirement>,
    /// How many requirements are left out because only some of the reports say something of them.
    pub one_sided: usize,
}

/// One report.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedReport {
    /// What it is called here.
    pub name: String,
    /// The address of the registry.
    pub target: String,
    /// The version of the specification that it was judged by.
    pub version: String,
    /// What the run came to, in one sentence.
    pub verdict: String,
    /// How many requirements of each level held, of how many that were judged.
    pub scores: Vec<LevelScore>,
    /// What it gained and lost since the column before, where the columns are those of one registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

/// How much of one level held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelScore {
    /// The level.
    #[serde(serialize_with = "word")]
    pub level: Level,
    /// The requirements that held.
    pub held: usize,
    /// The requirements that held, held late, or broke.
    pub judged: usize,
}

/// One requirement.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedRequirement {
    /// Its id.
    pub requirement: String,
    /// Its level in the first report in which it is in force.
    #[serde(serialize_with = "word_if_any")]
    pub level: Option<Level>,
    /// Its category.
    pub category: Option<String>,
    /// What it asks.
    pub text: Option<String>,
    /// The address of the sentence that asks it.
    pub link: Option<String>,
    /// What became of it in each report, in the order of the columns.
    pub cells: Vec<ComparedVerdict>,
}

/// What became of a requirement in one report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedVerdict {
    /// Its verdict; `None` where the report does not have the requirement, or it was not in force there.
    pub verdict: Option<VerdictKind>,
    /// What was got in place of what was asked, where it broke.
    pub got: Option<String>,
    /// How it turned since the column before, where the columns are those of one registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Trend>,
}

/// Which requirements are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedRows {
    /// Those that came to different verdicts.
    Differences,
    /// Every one that is in force in one of the reports.
    Everything,
}

impl Comparison {
    /// Lays reports side by side.
    pub fn of(reports: &[ReportFile], shown: ComparedRows) -> Comparison {
        let mut rows: Vec<ComparedRequirement> = Vec::new();
        let mut one_sided = 0;
        for id in report_file::requirements(reports) {
            let row = ComparedRequirement::of(id, reports);
            let is_in_force = row.cells.iter().any(|cell| cell.verdict.is_some());
            if is_in_force && (shown == ComparedRows::Everything || row.differs()) {
                rows.push(row);
            } else if row.is_one_sided() {
                one_sided += 1;
            }
        }
        rows.sort_by_key(|row| (Reverse(row.level), !row.is_broken_somewhere()));
        Comparison {
            columns: told_apart(reports.iter().map(ComparedReport::of).collect()),
            rows,
            one_sided,
        }
    }

    /// How many requirements are left out, in words, if there are any.
    fn left_out(&self) -> Option<String> {
        let them = match self.one_sided {
            0 => return None,
            1 => "1 requirement that only some of them ask is".to_owned(),
            many => format!("{many} requirements that only some of them ask are"),
        };
        Some(format!("{them} left out; --all shows everything"))
    }
}

/// The columns, those of one name told apart by a number.
fn told_apart(mut columns: Vec<ComparedReport>) -> Vec<ComparedReport> {
    let mut taken = BTreeSet::new();
    for column in &mut columns {
        let numbered = (2..).map(|number| format!("{} ({number})", column.name));
        let mut names = std::iter::once(column.name.clone()).chain(numbered);
        if let Some(free) = names.find(|name| taken.insert(name.clone())) {
            column.name = free;
        }
    }
    columns
}

impl ComparedReport {
    fn of(report: &ReportFile) -> ComparedReport {
        let scores = [Level::Must, Level::Should].map(|level| {
            let of_level = || report.verdicts().filter(move |(at, _)| *at == level);
            LevelScore {
                level,
                held: of_level()
                    .filter(|(_, verdict)| *verdict == VerdictKind::Held)
                    .count(),
                judged: of_level().filter(|(_, verdict)| verdict.is_judged()).count(),
            }
        });
        ComparedReport {
            name: report.name.clone(),
            target: report.target().to_owned(),
            version: report.version().to_owned(),
            verdict: report.sentence().to_owned(),
            scores: scores.to_vec(),
            since: None,
        }
    }
}

impl ComparedRequirement {
    fn of(id: &str, reports: &[ReportFile]) -> ComparedRequirement {
        let known = || reports.iter().filter_map(|report| report.requirement(id));
        ComparedRequirement {
            requirement: id.to_owned(),
            level: known().find_map(|row| row.level),
            category: known().find_map(|row| row.category.clone()),
            text: known().find_map(|row| row.text.clone()),
            link: known().find_map(|row| row.source.as_ref().map(|source| source.link.clone())),
            cells: reports.iter().map(|report| report.cell(id)).collect(),
        }
    }

    /// Whether one of the registries breaks it.
    fn is_broken_somewhere(&self) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| cell.verdict == Some(VerdictKind::Broken))
    }

    /// Whether the reports disagree on it: those that say something of it.
    pub fn differs(&self) -> bool {
        let mut verdicts = self.cells.iter().filter_map(ComparedVerdict::told);
        let first = verdicts.next();
        verdicts.any(|verdict| Some(verdict) != first)
    }

    /// Whether one report says something of it, and another nothing.
    fn is_one_sided(&self) -> bool {
        let told = self.cells.iter().filter(|cell| cell.told().is_some()).count();
        told > 0 && told < self.cells.len()
    }
}

impl ComparedVerdict {
    /// The verdict, if the report says something of the requirement: that it was not asked says nothing.
    fn told(&self) -> Option<VerdictKind> {
        self.verdict
            .filter(|verdict| !matches!(verdict, VerdictKind::NotAsked | VerdictKind::NoOccasion))
    }
}

fn word<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(level)
}

fn word_if_any<S: Serializer>(level: &Option<Level>, to: S) -> Result<S::Ok, S::Error> {
    match level {
        Some(level) => to.collect_str(level),
        None => to.serialize_none(),
    }
}
