//! The grammar that editors colour scenarios by has the words of the parser, and no others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assize::scenario::ast::{Algorithm, PlainForm, Property, Unit, Way};
use assize::scenario::{LineWord, VALUE_WORDS};
use serde_json::Value;

/// The rules of the grammar that have words of the language, each with where the parser has them.
fn tables() -> [(&'static [&'static str], BTreeSet<&'static str>); 7] {
    [
        (
            &["title", "step", "level", "line-word", "sign"],
            LineWord::all_words().collect(),
        ),
        (&["value"], VALUE_WORDS.iter().copied().collect()),
        (&["way"], Way::all_words().collect()),
        (&["form"], PlainForm::all_words().collect()),
        (&["property"], Property::all_words().collect()),
        (&["algorithm"], Algorithm::all_words().collect()),
        (&["unit"], Unit::all_words().collect()),
    ]
}

/// The rules that have none.
const WITHOUT_WORDS: [&str; 6] = ["comment", "fence", "number", "placeholder", "content", "string"];

fn rules() -> BTreeMap<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/vscode/scenario.tmLanguage.json");
    let grammar: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(grammar["repository"].clone()).unwrap()
}

/// The words of a rule, in its order: the alternatives of its first group that captures.
fn words(rule: &Value) -> Vec<String> {
    let pattern = rule["match"].as_str().unwrap().replace(r"\|", "\u{0}");
    let opening = pattern
        .match_indices('(')
        .find(|(at, _)| !pattern[at + 1..].starts_with('?'));
    let group = &pattern[opening.unwrap().0 + 1..];
    let group = &group[..group.find(')').unwrap()];
    group.split('|').map(|word| word.replace('\u{0}', "|")).collect()
}

#[test]
fn the_words_of_the_grammar_are_those_of_the_parser() {
    let rules = rules();
    for (names, parser) in tables() {
        let grammar: BTreeSet<String> = names.iter().flat_map(|name| words(&rules[*name])).collect();
        let grammar: BTreeSet<&str> = grammar.iter().map(String::as_str).collect();
        assert_eq!(grammar, parser, "{names:?}");
    }
}

#[test]
fn every_rule_is_held_against_a_table_or_has_no_words() {
    let tables = tables();
    let held = tables.iter().flat_map(|(names, _)| names.iter());
    let known: BTreeSet<&str> = held.copied().chain(WITHOUT_WORDS).collect();
    let rules = rules();
    assert_eq!(
        rules.keys().map(String::as_str).collect::<BTreeSet<&str>>(),
        known
    );
}

/// The first alternative that fits is taken, so that a word behind one with which it begins would never be.
#[test]
fn no_word_of_the_grammar_stands_before_a_longer_one() {
    for (name, rule) in rules() {
        if WITHOUT_WORDS.contains(&name.as_str()) {
            continue;
        }
        let words = words(&rule);
        for (at, short) in words.iter().enumerate() {
            let hidden = |long: &&String| long.starts_with(&format!("{short} "));
            assert_eq!(
                words[at..].iter().find(hidden),
                None,
                "{name}: hidden by `{short}`"
            );
        }
    }
}
