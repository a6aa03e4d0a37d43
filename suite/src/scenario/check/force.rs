//! Whether, in every version, the steps in force do without the values of those that are not.
//!
//! A step is what stands between one `==` and the next. It is left out in a version if it cites requirements and
//! none of them is in force there, and so is a row. What stands above the first `==` is always done.

use std::collections::{BTreeMap, HashMap};

use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Span};
use crate::scenario::ast::{
    Asked, Item, Name, Nature, Rows, Scenario, Slot, Statement, Text, each_statement,
};
use crate::scenario::tables::plain;
use crate::scenario::uses::{bound, columns, is_taken, uses, uses_of_cell};

pub(super) fn check(scenario: &Scenario, catalogue: &Catalogue, faults: &mut Vec<Diagnostic>) {
    if scenario.nature == Nature::Standing {
        return;
    }
    let mut missing = BTreeMap::new();
    for version in Version::ALL {
        let mut walk = Walk {
            catalogue,
            version,
            cells: HashMap::new(),
            taken_in: HashMap::new(),
            answer: None,
            missing: &mut missing,
        };
        walk.block(&scenario.body);
    }
    faults.extend(missing.into_iter().map(|(need, missing)| missing.fault(&need)));
}

/// Where something is needed, and the name that is needed; none where it is the answer itself.
type Need<'s> = (usize, Option<&'s Name>);

/// What a step in force needs and a step left out would give.
struct Missing {
    used: Span,
    left_out: Span,
    versions: Vec<Version>,
}

impl Missing {
    fn fault(self, (_, name): &Need<'_>) -> Diagnostic {
        let versions: Vec<String> = self.versions.iter().map(Version::to_string).collect();
        let versions = versions.join(" and ");
        let title = match name {
            Some(name) => format!("in {versions}, nothing gives `{name}` its value"),
            None => format!("in {versions}, nothing gives the answer that this waits for"),
        };
        Diagnostic::error(title, self.used)
            .label("this step is in force")
            .mark(
                self.left_out,
                "this one is left out: none of its requirements is in force",
            )
            .suggest("put what others build on above the first `==`, or into a step that is in force as well")
    }
}

/// One version's way through a scenario.
struct Walk<'s, 'w> {
    catalogue: &'w Catalogue,
    version: Version,
    /// The cells of the rows around the line.
    cells: HashMap<&'s Name, &'s Text>,
    /// For each name, the step left out that would give its value.
    taken_in: HashMap<&'s Name, Option<Span>>,
    /// The step left out that would have got the last answer.
    answer: Option<Span>,
    missing: &'w mut BTreeMap<Need<'s>, Missing>,
}

