//! The standing scenarios: what is asked of every answer of the registry, whatever it answers.

use std::sync::Arc;

use super::answer::Answered;
use super::check::{Seen, check};
use super::describe;
use super::ledger::{Entry, Ledger, Shown};
use super::outcome::Verdict;
use super::scope::Scope;
use super::shared::Shared;
use crate::catalogue::RequirementId;
use crate::plan::Planned;
use crate::scenario::ast::{Check, Item, Slot, Statement};
use crate::wire::Exchange;

/// Asks every standing scenario of one exchange.
pub fn judge(shared: &Shared, exchange: &Arc<Exchange>, ledger: &mut Ledger) {
    let Ok(answer) = &exchange.outcome else { return };
    if answer.url.origin() != shared.client.target().origin() {
        return;
    }
    let answered = Answered::one(exchange.clone());
    for planned in &shared.standing {
        let mut bench = Bench {
            shared,
            planned,
            answered: &answered,
            ledger,
        };
        bench.follow(planned.statements(), None);
    }
}

/// One answer before one standing scenario.
struct Bench<'a> {
    shared: &'a Shared,
    planned: &'a Planned,
    answered: &'a Answered,
    ledger: &'a mut Ledger,
}

impl Bench<'_> {
    fn follow<'b>(&mut self, items: &'b [Item], mut governor: Option<&'b RequirementId>) {
        for item in items {
            match &item.value {
                Statement::Level(asked) => {
                    governor = match &asked.id.value {
                        Slot::Is(id) => Some(id),
                        Slot::Column(_) => None,
                    };
                }
                Statement::Check(asked) => {
                    if let Some(id) = governor {
                        self.ask(item, asked, id);
                    }
                }
                Statement::When(condition, body) if self.holds(condition) => self.follow(body, governor),
                _ => {}
            }
        }
    }

    fn holds(&self, condition: &Check) -> bool {
        check(condition, self.answered, &Scope::default()) == Seen::Holds
    }

    fn ask(&mut self, item: &Item, asked: &Check, id: &RequirementId) {
        if self.shared.level(id).is_none() || !self.shared.asks(id) {
            return;
        }
        let (verdict, got) = match check(asked, self.answered, &Scope::default()) {
            Seen::Holds => (Verdict::Held, String::new()),
            Seen::Breaks(got) => (Verdict::Broken, got),
            Seen::NoOccasion => (Verdict::NoOccasion, String::new()),
            Seen::NotReached(cause) => (Verdict::NotReached(cause.0), String::new()),
            Seen::Senseless(why) => (Verdict::Failed(why), String::new()),
        };
        let shown = match verdict {
            Verdict::Broken => Shown::Exchanges(vec![self.answered.exchange().clone()]),
            _ => Shown::Nothing,
        };
        self.ledger.add(Entry {
            requirement: id.clone(),
            place: self.planned.place(&item.span),
            row: None,
            verdict,
            asked: describe::line(self.planned.source(&item.span)),
            got,
            count: 1,
            shown,
        });
    }
}
