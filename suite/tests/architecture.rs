//! The shape of the source: a name of a type means one thing within a crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The crates of this repository, by their folders.
const CRATES: [&str; 4] = [
    "suite/language/src",
    "suite/wire/src",
    "suite/src",
    "reference/src",
];

/// The files of a crate that are built without tests, with their texts.
fn sources(folder: &Path) -> BTreeMap<PathBuf, String> {
    let test_module = Regex::new(r"#\[cfg\(test\)\]\n(?:pub(?:\([^)]*\))? )?mod (\w+);").unwrap();
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                all.insert(path, text);
            }
        }
    }
    let tests: BTreeSet<PathBuf> = all
        .iter()
        .flat_map(|(path, text)| {
            let modules = test_module.captures_iter(text);
            modules.map(|found| children(path).join(&found[1]))
        })
        .collect();
    all.retain(|path, _| {
        let module = path.with_extension("");
        !tests.iter().any(|test| module.starts_with(test))
    });
    all
}

/// The folder in which the modules stand that a file declares.
fn children(file: &Path) -> PathBuf {
    let is_root = ["mod.rs", "lib.rs", "main.rs"]
        .iter()
        .any(|name| file.ends_with(name));
    if is_root {
        file.parent().unwrap().to_owned()
    } else {
        file.with_extension("")
    }
}

#[test]
fn a_name_of_a_type_means_one_thing_within_a_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let declaration =
        Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|union|trait|type) (\w+)").unwrap();
    for folder in CRATES {
        let mut declared = BTreeMap::<String, Vec<PathBuf>>::new();
        for (path, text) in sources(&root.join(folder)) {
            for found in declaration.captures_iter(&text) {
                let files = declared.entry(found[1].to_owned()).or_default();
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
        assert!(declared.len() > 50, "{folder} declares {} types", declared.len());
        declared.retain(|_, files| files.len() > 1);
        assert_eq!(
            declared,
            BTreeMap::new(),
            "one name for two things: give each a name of its own"
        );
    }
}
