//! Whether the target is still what it was, how fast it answers, and how long its limits are borne.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::lock::locked;
use super::patience;
use crate::cause::Loss;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::wire::{Account, Client, Exchange, Limit, Request};

/// After as many requests in a row that came to nothing, those that are known to be good are asked again.
const SILENCE: u32 = 8;
/// How often they are asked before the target is given up, so that a restart of a moment is got over.
const TRIES: u32 = 3;
/// How long is waited between two of those tries: together a second, in which a process is
/// restarted.
const PAUSE: Duration = Duration::from_millis(500);
/// How many answers the usual time of an answer is taken from.
const ANSWERS: usize = 64;
/// By how much an answer may take longer than is usual: more than a busy machine does to one answer of
/// many, and less than a queue behind others does.
const FACTOR: u32 = 20;
/// By how much an answer may take longer than the slowest: writes may be slow where most answers are to reads.
const SLOWEST_FACTOR: u32 = 3;
/// How many usual answers it may take a target to notice what happened on a connection: the news goes there once, and the
/// usual answer there and back.
const NOTICES: u32 = 4;
/// The longest that a slow target is waited for where time is measured: with it a scenario stays within the time that
/// one may take.
const LONGEST_ALLOWANCE: Duration = Duration::from_secs(120);

/// Watches the target of a run.
pub(super) struct Watch {
    /// A request below the base endpoint that was answered well when the run began, and its status.
    good: Option<(Request, u16)>,
    in_a_row: AtomicU32,
    limited: Mutex<Option<Instant>>,
    asking: tokio::sync::Mutex<()>,
    answers: Mutex<VecDeque<Duration>>,
}

impl Watch {
    /// A watch that knows a request with its status from the beginning of the run.
    pub(super) fn new(good: Option<(Request, u16)>) -> Watch {
        Watch {
            good,
            in_a_row: AtomicU32::new(0),
            limited: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Takes note of what came; what became of the target, if it is lost.
    pub(super) async fn look(&self, client: &Client, exchange: &Exchange) -> Option<Loss> {
        self.note_time(exchange);
        self.note_limit(exchange);
        if self.bears(exchange).is_some() {
            return None;
        }
        let Some(seen) = seen_in(exchange) else {
            self.in_a_row.store(0, Ordering::Relaxed);
            return None;
        };
        if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 < SILENCE {
            return None;
        }
        // One asks for all.
        let Ok(_asking) = self.asking.try_lock() else {
            return None;
        };
        let lost = self.is_lost(client, &seen).await;
        self.in_a_row.store(0, Ordering::Relaxed);
        lost
    }

    /// Asks the base endpoint and the request that is known to be good, until both are as they were or patience ends.
    async fn is_lost(&self, client: &Client, seen: &Loss) -> Option<Loss> {
        let mut lost = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            lost = self.trouble(client).await;
            lost.as_ref()?;
        }
        // What everybody got says more than what the last of these did.
        match (lost, seen) {
            (Some(_), Loss::Silent(_) | Loss::Refuses(_)) => Some(seen.clone()),
            (lost, _) => lost,
        }
    }

    /// What is wrong with the requests that are known to be good.
    async fn trouble(&self, client: &Client) -> Option<Loss> {
        let base = Request::new("GET", client.target().below_mount("/v2/"));
        if let Some(loss) = Loss::seen_in(&self.ask(client, &base).await) {
            return Some(loss);
        }
        let (good, status) = self.good.as_ref()?;
        let asked = self.ask(client, good).await;
        if let Some(place) = asked.upload_address().filter(|_| good.method == "POST") {
            client.send(Request::new("DELETE", place)).await;
        }
        Loss::seen_in(&asked).filter(|_| asked.status() != Some(*status))
    }

    /// Sends a request that is of no scenario, again where the registry asks for patience.
    async fn ask(&self, client: &Client, request: &Request) -> Exchange {
        loop {
            let exchange = client.send(request.clone()).await;
            self.note_limit(&exchange);
            match self.bears(&exchange) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return exchange,
            }
        }
    }

