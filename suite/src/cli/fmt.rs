//! `assize fmt`: scenarios in their usual shape.

use std::path::{Path, PathBuf};

use assize::diagnostic::{Faulty, SourceFile};
use assize::scenario::{Library, format, parse};

use super::arguments::FmtArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output};

/// What scenarios are named by.
const ENDING: &str = "scenario";

/// Formats scenarios, or says which are not in shape.
pub(crate) fn execute(arguments: &FmtArguments) -> Result<Exit, Failure> {
    let library = library::load(None)?;
    let mut faulty = Vec::new();
    let mut others = Vec::new();
    for path in files(&arguments.paths)? {
        let text = read(&path)?;
        match formatted(&path, &text, &library) {
            Ok(shaped) if shaped == text => {}
            Ok(shaped) => others.push((path, shaped)),
            Err(faults) => faulty.push(faults),
        }
    }
    if !faulty.is_empty() {
        return Err(Failure::Faulty(faulty));
    }
    for (path, shaped) in &others {
        if !arguments.check {
            write(path, shaped)?;
        }
        output::print(&format!("{}\n", path.display()))?;
    }
    Ok(if arguments.check && !others.is_empty() {
        Exit::Fails
    } else {
        Exit::Done
    })
}

/// The text in its usual shape, or what is wrong with it.
fn formatted(path: &Path, text: &str, library: &Library) -> Result<String, Faulty> {
    let (scenario, faults) = parse(text);
    let source = SourceFile::new(path.display().to_string(), text);
    match (scenario, Faulty::new(&source, faults)) {
        (Some(scenario), None) => Ok(format(&scenario, &library.catalogue)),
        (_, Some(faulty)) => Err(faulty),
        (None, None) => Ok(text.to_owned()),
    }
}

/// The scenarios at and below the paths, in order; that there are none is a mistake.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            collect(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::Arguments(format!(
            "there is no scenario in {}",
            places.join(", ")
        )));
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |source| Failure::File {
        option: None,
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == ENDING) {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| Failure::File {
        option: None,
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| Failure::File {
        option: None,
        path: path.to_owned(),
        source,
    })
}
