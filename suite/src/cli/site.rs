//! `assize site`: a static site out of a folder of reports.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use assize::site::{SiteReport, site};

use super::arguments::SiteArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use super::verdict::{begun, written};

/// Reads the reports and writes the site.
pub(crate) fn execute(arguments: &SiteArguments) -> Result<Exit, Failure> {
    let reports = reports(&arguments.reports)?;
    if reports.is_empty() {
        return Err(Failure::Arguments(format!(
            "there is no report in {}: `assize run --report json=PATH` writes them, as NAME.json, or, for a history, as \
             NAME/ANYTHING.json",
            arguments.reports.display()
        )));
    }
    let files = site(reports).map_err(|error| Failure::Arguments(error.to_string()))?;
    fs::create_dir_all(&arguments.to).map_err(|source| Failure::Unwritten {
        path: arguments.to.clone(),
        source,
    })?;
    for file in &files {
        let place = begun(&arguments.to.join(&file.name), "--to")?;
        written(place, |place| place.write_all(file.text.as_bytes()))?;
    }
    output::print(&format!("{}\n", arguments.to.join("index.html").display()))?;
    Ok(Exit::Done)
}

/// The reports in a folder, and in the folders in it, whose names are those of registries.
fn reports(folder: &Path) -> Result<Vec<SiteReport>, Failure> {
    let mut reports = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            for path in entries(&path)?.iter().filter(|path| is_report(path)) {
                reports.push(read(&name, path)?);
            }
        } else if is_report(&path) {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            reports.push(read(&name, &path)?);
        }
    }
    Ok(reports)
}

fn is_report(path: &Path) -> bool {
    path.is_file() && path.extension() == Some(OsStr::new("json"))
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let found = fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<io::Result<Vec<PathBuf>>>()
    });
    let mut paths = found.map_err(|source| Failure::File {
        option: None,
        path: folder.to_owned(),
        source,
    })?;
    paths.sort();
    Ok(paths)
}

fn read(name: &str, path: &Path) -> Result<SiteReport, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::File {
        option: None,
        path: path.to_owned(),
        source,
    })?;
    SiteReport::parse(name, &text).map_err(|source| Failure::Compare {
        path: path.to_owned(),
        source,
    })
}
