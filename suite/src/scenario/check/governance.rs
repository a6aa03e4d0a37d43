//! Which level governs which `<` line.

use crate::diagnostic::{Diagnostic, Span};
use crate::scenario::ast::{Given, Item, Nature, Scenario, Statement};
use crate::scenario::uses::is_taken;

pub(super) fn check(scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    let answered = scenario.nature == Nature::Standing;
    let mut governance = Governance {
        levels: Vec::new(),
        answered,
        faults,
    };
    governance.block(&scenario.body, None);
    governance.report_idle();
}

/// A level, or a `given` that takes answers for granted.
struct Governor {
    span: Span,
    governs: bool,
}

struct Governance<'f> {
    levels: Vec<Governor>,
    /// Whether there is an answer to look at.
    answered: bool,
    faults: &'f mut Vec<Diagnostic>,
}

/// Whether what governed before a block governs behind it too.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    GoesOn,
    Ends,
}

impl Governance<'_> {
    /// Goes through a block that `governor`, one of the levels, reaches into.
    fn block(&mut self, items: &[Item], mut governor: Option<usize>) -> Reach {
        let mut reach = Reach::GoesOn;
        for item in items {
            let ends = match &item.value {
                Statement::Level(_) | Statement::Given(Given::Taken) => {
                    governor = Some(self.open(item));
                    continue;
                }
                Statement::Check(_) => {
                    self.asked(item, governor);
                    Reach::GoesOn
                }
                Statement::Given(_) | Statement::Step(_) => Reach::Ends,
                Statement::Request(_) => {
                    self.answered = true;
                    Reach::Ends
                }
                Statement::When(_, inside) => {
                    self.needs_answer(item);
                    self.block(inside, governor)
                }
                Statement::For(_, inside) | Statement::Together(_, inside) => self.block(inside, None),
                statement if is_taken(statement) => {
                    self.needs_answer(item);
                    Reach::GoesOn
                }
                _ => Reach::GoesOn,
            };
            if ends == Reach::Ends {
                (governor, reach) = (None, Reach::Ends);
            }
        }
        reach
    }

    fn open(&mut self, item: &Item) -> usize {
        self.levels.push(Governor {
            span: item.span.clone(),
            governs: false,
        });
        self.levels.len() - 1
    }

    fn asked(&mut self, item: &Item, governor: Option<usize>) {
        self.needs_answer(item);
        match governor.and_then(|at| self.levels.get_mut(at)) {
            Some(governor) => governor.governs = true,
            None => self.faults.push(
                Diagnostic::error("nothing says by what right this is asked", item.span.clone())
                    .label("no level stands over it")
                    .note("a level reaches to the next level, `given`, `>`, `==` or the `end` of its block")
                    .suggest("write `MUST ID`, `SHOULD ID` or `MAY ID` above it, or `given` to take it for granted"),
            ),
        }
    }

    fn needs_answer(&mut self, item: &Item) {
        if !self.answered {
            self.faults.push(
                Diagnostic::error("there is no answer to look at yet", item.span.clone())
                    .label("no `>` stands above"),
            );
        }
    }

    fn report_idle(&mut self) {
        let idle = self
            .levels
            .iter()
            .filter(|governor| !governor.governs)
            .map(|governor| {
                Diagnostic::error("this line governs nothing", governor.span.clone())
                    .label("no `<` follows that it reaches")
                    .note("it reaches to the next level, `given`, `>`, `==` or the `end` of its block")
            });
        self.faults.extend(idle);
    }
}
