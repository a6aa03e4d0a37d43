//! A comparison of one registry over time: what each column gained and lost since the one before.

use serde::Serialize;

use super::{ComparedVerdict, Comparison};
use crate::report::VerdictKind;

/// What became of a requirement since the column before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It holds now, and did not.
    Gained,
    /// It is broken now, and was not.
    Lost,
}

/// How much a column gained and lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The name of the column before.
    pub before: String,
    /// The requirements that hold now, and did not.
    pub gained: usize,
    /// The requirements that are broken now, and were not.
    pub lost: usize,
}

impl Comparison {
    /// Takes the columns for those of one registry, oldest first. What a report says nothing of is as it was told last.
    #[must_use]
    pub fn over_time(mut self) -> Comparison {
        for row in &mut self.rows {
            let mut before = None;
            for cell in &mut row.cells {
                let Some(now) = cell.told() else { continue };
                cell.turn = before.and_then(|before| Trend::between(before, now));
                before = Some(now);
            }
        }
        for at in 1..self.columns.len() {
            let turns = self.rows.iter().filter_map(|row| row.cells.get(at)?.turn);
            let (gained, lost): (Vec<Trend>, Vec<Trend>) = turns.partition(|turn| *turn == Trend::Gained);
            self.columns[at].since = Some(Since {
                before: self.columns[at - 1].name.clone(),
                gained: gained.len(),
                lost: lost.len(),
            });
        }
        self
    }
}

impl Trend {
    fn between(before: VerdictKind, now: VerdictKind) -> Option<Trend> {
        match (before == now, now) {
            (false, VerdictKind::Held) => Some(Trend::Gained),
            (false, VerdictKind::Broken) => Some(Trend::Lost),
            _ => None,
        }
    }
}

impl Since {
    /// It in words.
    pub(super) fn words(&self) -> String {
        format!(
            "since {}: {} gained, {} lost",
            self.before, self.gained, self.lost
        )
    }
}

impl ComparedVerdict {
    /// What the cell says: the verdict, and before it how it turned.
    pub(super) fn words(&self) -> String {
        let sign = match self.turn {
            None => "",
            Some(Trend::Gained) => "+ ",
            Some(Trend::Lost) => "- ",
        };
        let verdict = self.verdict.map_or("not in force", VerdictKind::title);
        format!("{sign}{verdict}")
    }
}
