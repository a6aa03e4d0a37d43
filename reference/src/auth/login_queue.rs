//! The queue of logins whose password has to be hashed: clients take turns, so that one who guesses delays nobody else.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::operation::quota::network;

/// How many logins of one client wait: as many as a few machines behind one address have at once.
const WAITING: usize = 64;

/// Logins in turns.
#[derive(Debug, Clone)]
pub(super) struct LoginQueue(Arc<Mutex<QueueState>>);

#[derive(Debug)]
struct QueueState {
    /// How many more hashes may be made now.
    free: usize,
    /// The clients that wait, in the order of their turns.
    order: VecDeque<IpAddr>,
    waiting: HashMap<IpAddr, VecDeque<oneshot::Sender<Turn>>>,
}

/// Leave to make a hash; it passes on when this is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<LoginQueue>);

/// A client has too many logins waiting already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl LoginQueue {
    /// A queue for so many hashes at once.
    pub(super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(QueueState {
            free: at_once,
            order: VecDeque::new(),
            waiting: HashMap::new(),
        })))
    }

    /// Waits until it is a client's turn.
    ///
    /// # Errors
    /// Fails if the client has too many logins waiting.
    pub(super) async fn turn(&self, client: IpAddr) -> Result<Turn, TooMany> {
        let called = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            state.wait(network(client))?
        };
        // The queue is there as long as somebody waits, and calls everyone.
        called.await.map_err(|_| TooMany)
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn wait(&mut self, client: IpAddr) -> Result<oneshot::Receiver<Turn>, TooMany> {
        let own = self.waiting.entry(client).or_default();
        // Those who have gone away are in nobody's way.
        own.retain(|caller| !caller.is_closed());
        if own.len() >= WAITING {
            return Err(TooMany);
        }
        let (caller, called) = oneshot::channel();
        own.push_back(caller);
        if !self.order.contains(&client) {
            self.order.push_back(client);
        }
        Ok(called)
    }

    /// Whose turn it is: the next client's, and of its logins the first.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(client) = self.order.pop_front() {
            let own = self.waiting.get_mut(&client);
            let caller = own.and_then(VecDeque::pop_front);
            if self.waiting.get(&client).is_some_and(|own| !own.is_empty()) {
                self.order.push_back(client);
            } else {
                self.waiting.remove(&client);
            }
            if caller.is_some() {
                return caller;
            }
        }
        self.free += 1;
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        loop {
            let Some(caller) = queue.lock().next() else { return };
            match caller.send(Self(Some(queue.clone()))) {
                Ok(()) => return,
                // It has gone away: the turn is the next one's.
                Err(mut turn) => drop(turn.0.take()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::sync::mpsc;

    use super::{LoginQueue, TooMany, WAITING};

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn clients_take_turns() {
        let queue = LoginQueue::new(1);
        let first = queue.turn(ONE).await.unwrap();
        let (sender, mut turns) = mpsc::unbounded_channel();
        for client in [ONE, ONE, ONE, OTHER, OTHER] {
            let (queue, sender) = (queue.clone(), sender.clone());
            tokio::spawn(async move {
                let _turn = queue.turn(client).await.unwrap();
                sender.send(client).unwrap();
            });
            tokio::task::yield_now().await;
        }
        drop((first, sender));
        let mut order = Vec::new();
        while let Some(client) = turns.recv().await {
            order.push(client);
        }
        assert_eq!(order, [ONE, OTHER, ONE, OTHER, ONE]);
    }

    #[tokio::test]
    async fn who_goes_away_takes_no_turn_with_it() {
        let queue = LoginQueue::new(1);
        let first = queue.turn(ONE).await.unwrap();
        for _ in 0..3 {
            let waiting = tokio::spawn({
                let queue = queue.clone();
                async move { queue.turn(OTHER).await.map(drop) }
            });
            tokio::task::yield_now().await;
            waiting.abort();
            drop(waiting.await);
        }
        drop(first);
        assert!(queue.turn(ONE).await.is_ok());
    }

    #[tokio::test]
    async fn a_client_waits_only_so_often() {
        let queue = LoginQueue::new(1);
        let _first = queue.turn(ONE).await.unwrap();
        for _ in 0..WAITING {
            let queue = queue.clone();
            tokio::spawn(async move { queue.turn(ONE).await.map(drop) });
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.turn(ONE).await.map(drop), Err(TooMany));
    }
}
