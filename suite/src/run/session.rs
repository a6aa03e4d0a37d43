//! What all programs of one run share: the way to the registry, what is known of it, and whether it is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::clean::Left;
use super::found::ExistingContent;
use super::lock::locked;
use super::pace::{Pace, Slot};
use super::patience;
use super::preflight::Learned;
use super::territory::{Tenants, Territory};
use super::watch::Watch;
use super::{OnFinding, RunSettings};
use crate::catalogue::{Catalogue, RequirementId};
use crate::cause::{Unsettled, is_full};
use crate::check::describe;
use crate::judgement::Offer;
use crate::log::{End, Event, Recorder, Redactor};
use crate::plan::Plan;
use crate::scenario::Library;
use crate::scenario::ast::Stance;
use crate::wire::{Client, Exchange, Limit, Request, Url, Withheld};

/// The size of a chunk where the registry asks for no larger one.
const CHUNK: u64 = 1024;

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
    /// What was created and stays.
    pub(super) left: Mutex<Left>,
    /// The blobs that every client pushes, by repository and digest, which are removed when nothing else is under way.
    pub(super) common: Mutex<BTreeSet<(String, String)>>,
    /// What is there already, where the run only reads.
    pub(super) found: ExistingContent,
    /// What the reader of a report has to know of the registry.
    notes: Mutex<BTreeSet<String>>,
    asked: Option<BTreeSet<RequirementId>>,
    offers: Mutex<BTreeMap<String, Offer>>,
    territory: Territory,
    watch: Watch,
    pace: Pace,
    end: tokio::sync::watch::Sender<Option<End>>,
    failed_fast: AtomicBool,
}

impl Session {
    /// Puts together what a run shares, with what was learned of the registry.
    pub(super) fn new(
        client: Client,
        library: Arc<Library>,
        plan: &Plan,
        settings: RunSettings,
        learned: Learned,
    ) -> Session {
        let territory = Territory::of(
            &settings,
            learned.names,
            learned.elsewhere,
            learned.found.repositories(),
        );
        Session {
            client,
            library,
            chunk: learned.min_chunk.unwrap_or(0).max(CHUNK),
            notes: Mutex::new(learned.notes.into_iter().collect()),
            found: learned.found,
            asked: plan.asked.clone(),
            offers: Mutex::default(),
            territory,
            watch: Watch::new(learned.good),
            pace: Pace::of(match settings.repositories.as_slice() {
                [] => settings.jobs,
                // Those that share a repository come one after another.
                _ => 1,
            }),
            end: tokio::sync::watch::Sender::new(None),
            left: Mutex::default(),
            common: Mutex::default(),
            failed_fast: AtomicBool::new(false),
            settings,
        }
    }

    /// What the reader of a report has to know of the registry.
    pub(super) fn notes(&self) -> Vec<String> {
        locked(&self.notes).iter().cloned().collect()
    }

    /// What stands in the repositories that the run was given; the reader of a report is told what could not be seen.
    pub(super) async fn tenants(&self) -> Tenants {
        let tenants = Tenants::of(&self.territory, &self.client).await;
        let told = tenants.unread().map(|name| {
            format!(
                "the tags of {name} could not be listed to the end: each was looked for before it was written"
            )
        });
        locked(&self.notes).extend(told);
        tenants
    }

    /// The seed of the run.
    pub(super) fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// What takes out of a log what is not kept.
    pub(super) fn redactor(&self) -> Redactor {
        Redactor::without(self.client.secrets().clone())
    }

