//! The report as a badge: an image with the figures of both levels, for the page of a project.

use minijinja::context;

use super::html::templates;
use super::tally::VerdictKind;
use super::{Report, words};
use crate::catalogue::Level;

const BADGE: &str = include_str!("badge.xml");
/// What a letter of the badge is wide in the middle, and what is left free on both sides of a field, in pixels.
const LETTER: usize = 7;
const MARGIN: usize = 8;

/// What a badge shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    /// What was judged by.
    pub(crate) specification: String,
    /// The figures of each level.
    pub(crate) scores: Vec<BadgeScore>,
}

/// How much of one level held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadgeScore {
    /// The level.
    pub(crate) level: Level,
    /// The requirements that held.
    pub(crate) held: usize,
    /// The requirements that were to be shown.
    pub(crate) due: usize,
}

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, minijinja::Error> {
    let facts = &report.outcome.facts;
    let rows = report.tally();
    let is_whole = facts.narrowed.is_empty() && !report.outcome.end.is_cut_off();
    let part = if is_whole { "" } else { ", in part" };
    let scores = [Level::Must, Level::Should].map(|level| {
        let of_level = || rows.iter().filter(move |row| row.level == level);
        let sum = |kind| of_level().map(|row| row.number(kind)).sum();
        BadgeScore {
            level,
            held: sum(VerdictKind::Held),
            due: VerdictKind::ALL
                .into_iter()
                .filter(|kind| kind.is_due())
                .map(sum)
                .sum(),
        }
    });
    Badge {
        specification: format!("{}{part}", words::specification(facts.version)),
        scores: scores.to_vec(),
    }
    .render()
}

impl Badge {
    /// The figures of the levels of which something was due.
    fn due(&self) -> impl Iterator<Item = &BadgeScore> {
        self.scores.iter().filter(|score| score.due > 0)
    }

    /// The image.
    pub(crate) fn render(&self) -> Result<String, minijinja::Error> {
        let scores = self.due().map(|score| (score.words(), score.colour()));
        let fields = std::iter::once((self.specification.clone(), "#4a515a")).chain(scores);
        let mut left = 0;
        let fields: Vec<minijinja::Value> = fields
            .map(|(text, colour)| {
                let written = text.chars().count() * LETTER;
                let width = written + 2 * MARGIN;
                let field = context! { text, colour, left, width, written, middle => left + width / 2 };
                left += width;
                field
            })
            .collect();
        let words: Vec<String> = self.due().map(BadgeScore::words).collect();
        let mut templates = templates()?;
        templates.add_template("badge.xml", BADGE)?;
        let image = templates.get_template("badge.xml")?;
        image.render(context! {
            fields,
            width => left,
            title => format!("{}: {}", self.specification, words.join(", ")),
        })
    }
}

impl BadgeScore {
    fn words(&self) -> String {
        format!("{} {} of {}", self.level, self.held, self.due)
    }

    fn colour(&self) -> &'static str {
        match (self.level, self.held == self.due) {
            (_, true) => "#1a6b3c",
            (Level::Must, false) => "#a8201a",
            (_, false) => "#8a5300",
        }
    }
}