    /// How long is waited for the end of the limit that an answer tells of, if it tells of one that can be borne.
    fn bears(&self, exchange: &Exchange) -> Option<Duration> {
        patience::limit(exchange).and_then(|limit| self.wait(limit))
    }

    /// How long a limit is waited for, on whatever connection it was met, if that can be borne.
    pub(super) fn wait(&self, limit: Limit) -> Option<Duration> {
        let since = *locked(&self.limited).get_or_insert_with(Instant::now);
        patience::wait(limit, Some(since))
    }

    /// How long something may take that usually takes no longer than `usual`: more where the target is slow.
    pub(super) fn allowance(&self, usual: Duration) -> Duration {
        let answers = self.sorted_times();
        let slowest = answers.last().copied().unwrap_or_default();
        let needed = middle(&answers)
            .saturating_mul(FACTOR)
            .max(slowest.saturating_mul(SLOWEST_FACTOR));
        needed.clamp(usual, LONGEST_ALLOWANCE.max(usual))
    }

    /// How long to wait until the target has noticed what happened on a connection, which usually takes no longer than
    /// `usual`.
    pub(super) fn notice(&self, usual: Duration) -> Duration {
        let needed = middle(&self.sorted_times()).saturating_mul(NOTICES);
        needed.clamp(usual, LONGEST_ALLOWANCE.max(usual))
    }

    fn sorted_times(&self) -> Vec<Duration> {
        let mut answers: Vec<Duration> = locked(&self.answers).iter().copied().collect();
        answers.sort_unstable();
        answers
    }

    fn note_time(&self, exchange: &Exchange) {
        let mut answers = locked(&self.answers);
        if answers.len() == ANSWERS {
            answers.pop_front();
        }
        answers.push_back(exchange.elapsed);
    }

    /// A limit lasts until something else than 429 comes from below the base endpoint.
    fn note_limit(&self, exchange: &Exchange) {
        let mut limited = locked(&self.limited);
        let is_limited = exchange.status() == Some(429);
        if !is_limited && Endpoint::of(&exchange.request.url).kind() != EndpointKind::Base {
            *limited = None;
        }
    }
}

/// The time in the middle, of times that are sorted.
fn middle(times: &[Duration]) -> Duration {
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What an exchange shows of a target that may be lost. Whoever comes with other credentials may well be refused.
fn seen_in(exchange: &Exchange) -> Option<Loss> {
    let request = &exchange.request;
    let is_owner = request.account == Account::Default;
    Loss::seen_in(exchange).filter(|loss| is_owner || *loss != Loss::Refuses(401))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_target_is_allowed_more_and_a_fast_one_no_less() {
        let watch = Watch::new(None);
        let usual = Duration::from_secs(5);
        assert_eq!(watch.allowance(usual), usual);
        locked(&watch.answers).extend([Duration::from_secs(1); 3]);
        assert_eq!(watch.allowance(usual), Duration::from_secs(20));
    }

    #[test]
    fn a_distant_target_is_given_the_time_to_notice() {
        let watch = Watch::new(None);
        let usual = Duration::from_millis(200);
        assert_eq!(watch.notice(usual), usual);
        locked(&watch.answers).extend([Duration::from_millis(200); 3]);
        assert_eq!(watch.notice(usual), Duration::from_millis(800));
    }

    #[test]
    fn a_target_that_is_slow_in_one_thing_is_allowed_more() {
        let watch = Watch::new(None);
        locked(&watch.answers).extend([Duration::from_millis(5); 9]);
        locked(&watch.answers).push_back(Duration::from_secs(4));
        let allowed = watch.allowance(Duration::from_secs(10));
        assert_eq!(allowed, Duration::from_secs(12));
    }
}
