//! What all programs of one run share: the way to the registry, what is known of it, and whether it is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::preflight::Learned;
use super::{OnFinding, RunSettings};
use crate::catalogue::{Catalogue, Level, RequirementId};
use crate::cause::Unsettled;
use crate::check::Seen;
use crate::log::{Event, Keeper, Recorder, Sight};
use crate::outcome::Offer;
use crate::plan::Plan;
use crate::scenario::ast::Stance;
use crate::scenario::{Library, Program};
use crate::wire::{Client, Exchange, Fault, Request, wait_asked_for};

/// After as many requests in a row that found nobody, the base endpoint is asked whether anybody is there.
const SILENCE: u32 = 8;
/// The size of a chunk where the registry asks for no larger one.
const CHUNK: u64 = 1024;
/// How often a request that was answered 429 is sent again.
const PATIENCE: u32 = 20;

/// What all programs of one run share.
pub(super) struct Session {
    /// The way to the registry.
    pub(super) client: Client,
    /// The scenarios and the requirements.
    pub(super) library: Arc<Library>,
    /// What the user asked for.
    pub(super) settings: RunSettings,
    /// The size of a chunk that the registry takes.
    pub(super) chunk: u64,
    /// What the reader of a report has to know of the registry.
    pub(super) notes: Vec<String>,
    asked: Option<BTreeSet<RequirementId>>,
    offers: Mutex<BTreeMap<String, Offer>>,
    silent: AtomicU32,
    lost: Mutex<Option<Fault>>,
    found: AtomicBool,
}

impl Session {
    /// Puts together what a run shares, and what was learned of the registry before it.
    pub(super) fn new(
        client: Client,
        library: Arc<Library>,
        plan: &Plan,
        settings: RunSettings,
        learned: Learned,
    ) -> Session {
        Session {
            client,
            library,
            settings,
            chunk: learned.min_chunk.unwrap_or(0).max(CHUNK),
            notes: learned.notes,
            asked: plan.asked.clone(),
            offers: Mutex::default(),
            silent: AtomicU32::new(0),
            lost: Mutex::default(),
            found: AtomicBool::new(false),
        }
    }

    /// The seed of the run.
    pub(super) fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// What takes out of a log what is not kept.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper::without(self.client.secrets().clone())
    }

    /// The catalogue.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.library.catalogue
    }

    /// The names of a scenario's three repositories.
    pub(super) fn repositories(&self, scenario: &str, attempt: u32) -> [String; 3] {
        let named = &self.settings.repositories;
        let slug: String = scenario.replace('/', "-").chars().take(60).collect();
        std::array::from_fn(|at| {
            named.get(at).cloned().unwrap_or_else(|| {
                let letter = ["a", "b", "c"][at];
                format!(
                    "assize/{:x}/{}-{attempt}/{letter}",
                    self.seed(),
                    slug.trim_end_matches('-')
                )
            })
        })
    }

    /// What the registry does about a capability.
    pub(super) fn offer(&self, name: &str) -> Offer {
        let settled = locked(&self.offers).get(name).cloned();
        settled.unwrap_or(Offer::Unsettled(Unsettled::NoProbe))
    }

    /// Settles what the registry does about a capability.
    pub(super) fn settle(&self, name: &str, stance: Stance, exchange: Arc<Exchange>) {
        let offer = match stance {
            Stance::Offered => Offer::Offered(exchange),
            Stance::Refused => Offer::Refused(exchange),
        };
        locked(&self.offers).insert(name.to_owned(), offer);
    }

    /// Says why a capability could not be settled, unless it was.
    pub(super) fn leave_unsettled(&self, name: &str, why: Unsettled) {
        locked(&self.offers)
            .entry(name.to_owned())
            .or_insert(Offer::Unsettled(why));
    }

    /// What was settled of every capability.
    pub(super) fn offers(&self) -> BTreeMap<String, Offer> {
        locked(&self.offers).clone()
    }

    /// Sends a request, again where the registry asks for patience, and writes down every exchange.
    pub(super) async fn send(&self, request: Request, recorder: &Recorder, action: usize) -> Arc<Exchange> {
        let mut tries = 0;
        loop {
            let exchange = Arc::new(self.client.send(request.clone()).await);
            self.watch(&exchange).await;
            recorder.record(Event::Sent(action, exchange.clone()));
            tries += 1;
            let answer = exchange.outcome.as_ref().ok();
            match answer.and_then(|answer| wait_asked_for(answer.status, &answer.headers)) {
                Some(wait) if tries < PATIENCE => tokio::time::sleep(wait).await,
                _ => return exchange,
            }
        }
    }

    /// Watches whether the target still answers anybody.
    async fn watch(&self, exchange: &Exchange) {
        let nobody = matches!(
            &exchange.outcome,
            Err(Fault::Connect(_) | Fault::Tls(_) | Fault::Timeout { .. })
        );
        if !nobody {
            self.silent.store(0, Ordering::Relaxed);
        } else if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENCE {
            let base = Request::new("GET", self.client.target().with_target("/v2/"));
            match self.client.send(base).await.outcome {
                Ok(_) => self.silent.store(0, Ordering::Relaxed),
                Err(fault) => *locked(&self.lost) = Some(fault),
            }
        }
    }

    /// Why the target answers nobody any more.
    pub(super) fn lost(&self) -> Option<Fault> {
        locked(&self.lost).clone()
    }

    /// Takes note of what a check saw: whether the run goes on may depend on it.
    pub(super) fn saw(&self, program: &Program, sight: &Sight) {
        let Some(asked) = program.checks.get(sight.check) else {
            return;
        };
        let is_asked = self
            .asked
            .as_ref()
            .is_none_or(|ids| ids.contains(&asked.requirement));
        if matches!(sight.seen, Seen::Breaks(_)) && asked.level == Some(Level::Must) && is_asked {
            self.found.store(true, Ordering::Relaxed);
        }
    }

    /// The requirements that are asked; `None` for all.
    pub(super) fn asked(&self) -> Option<&BTreeSet<RequirementId>> {
        self.asked.as_ref()
    }

    /// Whether the run has stopped at a violation.
    pub(super) fn has_failed_fast(&self) -> bool {
        self.settings.on_finding == OnFinding::Stop && self.found.load(Ordering::Relaxed)
    }
}

/// A lock; what a panicking task left behind is still good, since every change is made whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
