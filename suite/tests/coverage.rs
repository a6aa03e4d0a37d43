//! Everything that is required is asked, or says why it is not; and so is everything that broke clients in the field.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

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

/// What broke clients in the field is covered by these too, and nothing asks them yet: none is a MUST or a SHOULD.
const FIELD_BUGS_TO_BE_ASKED: &[&str] = &[
    "interop.anonymous-ping",
    "interop.challenge-scope",
    "interop.chunk-too-large-413",
    "interop.first-challenge-usable",
    "interop.location-host",
    "interop.location-scheme",
    "interop.location-slashes",
    "interop.token-both-names",
    "interop.token-several-scopes",
    "interop.token-unknown-scope",
    "interop.too-large-json",
    "interop.unneeded-credentials",
];

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).unwrap()
}

/// Every id that a scenario cites, as a transcript or in Rust.
fn cited_ids(library: &Library) -> Vec<RequirementId> {
    let transcripts = library
        .scenarios
        .iter()
        .flat_map(|loaded| cited(&loaded.scenario))
        .map(|id| id.value);
    let native = declared().flat_map(|native| native.cites).map(|text| id(text));
    transcripts.chain(native).collect()
}

#[test]
fn every_requirement_is_asked_or_left_out_with_a_reason() {
    let library = Library::built_in().unwrap();
    let mut asked = cited_ids(&library);
    asked.extend(TO_BE_WRITTEN.iter().map(|text| id(text)));
    let faulty = cross_check(&library.catalogue, &asked);
    let drawn: Vec<String> = faulty.iter().map(|file| file.render(Color::Never)).collect();
    assert!(drawn.is_empty(), "\n{}", drawn.join("\n\n"));
}

#[test]
fn every_bug_of_the_field_is_covered_by_requirements_that_are_asked_or_left_out_with_a_reason() {
    let bugs: toml::Table = include_str!("../../scenarios/requirements/field-bugs.toml")
        .parse()
        .unwrap();
    let library = Library::built_in().unwrap();
    let asked: BTreeSet<RequirementId> = cited_ids(&library).into_iter().collect();
    let mut wrong = Vec::new();
    let mut unasked = BTreeSet::new();
    for (bug, entry) in &bugs {
        let reason = entry.get("left-out").and_then(toml::Value::as_str);
        let covered = entry.get("covered-by").and_then(toml::Value::as_array);
        match (covered, reason) {
            (None, Some(reason)) if !reason.is_empty() => {}
            (Some(ids), None) if !ids.is_empty() => {
                for text in ids.iter().filter_map(toml::Value::as_str) {
                    if library.catalogue.get(&id(text)).is_none() {
                        wrong.push(format!("{bug}: there is no {text}"));
                    } else if !asked.contains(&id(text)) && !TO_BE_WRITTEN.contains(&text) {
                        unasked.insert(text);
                    }
                }
            }
            _ => wrong.push(format!(
                "{bug}: either covered by requirements, or left out with a reason"
            )),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(unasked.into_iter().collect::<Vec<&str>>(), FIELD_BUGS_TO_BE_ASKED);
}

#[test]
fn what_is_to_be_written_is_asked_by_nothing() {
    let asked = cited_ids(&Library::built_in().unwrap());
    let written: Vec<&&str> = TO_BE_WRITTEN
        .iter()
        .filter(|text| asked.contains(&id(text)))
        .collect();
    assert!(written.is_empty(), "{written:?}");
}
