//! Why something was not reached, as it is written down: exchanges by their numbers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::{RecordedFault, for_good};
use super::{Bad, id, nanoseconds, version};
use crate::cause;
use crate::wire::Exchange;

/// The exchanges that are known so far, by their numbers.
#[derive(Default)]
pub(super) struct KnownExchanges(HashMap<u64, Arc<Exchange>>);

impl KnownExchanges {
    pub(super) fn add(&mut self, exchange: Exchange) -> Arc<Exchange> {
        let exchange = Arc::new(exchange);
        self.0.insert(exchange.number, exchange.clone());
        exchange
    }

    pub(super) fn get(&self, number: u64) -> Result<Arc<Exchange>, Bad> {
        let known = self.0.get(&number).cloned();
        known.ok_or_else(|| format!("it speaks of exchange {number}, which no line before it tells"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedCause {
    Came(u64),
    Lacks {
        came: u64,
        what: String,
    },
    Broke {
        came: u64,
        requirement: String,
    },
    NotGranted {
        came: u64,
        asked: String,
        got: String,
    },
    Unsettled {
        capability: String,
        because: RecordedUnsettled,
    },
    NothingToRead,
    NoToken(RecordedFault),
    NotSent(RecordedFault),
    NoConnection(RecordedFault),
    NoId(String),
    TargetLost(RecordedLoss),
    OutOfTimeNs(u64),
    Beyond(RecordedBeyond),
    NothingSent,
    Said(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedUnsettled {
    NoProbe,
    Nothing {
        probe: String,
    },
    NothingToRead,
    Stopped {
        probe: String,
        came: String,
    },
    Broke {
        probe: String,
        requirement: String,
        got: String,
    },
    NotInForce(String),
    Beyond(RecordedBeyond),
}

impl RecordedCause {
    pub(super) fn of(cause: &cause::Cause) -> RecordedCause {
        match cause {
            cause::Cause::Came(came) => RecordedCause::Came(came.number),
            cause::Cause::Lacks(came, what) => RecordedCause::Lacks {
                came: came.number,
                what: what.clone(),
            },
            cause::Cause::Broke(came, requirement) => RecordedCause::Broke {
                came: came.number,
                requirement: requirement.to_string(),
            },
            cause::Cause::NotGranted { came, asked, got } => RecordedCause::NotGranted {
                came: came.number,
                asked: asked.clone(),
                got: got.clone(),
            },
            cause::Cause::Unsettled { capability, because } => RecordedCause::Unsettled {
                capability: capability.clone(),
                because: RecordedUnsettled::of(because),
            },
            cause::Cause::NothingToRead => RecordedCause::NothingToRead,
            cause::Cause::NoToken(fault) => RecordedCause::NoToken(RecordedFault::of(fault)),
            cause::Cause::NotSent(fault) => RecordedCause::NotSent(RecordedFault::of(fault)),
            cause::Cause::NoId(address) => RecordedCause::NoId(address.clone()),
            cause::Cause::NoConnection(fault) => RecordedCause::NoConnection(RecordedFault::of(fault)),
            cause::Cause::TargetLost(loss) => RecordedCause::TargetLost(RecordedLoss::of(loss)),
            cause::Cause::OutOfTime(limit) => RecordedCause::OutOfTimeNs(nanoseconds(*limit)),
            cause::Cause::Beyond(beyond) => RecordedCause::Beyond(RecordedBeyond::of(beyond)),
            cause::Cause::NothingSent => RecordedCause::NothingSent,
            cause::Cause::Said(words) => RecordedCause::Said(words.clone()),
        }
    }

    pub(super) fn read(self, known: &KnownExchanges) -> Result<cause::Cause, Bad> {
        Ok(match self {
            RecordedCause::Came(came) => cause::Cause::Came(known.get(came)?),
            RecordedCause::Lacks { came, what } => cause::Cause::Lacks(known.get(came)?, what),
            RecordedCause::Broke { came, requirement } => {
                cause::Cause::Broke(known.get(came)?, id(&requirement)?)
            }
            RecordedCause::NotGranted { came, asked, got } => cause::Cause::NotGranted {
                came: known.get(came)?,
                asked,
                got,
            },
            RecordedCause::Unsettled { capability, because } => cause::Cause::Unsettled {
                capability,
                because: because.read()?,
            },
            RecordedCause::NothingToRead => cause::Cause::NothingToRead,
            RecordedCause::NoToken(fault) => cause::Cause::NoToken(fault.read()),
            RecordedCause::NotSent(fault) => cause::Cause::NotSent(fault.read()),
            RecordedCause::NoId(address) => cause::Cause::NoId(address),
            RecordedCause::NoConnection(fault) => cause::Cause::NoConnection(fault.read()),
            RecordedCause::TargetLost(loss) => cause::Cause::TargetLost(loss.read()),
            RecordedCause::OutOfTimeNs(limit) => cause::Cause::OutOfTime(Duration::from_nanos(limit)),
            RecordedCause::Beyond(beyond) => cause::Cause::Beyond(beyond.read()),
            RecordedCause::NothingSent => cause::Cause::NothingSent,
            RecordedCause::Said(words) => cause::Cause::Said(words),
        })
    }
}

impl RecordedUnsettled {
    pub(super) fn of(why: &cause::Unsettled) -> RecordedUnsettled {
        match why.clone() {
            cause::Unsettled::NoProbe => RecordedUnsettled::NoProbe,
            cause::Unsettled::NotInForce(version) => RecordedUnsettled::NotInForce(version.to_string()),
            cause::Unsettled::Beyond(beyond) => RecordedUnsettled::Beyond(RecordedBeyond::of(&beyond)),
            cause::Unsettled::Nothing { probe } => RecordedUnsettled::Nothing { probe },
            cause::Unsettled::NothingToRead => RecordedUnsettled::NothingToRead,
            cause::Unsettled::Stopped { probe, came } => RecordedUnsettled::Stopped { probe, came },
            cause::Unsettled::Broke {
                probe,
                requirement,
                got,
            } => RecordedUnsettled::Broke {
                probe,
                requirement: requirement.to_string(),
                got,
            },
        }
    }

    pub(super) fn read(self) -> Result<cause::Unsettled, Bad> {
        Ok(match self {
            RecordedUnsettled::NoProbe => cause::Unsettled::NoProbe,
            RecordedUnsettled::NotInForce(text) => cause::Unsettled::NotInForce(version(&text)?),
            RecordedUnsettled::Beyond(beyond) => cause::Unsettled::Beyond(beyond.read()),
            RecordedUnsettled::Nothing { probe } => cause::Unsettled::Nothing { probe },
            RecordedUnsettled::NothingToRead => cause::Unsettled::NothingToRead,
            RecordedUnsettled::Stopped { probe, came } => cause::Unsettled::Stopped { probe, came },
            RecordedUnsettled::Broke {
                probe,
                requirement,
                got,
            } => cause::Unsettled::Broke {
                probe,
                requirement: id(&requirement)?,
                got,
            },
        })
    }
}

/// What became of a lost target, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedLoss {
    Silent(RecordedFault),
    Refuses(u16),
    Elsewhere(String),
}

impl RecordedLoss {
    pub(super) fn of(loss: &cause::Loss) -> RecordedLoss {
        match loss {
            cause::Loss::Silent(fault) => RecordedLoss::Silent(RecordedFault::of(fault)),
            cause::Loss::Refuses(status) => RecordedLoss::Refuses(*status),
            cause::Loss::Elsewhere(server) => RecordedLoss::Elsewhere(server.clone()),
        }
    }

    pub(super) fn read(self) -> cause::Loss {
        match self {
            RecordedLoss::Silent(fault) => cause::Loss::Silent(fault.read()),
            RecordedLoss::Refuses(status) => cause::Loss::Refuses(status),
            RecordedLoss::Elsewhere(server) => cause::Loss::Elsewhere(server),
        }
    }
}

/// Why something was no matter of the run, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedBeyond {
    Confined(Vec<String>),
    NoRepository(String),
    Shared,
    MayNotDelete,
    ReadOnly,
    NothingFound(String),
    Untagged,
    Ended,
}

impl RecordedBeyond {
    fn of(beyond: &cause::Beyond) -> RecordedBeyond {
        match beyond {
            cause::Beyond::Confined(names) => RecordedBeyond::Confined(names.clone()),
            cause::Beyond::NoRepository(which) => RecordedBeyond::NoRepository((*which).to_owned()),
            cause::Beyond::Shared => RecordedBeyond::Shared,
            cause::Beyond::MayNotDelete => RecordedBeyond::MayNotDelete,
            cause::Beyond::ReadOnly => RecordedBeyond::ReadOnly,
            cause::Beyond::NothingFound(what) => RecordedBeyond::NothingFound(what.clone()),
            cause::Beyond::Untagged => RecordedBeyond::Untagged,
            cause::Beyond::Ended => RecordedBeyond::Ended,
        }
    }

    fn read(self) -> cause::Beyond {
        match self {
            RecordedBeyond::Confined(names) => cause::Beyond::Confined(names),
            RecordedBeyond::NoRepository(which) => cause::Beyond::NoRepository(for_good(which)),
            RecordedBeyond::Shared => cause::Beyond::Shared,
            RecordedBeyond::MayNotDelete => cause::Beyond::MayNotDelete,
            RecordedBeyond::ReadOnly => cause::Beyond::ReadOnly,
            RecordedBeyond::NothingFound(what) => cause::Beyond::NothingFound(what),
            RecordedBeyond::Untagged => cause::Beyond::Untagged,
            RecordedBeyond::Ended => cause::Beyond::Ended,
        }
    }
}
