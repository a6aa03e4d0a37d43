//! The connections that many requests share, by server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::connect::{Connector, Offer, Opened};
use super::connection::Connection;
use super::http2::{Http2Connection, Place, Share};
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
    /// Whether it chose HTTP/1.1 the last time.
    chose_http1: bool,
    /// The connection that is being made, which others wait for.
    opening: Option<watch::Receiver<()>>,
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
    Open(watch::Sender<()>),
    /// It has a connection for itself, since the server chooses HTTP/1.1.
    Leave,
}

impl SharedConnections {
    /// The way of a request, over a connection that is there or a new one; none where a server is known to choose
    /// HTTP/1.1.
    ///
    /// Only one connection is made at a time, since what a server chooses, and how much it carries, is known then.
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
                    let opened = Some(opened);
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
                    self.lock().entry(origin.clone()).or_default().chose_http1 = true;
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
                server.chose_http1 = false;
                server.connections.push(connection);
                Ok(Way::Shared(place))
            }
        }
    }

    /// Whether a server is known to choose HTTP/1.1.
    pub(super) fn chooses_http1(&self, origin: &Origin) -> bool {
        self.lock().get(origin).is_some_and(|server| server.chose_http1)
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
        if server.chose_http1 {
            return Approach::Leave;
        }
        match &server.opening {
            // One that was given up is nothing to wait for.
            Some(opening) if opening.has_changed().is_ok() => Approach::Wait(opening.clone()),
            _ => {
                let (opened, opening) = watch::channel(());
                server.opening = Some(opening);
                Approach::Open(opened)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
