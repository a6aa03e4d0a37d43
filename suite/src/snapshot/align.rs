//! Which request of one run of a scenario is which of another.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::answers::{AnswerEntry, Asked};

/// Two entries that belong together, or one that is alone, in the order of both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    /// That of the first run.
    pub(crate) one: Option<&'a AnswerEntry>,
    /// That of the second.
    pub(crate) other: Option<&'a AnswerEntry>,
}

/// Pairs the entries of two runs: those that ask the same in the same step, in order.
pub(crate) fn align<'a>(ones: &'a [AnswerEntry], others: &'a [AnswerEntry]) -> Vec<Pair<'a>> {
    let key = |entry: &'a AnswerEntry| -> (&'a str, &'a Asked) { (&entry.step, &entry.asked) };
    let keys = |entries: &'a [AnswerEntry]| entries.iter().map(key).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &keys(ones), &keys(others));
    let mut pairs = Vec::new();
    for operation in operations {
        let (old, new) = (operation.old_range(), operation.new_range());
        if let DiffOp::Equal { .. } = operation {
            let both = ones[old].iter().zip(&others[new]);
            pairs.extend(both.map(|(one, other)| Pair {
                one: Some(one),
                other: Some(other),
            }));
            continue;
        }
        pairs.extend(ones[old].iter().map(|one| Pair {
            one: Some(one),
            other: None,
        }));
        pairs.extend(others[new].iter().map(|other| Pair {
            one: None,
            other: Some(other),
        }));
    }
    pairs
}
