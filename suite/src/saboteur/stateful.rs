//! Stateful deviations: they ask the honest registry, and remember earlier calls and replies.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::call::{Call, Reply};
use super::honest::Honest;

/// One call, the honest registry behind it, and what was seen so far.
pub struct StatefulCall<'a> {
    /// What the client asks.
    pub call: Call,
    /// What the deviation remembers.
    pub memory: &'a Memory,
    honest: &'a Honest,
}

impl<'a> StatefulCall<'a> {
    /// Puts a call before the honest registry.
    pub(super) fn new(call: Call, honest: &'a Honest, memory: &'a Memory) -> StatefulCall<'a> {
        StatefulCall { call, memory, honest }
    }

    /// What the honest registry answers to the client's call.
    pub async fn honestly(&self) -> Reply {
        self.honest.answer(&self.call).await
    }

    /// What the honest registry answers if the user of the suite makes the call, who may do everything.
    pub async fn as_owner(&self, call: &Call) -> Reply {
        self.honest.answer_owner(call).await
    }

    /// What the honest registry answers to another call.
    pub async fn ask(&self, call: &Call) -> Reply {
        self.honest.answer(call).await
    }
}

/// What a deviation remembers, by keys of its own making.
#[derive(Debug, Default)]
pub struct Memory {
    replies: Mutex<HashMap<String, Reply>>,
    counts: Mutex<HashMap<String, u64>>,
    calls: Mutex<HashMap<String, Vec<Call>>>,
}

impl Memory {
    /// Keeps a reply, and returns the one that was kept before.
    pub fn keep(&self, key: &str, reply: Reply) -> Option<Reply> {
        locked(&self.replies).insert(key.to_owned(), reply)
    }

    /// A reply that was kept.
    pub fn recall(&self, key: &str) -> Option<Reply> {
        locked(&self.replies).get(key).cloned()
    }

    /// Forgets a reply.
    pub fn forget(&self, key: &str) -> Option<Reply> {
        locked(&self.replies).remove(key)
    }

    /// Counts, and returns how often this was counted before.
    pub fn count(&self, key: &str) -> u64 {
        let mut counts = locked(&self.counts);
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// How often this was counted.
    pub fn counted(&self, key: &str) -> u64 {
        locked(&self.counts).get(key).copied().unwrap_or_default()
    }

    /// Notes a call behind others.
    pub fn note(&self, key: &str, call: &Call) {
        locked(&self.calls)
            .entry(key.to_owned())
            .or_default()
            .push(call.clone());
    }

    /// The calls that were noted, in order.
    pub fn noted(&self, key: &str) -> Vec<Call> {
        locked(&self.calls).get(key).cloned().unwrap_or_default()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
