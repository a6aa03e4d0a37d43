//! What happened, as it is written down: exchanges by their numbers, connections by their place among those of a program.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Known};
use super::exchange::Exchange;
use super::{Bad, id, version};
use crate::scenario::{Place, Program};
use crate::wire::Transcript;
use crate::{check, log, values};

#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    /// The number of the action.
    pub(super) action: usize,
    pub(super) exchange: Exchange,
    /// When it was over: the time since 1970.
    pub(super) ended_ns: Option<u64>,
}

/// A look of a value, and what a scenario writes for it.
#[derive(Serialize, Deserialize)]
pub(super) struct Face {
    name: String,
    looks: Looks,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Looks {
    Text(String),
    Size(u64),
}

impl Face {
    pub(super) fn of(face: &values::Face) -> Face {
        Face {
            name: face.reference.clone(),
            looks: match &face.looks {
                values::Looks::Text(text) => Looks::Text(text.clone()),
                values::Looks::Size(size) => Looks::Size(*size),
            },
        }
    }

    pub(super) fn read(self) -> values::Face {
        values::Face {
            reference: self.name,
            looks: match self.looks {
                Looks::Text(text) => values::Looks::Text(text),
                Looks::Size(size) => values::Looks::Size(size),
            },
        }
    }
}

/// A read that showed only within the grace what was written before.
#[derive(Serialize, Deserialize)]
pub(super) struct Late {
    /// The number of the action.
    pub(super) action: usize,
    /// The last exchange before it showed.
    pub(super) exchange: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Sight {
    /// Its index among the checks of the scenario, and the requirement that it asks.
    check: usize,
    requirement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<String>,
    asked: String,
    seen: Seen,
    timing: Timing,
    evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Seen {
    Holds,
    Breaks(String),
    NoOccasion,
    NotReached(Cause),
    Senseless(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Timing {
    AtOnce,
    Late,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Evidence {
    Nothing,
    Exchanges(Vec<u64>),
    /// Which of the connections that were told of in the program, counted from zero.
    Connection(usize),
}

impl Sight {
    pub(super) fn of(sight: &log::Sight, program: &Program, connections: &[Arc<Transcript>]) -> Sight {
        let checkpoint = program.checks.get(sight.check);
        Sight {
            check: sight.check,
            requirement: checkpoint.map_or_else(String::new, |check| check.requirement.to_string()),
            row: sight.row.clone(),
            asked: sight.asked.clone(),
            seen: match &sight.seen {
                check::Seen::Holds => Seen::Holds,
                check::Seen::Breaks(got) => Seen::Breaks(got.clone()),
                check::Seen::NoOccasion => Seen::NoOccasion,
                check::Seen::NotReached(cause) => Seen::NotReached(Cause::of(cause)),
                check::Seen::Senseless(why) => Seen::Senseless(why.clone()),
            },
            timing: match sight.timing {
                log::Timing::AtOnce => Timing::AtOnce,
                log::Timing::Late => Timing::Late,
            },
            evidence: match &sight.evidence {
                log::Evidence::Nothing => Evidence::Nothing,
                log::Evidence::Exchanges(all) => {
                    Evidence::Exchanges(all.iter().map(|exchange| exchange.number).collect())
                }
                log::Evidence::Connection(connection) => connections
                    .iter()
                    .position(|told| Arc::ptr_eq(told, connection))
                    .map_or(Evidence::Nothing, Evidence::Connection),
            },
        }
    }

    pub(super) fn read(
        self,
        program: &Program,
        known: &Known,
        connections: &[Arc<Transcript>],
    ) -> Result<log::Sight, Bad> {
        let checkpoint = program.checks.get(self.check);
        if checkpoint.is_none_or(|check| check.requirement.as_str() != self.requirement) {
            let (name, check, id) = (&program.name, self.check, &self.requirement);
            return Err(format!(
                "the check {check} of `{name}` does not ask `{id}` any more"
            ));
        }
        Ok(log::Sight {
            check: self.check,
            row: self.row,
            asked: self.asked,
            seen: match self.seen {
                Seen::Holds => check::Seen::Holds,
                Seen::Breaks(got) => check::Seen::Breaks(got),
                Seen::NoOccasion => check::Seen::NoOccasion,
                Seen::NotReached(cause) => check::Seen::NotReached(cause.read(known)?),
                Seen::Senseless(why) => check::Seen::Senseless(why),
            },
            timing: match self.timing {
                Timing::AtOnce => log::Timing::AtOnce,
                Timing::Late => log::Timing::Late,
            },
            evidence: match self.evidence {
                Evidence::Nothing => log::Evidence::Nothing,
                Evidence::Exchanges(numbers) => {
                    let all = numbers.into_iter().map(|number| known.get(number));
                    log::Evidence::Exchanges(all.collect::<Result<_, Bad>>()?)
                }
                Evidence::Connection(at) => {
                    log::Evidence::Connection(connections.get(at).cloned().ok_or_else(|| {
                        format!("it speaks of connection {at}, which no line before it tells")
                    })?)
                }
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Passed {
    /// The number of the first action.
    start: usize,
    /// The number behind the last one; nothing for all that follow.
    end: Option<usize>,
    reason: Reason,
}

impl Passed {
    pub(super) fn of(passed: &log::Passed) -> Passed {
        Passed {
            start: passed.actions.start,
            end: Some(passed.actions.end).filter(|end| *end != usize::MAX),
            reason: Reason::of(&passed.reason),
        }
    }

    pub(super) fn read(self, known: &Known) -> Result<log::Passed, Bad> {
        Ok(log::Passed {
            actions: self.start..self.end.unwrap_or(usize::MAX),
            reason: self.reason.read(known)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    NotReached(Cause),
    NotOffered(String),
    NoOccasion,
    NoAccount(String),
    NotInForce(String),
    Failed(String),
}

impl Reason {
    pub(super) fn of(reason: &log::Reason) -> Reason {
        match reason {
            log::Reason::NotReached(cause) => Reason::NotReached(Cause::of(cause)),
            log::Reason::NotOffered(capability) => Reason::NotOffered(capability.clone()),
            log::Reason::NoOccasion => Reason::NoOccasion,
            log::Reason::NoAccount(name) => Reason::NoAccount(name.clone()),
            log::Reason::NotInForce(version) => Reason::NotInForce(version.to_string()),
            log::Reason::Failed(why) => Reason::Failed(why.clone()),
        }
    }

    pub(super) fn read(self, known: &Known) -> Result<log::Reason, Bad> {
        Ok(match self {
            Reason::NotReached(cause) => log::Reason::NotReached(cause.read(known)?),
            Reason::NotOffered(capability) => log::Reason::NotOffered(capability),
            Reason::NoOccasion => log::Reason::NoOccasion,
            Reason::NoAccount(name) => log::Reason::NoAccount(name),
            Reason::NotInForce(text) => log::Reason::NotInForce(version(&text)?),
            Reason::Failed(why) => log::Reason::Failed(why),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Refusal {
    requirement: String,
    line: usize,
    span: (usize, usize),
    capability: String,
    exchange: u64,
}

impl Refusal {
    pub(super) fn of(refusal: &log::Refusal) -> Refusal {
        Refusal {
            requirement: refusal.requirement.to_string(),
            line: refusal.place.line,
            span: refusal.place.span,
            capability: refusal.capability.clone(),
            exchange: refusal.exchange.number,
        }
    }

    pub(super) fn read(self, program: &Program, known: &Known) -> Result<log::Refusal, Bad> {
        Ok(log::Refusal {
            requirement: id(&self.requirement)?,
            place: Place {
                scenario: program.name.clone(),
                line: self.line,
                span: self.span,
            },
            capability: self.capability,
            exchange: known.get(self.exchange)?,
        })
    }
}
