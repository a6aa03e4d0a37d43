//! What happened, as it is written down: exchanges by their numbers, connections by their place among those of a program.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cause::{KnownExchanges, RecordedCause};
use super::exchange::RecordedExchange;
use super::{Bad, id, version};
use crate::scenario::{Place, Program};
use crate::wire::Transcript;
use crate::{check, log, values};

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedSent {
    /// The number of the action.
    pub(super) action: usize,
    pub(super) exchange: RecordedExchange,
    /// When it was over: the time since 1970.
    pub(super) ended_ns: Option<u64>,
    /// Whether it went on beside others only to be done sooner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) beside: bool,
}

/// A look of a value, and what a scenario writes for it.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordedFace {
    name: String,
    looks: RecordedLooks,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RecordedLooks {
    Text(String),
    Size(u64),
}

impl RecordedFace {
    pub(super) fn of(face: &values::Face) -> RecordedFace {
        RecordedFace {
            name: face.reference.clone(),
            looks: match &face.looks {
                values::Looks::Text(text) => RecordedLooks::Text(text.clone()),
                values::Looks::Size(size) => RecordedLooks::Size(*size),
            },
        }
    }

    pub(super) fn read(self) -> values::Face {
        values::Face {
            reference: self.name,
            looks: match self.looks {
                RecordedLooks::Text(text) => values::Looks::Text(text),
                RecordedLooks::Size(size) => values::Looks::Size(size),
            },
        }
    }
}

