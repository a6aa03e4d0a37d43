//! Answers, records and baselines that nobody would write: they are read, or it is said why they are not.

#![expect(clippy::unwrap_used, reason = "a target fails by panicking")]

use std::str::from_utf8;
use std::sync::{Arc, LazyLock};

use crate::catalogue::Version;
use crate::check::{CheckResult, check, error_codes, holds, next_link};
use crate::diagnostic::{Color, SourceFile};
use crate::endpoint::Endpoint;
use crate::log::record::write;
use crate::report::Format;
use crate::report::baseline::Baseline;
use crate::run::coded::fuzzing::byteranges;
use crate::scenario::ast::Check;
use crate::secret;
use crate::suite::Suite;
use crate::values::{Answered, Scope, Value};
use crate::wire::hidden_characters::{hides, visible, visible_json};
use crate::wire::{Secrets, fuzzing};

/// A target, with its name.
type Target = (&'static str, fn(&[u8]));

/// Each target.
pub const TARGETS: &[Target] = &[
    ("answer", answer),
    ("fields", fields),
    ("byteranges", byteranges),
    ("baseline", baseline),
    ("record", record),
];

static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::built_in().unwrap());

/// Every check that a scenario makes of an answer.
static CHECKS: LazyLock<Vec<Arc<Check>>> = LazyLock::new(|| {
    let library = SUITE.library();
    let programs = library.scenarios.iter();
    let programs = programs.map(|loaded| loaded.program(&library.catalogue, Version::V1_1));
    let checks = programs.flat_map(|program| program.checks.into_iter().filter_map(|checked| checked.check));
    checks.collect()
});

/// The number of a check, in two bytes, and an answer of which it is made.
fn answer(input: &[u8]) {
    let Some((&[high, low], input)) = input.split_first_chunk() else {
        return;
    };
    let Some(exchange) = fuzzing::answer(input) else {
        return;
    };
    let answered = Answered::one(Arc::new(exchange));
    answered.json().map(error_codes);
    answered.too_long();
    let name = |name: &str| Value::Text(name.to_owned());
    let scope = Scope::with_repositories([name("a"), name("b"), name("c")]);
    let number = usize::from(u16::from_be_bytes([high, low])) % CHECKS.len();
    let seen = check(&CHECKS[number], &answered, &scope);
    let holds = holds(&CHECKS[number], &answered, &scope);
    assert_eq!(holds, seen == CheckResult::Holds);
}

/// The value of a header, an address, a word of the environment, or a text that is shown.
fn fields(input: &[u8]) {
    if let Some(masked) = secret::masked(input, &Secrets::default()) {
        assert_eq!(masked.len(), input.len());
    }
    let Ok(text) = from_utf8(input) else { return };
    fuzzing::address(text);
    fuzzing::words(text);
    next_link(&[text]);
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    Endpoint::parse(path, query);
    assert!(!hides(&visible(text)));
    assert!(!hides(&visible_json(text)));
    assert_eq!(secret::text(&secret::text(text)), secret::text(text));
}

/// A baseline.
fn baseline(input: &[u8]) {
    let Ok(text) = from_utf8(input) else { return };
    let source = SourceFile::new("baseline.toml", text);
    if let Err(faulty) = Baseline::parse(&source, &SUITE.library().catalogue) {
        faulty.render(Color::Never);
    }
}

/// A record of a run: what can be read can be judged, shown in every form, and written down again.
fn record(input: &[u8]) {
    let Ok(log) = SUITE.read_log(input) else { return };
    let outcome = SUITE.judge(&log);
    for format in Format::ALL {
        drop(outcome.report(format));
    }
    let mut written = Vec::new();
    write(&log, SUITE.library(), &mut written).unwrap();
    let mut again = Vec::new();
    write(
        &SUITE.read_log(written.as_slice()).unwrap(),
        SUITE.library(),
        &mut again,
    )
    .unwrap();
    assert_eq!(again, written);
}

#[cfg(test)]
#[test]
fn no_input_breaks_anything() {
    assize_fuzz::hold("suite", TARGETS);
}
