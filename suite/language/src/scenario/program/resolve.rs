//! The one walk in which a scenario is understood, for one version.

use std::collections::HashMap;
use std::sync::Arc;

use super::authority::{Authority, AuthorityFaults, Reach, Right};
use super::lacking::{LackingFaults, Supply};
use super::{Action, Block, Checkpoint, Does, Each, Lines, Row};
use crate::catalogue::{Catalogue, Level, RequirementId, Version};
use crate::scenario::ast::{
    Asked, Check, Given, Item, Name, Nature, Rows, Scenario, Slot, Spanned, Statement, Text, each_statement,
};
use crate::scenario::tables::{cited_in, plain};
use crate::scenario::uses::{columns, is_taken};

/// What keeps a scenario from being understood, over all versions.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) authority: AuthorityFaults,
    pub(super) lacking: LackingFaults,
}

/// A scenario as it is understood in one version.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) block: Block,
    pub(super) checks: Vec<Checkpoint>,
    pub(super) left_out: Vec<Checkpoint>,
    pub(super) steps: Vec<(usize, String)>,
}

/// Understands a scenario, and notes what keeps it from being understood.
pub(super) fn resolve(
    scenario: &Scenario,
    lines: &Lines,
    catalogue: &Catalogue,
    version: Version,
    faults: &mut Faults,
) -> Resolved {
    let mut walk = Walk {
        lines,
        catalogue,
        own: catalogue.of_scenario(lines.scenario()),
        version,
        faults,
        in_force: InForce::Yes,
        answered: scenario.nature == Nature::Standing,
        cells: HashMap::new(),
        row: None,
        supply: Supply::default(),
        next: 0,
        resolved: Resolved::default(),
    };
    let (block, _) = walk.block(&scenario.body, None);
    Resolved {
        block,
        ..walk.resolved
    }
}

/// Whether what the walk passes is done in its version.
#[derive(Clone, Copy, PartialEq)]
enum InForce {
    Yes,
    LeftOut,
}

/// One version's way through a scenario.
struct Walk<'s, 'w> {
    lines: &'w Lines,
    catalogue: &'w Catalogue,
    /// The requirement that governs what no line governs, if the scenario asks something by itself.
    own: Option<&'w RequirementId>,
    version: Version,
    faults: &'w mut Faults,
    in_force: InForce,
    /// Whether there is an answer to look at.
    answered: bool,
    /// The cells of the rows around the line.
    cells: HashMap<&'s Name, &'s Text>,
    /// The first cell of the row around the line.
    row: Option<String>,
    /// What is there of values and answers.
    supply: Supply<'s>,
    /// The number of the next action.
    next: usize,
    resolved: Resolved,
}

