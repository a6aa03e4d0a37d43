//! The piece of a history that a person has to look at to see that no order explains it.

use super::{Explained, ReadOrWrite, RegisterOperation, explain};

/// The places of the operations that together have no order, none of which can be left out; for a history without one.
///
/// A read may always be left out: an order of the whole is one of the rest. So may a write that no read is left of: in
/// an order of the whole nobody looked between it and the next one.
pub(in super::super) fn shortest<V: PartialEq + Clone>(history: &[RegisterOperation<V>]) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..history.len()).collect();
    // What came last is left out first: what went wrong first is what is shown.
    kept.sort_by_key(|at| history[*at].asked);
    loop {
        let before = kept.len();
        for at in kept.clone().into_iter().rev() {
            let rest: Vec<usize> = kept.iter().copied().filter(|other| *other != at).collect();
            let operations: Vec<RegisterOperation<V>> = rest.iter().map(|at| history[*at].clone()).collect();
            if may_be_left_out(&history[at], &operations) && explain(&operations) == Explained::No {
                kept = rest;
            }
        }
        if kept.len() == before {
            return kept;
        }
    }
}

fn may_be_left_out<V: PartialEq>(operation: &RegisterOperation<V>, rest: &[RegisterOperation<V>]) -> bool {
    match &operation.act {
        ReadOrWrite::Read(_) => true,
        ReadOrWrite::Write(value) => !rest
            .iter()
            .any(|other| matches!(&other.act, ReadOrWrite::Read(read) if read == value)),
    }
}
