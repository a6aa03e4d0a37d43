//! Stateful deviations: they ask the honest registry, and remember earlier calls and replies.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;

use super::call::{Call, Reply};
use super::honest::Honest;

/// One call, the honest registry behind it, and what was seen so far.
pub struct StatefulCall<'a> {
    /// What the client asks.
    pub call: Call,
    /// What the deviation remembers.
    pub memory: &'a Memory,
    honest: &'a Honest,
    seen: &'a Seen,
}

/// What a deviation has asked the honest registry on behalf of one call.
#[derive(Debug, Default)]
pub(super) struct Seen {
    honestly: Mutex<Option<Reply>>,
    wrote: AtomicBool,
}

impl Seen {
    /// Whether the client's own call was put to the registry and nothing else was written, and this was the answer.
    pub(super) fn is_all_there_was(&self, reply: &Reply) -> bool {
        !self.wrote.load(Ordering::Relaxed) && locked(&self.honestly).as_ref() == Some(reply)
    }

    fn note(&self, call: &Call) {
        let reads = matches!(call.method, Method::GET | Method::HEAD);
        self.wrote.fetch_or(!reads, Ordering::Relaxed);
    }
}

impl<'a> StatefulCall<'a> {
    /// Puts a call before the honest registry.
    pub(super) fn new(
        call: Call,
        honest: &'a Honest,
        memory: &'a Memory,
        seen: &'a Seen,
    ) -> StatefulCall<'a> {
        StatefulCall {
            call,
            memory,
            honest,
            seen,
        }
    }

    /// What the honest registry answers to the client's call.
    pub async fn honestly(&self) -> Reply {
        let reply = self.honest.answer(&self.call).await;
        *locked(&self.seen.honestly) = Some(reply.clone());
        reply
    }

    /// What the honest registry answers if the user of the suite makes the call, who may do everything.
    pub async fn as_owner(&self, call: &Call) -> Reply {
        self.seen.note(call);
        self.honest.answer_owner(call).await
    }

    /// What the honest registry answers to another call.
    pub async fn ask(&self, call: &Call) -> Reply {
        self.seen.note(call);
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