impl<'s> Walk<'s, '_> {
    fn block(&mut self, items: &'s [Item]) {
        let mut rest = items;
        while let Some((first, behind)) = rest.split_first() {
            let ends = |item: &Item| matches!(item.value, Statement::Step(_) | Statement::Needs(_));
            let end = behind.iter().position(ends).unwrap_or(behind.len());
            let (step, next) = rest.split_at(end + 1);
            if matches!(first.value, Statement::Step(_)) && self.is_left_out(step) {
                self.leave_out(first, step);
            } else {
                self.follow(step);
            }
            rest = next;
        }
    }

    /// Notes what a step that is left out would have given.
    fn leave_out(&mut self, first: &Item, step: &'s [Item]) {
        for item in step {
            if let Statement::Request(_) = &item.value {
                self.answer = Some(first.span.clone());
            }
            if let Some(name) = bound(&item.value) {
                self.taken_in
                    .entry(&name.value)
                    .or_insert_with(|| Some(first.span.clone()));
            }
        }
    }

    fn follow(&mut self, step: &'s [Item]) {
        let mut asked = true;
        for item in step {
            match &item.value {
                Statement::Request(_) => {
                    self.needs_names(item);
                    (self.answer, asked) = (None, true);
                }
                Statement::Given(_) => {
                    self.needs_names(item);
                    asked = true;
                }
                Statement::Level(level) => asked = self.is_in_force(level),
                Statement::Check(_) if asked => self.looks(item),
                Statement::When(_, inside) => {
                    self.looks(item);
                    self.inside(inside);
                }
                Statement::Together(_, inside) => self.inside(inside),
                Statement::For(rows, inside) => self.rows(&item.value, rows, inside),
                statement if is_taken(statement) => self.looks(item),
                _ => {}
            }
            if let Some(name) = bound(&item.value) {
                let source = self.source(item);
                self.taken_in.insert(name, source);
            }
        }
    }

    /// Goes through a block inside, after which all is as it was.
    fn inside(&mut self, items: &'s [Item]) {
        let (taken_in, answer) = (self.taken_in.clone(), self.answer.clone());
        self.block(items);
        (self.taken_in, self.answer) = (taken_in, answer);
    }

    /// Goes through a block once a row.
    fn rows(&mut self, statement: &'s Statement, rows: &'s Rows, inside: &'s [Item]) {
        let (cells, taken_in) = (self.cells.clone(), self.taken_in.clone());
        match rows {
            Rows::Each { column, of } => {
                let source = of
                    .iter()
                    .find_map(|name| self.taken_in.get(&name.value).cloned().flatten());
                self.taken_in.insert(&column.value, source);
                self.inside(inside);
            }
            Rows::Table { rows, .. } => {
                for row in rows {
                    for (column, cell) in columns(statement).iter().zip(&row.value) {
                        let names = uses_of_cell(cell);
                        let source = names
                            .iter()
                            .find_map(|(name, _)| taken_in.get(name).cloned().flatten());
                        self.cells.insert(&column.value, cell);
                        self.taken_in.insert(&column.value, source);
                    }
                    if !self.is_left_out(inside) {
                        self.inside(inside);
                    }
                }
            }
        }
        (self.cells, self.taken_in) = (cells, taken_in);
    }

    /// Whether requirements are cited, and none of them is in force.
    fn is_left_out(&self, items: &'s [Item]) -> bool {
        let mut levels = Vec::new();
        each_statement(items, &mut |item| {
            if let Statement::Level(level) = &item.value {
                levels.push(self.is_in_force(level));
            }
        });
        !levels.is_empty() && !levels.contains(&true)
    }

    /// Whether a requirement is in force; of one that only a row names, it is taken to be.
    fn is_in_force(&self, asked: &Asked) -> bool {
        let id = match &asked.id.value {
            Slot::Is(id) => Some(id.clone()),
            Slot::Column(column) => self
                .cells
                .get(column)
                .copied()
                .and_then(plain)
                .and_then(RequirementId::parse),
        };
        let requirement = id.and_then(|id| self.catalogue.get(&id));
        requirement.is_none_or(|requirement| requirement.levels.in_version(self.version).is_some())
    }

    /// The step left out that would give one of the names that a line uses.
    fn source(&self, item: &Item) -> Option<Span> {
        uses(item)
            .into_iter()
            .find_map(|(name, _)| self.taken_in.get(name).cloned().flatten())
    }

    /// Notes what a line that looks at the last answer lacks.
    fn looks(&mut self, item: &'s Item) {
        self.needs_names(item);
        if let Some(left_out) = self.answer.clone() {
            self.note((item.span.start, None), item.span.clone(), left_out);
        }
    }

    /// Notes which of the names that a line uses have no value.
    fn needs_names(&mut self, item: &'s Item) {
        for (name, span) in uses(item) {
            if let Some(left_out) = self.taken_in.get(name).cloned().flatten() {
                self.note((span.start, Some(name)), span, left_out);
            }
        }
    }

    fn note(&mut self, need: Need<'s>, used: Span, left_out: Span) {
        let missing = self.missing.entry(need).or_insert(Missing {
            used,
            left_out,
            versions: Vec::new(),
        });
        if !missing.versions.contains(&self.version) {
            missing.versions.push(self.version);
        }
    }
}
