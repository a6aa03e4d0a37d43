//! Metrics: what the registry counts, in the form that Prometheus reads.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The bounds of the histogram of durations, in seconds.
const SECONDS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0,
];

/// What a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

/// What the duration of a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

/// The labels of what one endpoint is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    endpoint: String,
}

/// The labels of a failed notification.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NotTold {
    endpoint: String,
    status: String,
}

type Durations = Family<Asked, Histogram, fn() -> Histogram>;

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Durations,
    sent: Counter<u64, AtomicU64>,
    under_way: Gauge,
    connections: Gauge,
    notifications: Notifications,
}

/// What is counted of the events that others are told.
#[derive(Debug, Default)]
struct Notifications {
    pending: Family<Told, Gauge>,
    delivered: Family<Told, Counter>,
    dropped: Family<Told, Counter>,
    failures: Family<NotTold, Counter>,
}

/// What is counted of the events that one endpoint is told.
#[derive(Debug)]
pub(crate) struct Tally {
    endpoint: String,
    /// Events that wait.
    pub(crate) pending: Gauge,
    /// Events that the endpoint has been told.
    pub(crate) delivered: Counter,
    /// Events that it will not be told.
    pub(crate) dropped: Counter,
    failures: Family<NotTold, Counter>,
}

impl Tally {
    /// A delivery has failed: the endpoint answered with a status that says so, or not at all.
    pub(crate) fn failed(&self, status: Option<u16>) {
        let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let endpoint = self.endpoint.clone();
        self.failures.get_or_create(&NotTold { endpoint, status }).inc();
    }
}

/// Something that is there; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Present(Gauge);

impl Present {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Metrics of a registry that has done nothing yet.
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let metrics = Self {
            registry: Registry::with_prefix("registry"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            sent: Counter::default(),
            under_way: Gauge::default(),
            connections: Gauge::default(),
            notifications: Notifications::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request to the end of its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register_with_unit("sent", "Content sent", Unit::Bytes, self.sent.clone());
        registry.register("requests_under_way", "Requests under way", self.under_way.clone());
        registry.register("connections", "Connections open", self.connections.clone());
        let told = &self.notifications;
        let registry = registry.sub_registry_with_prefix("notifications");
        registry.register("pending", "Events that wait", told.pending.clone());
        registry.register("delivered", "Events delivered", told.delivered.clone());
        registry.register("dropped", "Events given up", told.dropped.clone());
        registry.register("failures", "Deliveries that failed", told.failures.clone());
        self
    }

    /// A connection is opened.
    pub(crate) fn connection(&self) -> Present {
        Present::new(&self.connections)
    }

    /// What is counted for an endpoint that is told events.
    pub(crate) fn tally(&self, endpoint: &str) -> Tally {
        let (told, endpoint) = (&self.notifications, endpoint.to_owned());
        let label = Told {
            endpoint: endpoint.clone(),
        };
        Tally {
            endpoint,
            pending: told.pending.get_or_create_owned(&label),
            delivered: told.delivered.get_or_create_owned(&label),
            dropped: told.dropped.get_or_create_owned(&label),
            failures: told.failures.clone(),
        }
    }

    /// A request begins.
    pub(crate) fn request(&self) -> Present {
        Present::new(&self.under_way)
    }

    /// A request has ended.
    pub(crate) fn ended(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        bytes: u64,
        took: Duration,
    ) {
        self.requests
            .get_or_create(&Answered {
                method,
                route,
                status,
            })
            .inc();
        self.durations
            .get_or_create(&Asked { method, route })
            .observe(took.as_secs_f64());
        self.sent.inc_by(bytes);
    }

    /// Everything, as text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}
