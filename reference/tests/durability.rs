//! The page on durability promises nothing that no test shows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of tests on the page: words in small letters, joined by underscores.
fn names_in(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        word.matches('_').count() > 2 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    quoted.filter(is_name).collect()
}

/// All code of the registry and its tests.
fn code_in(folder: &Path) -> String {
    let mut code = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code += &code_in(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code += &fs::read_to_string(path).unwrap();
        }
    }
    code
}

#[test]
fn every_promise_of_the_page_names_a_test_that_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(folder.join("DURABILITY.md")).unwrap();
    let code = code_in(&folder.join("src")) + &code_in(&folder.join("tests"));
    let names = names_in(&page);
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let is_test = ["fn", "async fn"].iter().any(|kind| {
            let is_shown = |margin| code.contains(&format!("]\n{margin}{kind} {name}()"));
            ["", "    "].into_iter().any(is_shown)
        });
        assert!(is_test, "{name} is no test");
    }
    let promises = page.split("\n- ").skip(1);
    for promise in promises {
        let promise = promise.split("\n\n").next().unwrap();
        let owns_up = promise.contains("which\n  no test shows");
        assert!(owns_up || !names_in(promise).is_empty(), "{promise}");
    }
}
