//! Everything that is required is asked, or says why it is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assize::catalogue::{RequirementId, cross_check};
use assize::diagnostic::Color;
use assize::run::native::declared;
use assize::scenario::{Library, cited};

/// What no transcript can ask, and what is still to be written in Rust.
const TO_BE_WRITTEN: &[&str] = &[
    "http.header-names-case-insensitive",
    "push.manifest.four-megabytes",
    "push.manifest.size-limit-413",
    "push.manifest.size-limit-exists",
    "range.many-ranges-bounded",
    "range.multipart-order",
];

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).unwrap()
}

#[test]
fn every_requirement_is_asked_or_left_out_with_a_reason() {
    let library = Library::built_in().unwrap();
    let transcripts = library
        .scenarios
        .iter()
        .flat_map(|loaded| cited(&loaded.scenario))
        .map(|id| id.value);
    let native = declared().flat_map(|native| native.cites).map(|text| id(text));
    let asked: Vec<RequirementId> = transcripts
        .chain(native)
        .chain(TO_BE_WRITTEN.iter().map(|text| id(text)))
        .collect();
    let faulty = cross_check(&library.catalogue, &asked);
    let drawn: Vec<String> = faulty.iter().map(|file| file.render(Color::Never)).collect();
    assert!(drawn.is_empty(), "\n{}", drawn.join("\n\n"));
}
