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
    assert!(
        table.tests.len() > 30 && table.ginkgo.len() > 30 && table.apis.len() > 10,
        "it is read"
    );
    for row in table.tests.iter().chain(&table.ginkgo).chain(&table.apis) {
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
    insta::assert_snapshot!(said(&JUNIT.replace("OCI Conformance Test", "mine")), @"it is the JUnit file of `mine`; of JUnit files only the junit.xml of the OCI's conformance suite can be compared, of assize's own reports the one that --report json writes");
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

/// What Ginkgo 1 wrote of the suite for 1.0, cut to what is of weight.
const GINKGO_1: &str = r#"<testsuite name="OCI Distribution Conformance Tests" tests="4" failures="2" errors="0" time="0.3">
  <testcase name="OCI Distribution Conformance Tests Pull Pull blobs HEAD request to nonexistent blob should result in 404 response" classname="OCI Distribution Conformance Tests" time="0.003"><failure type="Failure">/src/conformance/01_pull_test.go:84&#xA;Expected&#xA;    &lt;int&gt;: 200&#xA;to equal&#xA;    &lt;int&gt;: 404&#xA;/src/conformance/01_pull_test.go:90</failure></testcase>
  <testcase name="OCI Distribution Conformance Tests Pull Pull blobs GET nonexistent blob should result in 404 response" classname="OCI Distribution Conformance Tests" time="0.003"></testcase>
  <testcase name="OCI Distribution Conformance Tests Push Blob Upload Monolithic POST request should yield a session ID" classname="OCI Distribution Conformance Tests" time="0.003"><failure type="Panic">/src/conformance/02_push_test.go:84&#xA;Test Panicked&#xA;runtime error</failure></testcase>
  <testcase name="OCI Distribution Conformance Tests Push Blob Upload Chunked Out-of-order blob upload should return 416" classname="OCI Distribution Conformance Tests" time="0.003"><skipped>/src/conformance/02_push_test.go:82&#xA;you have skipped this test.</skipped></testcase>
</testsuite>"#;

/// What Ginkgo 2 wrote of the suite for 1.1, cut to what is of weight.
const GINKGO_2: &str = r#"<testsuites tests="5" disabled="1" errors="0" failures="2" time="0.1"><testsuite name="conformance tests" package="/src" tests="5">
  <testcase name="OCI Distribution Conformance Tests Pull Pull blobs HEAD request to nonexistent blob should result in 404 response" classname="conformance tests" status="passed" time="0.004"><system-err>&gt; Enter [It]</system-err></testcase>
  <testcase name="[It] OCI Distribution Conformance Tests Pull Pull blobs GET nonexistent blob should result in 404 response" classname="conformance tests" status="failed" time="0.004"><failure message="Expected&#xA;    &lt;int&gt;: 200&#xA;to equal&#xA;    &lt;int&gt;: 404" type="failed">[FAILED] Expected</failure></testcase>
  <testcase name="OCI Distribution Conformance Tests Pull Pull manifests GET nonexistent manifest should return 404" classname="conformance tests" status="failed" time="0.004"><failure message="Expected&#xA;    &lt;int&gt;: 400&#xA;to equal&#xA;    &lt;int&gt;: 404" type="failed">[FAILED] Expected</failure></testcase>
  <testcase name="OCI Distribution Conformance Tests Pull Setup Get tag name from environment" classname="conformance tests" status="skipped" time="0.001"><skipped message="skipped - you have skipped this test."></skipped></testcase>
  <testcase name="OCI Distribution Conformance Tests Content Discovery Test content discovery endpoints (listing tags) GET request to list tags should yield 200 response" classname="conformance tests" status="passed" time="0.004"></testcase>
  <testcase name="html custom reporter" classname="conformance tests" status="passed" time="0.004"></testcase>
</testsuite></testsuites>"#;

#[test]
fn the_suite_as_it_was_for_1_0_tells_by_the_elements_of_its_cases() {
    let report = ReportFile::of_official_junit("theirs", GINKGO_1, &catalogue()).unwrap();
    let cell = |id| report.cell(id);
    assert_eq!(cell("head.blob.404").verdict, Some(VerdictKind::Broken));
    insta::assert_snapshot!(cell("head.blob.404").got.unwrap(), @"Expected 200 to equal 404");
    assert_eq!(cell("pull.blob.404-unknown").verdict, Some(VerdictKind::Held));
    assert_eq!(
        cell("push.session.post-202").verdict,
        Some(VerdictKind::NotReached),
        "it is the suite that panicked"
    );
    assert_eq!(
        cell("push.chunk.first-starts-at-zero").verdict,
        Some(VerdictKind::NotAsked)
    );
    insta::assert_snapshot!(report.sentence(), @"the OCI's conformance suite: 1 steps passed, 2 failed, 1 skipped; they tell of 3 requirements");
}

#[test]
fn the_suite_as_it_was_for_1_1_tells_by_the_status_of_its_cases() {
    let report = ReportFile::of_official_junit("theirs", GINKGO_2, &catalogue()).unwrap();
    let cell = |id| report.cell(id);
    assert_eq!(cell("head.blob.404").verdict, Some(VerdictKind::Held));
    assert_eq!(cell("discovery.tags.200").verdict, Some(VerdictKind::Held));
    insta::assert_snapshot!(cell("pull.blob.404-unknown").got.unwrap(), @"Expected 200 to equal 404");
    assert_eq!(
        cell("pull.manifest.404-unknown-tag").verdict,
        Some(VerdictKind::NotAsked),
        "it asks for a tag that is malformed, which 400 answers as well"
    );
    insta::assert_snapshot!(report.sentence(), @"the OCI's conformance suite: 2 steps passed, 2 failed, 1 skipped; they tell of 3 requirements");
}
