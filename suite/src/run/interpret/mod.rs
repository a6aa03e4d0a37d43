//! How a program is carried out, action by action: what stops it, and what is passed over then.

mod another_id;
pub(super) mod expressions;
pub(super) mod requests;
pub(super) mod stage;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};

use super::world::{GRACE_STEP, Last, World};
use crate::catalogue::RequirementId;
use crate::cause::{Beyond, Cause};
use crate::check::{CheckResult, check, describe};
use crate::judgement::Offer;
use crate::log::{End, Event, Observation, Reason, Refusal, Timing};
use crate::scenario::ast::{
    Account, Aspect, Capability, Check, Expr, Let, Name, Polarity, Request, RequestLine, Slot, Span, Spanned,
    Stance, StatusSet, Text,
};
use crate::scenario::{Action, Block, Does, Each, Row};
use crate::values::{Value, ValueError};
use crate::wire;

/// Whether what stands behind an action is reached.
pub(super) enum Flow {
    /// It is.
    On,
    /// It is passed over, for this reason.
    Stop(Reason),
}

/// Carries out actions in order. Where one stops the flow, those behind it are passed over.
pub(super) fn carry_out<'a>(world: &'a mut World, block: &'a Block) -> BoxFuture<'a, Flow> {
    Box::pin(async move {
        for (index, action) in block.actions.iter().enumerate() {
            world.action = action.number;
            if let Flow::Stop(reason) = act(world, action).await {
                if let Some(behind) = block.behind(index) {
                    world.skip(behind, reason.clone());
                }
                return Flow::Stop(reason);
            }
        }
        Flow::On
    })
}

async fn act(world: &mut World, action: &Action) -> Flow {
    let done = match &action.does {
        Does::Need(capabilities) => return need(world, capabilities),
        Does::Settle(capability, requirement) => {
            settle(world, action, capability, requirement.as_ref());
            return Flow::On;
        }
        Does::Push(pushed) => stage::set(world, pushed).await,
        Does::Wait(seconds) => {
            tokio::time::sleep(Duration::from_secs(u64::from(*seconds))).await;
            Ok(())
        }
        Does::PushAny(any, name) => stage::set_any(world, *any, name).await,
        Does::Bind(binding) => {
            let value = expressions::evaluate(world, &binding.value).await;
            bind(world, binding, value)
        }
        Does::Send(asked) => return send(world, action, asked).await,
        Does::Check(index) => return ask(world, action, *index).await,
        Does::Grant(asked) => return take_for_granted(world, action, asked).await,
        Does::When(condition, body) => return branch(world, condition, body).await,
        Does::Rows(rows) => return each_row(world, &action.span, rows).await,
        Does::Each(each) => return each_member(world, each).await,
        Does::Together(copies, body) => return together(world, *copies, body).await,
    };
    match done {
        Ok(()) => Flow::On,
        Err(unusable) => Flow::Stop(reason(world, &action.span, unusable)),
    }
}

/// Why actions are passed over that a value keeps from being reached.
fn reason(world: &World, span: &Span, unusable: ValueError) -> Reason {
    match unusable {
        ValueError::Missing(cause) => Reason::NotReached(cause),
        ValueError::Senseless(why) => failed(world, span, &why),
    }
}

/// A fault of the suite, and where it is.
fn failed(world: &World, span: &Span, why: &str) -> Reason {
    let line = world.program.lines.place(span).line;
    Reason::Failed(format!("{}, line {line}: {why}", world.program.name))
}

fn need(world: &World, capabilities: &[Spanned<Capability>]) -> Flow {
    for needed in capabilities {
        match (needed.stance, world.session.offer(&needed.name)) {
            (Stance::Offered, Offer::Offered(_)) | (Stance::Refused, Offer::Refused(_)) => {}
            (_, Offer::Unsettled(because)) => {
                return Flow::Stop(Reason::of_unsettled(&needed.name, because));
            }
            (stance, Offer::Offered(_) | Offer::Refused(_)) => {
                return Flow::Stop(Reason::of_need(stance, &needed.name));
            }
        }
    }
    Flow::On
}

fn settle(world: &World, action: &Action, capability: &Capability, requirement: Option<&RequirementId>) {
    let Last::Came(answered, _) = &world.last else {
        return;
    };
    let exchange = answered.exchange().clone();
    world
        .session
        .settle(&capability.name, capability.stance, exchange.clone());
    let demanded = world.session.settings.require.contains(&capability.name);
    if let (true, Stance::Refused, Some(requirement)) = (demanded, capability.stance, requirement) {
        world.record(Event::Refused(Refusal {
            requirement: requirement.clone(),
            place: world.program.lines.place(&action.span),
            capability: capability.name.clone(),
            exchange,
        }));
    }
}

/// Binds a value. One that the registry did not give stops only what uses it.
fn bind(world: &mut World, binding: &Let, value: Result<Value, ValueError>) -> Result<(), ValueError> {
    match (&binding.value.value, value) {
        (_, Err(ValueError::Missing(cause))) => world.scope_mut().bind(&binding.name, Value::Missing(cause)),
        (_, Err(senseless)) => return Err(senseless),
        (
            Expr::Make(_) | Expr::Cut(..) | Expr::Spoiled(..),
            Ok(value @ (Value::Content(_) | Value::List(_))),
        ) => {
            world.bind_made(&binding.name, value);
        }
        // What a registry gave is no name for what it gives.
        (_, Ok(value)) => world.scope_mut().bind(&binding.name, value),
    }
    Ok(())
}

