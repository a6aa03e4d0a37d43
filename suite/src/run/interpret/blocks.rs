//! Blocks of actions: under a condition, once for each row or member, and several at once.

use futures_util::future::join_all;

use super::checks::look;
use super::{Flow, carry_out, reason};
use crate::check::CheckResult;
use crate::log::Reason;
use crate::run::world::World;
use crate::scenario::ast::{Check, Name, Span, Text};
use crate::scenario::{Block, Each, Row};
use crate::values::{Value, ValueError};

pub(super) async fn branch(world: &mut World, condition: &Check, body: &Block) -> Flow {
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

pub(super) async fn each_row(world: &mut World, span: &Span, rows: &[Row]) -> Flow {
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

pub(super) async fn each_member(world: &mut World, each: &Each) -> Flow {
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

pub(super) async fn together(world: &mut World, copies: u32, body: &Block) -> Flow {
    let mut worlds: Vec<World> = (0..copies).map(|_| world.copy()).collect();
    let flows = join_all(worlds.iter_mut().map(|world| carry_out(world, body))).await;
    flows
        .into_iter()
        .find(|flow| matches!(flow, Flow::Stop(_)))
        .unwrap_or(Flow::On)
}
