//! What all scenarios of one run share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::outcome::Offer;
use super::usable::Manner;
use super::world::locked;
use super::{OnFinding, RunSettings};
use crate::catalogue::{Catalogue, Level, RequirementId};
use crate::plan::{Plan, Planned};
use crate::scenario::Library;
use crate::scenario::ast::Stance;
use crate::wire::{Client, Exchange, Fault, Request};

/// After as many requests in a row that found nobody, the base endpoint is asked whether anybody is there.
const SILENCE: u32 = 8;
/// The size of a chunk where the registry asks for no larger one.
const CHUNK: u64 = 1024;

/// What all scenarios of one run share.
pub struct Shared {
    /// The way to the registry.
    pub client: Client,
    /// The scenarios and the requirements.
    pub library: Arc<Library>,
    /// The standing scenarios, asked of every answer.
    pub standing: Vec<Arc<Planned>>,
    /// What the user asked for.
    pub settings: RunSettings,
    /// The size of a chunk that the registry takes.
    pub chunk: u64,
    /// What the reader of a report has to know of the registry.
    pub notes: Vec<String>,
    asked: Option<BTreeSet<RequirementId>>,
    offers: Mutex<BTreeMap<String, Offer>>,
    silent: AtomicU32,
    lost: Mutex<Option<String>>,
    found: AtomicBool,
}

impl Shared {
    /// Puts together what a run shares, and what was learned of the registry before it.
    pub fn new(
        client: Client,
        library: Arc<Library>,
        plan: &Plan,
        settings: RunSettings,
        manner: Manner,
    ) -> Shared {
        Shared {
            client,
            library,
            standing: plan.standing.clone(),
            settings,
            chunk: manner.min_chunk.unwrap_or(0).max(CHUNK),
            notes: manner.notes,
            asked: plan.asked.clone(),
            offers: Mutex::default(),
            silent: AtomicU32::new(0),
            lost: Mutex::default(),
            found: AtomicBool::new(false),
        }
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.library.catalogue
    }

    /// The level of a requirement in the version judged by.
    pub fn level(&self, id: &RequirementId) -> Option<Level> {
        self.catalogue().get(id)?.levels.in_version(self.settings.version)
    }

    /// Whether the user asked for a requirement.
    pub fn asks(&self, id: &RequirementId) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.contains(id))
    }

    /// The names of a scenario's three repositories.
    pub fn repositories(&self, scenario: &str, attempt: u32) -> [String; 3] {
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
    pub fn offer(&self, name: &str) -> Offer {
        let settled = locked(&self.offers).get(name).cloned();
        settled.unwrap_or_else(|| Offer::Unsettled("no probe settled it".to_owned()))
    }

    /// Settles what the registry does about a capability.
    pub fn settle(&self, name: &str, stance: Stance, exchange: Arc<Exchange>) {
        let offer = match stance {
            Stance::Offered => Offer::Offered(exchange),
            Stance::Refused => Offer::Refused(exchange),
        };
        locked(&self.offers).insert(name.to_owned(), offer);
    }

    /// Says why a capability could not be settled, unless it was.
    pub fn leave_unsettled(&self, name: &str, why: String) {
        locked(&self.offers)
            .entry(name.to_owned())
            .or_insert(Offer::Unsettled(why));
    }

    /// What was settled of every capability.
    pub fn offers(&self) -> BTreeMap<String, Offer> {
        locked(&self.offers).clone()
    }

    /// Watches whether the target still answers anybody.
    pub async fn watch(&self, exchange: &Exchange) {
        let nobody = matches!(
            &exchange.outcome,
            Err(Fault::Connect(_) | Fault::Tls(_) | Fault::Timeout { .. })
        );
        if !nobody {
            self.silent.store(0, Ordering::Relaxed);
        } else if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENCE {
            let asked = self.client.send(self.get("/v2/")).await;
            match asked.outcome {
                Ok(_) => self.silent.store(0, Ordering::Relaxed),
                Err(fault) => *locked(&self.lost) = Some(fault.to_string()),
            }
        }
    }

    /// Why the target answers nobody any more.
    pub fn lost(&self) -> Option<String> {
        locked(&self.lost).clone()
    }

    /// Tells the run that a violation was found.
    pub fn found_violation(&self) {
        self.found.store(true, Ordering::Relaxed);
    }

    /// Why no further scenario is to begin.
    pub fn stopped(&self) -> Option<String> {
        let failed_fast = self.settings.on_finding == OnFinding::Stop && self.found.load(Ordering::Relaxed);
        self.lost()
            .or_else(|| failed_fast.then(|| "the run stopped at the first violation".to_owned()))
    }

    /// A plain GET of a path of the registry.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A request without a body to a path of the registry.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, self.client.target().with_target(path))
    }
}
