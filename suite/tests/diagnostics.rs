//! A message is an interface: what is said of every malformed file is on record.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its fixtures has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use assize::catalogue::Catalogue;
use assize::diagnostic::{Color, Faulty, SourceFile};
use assize::scenario::{Library, LoadError, Reading, check, check_files, parse};

/// The requirements that the malformed scenarios cite.
const CATALOGUE: &str = r#"
category = "pull"

["pull.there"]
level   = "MUST"
section = "Pulling"
basis   = "spec"
text    = "A blob is there."
why     = "Nothing can be pulled."

["pull.kind"]
level   = "SHOULD"
section = "Pulling"
basis   = "spec"
text    = "A blob has a media type."
why     = "Browsers guess."

["pull.grown"]
level   = { "1.0" = "SHOULD", "1.1" = "SHOULD", next = "MUST" }
section = "Pulling"
basis   = "spec"
text    = "A blob has a length."
why     = "Nobody knows how long it takes."

["pull.next"]
level   = { next = "MUST" }
section = "Pulling"
basis   = "spec"
text    = "A blob has an entity tag."
why     = "It is pulled again and again."
"#;

/// The documents that the malformed catalogues cite.
const DOCUMENTS: &str = r#"
[oci-distribution]
title   = "OCI distribution specification"
anchors = "headings"
edition."1.1" = { url = "https://example.com/spec.md" }

[rfc9110]
title   = "RFC 9110, HTTP Semantics"
short   = "RFC 9110"
anchors = "numbers"
edition = { url = "https://example.com/rfc9110.html" }
"#;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The files of a folder that have this ending, in order.
fn files(folder: &str, ending: &str) -> Vec<SourceFile> {
    let folder = fixtures().join(folder);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|known| known == ending))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no .{ending} in {}", folder.display());
    let source = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        SourceFile::new(name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(source).collect()
}

/// Holds what is drawn of a file to the record in `fixtures/snapshots/`.
fn hold(record: &str, name: &str, faulty: &[Faulty]) {
    assert!(
        !faulty.is_empty(),
        "{name} is malformed, and nothing is said of it"
    );
    let drawn: Vec<String> = faulty.iter().map(|file| file.render(Color::Never)).collect();
    let drawn = drawn.join("\n\n");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(fixtures().join("snapshots").join(record));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let stem = name.split('.').next().unwrap_or(name);
    settings.bind(|| insta::assert_snapshot!(stem, drawn));
}

#[test]
fn malformed_scenarios() {
    let (catalogue, faulty) = Catalogue::load(vec![SourceFile::new("catalogue", CATALOGUE)]);
    assert_eq!(faulty, []);
    for source in files("malformed", "scenario") {
        let (scenario, mut faults) = parse(&source.text);
        if let Some(scenario) = &scenario {
            let reading = if faults.is_empty() {
                Reading::Whole
            } else {
                Reading::Partial
            };
            faults.extend(check(&"malformed".into(), scenario, &catalogue, reading));
            faults.extend(check_files(scenario, |_| false));
        }
        let faulty: Vec<Faulty> = Faulty::new(&source, faults).into_iter().collect();
        hold("scenarios", &source.path, &faulty);
    }
}

#[test]
fn malformed_catalogues() {
    for source in files("malformed/requirements", "toml") {
        let name = source.path.to_string();
        let documents = SourceFile::new("known/documents.toml", DOCUMENTS);
        let (_, faulty) = Catalogue::load(vec![documents, source]);
        hold("catalogues", &name, &faulty);
    }
}

#[test]
fn scenarios_malformed_beside_each_other() {
    let folder = fixtures().join("malformed/beside");
    let Err(LoadError::Faulty(mut faulty)) = Library::from_folder(&folder) else {
        panic!("nothing is said of {}", folder.display())
    };
    for file in &mut faulty {
        let below = Path::new(&*file.source.path).strip_prefix(&folder).unwrap();
        file.source.path = below.to_string_lossy().into();
        for note in file.faults.iter_mut().flat_map(|fault| &mut fault.notes) {
            *note = note.replace(&format!("{}/", folder.display()), "");
        }
    }
    hold("scenarios", "beside-each-other", &faulty);
}
