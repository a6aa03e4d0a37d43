//! `assize compare`: reports and recorded runs, side by side.

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
