//! Tries whatever reads from outside with inputs that nobody thought of.
//!
//! A target takes any bytes whatever, and panics where something is not as it must be. Each crate lists its own in its
//! module `fuzzing`, and holds them, among its tests, to the inputs in `fixtures/corpora` and to what is near these.
//! libFuzzer looks further, in the program of this package: it finds the inputs that the corpora consist of.

mod harm;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use harm::{Harm, harm};

/// A target, with its name.
pub type Target = (&'static str, fn(&[u8]));

/// The most that is done to an input.
const MOST_HARMS: usize = 6;

/// Holds the targets of a crate to the inputs that are kept for them, and to others that are near these: 256 for each,
/// or as many as `PROPTEST_CASES` says.
///
/// # Panics
/// An input breaks something, or no input is kept for a target.
pub fn hold<'a>(name_of_crate: &str, targets: impl IntoIterator<Item = &'a Target>) {
    let broken = targets
        .into_iter()
        .filter_map(|target| broken(name_of_crate, *target));
    let broken = broken.collect::<Vec<_>>();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The input that breaks a target, if one does.
fn broken(name_of_crate: &str, (name, run): Target) -> Option<String> {
    let kept = kept(&format!("{name_of_crate}/{name}"));
    for (path, input) in &kept {
        if std::panic::catch_unwind(|| run(input)).is_err() {
            return Some(format!("{name}: {}", path.display()));
        }
    }
    let kept = kept.into_iter().map(|(_, input)| input).collect::<Vec<_>>();
    let near = (select(kept.clone()), vec(harm(kept), 1..=MOST_HARMS))
        .prop_map(|(input, harms)| harms.iter().fold(input, Harm::done));
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let held = runner.run(&near, |input| {
        run(&input);
        Ok(())
    });
    held.err().map(|error| format!("{name}: {}", shown(error)))
}

/// The smallest input that was found to break something, as Rust writes it.
fn shown(error: proptest::test_runner::TestError<Vec<u8>>) -> String {
    match error {
        proptest::test_runner::TestError::Fail(why, input) => format!("{why}: b\"{}\"", input.escape_ascii()),
        abort @ proptest::test_runner::TestError::Abort(_) => abort.to_string(),
    }
}

/// The inputs that are kept for a target, with their files.
fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/corpora")
        .join(target);
    let entries = fs::read_dir(&folder);
    let mut paths = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect::<Vec<_>>();
    paths.sort();
    let kept = paths
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read(path).ok()?)))
        .collect::<Vec<_>>();
    assert!(!kept.is_empty(), "{} holds no input", folder.display());
    kept
}
