//! Shipped scenarios with something taken out, doubled or swapped: whatever is left, faults are said of it, or none.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Library, Reading, check, parse, print};
use crate::diagnostic::{Color, render};

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
        scenario in any::<prop::sample::Index>(),
        harm in prop::sample::select(vec![Harm::Cut, Harm::Double, Harm::Reverse]),
        places in (0..=1000_usize, 0..=1000_usize),
    ) {
        let text = harmed(&scenario.get(&LIBRARY.scenarios).text, harm, places);
        let (scenario, mut faults) = parse(&text);
        let whole = faults.is_empty();
        if let Some(scenario) = &scenario {
            let reading = if whole { Reading::Whole } else { Reading::Partial };
            faults.extend(check(scenario, &LIBRARY.catalogue, reading));
        }
        for fault in &faults {
            prop_assert!(text.get(fault.span.clone()).is_some(), "{fault:?}");
        }
        render(&faults, "test", &text, Color::Never);
        if let (Some(scenario), true) = (scenario, whole) {
            let printed = print(&scenario);
            let (again, faults) = parse(&printed);
            prop_assert_eq!(faults, []);
            prop_assert_eq!(again.map(|again| print(&again)), Some(printed));
        }
    }
}
