//! Texts that nobody would write: whatever they say, their faults are said, or none.

#![expect(clippy::unwrap_used, reason = "a target fails by panicking")]

use std::sync::LazyLock;

use crate::catalogue::{Catalogue, Version};
use crate::diagnostic::{Color, Faulty, SourceFile, render};
use crate::scenario::{Library, Program, Reading, check, parse, print};

/// A target, with its name.
type Target = (&'static str, fn(&[u8]));

/// Each target.
pub const TARGETS: &[Target] = &[("scenario", scenario), ("catalogue", catalogue)];

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().unwrap());

/// A scenario: its faults stand in its text and can be drawn; without a fault it is understood, and printed as it is
/// read.
pub fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (scenario, mut faults) = parse(text);
    let whole = faults.is_empty();
    if let Some(scenario) = &scenario {
        let reading = if whole { Reading::Whole } else { Reading::Partial };
        faults.extend(check(&"test".into(), scenario, &LIBRARY.catalogue, reading));
    }
    for fault in &faults {
        assert!(text.get(fault.span.clone()).is_some(), "{fault:?}");
    }
    render(&faults, "test", text, Color::Never);
    let Some(scenario) = scenario.filter(|_| whole) else {
        return;
    };
    if faults.is_empty() {
        for version in Version::ALL {
            Program::of("test".into(), text.into(), &scenario, &LIBRARY.catalogue, version);
        }
    }
    let printed = print(&scenario);
    let (again, faults) = parse(&printed);
    assert_eq!(faults, [], "{printed}");
    assert_eq!(again.map(|again| print(&again)), Some(printed));
}

/// A file of requirements, then, behind a line of dashes, one of documents.
fn catalogue(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (requirements, documents) = text.split_once("\n----\n").unwrap_or((text, ""));
    let files = vec![
        SourceFile::new("requirements.toml", requirements),
        SourceFile::new("documents.toml", documents),
    ];
    let (_, faulty) = Catalogue::load(files);
    draw(&faulty);
}

fn draw(faulty: &[Faulty]) {
    for Faulty { source, faults } in faulty {
        render(faults, &source.path, &source.text, Color::Never);
    }
}

#[cfg(test)]
#[test]
fn no_input_breaks_anything() {
    assize_fuzz::hold("language", TARGETS);
}
