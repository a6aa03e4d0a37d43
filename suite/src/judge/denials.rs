//! What a registry granted in a run. What it never grants, whoever asks, is one cause, however many checks met it.

use std::collections::{BTreeMap, BTreeSet};

use super::Judged;
use super::anomaly::anomaly;
use super::denial::{Denial, RequestShape};
use super::entry::Entry;
use super::lost::led_here_by;
use super::symptom::{Symptom, is_of_method, symptom};
use crate::check::error_codes;
use crate::endpoint::Endpoint;
use crate::log::{Attempts, Evidence, ProgramLog};
use crate::scenario::ast::Aspect;
use crate::values::json_of;

/// The denials of a run that were told by the requirement that such a request is granted.
#[derive(Debug, Default)]
pub(super) struct Denials {
    /// Each with the trace that it left there besides.
    told: BTreeMap<Denial, Option<Symptom>>,
    granted: BTreeSet<RequestShape>,
}

impl Denials {
    /// What was denied in every program of a run.
    pub(super) fn of(programs: &[Attempts], runs: &[Judged<'_>]) -> Denials {
        let mut told = BTreeMap::new();
        for run in runs {
            for entry in run.entries.broken() {
                if let Some((denial, Soundness::Sound)) = denial(entry, run.log)
                    && denial.breaks(&entry.requirement)
                {
                    told.entry(denial).or_insert_with(|| symptom(entry, run.log));
                }
            }
        }
        if told.is_empty() {
            return Denials::default();
        }
        let granted = granted(programs);
        told.retain(|denial, _| !granted.contains(&denial.shape));
        Denials { told, granted }
    }

    /// The trace of a broken check: that of the denial which it met, where it met one.
    pub(super) fn trace(&self, entry: &Entry, log: &ProgramLog) -> Option<Symptom> {
        match self.met_by(entry, log) {
            Some((_, Some(symptom))) => Some(symptom.clone()),
            Some((denial, None)) => Some(Symptom::Denied(denial.clone())),
            None => symptom(entry, log),
        }
    }

    fn met_by(&self, entry: &Entry, log: &ProgramLog) -> Option<(&Denial, &Option<Symptom>)> {
        if self.told.is_empty() {
            return None;
        }
        let (seen, request) = denial(entry, log)?;
        // What makes a registry fail may be what is odd of it.
        if request == Soundness::Odd && seen.is_failure() {
            return None;
        }
        let denied = seen
            .shape
            .and_more_general()
            .take_while(|shape| !self.granted.contains(shape));
        let told = |shape: RequestShape| self.told.iter().find(|(denial, _)| denial.is(&shape, &seen));
        denied.filter_map(told).last()
    }
}

/// The shapes of all requests that were granted.
fn granted(programs: &[Attempts]) -> BTreeSet<RequestShape> {
    let logs = programs
        .iter()
        .flat_map(|attempts| std::iter::once(&attempts.first).chain(&attempts.again));
    logs.flat_map(|log| {
        let granted = log
            .exchanges()
            .filter(|exchange| exchange.status().is_some_and(|status| status < 400));
        granted.map(|exchange| RequestShape::of(exchange, &Endpoint::of(&exchange.request.url), log))
    })
    .collect()
}

/// What a broken check looked at, if that is a denial, and whether anything was amiss of the request.
///
/// What is asked of every answer, and what a header of a denial says, has a cause of its own.
fn denial(entry: &Entry, log: &ProgramLog) -> Option<(Denial, Soundness)> {
    let Evidence::Exchanges(exchanges) = &entry.evidence else {
        return None;
    };
    let [exchange] = exchanges.as_slice() else {
        return None;
    };
    let aspect = entry.check.as_ref().map(|check| &check.aspect.value);
    let answer = exchange.outcome.as_ref().ok()?;
    let is_asked_of_all = entry.place.scenario != log.program.name;
    if is_asked_of_all || matches!(aspect, Some(Aspect::Header(..))) || !denies(answer.status) {
        return None;
    }
    if answer.status == 405 && !is_of_method(aspect) {
        return None;
    }
    let endpoint = Endpoint::of(&exchange.request.url);
    if exchange.request.method == "DELETE" || led_here_by(exchange, log).is_some() {
        return None;
    }
    let denial = Denial {
        shape: RequestShape::of(exchange, &endpoint, log),
        status: answer.status,
        codes: json_of(answer).map(|json| error_codes(&json)).unwrap_or_default(),
    };
    let request = match anomaly(exchange, &endpoint, log) {
        None => Soundness::Sound,
        Some(_) => Soundness::Odd,
    };
    Some((denial, request))
}

/// Whether anything is amiss of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Soundness {
    /// Nothing is.
    Sound,
    /// Something is, for which it may be denied by itself.
    Odd,
}

/// Whether a status denies a request for what it is, and not for who asks, how often, or through whom.
fn denies(status: u16) -> bool {
    matches!(status, 400.. if !matches!(status, 401 | 403 | 407 | 429 | 502..=504))
}
