//! The runs of one registry, newest first, and what changed from one to the next.

use serde::Serialize;

use super::SiteReport;
use crate::catalogue::{Category, Level};
use crate::compare::{ComparedRows, Comparison, ReportFile, Score};
use crate::report::{Badge, BadgeScore, VerdictKind};

/// How many requirements that changed are named for one run: more is another registry, not a change.
const NAMED: usize = 40;

/// One run of a registry.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SiteRun {
    target: String,
    specification: String,
    suite: String,
    started: u64,
    passes: bool,
    word: String,
    sentence: String,
    must: Score,
    should: Score,
    categories: Vec<CategoryScores>,
    changes: Vec<SiteChange>,
    /// How many changes are not named.
    more: usize,
}

/// The scores of one category.
#[derive(Clone, Debug, Serialize)]
struct CategoryScores {
    must: Score,
    should: Score,
}

/// A requirement that came to another verdict than in the run before.
#[derive(Clone, Debug, Serialize)]
struct SiteChange {
    requirement: String,
    before: &'static str,
    now: &'static str,
    gained: bool,
}

/// The runs that these reports, newest first, are of.
pub(super) fn of(reports: &[SiteReport]) -> Vec<SiteRun> {
    let olders = reports.iter().skip(1).map(Some).chain([None]);
    reports
        .iter()
        .zip(olders)
        .map(|(report, older)| {
            let mut run = SiteRun::of(&report.file);
            if let Some(older) = older {
                run.changed_since(older, report);
            }
            run
        })
        .collect()
}

impl SiteRun {
    pub(super) fn of(file: &ReportFile) -> SiteRun {
        let score = |level| file.score(level, None);
        let categories = Category::ALL.iter().map(|category| CategoryScores {
            must: file.score(Level::Must, Some(category.words())),
            should: file.score(Level::Should, Some(category.words())),
        });
        SiteRun {
            target: file.target().to_owned(),
            specification: file.specification(),
            suite: file.suite(),
            started: file.started(),
            passes: file.passes(),
            word: file.word().replace('-', " "),
            sentence: file.sentence().to_owned(),
            must: score(Level::Must),
            should: score(Level::Should),
            categories: categories.collect(),
            changes: Vec::new(),
            more: 0,
        }
    }

    fn changed_since(&mut self, older: &SiteReport, newer: &SiteReport) {
        let pair = [older.file.clone(), newer.file.clone()];
        let rows = Comparison::of(&pair, ComparedRows::Differences).rows;
        let mut changes: Vec<SiteChange> = rows
            .into_iter()
            .filter_map(|row| {
                let [before, now] = [row.cells.first()?.verdict?, row.cells.get(1)?.verdict?];
                let is_of_weight = before.is_judged() || now.is_judged();
                is_of_weight.then(|| SiteChange {
                    requirement: row.requirement,
                    before: before.title(),
                    now: now.title(),
                    gained: now == VerdictKind::Held,
                })
            })
            .collect();
        self.more = changes.len().saturating_sub(NAMED);
        changes.truncate(NAMED);
        self.changes = changes;
    }

    /// The badge of the registry after this run.
    pub(super) fn badge(&self) -> Badge {
        let score = |level, score: Score| BadgeScore {
            level,
            held: score.held,
            due: score.due,
        };
        Badge {
            specification: self.specification.clone(),
            scores: vec![score(Level::Must, self.must), score(Level::Should, self.should)],
        }
    }
}