/// A read that showed only within the grace what was written before.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordedLate {
    /// The number of the action.
    pub(super) action: usize,
    /// The last exchange before it showed.
    pub(super) exchange: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedObservation {
    /// Its index among the checks of the scenario, and the requirement that it asks.
    check: usize,
    requirement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<String>,
    asked: String,
    seen: RecordedCheckResult,
    timing: RecordedTiming,
    evidence: RecordedEvidence,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedCheckResult {
    Holds,
    Breaks(String),
    NoOccasion,
    NotReached(RecordedCause),
    Senseless(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedTiming {
    AtOnce,
    Late,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedEvidence {
    Nothing,
    Exchanges(Vec<u64>),
    /// Which of the connections that were told of in the program, counted from zero.
    Connection(usize),
}

impl RecordedObservation {
    pub(super) fn of(
        observation: &log::Observation,
        program: &Program,
        connections: &[Arc<Transcript>],
    ) -> RecordedObservation {
        let checkpoint = program.checks.get(observation.check);
        RecordedObservation {
            check: observation.check,
            requirement: checkpoint.map_or_else(String::new, |check| check.requirement.to_string()),
            row: observation.row.clone(),
            asked: observation.asked.clone(),
            seen: match &observation.seen {
                check::CheckResult::Holds => RecordedCheckResult::Holds,
                check::CheckResult::Breaks(got) => RecordedCheckResult::Breaks(got.clone()),
                check::CheckResult::NoOccasion => RecordedCheckResult::NoOccasion,
                check::CheckResult::NotReached(cause) => {
                    RecordedCheckResult::NotReached(RecordedCause::of(cause))
                }
                check::CheckResult::Senseless(why) => RecordedCheckResult::Senseless(why.clone()),
            },
            timing: match observation.timing {
                log::Timing::AtOnce => RecordedTiming::AtOnce,
                log::Timing::Late => RecordedTiming::Late,
            },
            evidence: match &observation.evidence {
                log::Evidence::Nothing => RecordedEvidence::Nothing,
                log::Evidence::Exchanges(all) => {
                    RecordedEvidence::Exchanges(all.iter().map(|exchange| exchange.number).collect())
                }
                log::Evidence::Connection(connection) => connections
                    .iter()
                    .position(|told| Arc::ptr_eq(told, connection))
                    .map_or(RecordedEvidence::Nothing, RecordedEvidence::Connection),
            },
        }
    }

    pub(super) fn read(
        self,
        program: &Program,
        known: &KnownExchanges,
        connections: &[Arc<Transcript>],
    ) -> Result<log::Observation, Bad> {
        let checkpoint = program.checks.get(self.check);
        if checkpoint.is_none_or(|check| check.requirement.as_str() != self.requirement) {
            let (name, check, id) = (&program.name, self.check, &self.requirement);
            return Err(format!(
                "the check {check} of `{name}` does not ask `{id}` any more"
            ));
        }
        Ok(log::Observation {
            check: self.check,
            row: self.row,
            asked: self.asked,
            seen: match self.seen {
                RecordedCheckResult::Holds => check::CheckResult::Holds,
                RecordedCheckResult::Breaks(got) => check::CheckResult::Breaks(got),
                RecordedCheckResult::NoOccasion => check::CheckResult::NoOccasion,
                RecordedCheckResult::NotReached(cause) => check::CheckResult::NotReached(cause.read(known)?),
                RecordedCheckResult::Senseless(why) => check::CheckResult::Senseless(why),
            },
            timing: match self.timing {
                RecordedTiming::AtOnce => log::Timing::AtOnce,
                RecordedTiming::Late => log::Timing::Late,
            },
            evidence: match self.evidence {
                RecordedEvidence::Nothing => log::Evidence::Nothing,
                RecordedEvidence::Exchanges(numbers) => {
                    let all = numbers.into_iter().map(|number| known.get(number));
                    log::Evidence::Exchanges(all.collect::<Result<_, Bad>>()?)
                }
                RecordedEvidence::Connection(at) => {
                    log::Evidence::Connection(connections.get(at).cloned().ok_or_else(|| {
                        format!("it speaks of connection {at}, which no line before it tells")
                    })?)
                }
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedSkipped {
    /// The number of the first action.
    start: usize,
    /// The number behind the last one; nothing for all that follow.
    end: Option<usize>,
    reason: RecordedReason,
}

impl RecordedSkipped {
    pub(super) fn of(skipped: &log::Skipped) -> RecordedSkipped {
        RecordedSkipped {
            start: skipped.actions.start,
            end: Some(skipped.actions.end).filter(|end| *end != usize::MAX),
            reason: RecordedReason::of(&skipped.reason),
        }
    }

    pub(super) fn read(self, known: &KnownExchanges) -> Result<log::Skipped, Bad> {
        Ok(log::Skipped {
            actions: self.start..self.end.unwrap_or(usize::MAX),
            reason: self.reason.read(known)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedReason {
    NotReached(RecordedCause),
    NotOffered(String),
    NoOccasion,
    NoAccount(String),
    NotInForce(String),
    Failed(String),
}

impl RecordedReason {
    pub(super) fn of(reason: &log::Reason) -> RecordedReason {
        match reason {
            log::Reason::NotReached(cause) => RecordedReason::NotReached(RecordedCause::of(cause)),
            log::Reason::NotOffered(capability) => RecordedReason::NotOffered(capability.clone()),
            log::Reason::NoOccasion => RecordedReason::NoOccasion,
            log::Reason::NoAccount(name) => RecordedReason::NoAccount(name.clone()),
            log::Reason::NotInForce(version) => RecordedReason::NotInForce(version.to_string()),
            log::Reason::Failed(why) => RecordedReason::Failed(why.clone()),
        }
    }

    pub(super) fn read(self, known: &KnownExchanges) -> Result<log::Reason, Bad> {
        Ok(match self {
            RecordedReason::NotReached(cause) => log::Reason::NotReached(cause.read(known)?),
            RecordedReason::NotOffered(capability) => log::Reason::NotOffered(capability),
            RecordedReason::NoOccasion => log::Reason::NoOccasion,
            RecordedReason::NoAccount(name) => log::Reason::NoAccount(name),
            RecordedReason::NotInForce(text) => log::Reason::NotInForce(version(&text)?),
            RecordedReason::Failed(why) => log::Reason::Failed(why),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedRefusal {
    requirement: String,
    line: usize,
    span: (usize, usize),
    capability: String,
    exchange: u64,
}

impl RecordedRefusal {
    pub(super) fn of(refusal: &log::Refusal) -> RecordedRefusal {
        RecordedRefusal {
            requirement: refusal.requirement.to_string(),
            line: refusal.place.line,
            span: refusal.place.span,
            capability: refusal.capability.clone(),
            exchange: refusal.exchange.number,
        }
    }

    pub(super) fn read(self, program: &Program, known: &KnownExchanges) -> Result<log::Refusal, Bad> {
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
