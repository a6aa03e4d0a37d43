//! Whether the ids are in the catalogue, and the levels as it has them.

use crate::catalogue::{Catalogue, Level, Requirement, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::scenario::ast::{Asked, Item, Scenario, Slot, Spanned, Statement};
use crate::scenario::tables::{Tables, common_tail};

pub(super) fn check(scenario: &Scenario, catalogue: &Catalogue, faults: &mut Vec<Diagnostic>) {
    let mut levels = LevelsCheck {
        catalogue,
        tables: Tables::default(),
        faults,
    };
    levels.block(&scenario.body);
}

struct LevelsCheck<'s, 'c, 'f> {
    catalogue: &'c Catalogue,
    tables: Tables<'s>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'s, 'c> LevelsCheck<'s, 'c, '_> {
    fn block(&mut self, items: &'s [Item]) {
        for item in items {
            match &item.value {
                Statement::Level(asked) => self.level(asked, &item.span),
                Statement::For(rows, inside) => {
                    self.tables.enter(rows);
                    self.block(inside);
                    self.tables.leave();
                }
                statement => self.block(statement.inside()),
            }
        }
    }

    fn level(&mut self, asked: &Asked, line: &Span) {
        if let Slot::Column(column) = &asked.id.value
            && self.tables.cells(column).is_none()
        {
            let fault = Diagnostic::error(
                format!("`{column}` is not a column of ids"),
                asked.id.span.clone(),
            )
            .label("expected a column of the rows around this line");
            let suggestion = did_you_mean(&column.0, self.tables.columns());
            self.faults.push(Diagnostic { suggestion, ..fault });
            return;
        }
        let mut found = Vec::new();
        for id in self.tables.ids(asked) {
            let at = if matches!(asked.id.value, Slot::Is(_)) {
                line
            } else {
                &id.span
            };
            if let Some(requirement) = self.requirement(&id) {
                found.push((requirement, at.clone()));
            }
        }
        self.compare(asked, line, &found);
    }

    /// The requirement with this id, which must be in the catalogue.
    fn requirement(&mut self, id: &Spanned<Option<RequirementId>>) -> Option<&'c Requirement> {
        let fault = match &id.value {
            Some(known) => match self.catalogue.get(known) {
                Some(requirement) => return Some(requirement),
                None => unknown(self.catalogue, known, &id.span),
            },
            None => Diagnostic::error(
                "a cell of this row is not the id of a requirement",
                id.span.clone(),
            )
            .label("a level takes its id from this row"),
        };
        self.faults.push(fault);
        None
    }

    /// Holds a level line to what the catalogue says of its requirements.
    fn compare(&mut self, asked: &Asked, line: &Span, found: &[(&Requirement, Span)]) {
        let other = found
            .iter()
            .filter(|(requirement, _)| requirement.levels.newest() != Some(asked.level));
        let faults: Vec<Diagnostic> = other
            .map(|(requirement, at)| other_level(asked, requirement, at))
            .collect();
        let requirements: Vec<&Requirement> = found.iter().map(|(requirement, _)| *requirement).collect();
        let tail = common_tail(&requirements);
        if faults.is_empty() && !requirements.is_empty() && !says_the_same(&asked.older, &tail) {
            let right = Asked {
                older: tail,
                ..asked.clone()
            };
            self.faults.push(
                Diagnostic::error("the catalogue has other levels for other versions", line.clone())
                    .label("unlike the catalogue")
                    .suggest(format!("write `{right}`; `assize fmt` does so")),
            );
        }
        self.faults.extend(faults);
    }
}

fn unknown(catalogue: &Catalogue, id: &RequirementId, span: &Span) -> Diagnostic {
    let fault = Diagnostic::error(format!("there is no requirement `{id}`"), span.clone())
        .label("not in the catalogue");
    match did_you_mean(id.as_str(), catalogue.iter().map(|known| known.id.as_str())) {
        Some(meant) => fault.suggest(meant),
        None => fault.suggest("add it to a file of `requirements/`, or cite one that is there"),
    }
}

fn other_level(asked: &Asked, requirement: &Requirement, at: &Span) -> Diagnostic {
    let level = requirement
        .levels
        .newest()
        .map(|level| level.to_string())
        .unwrap_or_default();
    Diagnostic::error(
        format!("the catalogue has another level for `{}`", requirement.id),
        at.clone(),
    )
    .label(format!("asked as {}", asked.level))
    .suggest(format!(
        "write `{level}`, as the catalogue does for the newest version"
    ))
}

/// Whether two tails say the same, in whatever order.
fn says_the_same(one: &[(Level, Vec<Version>)], other: &[(Level, Vec<Version>)]) -> bool {
    let flat = |tail: &[(Level, Vec<Version>)]| {
        let mut pairs: Vec<(Version, Level)> = tail
            .iter()
            .flat_map(|(level, versions)| versions.iter().map(|version| (*version, *level)))
            .collect();
        pairs.sort();
        pairs
    };
    flat(one) == flat(other)
}