async fn send(world: &mut World, action: &Action, asked: &Arc<Request>) -> Flow {
    if let Some(End::TargetLost(loss)) = world.session.ended() {
        return Flow::Stop(Reason::NotReached(Cause::TargetLost(loss)));
    }
    if let Some(Account::Named(name)) = asked.account.as_deref()
        && !world.session.client.knows(&wire::Account::Named(name.clone()))
    {
        return Flow::Stop(Reason::NoAccount(name.clone()));
    }
    world.last = match requests::perform(world, asked).await {
        Ok(answered) => match answered.circumstance() {
            None => Last::Came(Arc::new(answered), Some(asked.clone())),
            // Nothing has happened, and what does not build upon it goes on.
            Some(cause) if cause.beyond().is_some() => Last::NotSent(cause),
            // Whether anything has happened is not known.
            Some(cause) => return Flow::Stop(Reason::NotReached(cause)),
        },
        Err(ValueError::Missing(cause)) => Last::NotSent(cause),
        Err(ValueError::Senseless(why)) => return Flow::Stop(failed(world, &action.span, &why)),
    };
    Flow::On
}

async fn ask(world: &mut World, action: &Action, index: usize) -> Flow {
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

fn look(world: &World, asked: &Check) -> CheckResult {
    match &world.last {
        Last::Came(answered, _) if world.tenants.spoil(asked, &answered.exchange().request) => {
            CheckResult::NotReached(Cause::Beyond(Beyond::Shared))
        }
        Last::Came(answered, _) => check(asked, answered, &world.scope()),
        Last::NotSent(cause) => CheckResult::NotReached(cause.clone()),
        Last::Nothing => CheckResult::Senseless("no request was sent before this check".to_owned()),
    }
}

async fn take_for_granted(world: &mut World, action: &Action, asked: &Check) -> Flow {
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
        tokio::time::sleep(GRACE_STEP).await;
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

async fn branch(world: &mut World, condition: &Check, body: &Block) -> Flow {
    let reason = match look(world, condition) {
        CheckResult::Holds => None,
        CheckResult::Breaks(_) | CheckResult::NoOccasion => Some(Reason::NoOccasion),
        CheckResult::NotReached(cause) => Some(Reason::NotReached(cause)),
        CheckResult::Senseless(why) => return Flow::Stop(Reason::Failed(why)),
    };
    if let Some(reason) = reason {
        world.skip(body.range(), reason);
        return Flow::On;
    }
    let before = world.last.clone();
    world.scope_mut().open();
    let flow = carry_out(world, body).await;
    world.scope_mut().close();
    world.last = before;
    flow
}

async fn each_row(world: &mut World, span: &Span, rows: &[Row]) -> Flow {
    let mut flow = Flow::On;
    for row in rows {
        let cells = row
            .cells
            .iter()
            .map(|(column, cell)| Ok((column.clone(), value_of(world, cell)?)));
        let cells: Result<Vec<(Name, Value)>, ValueError> = cells.collect();
        let through = match cells {
            Ok(cells) => with_values(world, row.name.clone(), cells, &row.body).await,
            Err(unusable) => return Flow::Stop(reason(world, span, unusable)),
        };
        if let Flow::Stop(reason) = through {
            flow = Flow::Stop(reason);
        }
    }
    flow
}

/// The value of a cell. One that the registry did not give stops only what uses it.
fn value_of(world: &World, cell: &Text) -> Result<Value, ValueError> {
    let (Text::Plain(template) | Text::Exact(template)) = cell;
    match world.scope().whole(template) {
        Err(ValueError::Missing(cause)) => Ok(Value::Missing(cause)),
        other => other,
    }
}

async fn each_member(world: &mut World, each: &Each) -> Flow {
    let mut members = Vec::new();
    for name in &each.of {
        let value = match world.scope().get(name) {
            Ok(value) => value,
            Err(unusable) => return Flow::Stop(reason(world, &name.span, unusable)),
        };
        let several = value.members();
        for (at, member) in several.iter().enumerate() {
            let label = match value {
                Value::List(_) => format!("{} of {}", at + 1, name.value),
                _ => name.value.to_string(),
            };
            members.push((label, member.clone()));
        }
    }
    let mut flow = Flow::On;
    for (label, member) in members {
        let value = vec![(each.column.clone(), member)];
        if let Flow::Stop(reason) = with_values(world, label, value, &each.body).await {
            flow = Flow::Stop(reason);
        }
    }
    flow
}

/// Carries out a block with these values, after which all is as it was.
async fn with_values(world: &mut World, row: String, values: Vec<(Name, Value)>, body: &Block) -> Flow {
    let before = (world.last.clone(), world.row.replace(row));
    world.scope_mut().open();
    for (name, value) in values {
        world.scope_mut().bind(&name, value);
    }
    let flow = carry_out(world, body).await;
    world.scope_mut().close();
    (world.last, world.row) = before;
    flow
}

async fn together(world: &mut World, copies: u32, body: &Block) -> Flow {
    let mut worlds: Vec<World> = (0..copies).map(|_| world.copy()).collect();
    let flows = join_all(worlds.iter_mut().map(|world| carry_out(world, body))).await;
    flows
        .into_iter()
        .find(|flow| matches!(flow, Flow::Stop(_)))
        .unwrap_or(Flow::On)
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
