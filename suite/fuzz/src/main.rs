//! The targets under libFuzzer: `ASSIZE_FUZZ` names the one that is run, as in `reference/fields`.

#![no_main]
#![expect(clippy::panic, reason = "libFuzzer has no other way to be told")]

use std::sync::LazyLock;

use assize_fuzz::Target;
use libfuzzer_sys::fuzz_target;

/// Every crate with its targets.
const CRATES: [(&str, &[Target]); 4] = [
    ("language", assize_language::fuzzing::TARGETS),
    ("legacy", assize_legacy::fuzzing::TARGETS),
    ("suite", assize::fuzzing::TARGETS),
    ("reference", assize_reference::fuzzing::TARGETS),
];

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("ASSIZE_FUZZ").unwrap_or_default();
    let mut known = Vec::new();
    for (name, targets) in CRATES {
        for (target, run) in targets {
            let full = format!("{name}/{target}");
            if full == wanted {
                return *run;
            }
            known.push(full);
        }
    }
    panic!("ASSIZE_FUZZ names one of these: {}", known.join(", "));
});

fuzz_target!(|input: &[u8]| RUN(input));
