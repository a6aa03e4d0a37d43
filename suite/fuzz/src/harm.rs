//! What is done to an input to come to another one near it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Something done to an input.
#[derive(Clone, Debug)]
pub(crate) enum Harm {
    /// One byte becomes another.
    Change(Index, u8),
    /// What stands between two places is taken out.
    Cut(Index, Index),
    /// What stands between two places stands there twice.
    Double(Index, Index),
    /// Something is put in.
    Put(Index, Vec<u8>),
    /// From a place on it is another input, from its same place on.
    Become(Index, Vec<u8>),
}

/// Anything that can be done to an input where there are others.
pub(crate) fn harm(others: Vec<Vec<u8>>) -> impl Strategy<Value = Harm> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Harm::Change(at, byte)),
        (place(), place()).prop_map(|(one, other)| Harm::Cut(one, other)),
        (place(), place()).prop_map(|(one, other)| Harm::Double(one, other)),
        (place(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Harm::Put(at, bytes)),
        (place(), select(others)).prop_map(|(at, other)| Harm::Become(at, other)),
    ]
}

impl Harm {
    /// The input with the harm done to it.
    pub(crate) fn done(input: Vec<u8>, harm: &Self) -> Vec<u8> {
        let place = |index: &Index| index.index(input.len() + 1);
        let between =
            |one: &Index, other: &Index| (place(one).min(place(other)), place(one).max(place(other)));
        let mut done = input.clone();
        match harm {
            Self::Change(at, byte) => {
                if let Some(old) = done.get_mut(place(at)) {
                    *old = *byte;
                }
            }
            Self::Cut(one, other) => {
                let (from, to) = between(one, other);
                done.drain(from..to);
            }
            Self::Double(one, other) => {
                let (from, to) = between(one, other);
                done.splice(to..to, input[from..to].iter().copied());
            }
            Self::Put(at, bytes) => {
                let at = place(at);
                done.splice(at..at, bytes.iter().copied());
            }
            Self::Become(at, other) => {
                let at = place(at);
                done.truncate(at);
                done.extend_from_slice(other.get(at..).unwrap_or_default());
            }
        }
        done
    }
}
