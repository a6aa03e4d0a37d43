//! The search for an order that explains a history (Wing and Gong, 1993), which never goes the same way twice.

use std::collections::HashSet;
use std::time::Duration;

use super::{ReadOrWrite, RegisterOperation};

/// The most operations that are looked at.
const MOST_OPERATIONS: usize = 128;
/// The most states that are looked at.
const MOST_STATES: usize = 20_000;

/// Whether an order explains a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Explained {
    /// One does.
    Yes,
    /// None does.
    No,
    /// There are too many to look at.
    Undecided,
}

/// Which operations have happened, as bits, and which write was the last of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct SearchState {
    happened: u128,
    last_write: Option<usize>,
}

/// Looks for an order of a history. Before the first write the register has no value that can be read.
pub(in super::super) fn explain<V: PartialEq>(history: &[RegisterOperation<V>]) -> Explained {
    if history.len() > MOST_OPERATIONS {
        return Explained::Undecided;
    }
    let search = Search { history };
    let mut waiting = vec![SearchState::default()];
    let mut seen = HashSet::new();
    while let Some(state) = waiting.pop() {
        let state = search.after_reads(state);
        if search.is_explained(state) {
            return Explained::Yes;
        }
        if !seen.insert(state) {
            continue;
        }
        if seen.len() > MOST_STATES {
            return Explained::Undecided;
        }
        let writes = search.next(state).filter(|at| search.is_worth_trying(state, *at));
        waiting.extend(writes.map(|at| SearchState {
            happened: state.happened | 1 << at,
            last_write: Some(at),
        }));
    }
    Explained::No
}

/// The history that an order is looked for.
struct Search<'a, V> {
    history: &'a [RegisterOperation<V>],
}

impl<V: PartialEq> Search<'_, V> {
    /// The operations that have not happened.
    fn left(&self, state: SearchState) -> impl Iterator<Item = (usize, &RegisterOperation<V>)> {
        self.history
            .iter()
            .enumerate()
            .filter(move |(at, _)| state.happened & (1 << at) == 0)
    }

    /// The operations that may happen next: none of those left was answered before they were asked for.
    fn next(&self, state: SearchState) -> impl Iterator<Item = usize> {
        let first_answer = self
            .left(state)
            .filter_map(|(_, operation)| operation.answered)
            .min()
            .unwrap_or(Duration::MAX);
        self.left(state)
            .filter(move |(_, operation)| operation.asked <= first_answer)
            .map(|(at, _)| at)
    }

    /// The state after every read that may happen and is right. It changes nothing, so nothing is lost by haste.
    fn after_reads(&self, mut state: SearchState) -> SearchState {
        let Some(last) = state.last_write else {
            return state;
        };
        let value = self.history[last].act.value();
        loop {
            let right = self
                .next(state)
                .filter(|at| matches!(&self.history[*at].act, ReadOrWrite::Read(read) if read == value))
                .fold(0, |reads, at| reads | 1 << at);
            if right == 0 {
                return state;
            }
            state.happened |= right;
        }
    }

    /// Whether it is a write that helps: one that was never acknowledged need not happen unless somebody reads it.
    fn is_worth_trying(&self, state: SearchState, at: usize) -> bool {
        let operation = &self.history[at];
        let is_read = || {
            self.left(state).any(
                |(_, other)| matches!(&other.act, ReadOrWrite::Read(read) if read == operation.act.value()),
            )
        };
        operation.act.is_write() && (operation.answered.is_some() || is_read())
    }

    /// Whether all that was acknowledged has happened.
    fn is_explained(&self, state: SearchState) -> bool {
        self.left(state)
            .all(|(_, operation)| operation.answered.is_none())
    }
}
