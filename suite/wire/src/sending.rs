//! One request, one answer: over which connection, in which version of HTTP, and again where nothing can have come of it.

use super::client::Client;
use super::connect::Offer;
use super::connection::{EarlyEnd, Limits};
use super::http2::{Outcome, Share};
use super::protocol::Http1Only;
use super::shared::Way;
use super::url::{Origin, Scheme};
use super::{Answer, Fault, Protocol, Request, Versions, head};

/// How often a request is sent again that no server has begun with, or that a connection was lost with: a front end that
/// is being replaced takes leave of each of its connections once.
const MOST_TRIES: u32 = 5;

/// What a request is answered with that was carried out already.
const DONE_ALREADY: [u16; 3] = [404, 409, 416];

/// Which connections are fit for a request that has one for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// One that was kept, if there is any.
    Kept,
    /// A new one.
    New,
}

impl Client {
    /// One request, one answer: no redirect is followed and no demand for credentials met.
    pub(super) async fn once(&self, request: &Request) -> Result<Answer, Fault> {
        self.sent(request, &mut Protocol::Http1).await
    }

    /// What comes of one request, and in which version of HTTP it was written.
    pub(super) async fn sent(&self, request: &Request, protocol: &mut Protocol) -> Result<Answer, Fault> {
        let origin = request.url.origin();
        self.check_reach(&origin)?;
        let head = head::write(request)?;
        let (books, limits) = (self.books(), self.limits(request));
        let mut offer = self.offered(request, &origin);
        let mut fit = Fit::Kept;
        let mut tries = 0;
        let mut crossed = None;
        loop {
            tries += 1;
            *protocol = self.protocol(offer, &origin);
            match self.way(request, &origin, offer, fit).await? {
                Way::Alone(connection) => {
                    self.count(&origin, *protocol);
                    let attempt = connection.exchange(&head, request, limits, books).await;
                    if let Some(connection) = attempt.connection {
                        self.pool().put(origin.clone(), connection);
                    }
                    let told = attempt.outcome.map(|arrived| arrived.from(&request.url));
                    match attempt.ended {
                        None => return unless_done_already(told, crossed),
                        Some(EarlyEnd::Harmless) => {}
                        Some(EarlyEnd::Crossed) => crossed = told.err(),
                    }
                    fit = Fit::New;
                }
                Way::Shared(place) => {
                    *protocol = Protocol::Http2;
                    self.count(&origin, *protocol);
                    match place.exchange(request, limits, books).await {
                        Outcome::Told(told) => {
                            let told = told.map(|arrived| arrived.from(&request.url));
                            return unless_done_already(told, crossed);
                        }
                        Outcome::Http1Required => offer = Offer::Http1(Http1Only::Required),
                        Outcome::NotBegun(fault) | Outcome::Stale(fault) if tries == MOST_TRIES => {
                            return Err(fault);
                        }
                        Outcome::NotBegun(_) | Outcome::Stale(_) => {}
                    }
                }
            }
        }
    }

    /// What a server may choose from for a request.
    fn offered(&self, request: &Request, origin: &Origin) -> Offer {
        let http1 = match (origin.scheme(), self.settings().versions) {
            (Scheme::Http, _) => Some(Http1Only::InTheOpen),
            (Scheme::Https, Versions::Http1) => Some(Http1Only::Wanted),
            (Scheme::Https, Versions::UpTo2) => Http1Only::of(request),
        };
        http1.map_or(Offer::Both, Offer::Http1)
    }

    /// The version of HTTP in which a request is written, as long as the server does not choose HTTP/2.
    fn protocol(&self, offer: Offer, origin: &Origin) -> Protocol {
        match offer {
            Offer::Both | Offer::Http1(Http1Only::InTheOpen) => Protocol::Http1,
            Offer::Http1(_) if self.shared().chooses_http1(origin) => Protocol::Http1,
            Offer::Http1(_) => Protocol::Http1Alone,
        }
    }

    /// The connection that a request goes over.
    async fn way(&self, request: &Request, origin: &Origin, offer: Offer, fit: Fit) -> Result<Way, Fault> {
        let (shared, connector) = (self.shared(), self.connector());
        if offer == Offer::Both
            && let Some(way) = shared.join(connector, origin, request).await?
        {
            return Ok(way);
        }
        if fit == Fit::Kept
            && let Some(kept) = self.pool().take(origin, &request.method)
        {
            return Ok(Way::Alone(kept));
        }
        shared.open(connector, origin, offer, Share::of(request)).await
    }

    fn limits(&self, request: &Request) -> Limits {
        let settings = self.settings();
        Limits {
            timeouts: settings.timeouts,
            body: settings.body_limit,
            keeping: request.keeping.unwrap_or(settings.keeping),
        }
    }
}

/// What is told of a request that was sent once more behind this fault: the fault, if the answer says that the first one was
/// carried out, so that it was no matter of crossing.
fn unless_done_already(told: Result<Answer, Fault>, crossed: Option<Fault>) -> Result<Answer, Fault> {
    match (told, crossed) {
        (Ok(answer), Some(fault)) if DONE_ALREADY.contains(&answer.status) => Err(fault),
        (told, _) => told,
    }
}
