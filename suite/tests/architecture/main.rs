//! The shape of the source: a name of a type means one thing within a crate, files use each other without circles, and
//! no folder uses one that stands above it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

mod imports;

use self::imports::{Modules, circle};

/// A crate of this repository.
struct Crate {
    /// The folder of its source.
    source: &'static str,
    /// The folders and files at its root, each using only what stands behind it; empty where all stand side by side.
    floors: &'static [&'static str],
}

const CRATES: &[Crate] = &[
    Crate {
        source: "suite/language/src",
        floors: &[
            "lib",
            "fuzzing",
            "scenario",
            "catalogue",
            "diagnostic",
            "at_once",
            "words",
        ],
    },
    Crate {
        source: "suite/wire/src",
        floors: &[],
    },
    Crate {
        source: "suite/legacy/src",
        floors: &[],
    },
    Crate {
        source: "suite/lsp/src",
        floors: &[],
    },
    Crate {
        source: "suite/src",
        floors: &[
            "main",
            "cli",
            "lib",
            "fuzzing",
            "bundled",
            "saboteur",
            "site",
            "suite",
            "compare",
            "snapshot",
            "report",
            "run",
            "explore",
            "judge",
            "judgement",
            "log",
            "plan",
            "check",
            "values",
            "cause",
            "secret",
            "due",
            "endpoint",
            "harm",
        ],
    },
    Crate {
        source: "reference/src",
        floors: &[
            "main",
            "lib",
            "fuzzing",
            "server",
            "api",
            "app",
            "notifications",
            "auth",
            "http",
            "start_error",
            "store",
            "operation",
            "config",
            "protocol",
        ],
    },
];

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

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

/// The modules of each crate that is built without tests.
fn modules() -> impl Iterator<Item = (&'static Crate, Modules)> {
    CRATES.iter().map(|one| {
        let source = root().join(one.source);
        (one, Modules::of(&sources(&source), &source))
    })
}

#[test]
fn a_name_of_a_type_means_one_thing_within_a_crate() {
    let declaration =
        Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|union|trait|type) (\w+)").unwrap();
    for Crate { source, .. } in CRATES {
        let mut declared = BTreeMap::<String, Vec<PathBuf>>::new();
        for (path, text) in sources(&root().join(source)) {
            for found in declaration.captures_iter(&text) {
                let files = declared.entry(found[1].to_owned()).or_default();
                files.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
        assert!(!declared.is_empty(), "{source} declares no type");
        declared.retain(|_, files| files.len() > 1);
        assert_eq!(
            declared,
            BTreeMap::new(),
            "one name for two things: give each a name of its own"
        );
    }
}

#[test]
fn no_file_uses_itself_through_others() {
    for (one, modules) in modules() {
        assert_eq!(circle(&modules.uses()), None, "{}", one.source);
    }
}

#[test]
fn no_folder_uses_one_above_it() {
    for (one, modules) in modules().filter(|(one, _)| !one.floors.is_empty()) {
        let floor = |module: &str| {
            let name = module.split("::").next().unwrap();
            let floor = one.floors.iter().position(|floor| *floor == name);
            floor.unwrap_or_else(|| panic!("{}: {name} has no floor", one.source))
        };
        for (module, used) in modules.uses() {
            for used in used {
                assert!(
                    floor(module) <= floor(used),
                    "{}: {module} uses {used}, which stands above it",
                    one.source
                );
            }
        }
    }
}

#[test]
fn only_the_language_reads_the_statements_of_a_scenario() {
    for one in CRATES.iter().filter(|one| one.source != "suite/language/src") {
        for (path, text) in sources(&root().join(one.source)) {
            assert!(
                !text.contains("Statement::"),
                "{} reads statements",
                path.display()
            );
        }
    }
}
