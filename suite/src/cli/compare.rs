//! `assize compare`: reports, recorded runs, recorded responses, registries and the results of the OCI's own suite, side by side.

use std::path::Path;

use assize::Suite;
use assize::compare::{ComparedRows, Comparison, ReportFile};
use assize::report::Format;
use assize::snapshot::Folder;
use clap::Parser as _;

use super::arguments::{Arguments, Command, CompareArguments};
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::named_column::ColumnSource;
use super::settings::Settings;
use super::{library, output, run};

/// Prints the comparison.
pub(crate) async fn execute(
    arguments: &CompareArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let mut reports = Vec::new();
    for column in &arguments.columns {
        reports.push(match &column.source {
            ColumnSource::Address(address) => asked(&column.name, address, environment).await?,
            ColumnSource::Path(path) if path.is_dir() => recorded(&column.name, path)?,
            ColumnSource::Path(path) => read(&column.name, path)?,
        });
    }
    let shown = match arguments.all {
        true => ComparedRows::Everything,
        false => ComparedRows::Differences,
    };
    let comparison = Comparison::of(&reports, shown);
    let comparison = match arguments.trend {
        true => comparison.over_time(),
        false => comparison,
    };
    let text = arguments.form.render(&comparison, output::width());
    output::print(&text.map_err(|error| Failure::Suite(error.to_string()))?)?;
    Ok(Exit::Done)
}

/// The report on a registry, as `assize run ADDRESS` makes it.
async fn asked(name: &str, address: &str, environment: Environment<'_>) -> Result<ReportFile, Failure> {
    let arguments = Arguments::try_parse_from(["assize", "run", address]);
    let arguments = arguments.map_err(|error| Failure::Arguments(error.to_string()))?;
    let Some(Command::Run(arguments)) = arguments.command else {
        return Err(Failure::Arguments(format!("`{address}` cannot be tested")));
    };
    let settings = Settings::new(*arguments, environment)?;
    let suite = Suite::of(library::load(None)?);
    let target = settings.target.as_ref().map(ToString::to_string);
    let target = target.unwrap_or_else(|| address.to_owned());
    let log = run::against(&target, &suite, settings).await?;
    let report = suite.judge(&log).report(Format::Json).map_err(Failure::Suite)?;
    ReportFile::parse(name, &report).map_err(|error| Failure::Suite(error.to_string()))
}

/// What is recorded in a folder.
fn recorded(name: &str, folder: &Path) -> Result<ReportFile, Failure> {
    let recorded = Folder::at(folder).recorded()?;
    if recorded.is_empty() {
        return Err(Failure::Arguments(format!(
            "{}: there are no recorded responses; `assize snapshot` writes them",
            folder.display()
        )));
    }
    Ok(ReportFile::of_answers(name, &recorded, &library::load(None)?))
}

fn read(name: &str, path: &Path) -> Result<ReportFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        option: None,
        path: path.to_owned(),
        source,
    })?;
    let other = |source| Failure::OtherSuite {
        path: path.to_owned(),
        source,
    };
    let text = match FileKind::of(&text) {
        FileKind::Report => text,
        FileKind::Record => judged(path, &text)?,
        FileKind::OfficialJunit => {
            let catalogue = library::load(None)?.catalogue;
            return ReportFile::of_official_junit(name, &text, &catalogue).map_err(other);
        }
        FileKind::OfficialResults => {
            let catalogue = library::load(None)?.catalogue;
            return ReportFile::of_official_results(name, &text, &catalogue).map_err(other);
        }
    };
    ReportFile::parse(name, &text).map_err(|source| Failure::Compare {
        path: path.to_owned(),
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
