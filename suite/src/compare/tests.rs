//! Two registries side by side, as each reader sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::diagnostic::SourceFile;
use crate::scenario::Library;
use crate::snapshot::Answers;

fn document(name: &str, verdicts: [(&str, &str); 3]) -> String {
    let text = |id: &str| format!("What {id} asks.");
    let requirements: Vec<Value> = verdicts
        .iter()
        .zip(["MAY", "SHOULD", "MUST"])
        .map(|((id, verdict), level)| {
            json!({
                "id": id, "level": level, "category": "push", "text": text(id), "verdict": verdict,
                "source": {"document": "OCI", "section": "Push", "link": "https://example.com/spec#:~:text=(so)"},
            })
        })
        .collect();
    let broken = verdicts.iter().filter(|(_, verdict)| *verdict == "broken");
    let findings: Vec<Value> = broken
        .map(|(id, _)| json!({"requirement": id, "ways": [{"got": "500 <b>|\u{202e}"}], "consequences": []}))
        .collect();
    json!({
        "schema": "assize-report/1",
        "facts": {"target": format!("https://{name}.example.com"), "version": "1.1"},
        "verdict": {"sentence": format!("https://{name}.example.com was *asked*")},
        "findings": findings,
        "requirements": requirements,
    })
    .to_string()
}

fn reports() -> [ReportFile; 2] {
    let good = document(
        "good",
        [("a.may", "held"), ("b.should", "held"), ("c.must", "held")],
    );
    let bad = document(
        "bad",
        [
            ("a.may", "not-offered"),
            ("b.should", "held"),
            ("c.must", "broken"),
        ],
    );
    [("good", good), ("bad", bad)].map(|(name, text)| ReportFile::parse(name, &text).unwrap())
}

fn shown(form: ComparisonForm, rows: ComparedRows) -> String {
    form.render(&Comparison::of(&reports(), rows), 80).unwrap()
}

#[test]
fn a_terminal_shows_what_differs() {
    let text = shown(ComparisonForm::Text, ComparedRows::Differences);
    insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
    good
      https://good.example.com was *asked*
    bad
      https://bad.example.com was *asked*

                    good                          bad
    MUST held       1 of 1                        0 of 1
    SHOULD held     1 of 1                        1 of 1
    c.must  MUST    held                          broken                      
    a.may   MAY     held                          not offered
    "#);
}

