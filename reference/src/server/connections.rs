//! The connections that are open, by client, so that none keeps others out: where there is no place, the one that
//! has been idle for longest gives way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::idle_timeout::IdleTimeout;
use crate::operation::quota::{network, of_one};

/// Every connection that is open.
#[derive(Debug)]
pub(super) struct Connections {
    places: Arc<Semaphore>,
    most_of_one: usize,
    /// Proxies, whose connections are those of many clients.
    proxies: Vec<IpAddr>,
    open: Mutex<HashMap<IpAddr, Vec<Arc<IdleTimeout>>>>,
}

/// The place of a connection; it is free when this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    connections: Arc<Connections>,
    client: IpAddr,
    idle: Arc<IdleTimeout>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Places for `most` connections, of which one client may have `most_of_one`, and never more than half.
    pub(super) fn new(most: usize, most_of_one: usize, proxies: Vec<IpAddr>) -> Arc<Self> {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(most)),
            most_of_one: of_one(most, most_of_one),
            proxies,
            open: Mutex::default(),
        })
    }

    /// Finds a place for a connection, and waits for one if none of those that are open can give way. None if its
    /// client has as many as it may, and makes use of all of them.
    pub(super) async fn admit(
        self: &Arc<Self>,
        address: IpAddr,
        idle: IdleTimeout,
    ) -> Option<ConnectionSlot> {
        let client = network(address);
        if !self.proxies.contains(&address) && !self.has_place_for(client) {
            return None;
        }
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.make_place();
                Arc::clone(&self.places).acquire_owned().await.ok()?
            }
        };
        let idle = Arc::new(idle);
        self.lock().entry(client).or_default().push(Arc::clone(&idle));
        Some(ConnectionSlot {
            connections: Arc::clone(self),
            client,
            idle,
            _permit: permit,
        })
    }

    /// Whether a client may have one more, if need be in the place of another one of its own.
    fn has_place_for(&self, client: IpAddr) -> bool {
        let mut open = self.lock();
        let own = open.get_mut(&client);
        own.is_none_or(|own| own.len() < self.most_of_one || end_longest_idle(own))
    }

    /// Lets a connection give way of the client that has most of them.
    fn make_place(&self) {
        let mut open = self.lock();
        let mut clients = open.values_mut().collect::<Vec<_>>();
        clients.sort_unstable_by_key(|own| std::cmp::Reverse(own.len()));
        let ended = clients.into_iter().any(end_longest_idle);
        tracing::debug!(ended, "there is no place for a connection");
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Vec<Arc<IdleTimeout>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the connection give way that has been idle for longest; whether there is one that is.
fn end_longest_idle(own: &mut Vec<Arc<IdleTimeout>>) -> bool {
    let idle = own.iter().enumerate();
    let idle = idle.filter_map(|(slot, idle)| Some((idle.idle_since()?, slot)));
    let Some((_, slot)) = idle.min() else {
        return false;
    };
    own.swap_remove(slot).give_way();
    true
}

impl ConnectionSlot {
    /// What is known of what happens on the connection.
    pub(super) const fn idle(&self) -> &Arc<IdleTimeout> {
        &self.idle
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if let Some(own) = open.get_mut(&self.client) {
            own.retain(|idle| !Arc::ptr_eq(idle, &self.idle));
            if own.is_empty() {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{ConnectionSlot, Connections};
    use crate::http::idle_timeout::IdleTimeout;

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const THIRD: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3));
    const SHORT: Duration = Duration::from_millis(20);

    fn idle() -> IdleTimeout {
        IdleTimeout::new(Duration::from_secs(60))
    }

    async fn has_given_way(slot: &ConnectionSlot) -> bool {
        timeout(SHORT, slot.idle().gives_way()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_connection_of_a_client_gives_way_to_its_next() {
        let connections = Connections::new(100, 2, Vec::new());
        let first = connections.admit(ONE, idle()).await.unwrap();
        let busy = first.idle().begin();
        let second = connections.admit(ONE, idle()).await.unwrap();
        let third = connections.admit(ONE, idle()).await.unwrap();
        assert!(!has_given_way(&first).await);
        assert!(has_given_way(&second).await);
        drop((busy, second));
        let _busy = [first.idle().begin(), third.idle().begin()];
        assert!(connections.admit(ONE, idle()).await.is_none());
        assert!(connections.admit(OTHER, idle()).await.is_some());
    }

    #[tokio::test]
    async fn whoever_has_most_makes_place_when_all_is_taken() {
        let connections = Connections::new(3, 3, Vec::new());
        let many = [
            connections.admit(ONE, idle()).await.unwrap(),
            connections.admit(ONE, idle()).await.unwrap(),
        ];
        let one = connections.admit(OTHER, idle()).await.unwrap();
        assert!(timeout(SHORT, connections.admit(THIRD, idle())).await.is_err());
        assert!(has_given_way(&many[0]).await);
        assert!(!has_given_way(&one).await);
        drop(many);
        assert!(connections.admit(THIRD, idle()).await.is_some());
    }

    #[tokio::test]
    async fn a_proxy_has_the_connections_of_many() {
        let connections = Connections::new(100, 1, vec![ONE]);
        let places = [
            connections.admit(ONE, idle()).await.unwrap(),
            connections.admit(ONE, idle()).await.unwrap(),
        ];
        assert!(!has_given_way(&places[0]).await);
    }
}
