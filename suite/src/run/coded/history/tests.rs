//! Histories whose orders are known, and histories made from an order.

use std::time::Duration;

use proptest::prelude::*;

use super::{Explained, ReadOrWrite, RegisterOperation, explain, shortest};

/// A history in short: client, `w` or `r`, value, when it was asked for, when it was answered (`-` if never).
fn history(text: &str) -> Vec<RegisterOperation<char>> {
    let time = |text: &str| text.parse().ok().map(Duration::from_millis);
    text.split(';')
        .map(|operation| {
            let words: Vec<&str> = operation.split_whitespace().collect();
            let value = words[2].chars().next().unwrap();
            RegisterOperation {
                client: words[0].parse().unwrap(),
                act: match words[1] {
                    "w" => ReadOrWrite::Write(value),
                    _ => ReadOrWrite::Read(value),
                },
                asked: time(words[3]).unwrap(),
                answered: time(words[4]),
            }
        })
        .collect()
}

#[test]
fn a_read_brings_what_was_written_last() {
    for text in [
        "1 w a 0 1",
        "1 w a 0 1; 2 r a 2 3",
        "1 w a 0 1; 1 w b 2 3; 2 r b 4 5; 1 w a 6 7; 2 r a 8 9",
        // While a write goes on, a read brings either.
        "1 w a 0 1; 1 w b 2 9; 2 r a 3 4; 2 r b 5 6",
        "1 w a 0 1; 1 w b 2 9; 2 r b 3 9; 3 r a 4 5",
        // Of writes at once any may be the last.
        "1 w a 0 9; 2 w b 0 9; 3 r a 10 11",
        "1 w a 0 9; 2 w b 0 9; 3 r b 2 3; 3 r a 10 11",
        // One moment is no order.
        "1 w a 0 1; 2 w b 1 2; 3 r a 3 4",
        // A write that nobody acknowledged may happen at any time, or never.
        "1 w a 0 1; 2 w b 2 -; 3 r a 50 51; 3 r b 60 61; 1 r b 70 71",
        "1 w a 0 1; 2 w b 2 -; 3 r a 50 51",
    ] {
        assert_eq!(explain(&history(text)), Explained::Yes, "{text}");
    }
}

#[test]
fn no_order_explains_a_read_of_something_else() {
    for text in [
        // A stale read; a lost write; a read of what nobody wrote; one of what is written later.
        "1 w a 0 1; 2 w b 2 3; 3 r a 4 5",
        "1 w a 0 1; 1 w b 2 3; 1 r a 4 5",
        "1 w a 0 1; 2 r b 2 3",
        "2 r a 0 1; 1 w a 2 3",
        "2 r a 0 1",
        // Backwards while a write goes on, for one reader or for two.
        "1 w a 0 1; 1 w b 2 9; 2 r b 3 4; 2 r a 5 6",
        "1 w a 0 1; 1 w b 2 9; 2 r b 3 4; 3 r a 5 6",
        // Two readers who saw two writes in two orders.
        "1 w a 0 1; 2 w b 2 20; 3 w c 2 20; 4 r b 3 4; 4 r c 5 6; 5 r c 3 4; 5 r b 5 6",
        // What took effect late takes effect once.
        "1 w a 0 1; 2 w b 2 -; 3 r b 4 5; 3 r a 6 7",
    ] {
        assert_eq!(explain(&history(text)), Explained::No, "{text}");
    }
}

#[test]
fn what_is_too_long_or_too_entangled_is_left_open() {
    let one = history("1 w a 0 1").remove(0);
    assert_eq!(explain(&vec![one.clone(); 128]), Explained::Yes);
    assert_eq!(explain(&vec![one; 129]), Explained::Undecided);
    // Sixty writes at once have more orders than anybody could try, and none of them explains the read behind them.
    let mut entangled = history(&["1 w a 0 9"; 60].join(";"));
    for (write, value) in entangled.iter_mut().zip('b'..) {
        write.act = ReadOrWrite::Write(value);
    }
    entangled.extend(history("2 r a 10 11"));
    assert_eq!(explain(&entangled), Explained::Undecided);
}

#[test]
fn the_shortest_piece_is_what_a_person_would_point_at() {
    for (text, expected) in [
        (
            "1 w a 0 1; 3 r a 2 3; 2 w b 4 5; 3 r b 6 7; 1 r a 8 9; 2 w c 10 11; 1 r c 12 13",
            "1 w a 0 1; 2 w b 4 5; 1 r a 8 9",
        ),
        // The former value is needed, and so is what shows that the new one was there.
        (
            "1 w z 0 1; 1 w a 2 3; 2 w b 4 20; 3 r b 5 6; 4 r b 6 7; 4 r a 8 9; 1 w d 30 31; 2 r d 32 33",
            "1 w a 2 3; 2 w b 4 20; 3 r b 5 6; 4 r a 8 9",
        ),
    ] {
        let whole = history(text);
        let kept: Vec<RegisterOperation<char>> =
            shortest(&whole).into_iter().map(|at| whole[at].clone()).collect();
        assert_eq!(kept, history(expected));
    }
}

