//! A site of two registries, one of which has a history.

use super::*;
use crate::report::sample;

fn reports() -> Vec<SiteReport> {
    let [clean, broken] = sample::documents();
    let report = |name: &str, text: &str| SiteReport::parse(name, text).unwrap();
    vec![
        report("index", &clean),
        report("mine & ours", &clean),
        report("mine & ours", &broken),
    ]
}

fn file(name: &str) -> String {
    let files = site(reports()).unwrap();
    let found = files.into_iter().find(|file| file.name == name);
    found.unwrap().text
}

#[test]
fn each_registry_has_a_page_and_a_badge_and_the_table_names_it() {
    let mut names: Vec<String> = site(reports())
        .unwrap()
        .into_iter()
        .map(|file| file.name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "index-2.html",
            "index-2.svg",
            "index.html",
            "mine---ours.html",
            "mine---ours.svg"
        ]
    );
    insta::assert_snapshot!("index", file("index.html"));
}

#[test]
fn a_page_shows_the_latest_run_and_what_changed_with_it() {
    let page = file("mine---ours.html");
    assert!(page.contains("<h1>mine &amp; ours</h1>"));
    let (_, history) = page.split_once("<h2 id=\"history\">").unwrap();
    let (history, _) = history.split_once("<h2 id=\"findings\">").unwrap();
    insta::assert_snapshot!("history", history);
}

#[test]
fn the_badge_has_the_figures_of_the_latest_run() {
    assert!(
        file("mine---ours.svg").contains("<title>OCI distribution 1.1: MUST 3 of 7, SHOULD 0 of 1</title>")
    );
    assert!(file("index-2.svg").contains("<title>OCI distribution 1.1: MUST 7 of 7, SHOULD 1 of 1</title>"));
}

#[test]
fn a_link_that_a_report_brings_along_opens_a_document_or_nothing() {
    let [_, broken] = sample::documents();
    let hostile = broken.replace("https://example.com/", "javascript:alert(1)//");
    let files = site(vec![SiteReport::parse("x", &hostile).unwrap()]).unwrap();
    assert!(files.iter().all(|file| !file.text.contains("href=\"javascript")));
}
