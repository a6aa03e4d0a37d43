//! How a program is carried out, action by action: what stops it, and what is passed over then.

mod another_id;
mod blocks;
mod checks;
pub(super) mod expressions;
mod referrers;
pub(super) mod requests;
pub(super) mod stage;
mod there;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::world::{Last, World};
use crate::catalogue::RequirementId;
use crate::cause::Cause;
use crate::judgement::Offer;
use crate::log::{End, Event, Reason, Refusal};
use crate::scenario::ast::{Account, Capability, Expr, Let, Request, Span, Spanned, Stance};
use crate::scenario::{Action, Block, Does};
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
                if let Reason::NotReached(_) = reason {
                    pass_over_what_is_not_offered(world, block, index);
                }
                return Flow::Stop(reason);
            }
        }
        Flow::On
    })
}

/// What lies behind an action that stopped the flow and needs what the registry does not offer is not offered: it would
/// not have been reached in any case.
fn pass_over_what_is_not_offered(world: &World, block: &Block, index: usize) {
    for (later, action) in block.actions.iter().enumerate().skip(index + 1) {
        let Does::Need(capabilities) = &action.does else {
            continue;
        };
        if let (Flow::Stop(reason @ (Reason::NotOffered(_) | Reason::NoOccasion)), Some(behind)) =
            (need(world, capabilities), block.behind(later))
        {
            world.skip(behind, reason);
        }
    }
}

async fn act(world: &mut World, action: &Action) -> Flow {
    let done = match &action.does {
        Does::Need(capabilities) => return need(world, capabilities),
        Does::Settle(capability, requirement) => {
            settle(world, action, capability, requirement.as_ref());
            return Flow::On;
        }
        Does::Push(pushed) => stage::set(world, pushed).await,
        Does::Wait(time) => {
            world.session.pass(*time).await;
            Ok(())
        }
        Does::PushAny(any, name) => stage::set_any(world, *any, name).await,
        Does::Bind(binding) => {
            let value = expressions::evaluate(world, &binding.value).await;
            bind(world, binding, value)
        }
        Does::Send(asked) => return send(world, action, asked).await,
        Does::Check(index) => return checks::ask(world, action, *index).await,
        Does::Grant(asked) => return checks::take_for_granted(world, action, asked).await,
        Does::When(condition, body) => return blocks::branch(world, condition, body).await,
        Does::Rows(rows) => return blocks::each_row(world, &action.span, rows).await,
        Does::Each(each) => return blocks::each_member(world, each).await,
        Does::Together(copies, body) => return blocks::together(world, *copies, body).await,
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
    let needs = capabilities.iter().map(|needed| (needed.stance, &*needed.name));
    lacking(world, needs).map_or(Flow::On, Flow::Stop)
}

/// Why a program cannot go on that needs this of the registry, if it cannot. What is refused decides, also beside what
/// nothing is known of.
pub(super) fn lacking<'a>(
    world: &World,
    needs: impl IntoIterator<Item = (Stance, &'a str)>,
) -> Option<Reason> {
    let mut unknown = None;
    for (stance, name) in needs {
        match (stance, world.session.offer(name)) {
            (Stance::Offered, Offer::Offered(_)) | (Stance::Refused, Offer::Refused(_)) => {}
            (_, Offer::Unsettled(because)) => {
                unknown = unknown.or_else(|| Some(Reason::of_unsettled(name, because)));
            }
            (stance, Offer::Offered(_) | Offer::Refused(_)) => {
                return Some(Reason::of_need(stance, name));
            }
        }
    }
    unknown
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
