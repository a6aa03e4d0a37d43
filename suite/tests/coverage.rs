//! Everything that is required is asked, or says why it is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assize::catalogue::{RequirementId, cross_check};
use assize::diagnostic::Color;
use assize::run::native::declared;
use assize::scenario::{Library, cited};

/// What no transcript can ask, and what is still to be written in Rust.
const TO_BE_WRITTEN: &[&str] = &[
    "cond.304-no-content",
    "http.bad-content-length",
    "http.cl-te-conflict",
    "http.expect-continue",
    "http.header-names-case-insensitive",
    "http.keep-alive-after-error",
    "push.chunk.concurrent-same-offset",
    "push.manifest.four-megabytes",
    "push.manifest.size-limit-413",
    "push.manifest.size-limit-exists",
    "push.put.length-mismatch-not-committed",
    "push.session.aborted-patch",
    "push.session.bound-to-repository",
    "push.session.id-unguessable",
    "push.single.length-mismatch",
    "range.many-ranges-bounded",
    "range.multipart-order",
    "security.concurrent-tag-put",
    "security.deep-json",
    "security.forged-session-state",
    "security.no-credential-echo",
    "security.partial-read-not-cached",
    "security.slow-client",
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
