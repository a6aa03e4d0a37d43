//! What the documents at the top level, and those beside what they describe, say of files is so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// What a text names between backticks, or links to, that begins like a path of the repository.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_ours = |path: &&str| {
        let folders = [
            "scenarios/",
            "suite/",
            "reference/",
            "fixtures/",
            ".ci/",
            "findings/",
        ];
        let is_named = folders.iter().any(|folder| path.starts_with(folder)) || is_dot_file(path);
        is_named && !path.contains([' ', '*', '…', '<'])
    };
    let words = quoted.flat_map(|quoted| quoted.split(' ').take(1));
    words.chain(linked).filter(is_ours).map(str::to_owned).collect()
}

/// Whether a path is that of a configuration at the top level.
fn is_dot_file(path: &str) -> bool {
    path.starts_with('.') && path.ends_with(".toml")
}

#[test]
fn every_path_that_is_named_is_there() {
    for document in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let named = paths(&read(document));
        assert!(named.len() > 5, "{document}: {named:?}");
        for path in named {
            let (file, _) = path.split_once('#').unwrap_or((&path, ""));
            assert!(root().join(file).exists(), "{document} names {path}");
        }
    }
}

/// What the last column of a table names between backticks: a scenario, or a test as `file::name`.
fn shown_by(table: &str) -> Vec<&str> {
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn what_shows_that_the_first_messages_are_kept_is_there() {
    let seeds = read("reference/SEEDS.md");
    let named = shown_by(&seeds);
    assert!(named.len() > 40, "{named:?}");
    for name in named {
        match name.split_once("::") {
            Some((file, test)) => {
                let text = read(file);
                assert!(text.contains(&format!("fn {test}(")), "{file} has no {test}");
            }
            None => assert!(
                root().join(format!("scenarios/{name}.scenario")).exists(),
                "there is no scenario {name}"
            ),
        }
    }
}

/// The example leaves lines out where it has an ellipsis; what it shows stands in the file, in the same order.
#[test]
fn the_scenario_of_the_readme_is_the_one_that_runs() {
    let readme = read("README.md");
    let example = readme
        .split("```")
        .find(|fence| fence.trim_start().starts_with("scenario "))
        .unwrap();
    let file = read("scenarios/push/chunk-gap.scenario");
    let mut rest = file.as_str();
    for piece in example.trim().split("…\n") {
        let at = rest.find(piece.trim_end());
        let at = at.unwrap_or_else(|| panic!("this is not in push/chunk-gap:\n{piece}"));
        rest = &rest[at + piece.trim_end().len()..];
    }
}
