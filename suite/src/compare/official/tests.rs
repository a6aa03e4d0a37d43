//! What the other suite says, as a column beside a report of ours.

use super::*;
use crate::compare::{ComparedRows, Comparison, ComparisonForm};
use crate::scenario::Library;

const JUNIT: &str = r#"<testsuites tests="5" time="1.0">
  <testsuite name="OCI Conformance Test" tests="5" failures="2" errors="0" time="1.0">
    <testcase name="OCI Conformance Test/ping" classname="" time="0.01" status="passed"></testcase>
    <testcase name="OCI Conformance Test/sha256 blobs/range requests/range -500" classname="" time="0.01" status="failure"><system-out>expected 206, received 200&#xA;more</system-out></testcase>
    <testcase name="OCI Conformance Test/sha256 blobs/post+put/blob-post-put" classname="" time="0.01" status="passed"></testcase>
    <testcase name="OCI Conformance Test/sha512 blobs/post+put/blob-post-put" classname="" time="0.01" status="failure"><system-out>expected 201</system-out></testcase>
    <testcase name="OCI Conformance Test/sha256 blobs/mount/blob-mount" classname="" time="0.01" status="skipped"></testcase>
  </testsuite>
</testsuites>"#;

const YAML: &str = "config:\n    registry: localhost:5000\napis:\n    Blob get: Pass\n    Blob get range: FAIL\n    Ping: Pass\n    Referrers: Skip\ndata:\n    Image: Pass\n";

fn catalogue() -> Catalogue {
    Library::built_in().unwrap().catalogue
}

#[test]
fn the_table_names_requirements_that_there_are_and_each_name_once() {
    let catalogue = catalogue();
    let table = OfficialTable::built_in();
    assert!(table.tests.len() > 30 && table.apis.len() > 10, "it is read");
    for row in table.tests.iter().chain(&table.apis) {
        let ids = row.asks.iter().chain(&row.shows);
        for id in ids {
            assert!(catalogue.iter().any(|known| known.id.as_str() == id), "{id}");
        }
        assert!(
            row.asks.is_some() == row.shows.is_empty(),
            "{}: one of both",
            row.name
        );
    }
}

#[test]
fn a_step_that_fails_breaks_what_it_alone_asks_and_leaves_the_rest_open() {
    let report = ReportFile::of_official_junit("theirs", JUNIT, &catalogue()).unwrap();
    let cell = |id| report.cell(id);
    assert_eq!(cell("range.suffix").verdict, Some(VerdictKind::Broken));
    assert_eq!(
        cell("range.suffix").got.as_deref(),
        Some("expected 206, received 200")
    );
    assert_eq!(
        cell("push.put.201").verdict,
        Some(VerdictKind::Held),
        "in one of two algorithms"
    );
    assert_eq!(cell("push.mount.201").verdict, Some(VerdictKind::NotAsked));
    assert_eq!(
        cell("base.get-200").verdict,
        Some(VerdictKind::NotAsked),
        "a ping shows nothing"
    );
    insta::assert_snapshot!(report.sentence(), @"the OCI's conformance suite: 2 steps passed, 2 failed, 1 skipped; they tell of 5 requirements");
}

#[test]
fn a_failed_api_leaves_open_which_requirement_is_broken() {
    let report = ReportFile::of_official_results("theirs", YAML, &catalogue()).unwrap();
    assert_eq!(report.cell("pull.blob.get-200").verdict, Some(VerdictKind::Held));
    let range = report.cell("range.suffix");
    assert_eq!(range.verdict, Some(VerdictKind::NotReached));
    assert_eq!(range.got.as_deref(), Some("Blob get range: FAIL"));
}

#[test]
fn both_files_of_one_run_are_columns() {
    let catalogue = catalogue();
    let reports = [
        ReportFile::of_official_junit("steps", JUNIT, &catalogue).unwrap(),
        ReportFile::of_official_results("apis", YAML, &catalogue).unwrap(),
    ];
    let comparison = Comparison::of(&reports, ComparedRows::Differences);
    let text = ComparisonForm::Text.render(&comparison, 100).unwrap();
    insta::assert_snapshot!("columns", anstream::adapter::strip_str(&text).to_string());
}

#[test]
fn what_is_of_another_suite_is_told_so() {
    let said = |text: &str| {
        ReportFile::of_official_junit("x", text, &catalogue())
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(said(&JUNIT.replace("name=\"OCI Conformance Test\" tests", "name=\"mine\" tests")), @"it is the JUnit file of `mine`; of JUnit files only the junit.xml of the OCI's conformance suite can be compared, of assize's own reports the one that --report json writes");
    insta::assert_snapshot!(said("<html/>"), @"it is no JUnit file: it names no suite");
    let yaml = |text: &str| {
        ReportFile::of_official_results("x", text, &catalogue())
            .unwrap_err()
            .to_string()
    };
    for text in ["a: b\n", "just words"] {
        assert!(yaml(text).starts_with("it is neither a report"), "{text}");
    }
}
