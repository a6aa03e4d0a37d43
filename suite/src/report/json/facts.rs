//! The circumstances of a run and its verdict, as programs read them.

use serde::Serialize;

use super::exchange::JsonExchange;
use crate::judgement::{End, Offer, Strictness};
use crate::report::{Report, causes, text};

#[derive(Serialize)]
pub(super) struct JsonSuite {
    name: &'static str,
    version: &'static str,
}

impl JsonSuite {
    pub(super) const THIS: JsonSuite = JsonSuite {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    };
}

#[derive(Serialize)]
pub(super) struct JsonFacts<'a> {
    target: String,
    version: String,
    strict: bool,
    basis: Vec<&'static str>,
    seed: u64,
    run_id: String,
    narrowed: &'a [String],
    started: u64,
    elapsed_ms: u128,
    requests: u64,
    hosts: &'a [String],
    notes: &'a [String],
}

impl<'a> JsonFacts<'a> {
    pub(super) fn of(report: &Report<'a>) -> JsonFacts<'a> {
        let facts = &report.outcome.facts;
        JsonFacts {
            target: facts.target.to_string(),
            version: facts.version.to_string(),
            strict: facts.strictness == Strictness::Warnings,
            basis: report.counted.words(),
            seed: facts.seed,
            run_id: facts.run_id.to_string(),
            narrowed: &facts.narrowed,
            started: facts.started,
            elapsed_ms: facts.elapsed.as_millis(),
            requests: facts.requests,
            hosts: &facts.hosts,
            notes: &facts.notes,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonVerdict {
    passes: bool,
    word: &'static str,
    sentence: String,
    end: &'static str,
    lost: Option<String>,
}

impl JsonVerdict {
    pub(super) fn of(report: &Report<'_>) -> JsonVerdict {
        let (end, lost) = match &report.outcome.end {
            End::Complete => ("complete", None),
            End::FailedFast => ("failed-fast", None),
            End::TargetLost(loss) => ("target-lost", Some(loss.to_string())),
            End::Interrupted => ("interrupted", None),
            End::OutOfTime(_) => ("out-of-time", None),
        };
        let ruling = report.ruling();
        JsonVerdict {
            passes: ruling.passes(),
            word: ruling.word(),
            sentence: text::verdict(report),
            end,
            lost,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonCapability<'a> {
    name: &'a str,
    offer: &'static str,
    reason: Option<String>,
    exchange: Option<JsonExchange<'a>>,
}

impl<'a> JsonCapability<'a> {
    pub(super) fn of(name: &'a str, offer: &'a Offer) -> JsonCapability<'a> {
        let (offer, reason, exchange) = match offer {
            Offer::Offered(exchange) => ("offered", None, Some(exchange)),
            Offer::Refused(exchange) => ("refused", None, Some(exchange)),
            Offer::Unsettled(why) => ("unsettled", Some(causes::unsettled(why, None)), None),
        };
        JsonCapability {
            name,
            offer,
            reason,
            exchange: exchange.map(|exchange| JsonExchange::of(exchange)),
        }
    }
}
