//! The registries that others wrote, to which the gate holds the suite: each finding in one of them has a verdict.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assize::diagnostic::{Color, SourceFile};
use assize::report::baseline::Baseline;
use assize::scenario::Library;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files in a folder of the repository.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_known_finding_is_of_a_requirement_that_is_asked_and_says_why_it_is_true() {
    let library = Library::built_in().unwrap();
    for path in files("fixtures/baselines") {
        let source = SourceFile::new(path.to_string_lossy(), fs::read_to_string(&path).unwrap());
        let baseline = Baseline::parse(&source, &library.catalogue)
            .map_err(|faulty| faulty.render(Color::Never))
            .unwrap();
        for (id, known) in baseline.iter() {
            assert!(
                known.reason.ends_with('.'),
                "{id} in {}: no sentence",
                path.display()
            );
        }
    }
}

#[test]
fn every_registry_of_the_gate_has_a_baseline() {
    let held: BTreeSet<String> = files("fixtures/baselines")
        .iter()
        .filter_map(|path| name(path).rsplit_once('-').map(|(name, _)| name.to_owned()))
        .collect();
    let served: BTreeSet<String> = files(".ci/worlds").iter().map(|path| name(path)).collect();
    // Debian's package has a script of its own.
    let of_debian = BTreeSet::from(["docker-registry-2.8".to_owned()]);
    assert_eq!(held, served.union(&of_debian).cloned().collect());
}