/// What one operation of a made history does, how far its two ends lie from the moment at which it happens, and
/// whether its client hears of it.
type Made = (bool, u64, u64, bool);

/// A history in which the operation number `n` happens at the moment `10 n`, and every write writes its own number.
fn made(operations: &[Made]) -> Vec<RegisterOperation<usize>> {
    let mut value = 0;
    let first = (true, 0, 0, true);
    std::iter::once(&first)
        .chain(operations)
        .enumerate()
        .map(|(number, (is_write, before, after, is_heard))| {
            let moment = 10 * number as u64;
            if *is_write {
                value = number;
            }
            RegisterOperation {
                client: number,
                act: if *is_write {
                    ReadOrWrite::Write(value)
                } else {
                    ReadOrWrite::Read(value)
                },
                asked: Duration::from_millis(moment.saturating_sub(*before)),
                answered: (*is_heard || !*is_write).then(|| Duration::from_millis(moment + after)),
            }
        })
        .collect()
}

fn operations(most: usize) -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec(
        (any::<bool>(), 0..60_u64, 0..60_u64, prop::bool::weighted(0.9)),
        0..most,
    )
}

/// Whether some order of a short history explains it, by trying all of them.
fn explained_by_trial(
    history: &[RegisterOperation<usize>],
    happened: &[usize],
    value: Option<usize>,
) -> bool {
    let left = || (0..history.len()).filter(|at| !happened.contains(at));
    if left().all(|at| history[at].answered.is_none()) {
        return true;
    }
    left().any(|at| {
        let operation = &history[at];
        let comes_later =
            left().any(|other| history[other].answered.is_some_and(|end| end < operation.asked));
        let next = match operation.act {
            ReadOrWrite::Write(written) => Some(written),
            ReadOrWrite::Read(read) if Some(read) == value => value,
            ReadOrWrite::Read(_) => return false,
        };
        let with_it = [happened, &[at]].concat();
        !comes_later && explained_by_trial(history, &with_it, next)
    })
}

proptest! {
    #[test]
    fn what_happened_in_an_order_is_explained(operations in operations(60)) {
        prop_assert_eq!(explain(&made(&operations)), Explained::Yes);
    }

    #[test]
    fn a_stale_read_after_an_acknowledged_write_is_not(operations in operations(30), client in 0..9_usize, stale in any::<prop::sample::Index>()) {
        let mut history = made(&operations);
        let values: Vec<usize> = history
            .iter()
            .filter(|operation| operation.act.is_write() && operation.answered.is_some())
            .map(|operation| *operation.act.value())
            .collect();
        let end = Duration::from_secs(10);
        let fresh = usize::MAX;
        history.push(RegisterOperation { client, act: ReadOrWrite::Write(fresh), asked: end, answered: Some(2 * end) });
        history.push(RegisterOperation { client: client + 1, act: ReadOrWrite::Read(*stale.get(&values)), asked: 3 * end, answered: Some(4 * end) });
        prop_assert_eq!(explain(&history), Explained::No);

        let piece: Vec<RegisterOperation<usize>> = shortest(&history).iter().map(|at| history[*at].clone()).collect();
        prop_assert_eq!(explain(&piece), Explained::No);
        prop_assert!(piece.len() <= 6, "{:?}", piece);
    }

    #[test]
    fn the_search_finds_what_trying_all_orders_finds(operations in operations(6), reads in prop::collection::vec((any::<prop::sample::Index>(), 0..7_usize), 0..3)) {
        let mut history = made(&operations);
        for (place, value) in reads {
            let at = place.index(history.len());
            if history[at].answered.is_some() {
                history[at].act = ReadOrWrite::Read(value);
            }
        }
        let expected = if explained_by_trial(&history, &[], None) { Explained::Yes } else { Explained::No };
        prop_assert_eq!(explain(&history), expected);
    }

    #[test]
    fn nothing_of_the_shortest_piece_can_be_left_out(operations in operations(20), place in any::<prop::sample::Index>(), value in 0..20_usize) {
        let mut history = made(&operations);
        let at = place.index(history.len());
        history[at].act = ReadOrWrite::Read(value);
        history[at].answered.get_or_insert(Duration::from_secs(10));
        if explain(&history) == Explained::No {
            let piece: Vec<RegisterOperation<usize>> = shortest(&history).iter().map(|at| history[*at].clone()).collect();
            prop_assert_eq!(explain(&piece), Explained::No);
            for at in (0..piece.len()).filter(|at| !piece[*at].act.is_write()) {
                let mut rest = piece.clone();
                rest.remove(at);
                prop_assert_eq!(explain(&rest), Explained::Yes);
            }
        }
    }
}
