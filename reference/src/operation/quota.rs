//! Places for requests under way or for what they hold: so many for all clients, and no more than a part of them for
//! any one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places that are limited for all clients together and for each of them.
#[derive(Debug)]
pub(crate) struct Quota {
    most: usize,
    most_of_one: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// Places that a client has taken; they are free when this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    client: IpAddr,
    count: usize,
    taken: Arc<Mutex<Taken>>,
}

impl Quota {
    /// `most` places, of which one client may have `most_of_one`, and never more than half.
    pub(crate) fn new(most: usize, most_of_one: usize) -> Self {
        Self {
            most: most.max(1),
            most_of_one: of_one(most, most_of_one),
            taken: Arc::default(),
        }
    }

    /// Takes a place; none if there is none for this client.
    pub(crate) fn take(&self, client: IpAddr) -> Option<Permit> {
        self.take_several(client, 1)
    }

    /// Takes several places at once; none if there are not as many for this client.
    pub(crate) fn take_several(&self, client: IpAddr, count: usize) -> Option<Permit> {
        let client = network(client);
        let mut taken = lock(&self.taken);
        let of_client = taken.by_client.get(&client).copied().unwrap_or_default();
        let (all, own) = (taken.all + count, of_client + count);
        if all > self.most || own > self.most_of_one {
            return None;
        }
        taken.all = all;
        taken.by_client.insert(client, own);
        drop(taken);
        Some(Permit {
            client,
            count,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= self.count;
        let own = taken.by_client.get(&self.client);
        let rest = own.map_or(0, |own| own - self.count);
        if rest == 0 {
            taken.by_client.remove(&self.client);
        } else {
            taken.by_client.insert(self.client, rest);
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much one client may have of something of which there is `most`: what is configured, but never more than half,
/// so that there is something left for others.
pub(crate) fn of_one(most: usize, configured: usize) -> usize {
    configured.min(most.div_ceil(2)).max(1)
}

/// What counts as one client: an address of IPv4, or the 64 bits of IPv6 that a single client is given.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Quota, network};

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_client_takes_its_part_and_leaves_the_rest_to_others() {
        let quota = Quota::new(4, 100);
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        let first = quota.take(one).unwrap();
        let _second = quota.take(one).unwrap();
        assert!(quota.take(one).is_none());
        let _others = [quota.take(other).unwrap(), quota.take(other).unwrap()];
        assert!(quota.take(address("192.0.2.3")).is_none());
        drop(first);
        assert!(quota.take(one).is_some());
    }

    #[test]
    fn several_places_are_taken_together_or_not_at_all() {
        let quota = Quota::new(10, 10);
        let one = address("192.0.2.1");
        let three = quota.take_several(one, 3).unwrap();
        assert!(quota.take_several(one, 3).is_none());
        let _two = quota.take_several(one, 2).unwrap();
        drop(three);
        assert!(quota.take_several(one, 3).is_some());
    }

    #[test]
    fn a_single_place_is_for_anybody() {
        assert!(Quota::new(1, 1).take(address("::1")).is_some());
        assert!(Quota::new(0, 0).take(address("::1")).is_some());
    }

    #[test]
    fn a_network_of_one_client_counts_as_one() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(address(text)), address(expected));
        }
    }
}
