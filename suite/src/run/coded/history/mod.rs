//! Histories of concurrent clients on one register, and whether an order of all that they did explains them.
//!
//! A history is *linearizable* if every operation can be thought to happen at one moment between its request and its
//! answer, so that every read brings what was written last before it (Herlihy and Wing, 1990). Several registers are
//! so if each of them is, which is why each is looked at by itself.

mod search;
mod shortest;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use search::{Explained, explain};
pub(super) use shortest::shortest;

/// One operation on a register, of values `V`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RegisterOperation<V> {
    /// The number of the client that did it.
    pub(super) client: usize,
    /// What it did.
    pub(super) act: ReadOrWrite<V>,
    /// When it was asked for, counted from the beginning of the history.
    pub(super) asked: Duration,
    /// When it was acknowledged; `None` for a write that may have taken effect at any time since, or never.
    pub(super) answered: Option<Duration>,
}

/// What an operation does with a register. A read that brings nothing tells nothing, and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReadOrWrite<V> {
    /// It writes this value.
    Write(V),
    /// It brings this value.
    Read(V),
}

impl<V> ReadOrWrite<V> {
    /// The value that is written or read.
    pub(super) fn value(&self) -> &V {
        match self {
            ReadOrWrite::Write(value) | ReadOrWrite::Read(value) => value,
        }
    }

    fn is_write(&self) -> bool {
        matches!(self, ReadOrWrite::Write(_))
    }
}