impl<'s> Walk<'s, '_> {
    /// Goes through a block that `authority` reaches into, step by step.
    fn block(&mut self, items: &'s [Item], mut authority: Option<Authority>) -> (Block, Reach) {
        let mut block = Block::default();
        let mut reach = Reach::GoesOn;
        let mut rest = items;
        while let Some((first, behind)) = rest.split_first() {
            let ends = |item: &Item| matches!(item.value, Statement::Step(_) | Statement::Needs(_));
            let end = behind.iter().position(ends).unwrap_or(behind.len());
            let (step, next) = rest.split_at(end + 1);
            let is_left_out = matches!(first.value, Statement::Step(_)) && self.is_left_out(step);
            let before = self.in_force;
            if is_left_out && before == InForce::Yes {
                self.supply.leave_out(first, step);
                self.in_force = InForce::LeftOut;
            }
            for item in step {
                if self.item(item, &mut authority, &mut block) == Reach::Ends {
                    (authority, reach) = (None, Reach::Ends);
                }
            }
            self.in_force = before;
            rest = next;
        }
        block.end = self.next;
        (block, reach)
    }

    /// Goes through one statement; says whether what governed before it governs behind it too.
    fn item(&mut self, item: &'s Item, authority: &mut Option<Authority>, block: &mut Block) -> Reach {
        let mut reach = Reach::GoesOn;
        match &item.value {
            Statement::Blank | Statement::Comment(_) => {}
            Statement::Step(name) => {
                if self.in_force == InForce::Yes {
                    self.resolved.steps.push((self.next, name.clone()));
                }
                reach = Reach::Ends;
            }
            Statement::Needs(capabilities) => self.act(item, Does::Need(capabilities.clone()), block),
            Statement::Provides(capability) => {
                let does = Does::Settle(capability.value.clone(), requirement(authority.as_ref()));
                self.act(item, does, block);
            }
            Statement::Given(Given::Taken) => {
                *authority = Some(self.faults.authority.open(item, Right::Given));
            }
            Statement::Level(asked) => {
                let right = Right::Requirement(self.id(asked));
                *authority = Some(self.faults.authority.open(item, right));
            }
            Statement::Given(given) => {
                self.give(item, given, block);
                reach = Reach::Ends;
            }
            Statement::Let(binding) => {
                if is_taken(&item.value) {
                    self.looks_for_answer(item);
                    self.looks(item);
                }
                self.act(item, Does::Bind(Box::new(binding.clone())), block);
            }
            Statement::Request(request) => {
                self.needs_names(item);
                self.answered = true;
                if self.in_force == InForce::Yes {
                    self.supply.answered();
                }
                self.act(item, Does::Send(Arc::new((**request).clone())), block);
                reach = Reach::Ends;
            }
            Statement::Check(asked) => self.check(item, asked, authority.as_ref(), block),
            Statement::When(condition, inside) => {
                self.looks_for_answer(item);
                self.looks(item);
                reach = self.when(item, condition, inside, authority.clone(), block);
            }
            Statement::For(rows, inside) => reach = self.rows(item, rows, inside, block),
            Statement::Together(copies, inside) => {
                let number = self.number();
                let (body, inner) = self.inside(inside, None);
                self.push(number, item, Does::Together(*copies, body), block);
                reach = inner;
            }
        }
        if self.in_force == InForce::Yes {
            self.supply.bind(item);
        }
        reach
    }

    fn give(&mut self, item: &'s Item, given: &Given, block: &mut Block) {
        self.needs_names(item);
        let does = match given {
            Given::Pushed(pushed) => Does::Push(pushed.clone()),
            Given::Any(any, name) => Does::PushAny(*any, name.value.clone()),
            Given::Wait(time) => Does::Wait(*time),
            Given::Taken => return,
        };
        self.act(item, does, block);
    }

    fn check(&mut self, item: &'s Item, asked: &Check, authority: Option<&Authority>, block: &mut Block) {
        self.looks_for_answer(item);
        let by_itself = self.own.filter(|_| authority.is_none());
        if by_itself.is_none() {
            self.faults.authority.asked(item, authority);
        }
        let own = by_itself.map(|id| Right::Requirement(Some(id.clone())));
        match authority.map(|authority| &authority.right).or(own.as_ref()) {
            Some(Right::Requirement(Some(id))) => {
                let level = self.level(id);
                if level.is_some() {
                    self.looks(item);
                }
                self.checkpoint(item, asked, id, level, block);
            }
            Some(Right::Given) => {
                self.looks(item);
                self.act(item, Does::Grant(Box::new(asked.clone())), block);
            }
            // What is governed by nothing, or by an id that is none, is a fault that was noted.
            Some(Right::Requirement(None)) | None => self.looks(item),
        }
    }

    fn checkpoint(
        &mut self,
        item: &'s Item,
        asked: &Check,
        id: &RequirementId,
        level: Option<Level>,
        block: &mut Block,
    ) {
        let checkpoint = Checkpoint {
            number: self.next,
            requirement: id.clone(),
            level,
            check: Some(Arc::new(asked.clone())),
            asked: written(self.lines.source(&item.span)),
            place: self.lines.place(&item.span),
            row: self.row.clone(),
        };
        match self.in_force {
            InForce::Yes => {
                let index = self.resolved.checks.len();
                self.resolved.checks.push(checkpoint);
                self.act(item, Does::Check(index), block);
            }
            InForce::LeftOut => self.resolved.left_out.push(checkpoint),
        }
    }

    fn when(
        &mut self,
        item: &'s Item,
        condition: &Check,
        inside: &'s [Item],
        authority: Option<Authority>,
        block: &mut Block,
    ) -> Reach {
        let number = self.number();
        let (body, reach) = self.inside(inside, authority);
        self.push(number, item, Does::When(Box::new(condition.clone()), body), block);
        reach
    }

    /// Goes through a block inside, after which values and answer are as they were.
    fn inside(&mut self, inside: &'s [Item], authority: Option<Authority>) -> (Block, Reach) {
        let before = self.supply.clone();
        let through = self.block(inside, authority);
        self.supply.restore(before);
        through
    }

    /// Goes through a block once a row.
    fn rows(&mut self, item: &'s Item, rows: &'s Rows, inside: &'s [Item], block: &mut Block) -> Reach {
        let before = (self.cells.clone(), self.supply.clone(), self.row.clone());
        let number = self.number();
        let (does, reach) = match rows {
            Rows::Each { column, of } => {
                let names = of.iter().map(|name| &name.value);
                self.supply.bind_members(&column.value, names);
                let (body, reach) = self.inside(inside, None);
                let each = Each {
                    column: column.value.clone(),
                    of: of.clone(),
                    body,
                };
                (Does::Each(each), reach)
            }
            Rows::Table { rows, .. } => {
                let mut reach = Reach::GoesOn;
                let mut written = Vec::new();
                for row in rows {
                    let (row, through) = self.row(columns(&item.value), row, inside, &before.1);
                    written.extend(row);
                    if through == Reach::Ends {
                        reach = Reach::Ends;
                    }
                }
                (Does::Rows(written), reach)
            }
        };
        (self.cells, self.supply, self.row) = before;
        self.push(number, item, does, block);
        reach
    }

    /// Goes through the block of one row; it is nothing where the row is left out.
    fn row(
        &mut self,
        columns: &'s [Spanned<Name>],
        row: &'s Spanned<Vec<Text>>,
        inside: &'s [Item],
        before: &Supply<'s>,
    ) -> (Option<Row>, Reach) {
        self.supply = before.clone();
        for (column, cell) in columns.iter().zip(&row.value) {
            self.cells.insert(&column.value, cell);
            self.supply.bind_cell(&column.value, cell, before);
        }
        let name = first_cell(self.lines.source(&row.span));
        self.row = Some(name.clone());
        let before = self.in_force;
        let is_left_out = before == InForce::Yes && self.is_left_out(inside);
        if is_left_out {
            self.in_force = InForce::LeftOut;
        }
        let (body, reach) = self.inside(inside, None);
        self.in_force = before;
        let cells = columns
            .iter()
            .zip(&row.value)
            .map(|(column, cell)| (column.value.clone(), cell.clone()));
        let row = Row {
            name,
            cells: cells.collect(),
            body,
        };
        ((!is_left_out).then_some(row), reach)
    }

    /// Notes an action, where it is in force.
    fn act(&mut self, item: &Item, does: Does, block: &mut Block) {
        let number = self.number();
        self.push(number, item, does, block);
    }

    fn push(&mut self, number: usize, item: &Item, does: Does, block: &mut Block) {
        if self.in_force == InForce::Yes {
            block.actions.push(Action {
                number,
                span: item.span.clone(),
                does,
            });
        }
    }

    /// The number of the action that is noted next. What is left out has none of its own.
    fn number(&mut self) -> usize {
        let number = self.next;
        self.next += usize::from(self.in_force == InForce::Yes);
        number
    }

    /// Whether requirements are cited, and none of them is in force. What a scenario asks by itself is always in force, and
    /// may build on any of its steps.
    fn is_left_out(&self, items: &'s [Item]) -> bool {
        if self.own.is_some() {
            return false;
        }
        let mut cited: Vec<RequirementId> = cited_in(items).into_iter().map(|id| id.value).collect();
        each_statement(items, &mut |item| {
            if let Statement::Level(asked) = &item.value {
                cited.extend(self.id(asked));
            }
        });
        !cited.is_empty() && !cited.iter().any(|id| self.may_be_in_force(id))
    }

    /// Whether a requirement is in force; one that is not in the catalogue is taken to be.
    fn may_be_in_force(&self, id: &RequirementId) -> bool {
        self.catalogue.get(id).is_none() || self.level(id).is_some()
    }

    /// The requirement that a level names here.
    fn id(&self, asked: &Asked) -> Option<RequirementId> {
        match &asked.id.value {
            Slot::Is(id) => Some(id.clone()),
            Slot::Column(column) => self
                .cells
                .get(column)
                .copied()
                .and_then(plain)
                .and_then(RequirementId::parse),
        }
    }

    fn level(&self, id: &RequirementId) -> Option<Level> {
        self.catalogue.get(id)?.levels.in_version(self.version)
    }

    fn looks_for_answer(&mut self, item: &Item) {
        if !self.answered {
            self.faults.authority.unanswered(item);
        }
    }

    fn looks(&mut self, item: &Item) {
        if self.in_force == InForce::Yes {
            self.supply.looks(item, self.version, &mut self.faults.lacking);
        }
    }

    fn needs_names(&mut self, item: &Item) {
        if self.in_force == InForce::Yes {
            self.supply
                .needs_names(item, self.version, &mut self.faults.lacking);
        }
    }
}

fn requirement(authority: Option<&Authority>) -> Option<RequirementId> {
    match &authority?.right {
        Right::Requirement(id) => id.clone(),
        Right::Given => None,
    }
}

/// The line of a check, without its sign.
fn written(source: &str) -> String {
    source.trim().trim_start_matches('<').trim().to_owned()
}

/// The first cell of a row, as written.
fn first_cell(source: &str) -> String {
    let cells = source.trim().trim_start_matches('|');
    cells.split(" | ").next().unwrap_or_default().trim().to_owned()
}
