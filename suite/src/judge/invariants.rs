//! The invariants: what is asked of every answer of the registry, whatever it answers.

use std::sync::Arc;

use super::Standard;
use super::entry::{Entries, Entry, Plain};
use crate::cause::Cause;
use crate::check::{CheckResult, check, describe, holds};
use crate::judgement::Verdict;
use crate::log::{Evidence, ProgramLog};
use crate::scenario::ast::{Aspect, Check, Polarity, StatusSet};
use crate::scenario::{Block, Does, Program, Script};
use crate::values::{Answered, Scope};
use crate::wire::{Answer, Exchange, Url};

/// Asks every invariant of one exchange, where the target answered.
pub(super) fn ask(
    standard: &Standard<'_>,
    log: &ProgramLog,
    exchange: &Arc<Exchange>,
    target: &Url,
    entries: &mut Entries,
) {
    let Ok(answer) = &exchange.outcome else { return };
    if answer.url.origin() != target.origin() || answer.url.path_below_mount().is_none() {
        return;
    }
    if is_of_a_neighbour(exchange, log) {
        return;
    }
    if standard.loss.is_some_and(|loss| loss.explains(exchange)) {
        return;
    }
    let answered = Answered::one(exchange.clone());
    let is_meant = Cause::circumstance(exchange).is_none();
    for program in standard.invariants {
        if let Script::Invariant(block) = &program.script {
            let mut bench = Bench {
                standard,
                program,
                answered: &answered,
                entries,
            };
            bench.ask_all(block, is_meant);
        }
    }
}

/// Whether what answers is another program on the host of the registry, such as a token server or a page for people: it
/// is beside the API, and the registry did not lead there.
fn is_of_a_neighbour(exchange: &Exchange, log: &ProgramLog) -> bool {
    let path = exchange.request.url.path_below_mount().unwrap_or_default();
    let leads_there = |earlier: &Arc<Exchange>| {
        let place = earlier.outcome.as_ref().ok().and_then(Answer::location);
        earlier.number < exchange.number
            && place.is_some_and(|place| place.path() == exchange.request.url.path())
    };
    path != "/v2" && !path.starts_with("/v2/") && !log.exchanges().any(leads_there)
}

/// Whether a condition is on statuses by their numbers.
fn names_one_status(condition: &Check) -> bool {
    let exact = |set: &StatusSet| matches!(set, StatusSet::Exactly(_));
    condition.polarity == Polarity::Is
        && matches!(&condition.aspect.value, Aspect::Status(sets) if sets.iter().all(exact))
}

/// One answer before one invariant.
struct Bench<'a> {
    standard: &'a Standard<'a>,
    program: &'a Program,
    answered: &'a Answered,
    entries: &'a mut Entries,
}

impl Bench<'_> {
    /// Asks what a block asks; where a front end or a limit answered, only what is meant for that very status.
    fn ask_all(&mut self, block: &Block, is_meant: bool) {
        for action in &block.actions {
            match &action.does {
                Does::Check(index) if is_meant => self.ask(*index),
                Does::When(condition, body) if holds(condition, self.answered, &Scope::default()) => {
                    self.ask_all(body, is_meant || names_one_status(condition));
                }
                _ => {}
            }
        }
    }

    fn ask(&mut self, index: usize) {
        let Some(checkpoint) = self.program.checks.get(index) else {
            return;
        };
        let Some(asked) = &checkpoint.check else { return };
        if checkpoint.level.is_none() || !self.standard.asks(&checkpoint.requirement) {
            return;
        }
        let (verdict, got) = match check(asked, self.answered, &Scope::default()) {
            CheckResult::Holds => return self.entries.add_plain(index, checkpoint, Plain::Held),
            CheckResult::NoOccasion => return self.entries.add_plain(index, checkpoint, Plain::NoOccasion),
            CheckResult::Breaks(got) => (Verdict::Broken, got),
            CheckResult::NotReached(cause) => (Verdict::kept_by(&cause), String::new()),
            CheckResult::Senseless(why) => (Verdict::Failed(why), String::new()),
        };
        let evidence = match verdict {
            Verdict::Broken => Evidence::Exchanges(vec![self.answered.exchange().clone()]),
            _ => Evidence::Nothing,
        };
        self.entries.add(Entry {
            requirement: checkpoint.requirement.clone(),
            place: checkpoint.place.clone(),
            row: None,
            verdict,
            asked: describe::line(&checkpoint.asked),
            got,
            count: 1,
            check: checkpoint.check.clone(),
            evidence,
        });
    }
}
