//! The manual of the language says what the language is: its words, its values, and examples that are read.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assize::catalogue::{Basis, Catalogue, Category, unsourced};
use assize::diagnostic::{Color, SourceFile};
use assize::scenario::ast::{Algorithm, PlainForm, Property, Unit, Way};
use assize::scenario::{Draft, LineWord, format};

/// The words that can start a line. A new one is a decision about the language, not a detail of its parser.
const WORDS: [&str; 17] = [
    "scenario", "always", "needs", "provides", "given", "let", "==", ">", "MUST", "SHOULD", "MAY", "<",
    "when", "for", "|", "together", "end",
];

fn manual() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/README.md");
    std::fs::read_to_string(path).unwrap()
}

/// The insides of the fences of this kind.
fn fences(kind: &str) -> Vec<String> {
    let manual = manual();
    let opening = format!("\n```{kind}\n");
    let insides = manual.split(&opening).skip(1);
    insides
        .map(|behind| behind[..=behind.find("\n```").unwrap()].to_owned())
        .collect()
}

#[test]
fn the_words_that_can_start_a_line_are_these() {
    let words: Vec<&str> = LineWord::ALL.iter().map(|word| word.words()).collect();
    assert_eq!(words, WORDS);
}

#[test]
fn the_manual_lists_every_word_that_can_start_a_line() {
    let manual = manual();
    let (_, behind) = manual
        .split_once("| word | what the line says |\n|---|---|\n")
        .unwrap();
    let table = behind.lines().take_while(|line| line.starts_with('|'));
    let first = |line: &str| line.split('`').nth(1).unwrap_or_default().replace("\\|", "|");
    assert_eq!(table.map(first).collect::<Vec<_>>(), WORDS);
}

#[test]
fn the_manual_knows_every_fixed_word() {
    let manual = manual();
    let words = [
        Property::ALL.iter().map(|word| word.words()).collect::<Vec<_>>(),
        PlainForm::ALL.iter().map(|word| word.words()).collect(),
        Unit::ALL.iter().map(|word| word.words()).collect(),
        Way::ALL.iter().map(|word| word.words()).collect(),
        Algorithm::ALL.iter().map(|word| word.words()).collect(),
        Basis::ALL.iter().map(|word| word.words()).collect(),
        Category::ALL.iter().map(|word| word.words()).collect(),
    ];
    let missing: Vec<&str> = words
        .concat()
        .into_iter()
        .filter(|word| !manual.contains(&format!("`{word}`")))
        .collect();
    assert_eq!(missing, [""; 0], "the manual does not name these");
}

#[test]
fn every_scenario_of_the_manual_is_a_good_one() {
    let scenarios = fences("scenario");
    assert!(!scenarios.is_empty());
    for text in scenarios {
        let Draft { library, faulty } = Draft::of_one(SourceFile::new("README.md", &*text));
        let drawn: String = faulty.iter().map(|faulty| faulty.render(Color::Never)).collect();
        assert_eq!(drawn, "");
        let scenario = &library.get("README").unwrap().scenario;
        assert_eq!(format(scenario, &library.catalogue), text);
    }
}

#[test]
fn the_requirements_of_the_manual_are_good_ones() {
    let documents = include_str!("../../scenarios/requirements/documents.toml");
    let entries = fences("toml");
    assert!(!entries.is_empty());
    for entry in entries {
        let text = format!("category = \"pull\"\n{}", entry.replace("rests-on", "# rests-on"));
        let files = vec![
            SourceFile::new("documents.toml", documents),
            SourceFile::new("README.md", text),
        ];
        let (catalogue, faulty) = Catalogue::load(files);
        assert_eq!(faulty, []);
        assert_eq!(catalogue.iter().len(), 1);
        assert_eq!(unsourced(&catalogue), []);
    }
}
