//! Notifications: others are told what is pulled, pushed, mounted and deleted (Docker: Notifications).
//!
//! An endpoint of the protocol says what [`event`] it was. It becomes a [`message`], which waits in a [`queue`]
//! for each listener that wants it, and is sent by its [`delivery`]. No client waits for any of that.

mod delivery;
mod event;
mod message;
mod queue;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::config::{Action, Config, Ignore, NotificationEndpoint};
use crate::operation::metrics::{Metrics, Tally};

use delivery::Delivery;
pub(crate) use event::Event;
pub(crate) use message::Cause;
use message::{EventSource, EventTarget, Message};
use queue::Queue;

/// How long events that wait may be delivered when the registry ends: each of those under way has one more try of a
/// second, and who restarts a service is not kept waiting.
const PARTING: Duration = Duration::from_secs(3);

/// Tells others about what happens.
#[derive(Debug)]
pub(crate) struct Notifier {
    deliveries: Vec<Delivery>,
    source: EventSource,
    /// Whether the event of a manifest lists what the manifest names.
    with_references: bool,
}

/// Somebody who is told what happens.
#[derive(Debug)]
struct Endpoint {
    name: String,
    ignore: Ignore,
    queue: Queue,
    tally: Tally,
}

impl Notifier {
    /// What tells the endpoints of a configuration; nothing if there are none.
    ///
    /// # Errors
    /// Says what is wrong with the endpoints.
    pub(crate) fn new(config: &Config, instance: Uuid, metrics: &Metrics) -> Result<Option<Self>, String> {
        let mut names = HashSet::new();
        for endpoint in &config.notify {
            if endpoint.name.is_empty() {
                return Err(format!(
                    "the endpoint for {} has no name",
                    message::place(&endpoint.url)
                ));
            }
            if !names.insert(&endpoint.name) {
                return Err(format!("two endpoints are called {:?}", endpoint.name));
            }
        }
        let enabled = config.notify.iter().filter(|endpoint| !endpoint.disabled);
        let deliveries = enabled.map(|told| Delivery::new(told, Endpoint::new(told, metrics)));
        let deliveries = deliveries.collect::<Result<Vec<_>, _>>()?;
        Ok((!deliveries.is_empty()).then(|| Self {
            deliveries,
            source: EventSource::new(config.listen.port(), instance),
            with_references: config.notify_references,
        }))
    }

    /// Begins to deliver.
    pub(crate) fn begin(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for delivery in &self.deliveries {
            tasks.spawn(delivery.clone().run());
        }
        tasks
    }

    /// Delivers what waits, for a short while, and ends.
    pub(crate) async fn end(&self, tasks: &mut JoinSet<()>) {
        for endpoint in self.endpoints() {
            endpoint.queue.close();
        }
        let all_delivered = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PARTING, all_delivered).await.is_ok() {
            return;
        }
        for endpoint in self.endpoints() {
            let events = endpoint.tally.pending.get();
            if events > 0 {
                tracing::warn!(endpoint = endpoint.name, events, "not delivered before the end");
            }
        }
    }

    /// Tells what a request has done to everybody who wants to know it.
    pub(crate) fn tell(&self, event: Event, cause: &Cause<'_>) {
        let action = event.action();
        if !self.endpoints().any(|endpoint| endpoint.wants_action(action)) {
            return;
        }
        for target in event.targets(&cause.urls, self.with_references) {
            let message = Message::new(cause, action, &target, &self.source).to_json();
            for endpoint in self.endpoints() {
                if endpoint.wants(action, &target) {
                    endpoint.tell(message.clone());
                }
            }
        }
    }

    fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.deliveries.iter().map(Delivery::endpoint)
    }
}

impl Endpoint {
    fn new(told: &NotificationEndpoint, metrics: &Metrics) -> Arc<Self> {
        Arc::new(Self {
            name: told.name.clone(),
            ignore: told.ignore.clone(),
            queue: Queue::new(told.queue_size),
            tally: metrics.tally(&told.name),
        })
    }

    fn wants_action(&self, action: Action) -> bool {
        !self.ignore.actions.contains(&action)
    }

    fn wants(&self, action: Action, target: &EventTarget) -> bool {
        let is_ignored = |wanted: &str| {
            let mut ignored = self.ignore.media_types.iter();
            ignored.any(|ignored| ignored.eq_ignore_ascii_case(wanted))
        };
        self.wants_action(action) && !target.media_type.as_deref().is_some_and(is_ignored)
    }

    /// Lets an event wait for its delivery.
    fn tell(&self, event: Bytes) {
        self.tally.pending.inc();
        let dropped = self.queue.push(event);
        if dropped.now > 0 {
            self.tally.pending.dec_by(dropped.now.cast_signed());
            self.tally.dropped.inc_by(dropped.now);
        }
        if dropped.is_first() {
            tracing::warn!(
                endpoint = self.name,
                "events are dropped: the endpoint does not take them fast enough"
            );
        }
    }
}
