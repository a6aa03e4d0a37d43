//! The events that wait for one endpoint.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// The number of events that are delivered together, at most.
const BATCH: usize = 100;

/// The size in bytes of events that are delivered together, but for a single one that is larger.
const BATCH_BYTES: usize = 1024 * 1024;

/// Events in the order in which they came. One too many pushes out the oldest: an endpoint that comes back
/// is told what happened last.
#[derive(Debug)]
pub(super) struct Queue {
    /// The size in bytes of all events that may wait.
    size: usize,
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Bytes>,
    bytes: usize,
    /// The number of events dropped since the queue was last empty.
    dropped: u64,
    is_closed: bool,
}

/// Events that were dropped for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dropped {
    /// The number of those that were dropped now.
    pub(super) now: u64,
    /// The number of those that were dropped before, since the queue was last empty.
    before: u64,
}

impl Dropped {
    /// Whether none had been dropped for some time.
    pub(super) const fn is_first(self) -> bool {
        self.now > 0 && self.before == 0
    }
}

impl Queue {
    /// An empty queue for events of so many bytes.
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            waiting: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event; says which had to be dropped for it, or that it was dropped itself.
    pub(super) fn push(&self, event: Bytes) -> Dropped {
        let mut waiting = self.waiting();
        let before = waiting.dropped;
        if waiting.is_closed || event.len() > self.size {
            waiting.dropped += 1;
        } else {
            waiting.bytes += event.len();
            waiting.events.push_back(event);
            while waiting.bytes > self.size {
                waiting.pop();
                waiting.dropped += 1;
            }
            self.changed.notify_one();
        }
        let now = waiting.dropped - before;
        Dropped { now, before }
    }

    /// Takes the oldest events, as many as go into one delivery; waits for the first, and takes none only
    /// when there will be no more.
    pub(super) async fn take(&self) -> Vec<Bytes> {
        loop {
            {
                let mut waiting = self.waiting();
                if !waiting.events.is_empty() || waiting.is_closed {
                    return waiting.batch();
                }
                waiting.dropped = 0;
            }
            self.changed.notified().await;
        }
    }

    /// Takes no more events; those that wait can be taken out.
    pub(super) fn close(&self) {
        self.waiting().is_closed = true;
        self.changed.notify_one();
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Bytes> {
        let event = self.events.pop_front()?;
        self.bytes -= event.len();
        Some(event)
    }

    fn batch(&mut self) -> Vec<Bytes> {
        let mut batch = Vec::from_iter(self.pop());
        let mut bytes = batch.iter().map(Bytes::len).sum::<usize>();
        while let Some(next) = self.events.front()
            && batch.len() < BATCH
            && bytes + next.len() <= BATCH_BYTES
        {
            bytes += next.len();
            batch.extend(self.pop());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{BATCH, BATCH_BYTES, Dropped, Queue};

    fn filled(size: usize, events: &[&'static str]) -> (Queue, Vec<u64>) {
        let queue = Queue::new(size);
        let dropped = events.iter().map(|event| queue.push(Bytes::from(*event)).now);
        let dropped = dropped.collect();
        (queue, dropped)
    }

    #[tokio::test]
    async fn one_too_many_pushes_out_the_oldest() {
        let (queue, dropped) = filled(4, &["aa", "bb", "c", "ddd"]);
        assert_eq!(dropped, [0, 0, 1, 1]);
        assert_eq!(queue.take().await, ["c", "ddd"]);
    }

    #[tokio::test]
    async fn one_that_is_too_large_pushes_out_nothing_but_itself() {
        let (queue, dropped) = filled(4, &["aa", "bbbbb"]);
        assert_eq!(dropped, [0, 1]);
        assert_eq!(queue.take().await, ["aa"]);
    }

    #[tokio::test]
    async fn a_loss_is_the_first_again_after_the_queue_was_empty() {
        let (queue, _) = filled(1, &["a", "b"]);
        let second = queue.push(Bytes::from("c"));
        assert_eq!(second, Dropped { now: 1, before: 1 });
        assert!(!second.is_first());
        assert_eq!(queue.take().await, ["c"]);
        let nothing = tokio::time::timeout(std::time::Duration::ZERO, queue.take());
        assert!(nothing.await.is_err());
        queue.push(Bytes::from("d"));
        assert!(queue.push(Bytes::from("e")).is_first());
    }

    #[tokio::test]
    async fn what_waits_can_be_taken_out_of_a_closed_queue() {
        let (queue, _) = filled(4, &["a"]);
        queue.close();
        assert_eq!(queue.push(Bytes::from("b")).now, 1);
        assert_eq!(queue.take().await, ["a"]);
        assert!(queue.take().await.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_out_of_order_and_no_delivery_too_large(
            lengths in prop::collection::vec(0..BATCH_BYTES / 3, 1..3 * BATCH)
        ) {
            let queue = Queue::new(usize::MAX);
            let events = lengths.iter().map(|length| Bytes::from(vec![0; *length])).collect::<Vec<_>>();
            for event in &events {
                queue.push(event.clone());
            }
            let mut taken = Vec::new();
            while taken.len() < events.len() {
                let batch = queue.waiting().batch();
                prop_assert!((1..=BATCH).contains(&batch.len()));
                prop_assert!(batch.iter().map(Bytes::len).sum::<usize>() <= BATCH_BYTES);
                taken.extend(batch);
            }
            prop_assert!(taken == events);
        }
    }
}
