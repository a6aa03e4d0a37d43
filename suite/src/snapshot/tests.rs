//! What is written can be read, and what is read is what was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::answers::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet, FacetValue, Said};
use super::{Change, Difference, DifferenceKind, Ignore, common, compare, fold, taken_over, text};
use crate::catalogue::{RequirementId, Version};
use crate::diagnostic::{Color, SourceFile};
use crate::scenario::Library;

fn read(text: &str) -> Answers {
    Answers::parse(&SourceFile::new("x.answers", text)).unwrap()
}

fn faults(text: &str) -> String {
    let faulty = Answers::parse(&SourceFile::new("x.answers", text)).unwrap_err();
    faulty.render(Color::Never)
}

/// The answers of a scenario of one request.
fn answered(lines: &str) -> Answers {
    read(&format!(
        "answers  A blob is there\nspec     1.1\n\n> GET /v2/{{repo}}/blobs/{{digest blob}}\n{lines}\n"
    ))
}

fn name() -> Arc<str> {
    "pull/blob".into()
}

fn differences(old: &Answers, new: &Answers) -> Vec<Difference> {
    compare(&name(), Some(old), Some(new))
}

fn shown(differences: &[Difference]) -> String {
    let library = Library::built_in().unwrap();
    let folds = fold(differences, &library.catalogue, Version::V1_1);
    anstream::adapter::strip_str(&text(&folds, usize::MAX)).to_string()
}

fn words() -> impl Strategy<Value = String> {
    "[a-z{}]{1,8}( [a-z:/#~<>=]{1,8}){0,2}"
}

fn facet() -> impl Strategy<Value = (Facet, FacetValue)> {
    let lines = |text: &'static str| prop::collection::vec(text, 1..3).prop_map(FacetValue::Lines);
    let facet = prop_oneof![
        lines("[1-5][0-9]{2}( x[2-9])?").prop_map(|told| (Facet::Status, told)),
        lines("[A-Z_]{3,9}").prop_map(|told| (Facet::Error, told)),
        (
            "[A-Z][A-Za-z-]{2,9}",
            prop::collection::vec("([!-~]([ -~]{0,9}[!-~])?)?", 0..3)
        )
            .prop_map(|(name, lines)| (Facet::Header(name), FacetValue::Lines(lines))),
        "(@[a-z]{1,5}|json \\{[a-z:, ]{0,9}\\}|\\(other bytes, [0-9]{1,4}\\))"
            .prop_map(|body| (Facet::Body, FacetValue::Lines(vec![body]))),
    ];
    (facet, prop::bool::weighted(0.2)).prop_map(|((facet, told), is_unstable)| {
        let told = if is_unstable { FacetValue::Unstable } else { told };
        (facet, told)
    })
}

fn answer() -> impl Strategy<Value = Said> {
    let constancy = prop_oneof![Just(Constancy::Always), Just(Constancy::NowAndThen)];
    let id = "[a-z]{1,5}\\.[a-z]{1,5}".prop_filter_map("an id", |id| RequirementId::parse(&id));
    let facets = prop::collection::btree_map("[a-z]", facet(), 0..4)
        .prop_map(|all| all.into_values().collect::<BTreeMap<_, _>>());
    let breaks = prop::collection::btree_map(id, constancy, 0..3);
    let answer = (facets, breaks).prop_map(|(mut facets, breaks)| {
        facets
            .entry(Facet::Status)
            .or_insert_with(|| FacetValue::Lines(vec!["200".to_owned()]));
        Said::Answer(Answer { facets, breaks })
    });
    prop_oneof![9 => answer, 1 => Just(Said::NowAndThen)]
}

fn entries() -> impl Strategy<Value = Vec<AnswerEntry>> {
    let asked = prop_oneof![
        words().prop_map(|words| Asked::Given(format!("given {words}"))),
        prop::collection::vec(words(), 1..3).prop_map(Asked::Request),
        "[A-Z]{3,6}".prop_map(Asked::Next),
    ];
    let entry = (words(), asked, answer()).prop_map(|(step, asked, said)| AnswerEntry { step, asked, said });
    prop::collection::vec(entry, 0..6)
}