#[test]
fn a_comment_shows_what_differs() {
    insta::assert_snapshot!(shown(ComparisonForm::Markdown, ComparedRows::Differences), @r#"
    - **good**: https://good.example.com was \*asked\*
    - **bad**: https://bad.example.com was \*asked\*

    | requirement | level | good | bad |
    |---|---|---|---|
    | [`c.must`](https://example.com/spec#:~:text=(so%29) | MUST | held | broken |
    | [`a.may`](https://example.com/spec#:~:text=(so%29) | MAY | held | not offered |
    "#);
}

#[test]
fn programs_get_all_that_is_shown() {
    insta::assert_snapshot!(shown(ComparisonForm::Json, ComparedRows::Differences), @r#"
    {
      "columns": [
        {
          "name": "good",
          "target": "https://good.example.com",
          "version": "1.1",
          "verdict": "https://good.example.com was *asked*",
          "scores": [
            {
              "level": "MUST",
              "held": 1,
              "judged": 1
            },
            {
              "level": "SHOULD",
              "held": 1,
              "judged": 1
            }
          ]
        },
        {
          "name": "bad",
          "target": "https://bad.example.com",
          "version": "1.1",
          "verdict": "https://bad.example.com was *asked*",
          "scores": [
            {
              "level": "MUST",
              "held": 0,
              "judged": 1
            },
            {
              "level": "SHOULD",
              "held": 1,
              "judged": 1
            }
          ]
        }
      ],
      "rows": [
        {
          "requirement": "c.must",
          "level": "MUST",
          "category": "push",
          "text": "What c.must asks.",
          "link": "https://example.com/spec#:~:text=(so)",
          "cells": [
            {
              "verdict": "held",
              "got": null
            },
            {
              "verdict": "broken",
              "got": "500 <b>|\u202e"
            }
          ]
        },
        {
          "requirement": "a.may",
          "level": "MAY",
          "category": "push",
          "text": "What a.may asks.",
          "link": "https://example.com/spec#:~:text=(so)",
          "cells": [
            {
              "verdict": "held",
              "got": null
            },
            {
              "verdict": "not-offered",
              "got": null
            }
          ]
        }
      ],
      "one_sided": 0
    }
    "#);
}

#[test]
fn a_page_shows_what_a_registry_writes_as_text() {
    let page = shown(ComparisonForm::Html, ComparedRows::Differences);
    assert!(page.contains("500 &lt;b&gt;|"));
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("c.must") && page.contains("a.may") && !page.contains("b.should"));
}

#[test]
fn everything_is_shown_where_it_is_asked() {
    let text = shown(ComparisonForm::Text, ComparedRows::Everything);
    assert!(text.contains("b.should"));
}

#[test]
fn the_same_report_twice_differs_in_nothing() {
    let [report, _] = reports();
    let comparison = Comparison::of(&[report.clone(), report], ComparedRows::Differences);
    assert!(comparison.rows.is_empty());
    let text = ComparisonForm::Text.render(&comparison, 80).unwrap();
    assert!(text.contains("no requirement came to different verdicts"));
}

#[test]
fn what_only_one_report_asks_is_counted_and_not_shown() {
    let [good, _] = reports();
    let part = document(
        "part",
        [
            ("a.may", "not-asked"),
            ("b.should", "not-asked"),
            ("c.must", "broken"),
        ],
    );
    let part = ReportFile::parse("good", &part).unwrap();
    let comparison = Comparison::of(&[good.clone(), part.clone()], ComparedRows::Differences);
    let ids: Vec<&str> = comparison.rows.iter().map(|row| &*row.requirement).collect();
    assert_eq!((ids, comparison.one_sided), (vec!["c.must"], 2));
    let names: Vec<&str> = comparison.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["good", "good (2)"], "columns of one name are told apart");
    let text = ComparisonForm::Text.render(&comparison, 80).unwrap();
    assert!(text.contains("2 requirements that only some of them ask are left out; --all"));
    assert_eq!(
        Comparison::of(&[good, part], ComparedRows::Everything).rows.len(),
        3
    );
}

#[test]
fn a_table_is_no_wider_than_the_terminal() {
    let long = "push.manifest.a-requirement-whose-name-goes-on-and-on-and-on";
    let [one, two] = ["held", "broken"].map(|verdict| {
        let text = document("x", [("a.may", "held"), ("b.should", "held"), (long, verdict)]);
        ReportFile::parse("a-registry-with-a-long-name", &text).unwrap()
    });
    let comparison = Comparison::of(&[one, two], ComparedRows::Everything);
    for width in [60, 80, 120] {
        let text = ComparisonForm::Text.render(&comparison, width).unwrap();
        let text = anstream::adapter::strip_str(&text).to_string();
        let (_, table) = text.split_once("\n\n").unwrap();
        let widest = table.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} at {width}:\n{table}");
    }
}

#[test]
fn what_is_no_report_is_said_with_its_place() {
    let fault = |text: &str| ReportFile::parse("it", text).unwrap_err().to_string();
    insta::assert_snapshot!(fault("{\"schema\": \"assize-report/1\",\n \"facts\": 7}"), @"line 2, column 11: it is no report that --report json wrote: invalid type: integer `7`, expected struct FileFacts");
    insta::assert_snapshot!(fault("<testsuite/>"), @"line 1, column 1: it is no report that --report json wrote: expected value");
    insta::assert_snapshot!(fault(&document("a", [("x", "held"); 3]).replace("report/1", "report/9")), @"it is a report of the form `assize-report/9`, and this assize reads `assize-report/1`");
    insta::assert_snapshot!(fault(&document("a", [("x", "held"); 3]).replace("MUST", "OUGHT")), @"line 1, column 552: it is no report that --report json wrote: `OUGHT` is no level");
    insta::assert_snapshot!(fault(&document("a", [("x", "helt"); 3])), @"line 1, column 256: it is no report that --report json wrote: unknown variant `helt`, expected one of `held`, `broken`, `follows`, `late`, `not-offered`, `not-reached`, `no-occasion`, `not-asked`, `suite-failed`");
}

#[test]
fn over_time_each_column_says_what_it_gained_and_lost() {
    let [good, bad] = reports();
    let columns = [bad.clone(), good, bad];
    let trend = Comparison::of(&columns, ComparedRows::Differences).over_time();
    let shown = |form: ComparisonForm| form.render(&trend, 100).unwrap();
    let text = shown(ComparisonForm::Text);
    insta::assert_snapshot!("trend", anstream::adapter::strip_str(&text).to_string());
    assert!(shown(ComparisonForm::Markdown).contains("; since bad: 2 gained, 0 lost\n"));
    assert!(shown(ComparisonForm::Html).contains("+ held</b>"));
    let json: Value = serde_json::from_str(&shown(ComparisonForm::Json)).unwrap();
    assert_eq!(json["columns"][2]["since"]["lost"], 1);
    assert_eq!(json["rows"][0]["cells"][2]["turn"], "lost");
}

#[test]
fn recorded_responses_break_what_their_remarks_say_and_hold_what_else_their_scenarios_ask() {
    let library = Library::built_in().unwrap();
    let text = "answers  What is not in a repository is not found\nspec     1.1\n\n== a blob\n\
                > GET /v2/{repo}/blobs/{digest missing}\n< 403  # breaks pull.blob.404-unknown\n< error DENIED\n";
    let answers = Answers::parse(&SourceFile::new("x", text)).unwrap();
    let recorded = BTreeMap::from([(Arc::from("pull/not-found"), answers)]);
    let report = ReportFile::of_answers("mine", &recorded, &library);
    let blob = report.cell("pull.blob.404-unknown");
    assert_eq!(blob.verdict, Some(VerdictKind::Broken));
    insta::assert_snapshot!(blob.got.unwrap(), @"403 DENIED to GET /v2/{repo}/blobs/{digest missing}");
    let verdict = |id| report.cell(id).verdict;
    assert_eq!(verdict("pull.manifest.404-unknown-tag"), Some(VerdictKind::Held));
    assert_eq!(verdict("push.put.201"), Some(VerdictKind::NotAsked));
}
