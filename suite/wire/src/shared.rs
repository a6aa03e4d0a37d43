//! The connections that many requests share, by server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::connect::{Connector, Offer, Opened};
use super::connection::Connection;
use super::http2::{Http2Connection, MOST_STREAMS, Place, Share};
use super::pool::{LONG, patience};
use super::url::Origin;
use super::{Fault, Request};

/// The connections over which HTTP/2 is spoken, by server.
#[derive(Default)]
pub(super) struct SharedConnections(Mutex<HashMap<Origin, Server>>);

/// What is known of a server.
#[derive(Default)]
struct Server {
    connections: Vec<Arc<Http2Connection>>,
    /// What it chose the last time.
    chose: Option<Chosen>,
    /// The connections that are being made, which others wait for.
    openings: Vec<Opening>,
}

/// The version of HTTP that a server chose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Http1,
    Http2,
}

/// A connection that is being made.
struct Opening {
    /// Tells when it is known what it carries; over where it was made or given up.
    made: watch::Receiver<()>,
    /// How many requests are to go over it.
    awaited: usize,
}

/// How a request gets to its server.
pub(super) enum Way {
    /// On a connection that it has for itself.
    Alone(Connection),
    /// On one that it shares with others.
    Shared(Place),
}

/// How a request comes by its way.
enum Approach {
    Take(Place),
    Wait(watch::Receiver<()>),
    /// A new connection, for which others may be waiting.
    Open(Option<watch::Sender<()>>),
    /// It has a connection for itself, since the server chooses HTTP/1.1.
    Leave,
}

impl Server {
    /// Waits for a connection that is being made and will have room; opens another where there is none.
    fn wait_or_open(&mut self) -> Approach {
        self.openings.retain(|one| one.made.has_changed().is_ok());
        let is_known = self.chose.is_some();
        let has_room = |one: &&mut Opening| !is_known || one.awaited < MOST_STREAMS;
        if let Some(opening) = self.openings.iter_mut().find(has_room) {
            opening.awaited += 1;
            return Approach::Wait(opening.made.clone());
        }
        let (opened, made) = watch::channel(());
        self.openings.push(Opening { made, awaited: 1 });
        Approach::Open(Some(opened))
    }
}

impl SharedConnections {
    /// The way of a request, over a connection that is there or a new one; none where a server is known to choose
    /// HTTP/1.1.
    ///
    /// The first connection is made by itself, since what a server chooses is known then; later ones as many at once as
    /// the requests that wait will fill.
    pub(super) async fn join(
        &self,
        connector: &Connector,
        origin: &Origin,
        request: &Request,
    ) -> Result<Option<Way>, Fault> {
        let share = Share::of(request);
        loop {
            match self.approach(origin, &request.method, share) {
                Approach::Take(place) => return Ok(Some(Way::Shared(place))),
                Approach::Leave => return Ok(None),
                Approach::Open(opened) => {
                    return self
                        .made(connector, origin, Offer::Both, share, opened)
                        .await
                        .map(Some);
                }
                Approach::Wait(mut opening) => {
                    // Where it could not be made, all others find out for themselves, and at once.
                    if opening.changed().await.is_err() {
                        return self.open(connector, origin, Offer::Both, share).await.map(Some);
                    }
                }
            }
        }
    }

    /// A new connection, which others may share where the server chooses HTTP/2.
    pub(super) async fn open(
        &self,
        connector: &Connector,
        origin: &Origin,
        offer: Offer,
        share: Share,
    ) -> Result<Way, Fault> {
        self.made(connector, origin, offer, share, None).await
    }

    /// The same, which tells others when it is known whether they can share it.
    async fn made(
        &self,
        connector: &Connector,
        origin: &Origin,
        offer: Offer,
        share: Share,
        opened: Option<watch::Sender<()>>,
    ) -> Result<Way, Fault> {
        match connector.connect(origin, offer).await? {
            Opened::Http1(stream) => {
                if offer == Offer::Both {
                    self.lock().entry(origin.clone()).or_default().chose = Some(Chosen::Http1);
                }
                if let Some(opened) = opened {
                    // Those that wait may have given up.
                    let _ = opened.send(());
                }
                Ok(Way::Alone(Connection::new(stream)))
            }
            Opened::Http2(stream) => {
                let connection = Arc::new(Http2Connection::begin(stream, opened).await?);
                let place = connection.first_place(share);
                let mut servers = self.lock();
                let server = servers.entry(origin.clone()).or_default();
                server.chose = Some(Chosen::Http2);
                server.connections.push(connection);
                Ok(Way::Shared(place))
            }
        }
    }

    /// Whether a server is known to choose HTTP/1.1.
    pub(super) fn chooses_http1(&self, origin: &Origin) -> bool {
        let servers = self.lock();
        servers
            .get(origin)
            .is_some_and(|server| server.chose == Some(Chosen::Http1))
    }

    fn approach(&self, origin: &Origin, method: &str, share: Share) -> Approach {
        let mut servers = self.lock();
        let server = servers.entry(origin.clone()).or_default();
        server
            .connections
            .retain(|one| one.is_alive() && one.idle() < LONG);
        let patience = patience(method);
        let mut fit = server.connections.iter().filter(|one| one.idle() < patience);
        if let Some(place) = fit.find_map(|one| one.place(share)) {
            return Approach::Take(place);
        }
        match (server.chose, share) {
            (Some(Chosen::Http1), _) => Approach::Leave,
            // Nobody else can use it before this request is over.
            (Some(Chosen::Http2), Share::Whole) => Approach::Open(None),
            (Some(Chosen::Http2) | None, _) => server.wait_or_open(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::url::Url;
    use super::*;

    /// The connections that are made for so many requests that come at once.
    fn made_at_once(chose: Option<Chosen>, share: Share, requests: usize) -> usize {
        let shared = SharedConnections::default();
        let origin = Url::parse("https://registry.example").unwrap().origin();
        shared.lock().entry(origin.clone()).or_default().chose = chose;
        let approaches: Vec<Approach> = (0..requests)
            .map(|_| shared.approach(&origin, "PUT", share))
            .collect();
        let is_made = |approach: &&Approach| matches!(approach, Approach::Open(_));
        approaches.iter().filter(is_made).count()
    }

    #[test]
    fn a_server_that_is_not_known_is_first_asked_over_one_connection() {
        assert_eq!(made_at_once(None, Share::Part, 100), 1);
        assert_eq!(made_at_once(None, Share::Whole, 100), 1);
    }

    #[test]
    fn as_many_connections_are_made_at_once_as_the_requests_fill() {
        assert_eq!(made_at_once(Some(Chosen::Http2), Share::Part, 100), 4);
        assert_eq!(made_at_once(Some(Chosen::Http2), Share::Whole, 8), 8);
    }
}
