//! The circumstances of a run, as they are written down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cause::{KnownExchanges, RecordedLoss, RecordedUnsettled};
use super::{Bad, nanoseconds, url, version};
use crate::log;
use crate::wire::Secrets;

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedFacts {
    target: String,
    version: String,
    seed: u64,
    run_id: String,
    strictness: RecordedStrictness,
    narrowed: Vec<String>,
    /// In seconds since 1970.
    started: u64,
    elapsed_ns: u64,
    requests: u64,
    hosts: Vec<String>,
    notes: Vec<String>,
    command: String,
    explore_ns: Option<u64>,
    lifetime: RecordedLifetime,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedStrictness {
    Violations,
    Warnings,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedLifetime {
    Stays,
    EndsWithTheRun,
}

impl RecordedFacts {
    pub(super) fn of(facts: &log::Facts) -> RecordedFacts {
        RecordedFacts {
            target: facts.target.to_string(),
            version: facts.version.to_string(),
            seed: facts.seed,
            run_id: facts.run_id.to_string(),
            strictness: match facts.strictness {
                log::Strictness::Violations => RecordedStrictness::Violations,
                log::Strictness::Warnings => RecordedStrictness::Warnings,
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
                log::Lifetime::Stays => RecordedLifetime::Stays,
                log::Lifetime::EndsWithTheRun => RecordedLifetime::EndsWithTheRun,
            },
        }
    }

    pub(super) fn read(self) -> Result<log::Facts, Bad> {
        Ok(log::Facts {
            target: url(&self.target)?.mounted(),
            version: version(&self.version)?,
            seed: self.seed,
            run_id: self
                .run_id
                .parse()
                .map_err(|bad| format!("`{}`: {bad}", self.run_id))?,
            strictness: match self.strictness {
                RecordedStrictness::Violations => log::Strictness::Violations,
                RecordedStrictness::Warnings => log::Strictness::Warnings,
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
                    RecordedLifetime::Stays => log::Lifetime::Stays,
                    RecordedLifetime::EndsWithTheRun => log::Lifetime::EndsWithTheRun,
                },
            },
        })
    }
}

/// What was settled of a capability.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordedCapability {
    pub(super) capability: String,
    offer: RecordedOffer,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedOffer {
    Offered(u64),
    Refused(u64),
    Unsettled(RecordedUnsettled),
}

impl RecordedCapability {
    pub(super) fn of(capability: &str, offer: &log::Offer) -> RecordedCapability {
        RecordedCapability {
            capability: capability.to_owned(),
            offer: match offer {
                log::Offer::Offered(exchange) => RecordedOffer::Offered(exchange.number),
                log::Offer::Refused(exchange) => RecordedOffer::Refused(exchange.number),
                log::Offer::Unsettled(why) => RecordedOffer::Unsettled(RecordedUnsettled::of(why)),
            },
        }
    }

    pub(super) fn read(self, known: &KnownExchanges) -> Result<log::Offer, Bad> {
        Ok(match self.offer {
            RecordedOffer::Offered(exchange) => log::Offer::Offered(known.get(exchange)?),
            RecordedOffer::Refused(exchange) => log::Offer::Refused(known.get(exchange)?),
            RecordedOffer::Unsettled(why) => log::Offer::Unsettled(why.read()?),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedEnd {
    Complete,
    FailedFast,
    TargetLost(RecordedLoss),
    Interrupted,
    OutOfTimeNs(u64),
}

impl RecordedEnd {
    pub(super) fn of(end: &log::End) -> RecordedEnd {
        match end {
            log::End::Complete => RecordedEnd::Complete,
            log::End::FailedFast => RecordedEnd::FailedFast,
            log::End::TargetLost(loss) => RecordedEnd::TargetLost(RecordedLoss::of(loss)),
            log::End::Interrupted => RecordedEnd::Interrupted,
            log::End::OutOfTime(limit) => RecordedEnd::OutOfTimeNs(nanoseconds(*limit)),
        }
    }

    pub(super) fn read(self) -> log::End {
        match self {
            RecordedEnd::Complete => log::End::Complete,
            RecordedEnd::FailedFast => log::End::FailedFast,
            RecordedEnd::TargetLost(loss) => log::End::TargetLost(loss.read()),
            RecordedEnd::Interrupted => log::End::Interrupted,
            RecordedEnd::OutOfTimeNs(limit) => log::End::OutOfTime(Duration::from_nanos(limit)),
        }
    }
}
