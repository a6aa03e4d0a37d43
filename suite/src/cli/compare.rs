//! `assize compare`: reports, recorded runs and the results of the OCI's own suite, side by side.

use std::path::Path;

use assize::Suite;
use assize::compare::{ComparedRows, Comparison, ReportFile};
use assize::report::Format;

use super::arguments::CompareArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::named_file::NamedFile;
use super::{library, output};

/// Prints the comparison.
pub(crate) fn execute(arguments: &CompareArguments) -> Result<Exit, Failure> {
    let reports = arguments.files.iter().map(read);
    let reports = reports.collect::<Result<Vec<ReportFile>, Failure>>()?;
    let shown = match arguments.all {
        true => ComparedRows::Everything,
        false => ComparedRows::Differences,
    };
    let comparison = Comparison::of(&reports, shown);
    let text = arguments.form.render(&comparison, output::width());
    output::print(&text.map_err(|error| Failure::Suite(error.to_string()))?)?;
    Ok(Exit::Done)
}

fn read(file: &NamedFile) -> Result<ReportFile, Failure> {
    let text = std::fs::read_to_string(&file.path).map_err(|source| Failure::File {
        option: None,
        path: file.path.clone(),
        source,
    })?;
    let other = |source| Failure::OtherSuite {
        path: file.path.clone(),
        source,
    };
    let text = match FileKind::of(&text) {
        FileKind::Report => text,
        FileKind::Record => judged(&file.path, &text)?,
        FileKind::OfficialJunit => {
            let catalogue = library::load(None)?.catalogue;
            return ReportFile::of_official_junit(&file.name, &text, &catalogue).map_err(other);
        }
        FileKind::OfficialResults => {
            let catalogue = library::load(None)?.catalogue;
            return ReportFile::of_official_results(&file.name, &text, &catalogue).map_err(other);
        }
    };
    ReportFile::parse(&file.name, &text).map_err(|source| Failure::Compare {
        path: file.path.clone(),
        source,
    })
}

/// What a file holds, by how it begins.
enum FileKind {
    /// One document of JSON: a report.
    Report,
    /// Lines of JSON: a recorded run.
    Record,
    /// XML: the `junit.xml` of the OCI's conformance suite.
    OfficialJunit,
    /// Anything else: its `results.yaml`.
    OfficialResults,
}

impl FileKind {
    fn of(text: &str) -> FileKind {
        match text.trim_start_matches('\u{feff}').trim_start().chars().next() {
            Some('{') if is_record(text) => FileKind::Record,
            Some('{') | None => FileKind::Report,
            Some('<') => FileKind::OfficialJunit,
            Some(_) => FileKind::OfficialResults,
        }
    }
}

/// Whether a text is lines of JSON, as records are, and not one document.
fn is_record(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(first).is_ok_and(|head| head.get("record").is_some())
}

/// The report on a recorded run.
fn judged(path: &Path, record: &str) -> Result<String, Failure> {
    let suite = Suite::of(library::load(None)?);
    let log = suite
        .read_log(record.as_bytes())
        .map_err(|source| Failure::Record {
            path: path.to_owned(),
            source,
        })?;
    let outcome = suite.judge(&log);
    let report = outcome.report(Format::Json);
    report.map_err(Failure::Suite)
}