    /// The catalogue.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.library.catalogue
    }

    /// Where the run may go.
    pub(super) fn territory(&self) -> &Territory {
        &self.territory
    }

    /// What the registry does about a capability.
    pub(super) fn offer(&self, name: &str) -> Offer {
        let offers = locked(&self.offers);
        let settled = offers.get(name).cloned();
        unless_pushes_are_refused(
            settled.unwrap_or(Offer::Unsettled(Unsettled::NoProbe)),
            offers.get("push"),
        )
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
        let offers = locked(&self.offers);
        let told = offers.iter().map(|(name, offer)| {
            let offer = unless_pushes_are_refused(offer.clone(), offers.get("push"));
            (name.clone(), offer)
        });
        told.collect()
    }

    /// Sends a request, again where the registry asks for patience, and writes down every exchange; one that is not to
    /// be sent comes back as such, and is not written down.
    pub(super) async fn send(
        &self,
        request: Request,
        tenants: &Tenants,
        recorder: &Recorder,
        action: usize,
    ) -> Arc<Exchange> {
        let withheld = match self.withholds(&request.method, &request.url) {
            None => tenants.would_lose(&request, &self.client).await,
            withheld => withheld,
        };
        if let Some(why) = withheld {
            return Arc::new(Exchange::withheld(request, why));
        }
        let mut tries = 0;
        loop {
            let exchange = Arc::new(self.client.send(request.clone()).await);
            if let Some(loss) = self.watch.look(&self.client, &exchange).await {
                self.come_to_an_end(End::TargetLost(loss));
            }
            self.pace.note(&exchange);
            self.note_room(&exchange);
            recorder.record(Event::Sent(action, exchange.clone()));
            tries += 1;
            match patience::limit(&exchange).and_then(|limit| self.wait(limit)) {
                Some(wait) if tries < patience::TRIES && self.ended().is_none() => {
                    tokio::time::sleep(wait).await;
                }
                _ => return exchange,
            }
        }
    }

    /// Tells the reader of a report where there is no room for what is pushed.
    fn note_room(&self, exchange: &Exchange) {
        let Some(status) = exchange.status().filter(|_| is_full(exchange)) else {
            return;
        };
        locked(&self.notes).insert(format!(
            "there is no room for what is pushed, by a quota or on a disk: writes are refused with {status}, and what they were to show is not judged"
        ));
    }

    /// How long a limit is waited for, on whatever connection it was met, if that can be borne.
    pub(super) fn wait(&self, limit: Limit) -> Option<Duration> {
        self.watch.wait(limit)
    }

    /// Why a request with this method is not sent to an address, if it is not.
    pub(super) fn withholds(&self, method: &str, url: &Url) -> Option<Withheld> {
        match self.ended() {
            Some(_) => Some(Withheld::Ended),
            None if !self.settings.access.allows(method) => Some(Withheld::ReadOnly),
            None => self.territory.leaves(url),
        }
    }

    /// Waits until one more scenario may run.
    pub(super) async fn place(&self) -> Slot {
        self.pace.place().await
    }

    /// How many scenarios may run at once, as things stand.
    pub(super) fn at_once(&self) -> usize {
        self.pace.limit()
    }

    /// Waits by the clock, and leaves the place to another scenario meanwhile.
    pub(super) async fn pass(&self, time: Duration) {
        self.aside(tokio::time::sleep(time)).await;
    }

    /// Waits for something that may not come, and leaves the place to another scenario meanwhile.
    pub(super) async fn aside<T>(&self, waiting: impl Future<Output = T>) -> T {
        self.pace.aside(waiting).await
    }

    /// How long something may take that usually takes no longer than `usual`: more where the target is slow.
    pub(super) fn allowance(&self, usual: Duration) -> Duration {
        self.watch.allowance(usual)
    }

    /// How long to wait until the target has noticed what happened on a connection.
    pub(super) fn notice(&self, usual: Duration) -> Duration {
        self.watch.notice(usual)
    }

    /// Ends the run: nothing is sent any more. The first end counts.
    pub(super) fn come_to_an_end(&self, end: End) {
        self.end.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(end);
            is_first
        });
    }

    /// How the run came to its end, if it did before everything was run.
    pub(super) fn ended(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Waits until the run is over for whoever is in the middle of something.
    pub(super) async fn over(&self) {
        let at_once = |end: &Option<End>| matches!(end, Some(End::Interrupted | End::OutOfTime(_)));
        // The sender lives as long as this.
        let _ = self.end.subscribe().wait_for(at_once).await;
    }

    /// Takes note of what a program broke: whether the run goes on may depend on it.
    pub(super) fn found(&self, broken: &BTreeSet<RequirementId>) {
        if let OnFinding::StopAt(ids) = &self.settings.on_finding
            && !ids.is_disjoint(broken)
        {
            self.failed_fast.store(true, Ordering::Relaxed);
        }
    }

    /// The requirements that are asked; `None` for all.
    pub(super) fn asked(&self) -> Option<&BTreeSet<RequirementId>> {
        self.asked.as_ref()
    }

    /// Whether the run has stopped at a violation.
    pub(super) fn has_failed_fast(&self) -> bool {
        self.failed_fast.load(Ordering::Relaxed)
    }

    /// Whether nothing further is begun.
    pub(super) fn has_ended(&self) -> bool {
        self.ended().is_some() || self.has_failed_fast()
    }
}

/// A probe that stopped at the very answer by which the registry refuses pushes had nothing to read.
fn unless_pushes_are_refused(offer: Offer, push: Option<&Offer>) -> Offer {
    match (&offer, push) {
        (Offer::Unsettled(Unsettled::Stopped { came, .. }), Some(Offer::Refused(refusal)))
            if *came == describe::exchange_of_any(refusal) =>
        {
            Offer::Unsettled(Unsettled::NothingToRead)
        }
        _ => offer,
    }
}
