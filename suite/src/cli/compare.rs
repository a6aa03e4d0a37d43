//! `assize compare`: reports and recorded runs, side by side.

use std::path::{Path, PathBuf};

use assize::Suite;
use assize::compare::{ComparedRows, Comparison, ReportFile};
use assize::report::Format;

use super::arguments::CompareArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output};

/// Prints the comparison.
pub(crate) fn execute(arguments: &CompareArguments) -> Result<Exit, Failure> {
    let reports = arguments.files.iter().map(|file| read(file));
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

/// A file, and what its column is called.
#[derive(Clone, Debug)]
pub(crate) struct NamedFile {
    name: String,
    path: PathBuf,
}

impl NamedFile {
    /// Reads `NAME=FILE`, or `FILE`, which is called by its name without folder and ending.
    pub(crate) fn parse(text: &str) -> Result<NamedFile, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !name.contains('/') => (Some(name), path),
            _ => (None, text),
        };
        let path = PathBuf::from(path);
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.map(str::to_owned).or_else(stem);
        Ok(NamedFile {
            name: name.ok_or_else(|| format!("`{text}` names no file"))?,
            path,
        })
    }
}

fn read(file: &NamedFile) -> Result<ReportFile, Failure> {
    let text = std::fs::read_to_string(&file.path).map_err(|source| Failure::File {
        path: file.path.clone(),
        source,
    })?;
    let text = match is_record(&text) {
        true => judged(&file.path, &text)?,
        false => text,
    };
    ReportFile::parse(&file.name, &text).map_err(|source| Failure::Compare {
        path: file.path.clone(),
        source,
    })
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
