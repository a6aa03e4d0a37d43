//! Shipped scenarios with something taken out, doubled or swapped: whatever is left, faults are said of it, or none.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::Library;
use crate::fuzzing::scenario;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().unwrap());

/// What is done to a text, at two places given in thousandths of its length.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Cut,
    Double,
    Reverse,
}

fn harmed(text: &str, harm: Harm, (one, other): (usize, usize)) -> String {
    let at = |thousandths: usize| text.floor_char_boundary(text.len() * thousandths / 1000);
    let (from, to) = (at(one.min(other)), at(one.max(other)));
    let (before, middle, behind) = (&text[..from], &text[from..to], &text[to..]);
    match harm {
        Harm::Cut => [before, behind].concat(),
        Harm::Double => [before, middle, middle, behind].concat(),
        Harm::Reverse => {
            let lines: Vec<&str> = middle.split('\n').rev().collect();
            [before, &lines.join("\n"), behind].concat()
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_is_mangled_is_too_much(
        which in any::<prop::sample::Index>(),
        harm in prop::sample::select(vec![Harm::Cut, Harm::Double, Harm::Reverse]),
        places in (0..=1000_usize, 0..=1000_usize),
    ) {
        let text = harmed(&which.get(&LIBRARY.scenarios).text, harm, places);
        scenario(text.as_bytes());
    }
}
