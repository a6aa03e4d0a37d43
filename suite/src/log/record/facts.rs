//! The circumstances of a run, as they are written down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cause::{Known, Loss, Unsettled};
use super::{Bad, nanoseconds, url, version};
use crate::log;
use crate::wire::Secrets;

#[derive(Serialize, Deserialize)]
pub(super) struct Facts {
    target: String,
    version: String,
    seed: u64,
    run_id: String,
    strictness: Strictness,
    narrowed: Vec<String>,
    /// In seconds since 1970.
    started: u64,
    elapsed_ns: u64,
    requests: u64,
    hosts: Vec<String>,
    notes: Vec<String>,
    command: String,
    explore_ns: Option<u64>,
    lifetime: Lifetime,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Strictness {
    Violations,
    Warnings,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lifetime {
    Stays,
    EndsWithTheRun,
}

impl Facts {
    pub(super) fn of(facts: &log::Facts) -> Facts {
        Facts {
            target: facts.target.to_string(),
            version: facts.version.to_string(),
            seed: facts.seed,
            run_id: facts.run_id.to_string(),
            strictness: match facts.strictness {
                log::Strictness::Violations => Strictness::Violations,
                log::Strictness::Warnings => Strictness::Warnings,
            },
            narrowed: facts.narrowed.clone(),
            started: facts.started,
            elapsed_ns: nanoseconds(facts.elapsed),
            requests: facts.requests,
            hosts: facts.hosts.clone(),
            notes: facts.notes.clone(),
            command: facts.rerun.command.clone(),
            explore_ns: facts.rerun.explore.map(nanoseconds),
            lifetime: match facts.rerun.lifetime {
                log::Lifetime::Stays => Lifetime::Stays,
                log::Lifetime::EndsWithTheRun => Lifetime::EndsWithTheRun,
            },
        }
    }

    pub(super) fn read(self) -> Result<log::Facts, Bad> {
        Ok(log::Facts {
            target: url(&self.target)?,
            version: version(&self.version)?,
            seed: self.seed,
            run_id: self
                .run_id
                .parse()
                .map_err(|bad| format!("`{}`: {bad}", self.run_id))?,
            strictness: match self.strictness {
                Strictness::Violations => log::Strictness::Violations,
                Strictness::Warnings => log::Strictness::Warnings,
            },
            narrowed: self.narrowed,
            started: self.started,
            elapsed: Duration::from_nanos(self.elapsed_ns),
            requests: self.requests,
            hosts: self.hosts,
            notes: self.notes,
            // What is kept in a record is masked already.
            secrets: Secrets::default(),
            rerun: log::Rerun {
                command: self.command,
                explore: self.explore_ns.map(Duration::from_nanos),
                lifetime: match self.lifetime {
                    Lifetime::Stays => log::Lifetime::Stays,
                    Lifetime::EndsWithTheRun => log::Lifetime::EndsWithTheRun,
                },
            },
        })
    }
}

/// What was settled of a capability.
#[derive(Serialize, Deserialize)]
pub(super) struct Settled {
    pub(super) capability: String,
    offer: Offer,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Offer {
    Offered(u64),
    Refused(u64),
    Unsettled(Unsettled),
}

impl Settled {
    pub(super) fn of(capability: &str, offer: &log::Offer) -> Settled {
        Settled {
            capability: capability.to_owned(),
            offer: match offer {
                log::Offer::Offered(exchange) => Offer::Offered(exchange.number),
                log::Offer::Refused(exchange) => Offer::Refused(exchange.number),
                log::Offer::Unsettled(why) => Offer::Unsettled(Unsettled::of(why)),
            },
        }
    }

    pub(super) fn read(self, known: &Known) -> Result<log::Offer, Bad> {
        Ok(match self.offer {
            Offer::Offered(exchange) => log::Offer::Offered(known.get(exchange)?),
            Offer::Refused(exchange) => log::Offer::Refused(known.get(exchange)?),
            Offer::Unsettled(why) => log::Offer::Unsettled(why.read()?),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Complete,
    FailedFast,
    TargetLost(Loss),
    Interrupted,
    OutOfTimeNs(u64),
}

impl End {
    pub(super) fn of(end: &log::End) -> End {
        match end {
            log::End::Complete => End::Complete,
            log::End::FailedFast => End::FailedFast,
            log::End::TargetLost(loss) => End::TargetLost(Loss::of(loss)),
            log::End::Interrupted => End::Interrupted,
            log::End::OutOfTime(limit) => End::OutOfTimeNs(nanoseconds(*limit)),
        }
    }

    pub(super) fn read(self) -> log::End {
        match self {
            End::Complete => log::End::Complete,
            End::FailedFast => log::End::FailedFast,
            End::TargetLost(loss) => log::End::TargetLost(loss.read()),
            End::Interrupted => log::End::Interrupted,
            End::OutOfTimeNs(limit) => log::End::OutOfTime(Duration::from_nanos(limit)),
        }
    }
}
