//! How long a registry that limits how often it is asked is borne.

use std::time::{Duration, Instant};

use crate::wire::{Client, Exchange, Limit, Request};

/// How often a request that was answered 429 is sent again.
pub(super) const TRIES: u32 = 20;
/// The wait after a 429 that asks for less: whoever limits does not want to be asked at once.
const LEAST_WAIT: Duration = Duration::from_millis(50);
/// For how long nothing but 429 may come before the limit is taken for the end: limits are counted by the minute at
/// most, or by the hour, which no run waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a registry asks for by this answer, if it says that too many requests came.
pub(super) fn limit(exchange: &Exchange) -> Option<Limit> {
    let answer = exchange.outcome.as_ref().ok()?;
    Limit::of(answer.status, &answer.headers)
}

/// How long a limit is waited for, if that can be borne of a registry that has limited since then.
pub(super) fn wait(limit: Limit, since: Option<Instant>) -> Option<Duration> {
    let Limit::Wait(wait) = limit else { return None };
    let limited_for = since.map(|since| since.elapsed()).unwrap_or_default();
    (limited_for < PATIENCE).then_some(wait.max(LEAST_WAIT))
}

/// What came of a request at last, and what it took.
#[derive(Debug)]
pub(super) struct Waited {
    /// What came at last.
    pub(super) exchange: Exchange,
    /// How often it was answered 429 before.
    pub(super) refusals: u32,
    /// For how long nothing was sent for that.
    pub(super) time: Duration,
}

/// Sends a request that is of no scenario, again where the registry asks for patience.
pub(super) async fn send(client: &Client, request: Request) -> Exchange {
    send_and_count(client, request).await.exchange
}

/// Sends a request that is of no scenario, again where the registry asks for patience, and counts that.
pub(super) async fn send_and_count(client: &Client, request: Request) -> Waited {
    let since = Instant::now();
    let (mut refusals, mut time) = (0, Duration::ZERO);
    loop {
        let exchange = client.send(request.clone()).await;
        match limit(&exchange).and_then(|limit| wait(limit, Some(since))) {
            Some(wait) if refusals + 1 < TRIES => {
                tokio::time::sleep(wait).await;
                refusals += 1;
                time += wait;
            }
            _ => {
                return Waited {
                    exchange,
                    refusals,
                    time,
                };
            }
        }
    }
}
