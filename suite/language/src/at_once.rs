//! Work on many things by all processors.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// For how many things a thread is begun: to read as many texts takes a hundred times as long as that.
const WORTH_A_THREAD: usize = 16;

/// Does the same with each of many things, by as many threads as the machine has processors; what comes of it is in the
/// order of the things.
///
/// # Panics
/// The work panics.
pub fn at_once<'t, T: Sync, R: Send>(things: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let share = things.len().div_ceil(processors).max(WORTH_A_THREAD);
    let (work, mut shares) = (&work, things.chunks(share));
    let own = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let begin = |share: &'t [T]| scope.spawn(move || share.iter().map(work).collect::<Vec<R>>());
        let others: Vec<_> = shares.map(begin).collect();
        let mut done: Vec<R> = own.iter().map(work).collect();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_comes_of_it_is_in_the_order_of_the_things(things in proptest::collection::vec(any::<u8>(), 0..200)) {
            let expected: Vec<u16> = things.iter().map(|thing| u16::from(*thing) + 1).collect();
            prop_assert_eq!(at_once(&things, |thing| u16::from(*thing) + 1), expected);
        }
    }

    #[test]
    #[should_panic(expected = "the last of them")]
    fn a_panic_is_not_lost() {
        let things: Vec<usize> = (0..100).collect();
        at_once(&things, |thing| assert!(*thing < 99, "the last of them"));
    }
}
