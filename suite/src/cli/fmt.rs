//! `assize fmt`: scenarios in their usual shape.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use assize::catalogue::Catalogue;
use assize::diagnostic::{Faulty, SourceFile};
use assize::scenario::{Draft, Library, Unsaved, folder_of, format, parse};

use super::arguments::FmtArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output};

/// What scenarios are named by.
const ENDING: &str = "scenario";

/// Formats scenarios, or says which are not in shape.
pub(crate) fn execute(arguments: &FmtArguments) -> Result<Exit, Failure> {
    let mut catalogues = Catalogues::new()?;
    let mut faulty = Vec::new();
    let mut others = Vec::new();
    for path in files(&arguments.paths)? {
        let text = read(&path)?;
        match formatted(&path, &text, catalogues.of(&path)?) {
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

/// The catalogues that say which levels stand behind an id: for each file that of the folder to which it belongs.
struct Catalogues {
    built_in: Library,
    by_folder: BTreeMap<PathBuf, Library>,
}

impl Catalogues {
    fn new() -> Result<Catalogues, Failure> {
        Ok(Catalogues {
            built_in: library::load(None)?,
            by_folder: BTreeMap::new(),
        })
    }

    fn of(&mut self, path: &Path) -> Result<&Catalogue, Failure> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let Some(folder) = folder_of(&whole) else {
            return Ok(&self.built_in.catalogue);
        };
        let library = match self.by_folder.entry(folder.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(read_catalogue(folder)?),
        };
        Ok(&library.catalogue)
    }
}

/// The catalogue of a folder; that its scenarios have faults does not matter.
fn read_catalogue(folder: &Path) -> Result<Library, Failure> {
    let Draft { library, faulty } = Draft::from_folder(folder, &Unsaved::new())?;
    let is_scenario = |file: &Faulty| {
        Path::new(&*file.source.path)
            .extension()
            .is_some_and(|ending| ending == ENDING)
    };
    let faulty: Vec<Faulty> = faulty.into_iter().filter(|file| !is_scenario(file)).collect();
    match faulty.is_empty() {
        true => Ok(library),
        false => Err(Failure::Faulty(faulty)),
    }
}

/// The text in its usual shape, or what is wrong with it.
fn formatted(path: &Path, text: &str, catalogue: &Catalogue) -> Result<String, Faulty> {
    let (scenario, faults) = parse(text);
    let source = SourceFile::new(path.display().to_string(), text);
    match (scenario, Faulty::new(&source, faults)) {
        (Some(scenario), None) => Ok(format(&scenario, catalogue)),
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