fn answers() -> impl Strategy<Value = Answers> {
    let ended = prop_oneof![
        Just(None),
        Just(Some(Ended::NotReached)),
        Just(Some(Ended::Unstable)),
        "[a-z-]{1,9}".prop_map(|name| Some(Ended::NotOffered(name))),
        "[a-z-]{1,9}".prop_map(|name| Some(Ended::NoAccount(name))),
    ];
    (
        words(),
        prop::sample::select(Version::ALL.to_vec()),
        entries(),
        ended,
    )
        .prop_map(|(title, version, entries, ended)| Answers {
            title,
            version,
            entries,
            ended,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read_as_it_was(answers in answers()) {
        prop_assert_eq!(read(&answers.to_string()), answers);
    }

    #[test]
    fn answers_do_not_differ_from_themselves(answers in answers()) {
        prop_assert_eq!(differences(&answers, &answers), []);
        prop_assert_eq!(common(&answers, &answers), answers);
    }

    #[test]
    fn all_that_differs_makes_one_of_the_other(old in answers(), new in answers()) {
        let taken = taken_over(&name(), Some(&old), Some(&new), &|_| true).unwrap();
        prop_assert_eq!(differences(&taken, &new), []);
        let kept = taken_over(&name(), Some(&old), Some(&new), &|_| false).unwrap();
        prop_assert_eq!(differences(&old, &kept), []);
    }

    #[test]
    fn what_two_runs_have_in_common_agrees_with_both(one in answers(), other in answers()) {
        let both = Answers { version: other.version, ..common(&one, &other) };
        let other_run = differences(&both, &other);
        prop_assert!(other_run.is_empty(), "{}\n{:?}", both, other_run);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "(answers x\nspec 1.1\n)?([<>~=a-z0-9 :#,\n]{0,40}\n){0,6}") {
        let _ = Answers::parse(&SourceFile::new("x.answers", text));
    }
}

#[test]
fn a_status_that_breaks_a_requirement_is_worse_and_one_that_mends_it_better() {
    let good = answered("< 404");
    let bad = answered("< 200  # breaks pull.blob.404-unknown");
    assert_eq!(differences(&good, &bad).len(), 1);
    insta::assert_snapshot!(shown(&differences(&good, &bad)));
    assert_eq!(differences(&bad, &good)[0].kind, DifferenceKind::Better);
}

#[test]
fn what_no_requirement_minds_is_told_header_by_header_and_folded() {
    let before = answered("< 200\n< ETag: \"a\"\n< Vary");
    let now = answered("< 200\n< Cache-Control\n< ETag: \"b\"");
    let mut all = differences(&before, &now);
    let elsewhere = all.clone().into_iter().map(|difference| Difference {
        scenario: "pull/manifest".into(),
        ..difference
    });
    all.extend(elsewhere.collect::<Vec<_>>());
    insta::assert_snapshot!(shown(&all));
}

#[test]
fn of_long_bodies_what_differs_is_shown() {
    let list = |kind: &str| {
        let other = "{\"digest\": \"{digest app}\"}, ".repeat(9);
        answered(&format!(
            "< 200\n< json [{other}{{\"kind\": {kind}}}, {other}null]"
        ))
    };
    let shown = shown(&differences(&list("string"), &list("number")));
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_unstable_is_never_compared() {
    let before = answered("< 200\n~ header ETag");
    assert_eq!(differences(&before, &answered("< 200\n< ETag: \"b\"")), []);
    assert_eq!(differences(&before, &answered("< 200")), []);
    let shaky = differences(&answered("< 200\n< ETag: \"b\""), &before);
    assert_eq!(shaky[0].kind, DifferenceKind::Unstable);
}

#[test]
fn only_what_a_requirement_gained_is_taken_over_if_so_asked() {
    let bad = answered("< 200  # breaks pull.blob.404-unknown\n< Vary");
    let good = answered("< 404\n< Cache-Control");
    let better = |difference: &Difference| difference.kind == DifferenceKind::Better;
    let taken = taken_over(&name(), Some(&bad), Some(&good), &better).unwrap();
    // Status and header lines changed in one answer, and this is one difference.
    assert_eq!(taken, good);
    let other = answered("< 200  # breaks pull.blob.404-unknown\n< Cache-Control");
    let taken = taken_over(&name(), Some(&bad), Some(&other), &better).unwrap();
    assert_eq!(taken, bad);
}

#[test]
fn a_request_that_is_not_made_any_more_is_gone() {
    let before = read("answers  x\nspec     1.1\n\n> GET /v2/\n< 200\n\n> GET /v2/_catalog\n< 200\n");
    let now = read("answers  x\nspec     1.1\nended    not reached\n\n> GET /v2/\n< 200\n");
    let all = differences(&before, &now);
    assert!(all.iter().any(|one| one.kind == DifferenceKind::Gone
        && one.change == Change::Request("GET /v2/_catalog".to_owned())));
    insta::assert_snapshot!(shown(&all));
}

#[test]
fn every_fault_of_a_damaged_file_is_shown_at_its_place() {
    insta::assert_snapshot!(faults(
        "answers  x\nspec     3.0\nended    somehow\n< 200\nGET /v2/\n> GET /v2/\n< ?\n< 200  # breaks NO\n~ all\n"
    ));
    insta::assert_snapshot!("nothing", faults(""));
    insta::assert_snapshot!("no_title", faults("> GET /v2/\n< 200\n"));
}

#[test]
fn what_is_ignored_is_read_or_refused_at_its_place() {
    let ignore = |text: &str| Ignore::parse(&SourceFile::new("answers.toml", text));
    let read = ignore("headers = [\"x-*\"]\nscenarios = [\"http/*\"]\nmembers = [\"detail\"]\n").unwrap();
    assert!(read.skips("http/head") && !read.skips("push/mount"));
    assert!(read.leaves_out_header("X-Thing") && !read.leaves_out_header("ETag"));
    let faulty = ignore("header = []\nheaders = \"x\"\nscenarios = [1, \"[\"]\n").unwrap_err();
    insta::assert_snapshot!(faulty.render(Color::Never));
}
