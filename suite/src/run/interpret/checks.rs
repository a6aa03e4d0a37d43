//! What an answer is looked at for, and what a check that breaks keeps from being reached.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::{Flow, failed, requests};
use crate::cause::{Beyond, Cause};
use crate::check::{CheckResult, check, describe};
use crate::log::{Event, Observation, Reason, Timing};
use crate::run::world::{GRACE_STEP, Last, World};
use crate::scenario::Action;
use crate::scenario::ast::{Aspect, Check, Polarity, Request, RequestLine, Slot, StatusSet};

pub(super) async fn ask(world: &mut World, action: &Action, index: usize) -> Flow {
    let program = world.program.clone();
    let Some((checkpoint, asked)) = program
        .checks
        .get(index)
        .and_then(|checkpoint| Some((checkpoint, checkpoint.check.as_ref()?)))
    else {
        return Flow::Stop(failed(world, &action.span, "there is no such check"));
    };
    let text = filled(world, action, asked);
    let (seen, timing) = look_within_grace(world, asked).await;
    let broke = matches!(seen, CheckResult::Breaks(_));
    let seen = world.saw(Observation {
        check: index,
        row: world.row.clone(),
        asked: text,
        seen,
        timing,
        evidence: world.evidence(),
    });
    match (broke, seen, &world.last) {
        (true, CheckResult::NotReached(cause), _) => gate(world, asked, cause),
        (true, _, Last::Came(answered, _)) => {
            let cause = Cause::Broke(answered.exchange().clone(), checkpoint.requirement.clone());
            gate(world, asked, cause)
        }
        _ => Flow::On,
    }
}

pub(super) fn look(world: &World, asked: &Check) -> CheckResult {
    match &world.last {
        Last::Came(answered, _) if world.tenants.spoil(asked, &answered.exchange().request) => {
            CheckResult::NotReached(Cause::Beyond(Beyond::Shared))
        }
        Last::Came(answered, _) => check(asked, answered, world.scope()),
        Last::NotSent(cause) => CheckResult::NotReached(cause.clone()),
        Last::Nothing => CheckResult::Senseless("no request was sent before this check".to_owned()),
    }
}

pub(super) async fn take_for_granted(world: &mut World, action: &Action, asked: &Check) -> Flow {
    let (seen, _) = look_within_grace(world, asked).await;
    let reason = match (seen, &world.last) {
        (CheckResult::Holds | CheckResult::NoOccasion, _) => return Flow::On,
        (CheckResult::Breaks(got), Last::Came(answered, _)) => Reason::NotReached(Cause::NotGranted {
            came: answered.exchange().clone(),
            asked: filled(world, action, asked),
            got,
        }),
        (CheckResult::Breaks(_), Last::Nothing | Last::NotSent(_)) => Reason::NotReached(Cause::NothingSent),
        (CheckResult::NotReached(cause), _) => Reason::NotReached(cause),
        (CheckResult::Senseless(why), _) => failed(world, &action.span, &why),
    };
    Flow::Stop(reason)
}

/// Looks at the last answer; where it was a read behind a write, asks again within the grace.
async fn look_within_grace(world: &mut World, asked: &Check) -> (CheckResult, Timing) {
    let seen = look(world, asked);
    let grace = world.session.settings.grace;
    let request = match &world.last {
        Last::Came(answered, Some(request))
            if reads(request) && world.writes.touch(&answered.exchange().request.url) =>
        {
            request.clone()
        }
        _ => return (seen, Timing::AtOnce),
    };
    if !matches!(seen, CheckResult::Breaks(_)) {
        return (seen, Timing::AtOnce);
    }
    let began = Instant::now();
    while began.elapsed() < grace {
        world.session.pass(GRACE_STEP).await;
        let Ok(answered) = requests::perform(world, &request).await else {
            break;
        };
        if answered.circumstance().is_some() {
            break;
        }
        let exchange = answered.exchange().clone();
        world.last = Last::Came(Arc::new(answered), Some(request.clone()));
        if look(world, asked) == CheckResult::Holds {
            world.record(Event::Late(world.action, exchange));
            return (CheckResult::Holds, Timing::Late);
        }
    }
    (look(world, asked), Timing::AtOnce)
}

/// A step that asked for success and did not get it did not happen; what needs it is not reached.
fn gate(world: &mut World, asked: &Check, cause: Cause) -> Flow {
    let Last::Came(answered, _) = &world.last else {
        return Flow::On;
    };
    match answered.answer() {
        Err(_) if asks_for_success(asked) => Flow::Stop(Reason::NotReached(cause)),
        Err(_) => {
            world.last = Last::NotSent(cause);
            Flow::On
        }
        Ok(answer) if asks_for_success(asked) && !is_success(answer.status) => {
            Flow::Stop(Reason::NotReached(cause))
        }
        Ok(_) => Flow::On,
    }
}

/// A check as it stands in the scenario, its placeholders filled in.
fn filled(world: &World, action: &Action, asked: &Check) -> String {
    let mut text = world.program.lines.source(&action.span).to_owned();
    let mut holes = Vec::new();
    describe::holes(&asked.aspect, &mut |hole| holes.push(hole.clone()));
    holes.sort_by_key(|hole| std::cmp::Reverse(hole.span.start));
    for hole in holes {
        let Ok(value) = world.scope().value(&hole).and_then(|value| value.text()) else {
            continue;
        };
        let within = |at: usize| at.saturating_sub(action.span.start);
        let place: Range<usize> = within(hole.span.start)..within(hole.span.end);
        if text.get(place.clone()).is_some() {
            text.replace_range(place, &value);
        }
    }
    describe::line(&text)
}

fn asks_for_success(asked: &Check) -> bool {
    let Aspect::Status(sets) = &asked.aspect.value else {
        return false;
    };
    asked.polarity == Polarity::Is
        && sets.iter().any(|set| match set {
            StatusSet::Exactly(status) => is_success(*status),
            StatusSet::Class(class) => matches!(class, 2 | 3),
        })
}

/// Whether a status says that the step happened.
fn is_success(status: u16) -> bool {
    (200..400).contains(&status)
}

/// Whether a request can be sent again without changing anything.
fn reads(request: &Request) -> bool {
    match &request.line.value {
        RequestLine::Http {
            method: Slot::Is(method),
            ..
        } => matches!(method.as_str(), "GET" | "HEAD"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ast::Spanned;

    fn status(polarity: Polarity, sets: &[StatusSet]) -> Check {
        Check {
            polarity,
            aspect: Spanned::new(Aspect::Status(sets.to_vec()), 0..0),
        }
    }

    #[test]
    fn a_check_that_asks_for_success_is_a_gate_and_one_that_asks_for_a_refusal_is_none() {
        assert!(asks_for_success(&status(
            Polarity::Is,
            &[StatusSet::Exactly(202), StatusSet::Exactly(405)]
        )));
        assert!(asks_for_success(&status(Polarity::Is, &[StatusSet::Class(2)])));
        assert!(!asks_for_success(&status(Polarity::Is, &[StatusSet::Class(4)])));
        assert!(!asks_for_success(&status(
            Polarity::IsNot,
            &[StatusSet::Class(2)]
        )));
    }
}
