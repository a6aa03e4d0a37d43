//! The world of one run of one scenario: its repositories, its variables, the last answer, and what was seen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::Answered;
use super::content::Maker;
use super::ledger::{Entry, Ledger, Shown};
use super::litter::Litter;
use super::outcome::Verdict;
use super::scope::Scope;
use super::shared::Shared;
use super::value::Cause;
use super::{describe, reproduce, standing};
use crate::catalogue::{Level, RequirementId};
use crate::plan::{Place, Planned};
use crate::scenario::ast::{self, Span};
use crate::wire::{Exchange, Request, Transcript, wait_asked_for};

/// How often a request that was answered 429 is sent again.
const PATIENCE: u32 = 20;

/// The world of one run of one scenario, or of one of its copies under `together`.
#[derive(Clone)]
pub struct World {
    /// What all scenarios of the run share.
    pub shared: Arc<Shared>,
    /// The scenario.
    pub planned: Arc<Planned>,
    /// The variables.
    pub scope: Scope,
    /// What the last request came to.
    pub last: Last,
    /// What governs the checks that follow.
    pub governor: Option<Governor>,
    /// The first cell of the row in force.
    pub row: Option<String>,
    /// The last request, as the scenario says it.
    pub asked: Option<Arc<ast::Request>>,
    label: String,
    made: u32,
    record: Arc<Record>,
}

/// What is kept of a run of a scenario, for all its copies together.
#[derive(Default)]
struct Record {
    ledger: Mutex<Ledger>,
    transcript: Mutex<Vec<Arc<Exchange>>>,
    litter: Mutex<Litter>,
    limited: Mutex<Option<Duration>>,
    copies: AtomicU32,
}

/// What the last request came to.
#[derive(Clone, Default)]
pub enum Last {
    /// Nothing was asked yet.
    #[default]
    Nothing,
    /// It was not sent, since something it needs is missing.
    NotSent(Cause),
    /// It was sent, and this came of it.
    Came(Arc<Answered>),
}

/// What governs a check.
#[derive(Clone)]
pub enum Governor {
    /// A requirement, at its level in the version judged by; `None` where it is not in force.
    Requirement(RequirementId, Option<Level>),
    /// `given`: it is taken for granted.
    Given,
}

impl World {
    /// A fresh world for a scenario. Different attempts have different names and content.
    pub fn new(shared: Arc<Shared>, planned: Arc<Planned>, attempt: u32) -> World {
        let repositories = shared.repositories(&planned.name, attempt);
        World {
            label: format!("{}#{attempt}", planned.name),
            scope: Scope::with_repositories(&repositories),
            last: Last::Nothing,
            governor: None,
            row: None,
            asked: None,
            made: 0,
            record: Arc::new(Record::default()),
            shared,
            planned,
        }
    }

    /// A copy that runs beside the others, with content of its own.
    pub fn copy(&self) -> World {
        let number = self.record.copies.fetch_add(1, Ordering::Relaxed);
        World {
            label: format!("{}/{number}", self.label),
            ..self.clone()
        }
    }

    /// A source of content that nobody else has.
    pub fn maker(&mut self) -> Maker {
        self.made += 1;
        Maker::new(self.shared.seed(), &format!("{}:{}", self.label, self.made))
    }

    /// Sends a request, waiting where the registry asks for patience, and has every answer judged by the standing
    /// scenarios.
    pub async fn send(&self, request: Request) -> Arc<Exchange> {
        let mut tries = 0;
        loop {
            let exchange = Arc::new(self.shared.client.send(request.clone()).await);
            self.shared.watch(&exchange).await;
            locked(&self.record.litter).note(&exchange);
            locked(&self.record.transcript).push(exchange.clone());
            standing::judge(&self.shared, &exchange, &mut locked(&self.record.ledger));
            tries += 1;
            let asked = exchange.outcome.as_ref().ok();
            match asked.and_then(|answer| wait_asked_for(answer.status, &answer.headers)) {
                Some(wait) if tries < PATIENCE => tokio::time::sleep(wait).await,
                _ => return exchange,
            }
        }
    }

    /// Notes that a connection by hand was answered that too many requests came.
    pub fn limit(&self, wait: Duration) {
        *locked(&self.record.limited) = Some(wait);
    }

    /// How long the registry asked to be left alone since this was last asked, on connections by hand.
    pub fn take_limit(&self) -> Option<Duration> {
        locked(&self.record.limited).take()
    }

    /// Writes down what a check of the last answer came to.
    pub fn note(&self, span: &Span, requirement: &RequirementId, seen: Noted) {
        let shown = match (&seen.verdict, &self.last) {
            (Verdict::Broken, Last::Came(answered)) => Shown::Exchanges(reproduce::backward(
                &locked(&self.record.transcript),
                answered.exchange(),
            )),
            _ => Shown::Nothing,
        };
        self.write_down(self.planned.place(span), requirement, seen, shown);
    }

    /// The lines for a shell that show again what came of a connection by hand.
    pub fn by_hand(&self, connection: &Transcript) -> String {
        reproduce::by_hand(&locked(&self.record.transcript), connection)
    }

    /// Writes down what a check came to, and what shows it again.
    pub fn write_down(&self, place: Place, requirement: &RequirementId, seen: Noted, shown: Shown) {
        locked(&self.record.ledger).add(Entry {
            requirement: requirement.clone(),
            place,
            row: self.row.clone(),
            verdict: seen.verdict,
            asked: seen.asked,
            got: seen.got,
            count: 1,
            shown,
        });
    }

    /// Whether a check of a requirement was written down.
    pub fn has_asked(&self, id: &RequirementId) -> bool {
        let ledger = locked(&self.record.ledger);
        ledger.entries().iter().any(|entry| entry.requirement == *id)
    }

    /// Why nothing behind the last answer was reached.
    pub fn cause(&self) -> Cause {
        Cause(match &self.last {
            Last::Nothing => "no request was sent".to_owned(),
            Last::NotSent(cause) => cause.0.clone(),
            Last::Came(answered) => describe::exchange(answered.exchange()),
        })
    }

    /// What was seen, and what was left behind, once the scenario is over.
    pub fn finish(self) -> (Ledger, Litter) {
        let ledger = std::mem::take(&mut *locked(&self.record.ledger));
        let litter = std::mem::take(&mut *locked(&self.record.litter));
        (ledger, litter)
    }
}

/// What a check came to, as it is written down.
pub struct Noted {
    /// The verdict.
    pub verdict: Verdict,
    /// What was asked.
    pub asked: String,
    /// What was got.
    pub got: String,
}

/// A lock; what a panicking task left behind is still good, since every change is made whole.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
