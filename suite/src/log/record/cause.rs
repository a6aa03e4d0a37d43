//! Why something was not reached, as it is written down: exchanges by their numbers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::{Fault, for_good};
use super::{Bad, id, nanoseconds, version};
use crate::cause;
use crate::wire::Exchange;

/// The exchanges that are known so far, by their numbers.
#[derive(Default)]
pub(super) struct Known(HashMap<u64, Arc<Exchange>>);

impl Known {
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
pub(super) enum Cause {
    Came(u64),
    Lacks { came: u64, what: String },
    Broke { came: u64, requirement: String },
    NotGranted { came: u64, asked: String, got: String },
    Unsettled { capability: String, because: Unsettled },
    NothingToRead,
    NoToken(Fault),
    NotSent(Fault),
    NoConnection(Fault),
    NoId(String),
    TargetLost(Loss),
    OutOfTimeNs(u64),
    Beyond(Beyond),
    NothingSent,
    Said(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unsettled {
    NoProbe,
    Nothing {
        probe: String,
    },
    Broke {
        probe: String,
        requirement: String,
        got: String,
    },
    NotInForce(String),
    Beyond(Beyond),
}

impl Cause {
    pub(super) fn of(cause: &cause::Cause) -> Cause {
        match cause {
            cause::Cause::Came(came) => Cause::Came(came.number),
            cause::Cause::Lacks(came, what) => Cause::Lacks {
                came: came.number,
                what: what.clone(),
            },
            cause::Cause::Broke(came, requirement) => Cause::Broke {
                came: came.number,
                requirement: requirement.to_string(),
            },
            cause::Cause::NotGranted { came, asked, got } => Cause::NotGranted {
                came: came.number,
                asked: asked.clone(),
                got: got.clone(),
            },
            cause::Cause::Unsettled { capability, because } => Cause::Unsettled {
                capability: capability.clone(),
                because: Unsettled::of(because),
            },
            cause::Cause::NothingToRead => Cause::NothingToRead,
            cause::Cause::NoToken(fault) => Cause::NoToken(Fault::of(fault)),
            cause::Cause::NotSent(fault) => Cause::NotSent(Fault::of(fault)),
            cause::Cause::NoId(address) => Cause::NoId(address.clone()),
            cause::Cause::NoConnection(fault) => Cause::NoConnection(Fault::of(fault)),
            cause::Cause::TargetLost(loss) => Cause::TargetLost(Loss::of(loss)),
            cause::Cause::OutOfTime(limit) => Cause::OutOfTimeNs(nanoseconds(*limit)),
            cause::Cause::Beyond(beyond) => Cause::Beyond(Beyond::of(beyond)),
            cause::Cause::NothingSent => Cause::NothingSent,
            cause::Cause::Said(words) => Cause::Said(words.clone()),
        }
    }

    pub(super) fn read(self, known: &Known) -> Result<cause::Cause, Bad> {
        Ok(match self {
            Cause::Came(came) => cause::Cause::Came(known.get(came)?),
            Cause::Lacks { came, what } => cause::Cause::Lacks(known.get(came)?, what),
            Cause::Broke { came, requirement } => cause::Cause::Broke(known.get(came)?, id(&requirement)?),
            Cause::NotGranted { came, asked, got } => cause::Cause::NotGranted {
                came: known.get(came)?,
                asked,
                got,
            },
            Cause::Unsettled { capability, because } => cause::Cause::Unsettled {
                capability,
                because: because.read()?,
            },
            Cause::NothingToRead => cause::Cause::NothingToRead,
            Cause::NoToken(fault) => cause::Cause::NoToken(fault.read()),
            Cause::NotSent(fault) => cause::Cause::NotSent(fault.read()),
            Cause::NoId(address) => cause::Cause::NoId(address),
            Cause::NoConnection(fault) => cause::Cause::NoConnection(fault.read()),
            Cause::TargetLost(loss) => cause::Cause::TargetLost(loss.read()),
            Cause::OutOfTimeNs(limit) => cause::Cause::OutOfTime(Duration::from_nanos(limit)),
            Cause::Beyond(beyond) => cause::Cause::Beyond(beyond.read()),
            Cause::NothingSent => cause::Cause::NothingSent,
            Cause::Said(words) => cause::Cause::Said(words),
        })
    }
}

impl Unsettled {
    pub(super) fn of(why: &cause::Unsettled) -> Unsettled {
        match why.clone() {
            cause::Unsettled::NoProbe => Unsettled::NoProbe,
            cause::Unsettled::NotInForce(version) => Unsettled::NotInForce(version.to_string()),
            cause::Unsettled::Beyond(beyond) => Unsettled::Beyond(Beyond::of(&beyond)),
            cause::Unsettled::Nothing { probe } => Unsettled::Nothing { probe },
            cause::Unsettled::Broke {
                probe,
                requirement,
                got,
            } => Unsettled::Broke {
                probe,
                requirement: requirement.to_string(),
                got,
            },
        }
    }

    pub(super) fn read(self) -> Result<cause::Unsettled, Bad> {
        Ok(match self {
            Unsettled::NoProbe => cause::Unsettled::NoProbe,
            Unsettled::NotInForce(text) => cause::Unsettled::NotInForce(version(&text)?),
            Unsettled::Beyond(beyond) => cause::Unsettled::Beyond(beyond.read()),
            Unsettled::Nothing { probe } => cause::Unsettled::Nothing { probe },
            Unsettled::Broke {
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
pub(super) enum Loss {
    Silent(Fault),
    Refuses(u16),
    Elsewhere(String),
}

impl Loss {
    pub(super) fn of(loss: &cause::Loss) -> Loss {
        match loss {
            cause::Loss::Silent(fault) => Loss::Silent(Fault::of(fault)),
            cause::Loss::Refuses(status) => Loss::Refuses(*status),
            cause::Loss::Elsewhere(server) => Loss::Elsewhere(server.clone()),
        }
    }

    pub(super) fn read(self) -> cause::Loss {
        match self {
            Loss::Silent(fault) => cause::Loss::Silent(fault.read()),
            Loss::Refuses(status) => cause::Loss::Refuses(status),
            Loss::Elsewhere(server) => cause::Loss::Elsewhere(server),
        }
    }
}

/// Why something was no matter of the run, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Beyond {
    Confined(Vec<String>),
    NoRepository(String),
    Shared,
    MayNotDelete,
    Ended,
}

impl Beyond {
    fn of(beyond: &cause::Beyond) -> Beyond {
        match beyond {
            cause::Beyond::Confined(names) => Beyond::Confined(names.clone()),
            cause::Beyond::NoRepository(which) => Beyond::NoRepository((*which).to_owned()),
            cause::Beyond::Shared => Beyond::Shared,
            cause::Beyond::MayNotDelete => Beyond::MayNotDelete,
            cause::Beyond::Ended => Beyond::Ended,
        }
    }

    fn read(self) -> cause::Beyond {
        match self {
            Beyond::Confined(names) => cause::Beyond::Confined(names),
            Beyond::NoRepository(which) => cause::Beyond::NoRepository(for_good(which)),
            Beyond::Shared => cause::Beyond::Shared,
            Beyond::MayNotDelete => cause::Beyond::MayNotDelete,
            Beyond::Ended => cause::Beyond::Ended,
        }
    }
}
