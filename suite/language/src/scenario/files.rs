//! Where the texts come from: the binary itself, or a folder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rust_embed::RustEmbed;

use super::load_error::LoadError;
use crate::diagnostic::SourceFile;

/// The ending of a scenario's file.
const ENDING: &str = ".scenario";
/// The folder of the catalogue.
const REQUIREMENTS: &str = "requirements/";
/// The folder of the probes.
pub(super) const PROBES: &str = "probe/";
/// The documents that a catalogue cites.
const DOCUMENTS: &str = "requirements/documents.toml";
/// What only a folder of scenarios has: a folder in it, and what its files end with.
const MARKS: [(&str, &str); 2] = [(REQUIREMENTS, "toml"), (PROBES, "scenario")];
/// Lists that stand beside the catalogue and are no part of it.
const NOT_REQUIREMENTS: &[&str] = &["not-requirements.toml", "field-bugs.toml"];

/// Texts that take the place of what is on the disk, by the paths of their files.
pub type Unsaved = BTreeMap<PathBuf, Arc<str>>;

/// Gives out the texts of a library.
pub(super) trait Files {
    /// The paths of all files, below the folder of scenarios, with `/` between their parts, in order.
    fn paths(&self) -> Vec<String>;

    /// The text of a file, and its path as a person would type it.
    fn source(&self, path: &str) -> Option<SourceFile>;

    /// The bytes of a fixture.
    fn fixture(&self, path: &str) -> Option<Cow<'static, [u8]>>;

    /// Every scenario, by its name, in the order of the names.
    fn scenarios(&self) -> Vec<(Arc<str>, SourceFile)> {
        let paths = self.paths();
        let named = paths
            .iter()
            .filter_map(|path| Some((path.strip_suffix(ENDING)?, path)));
        let mut scenarios: Vec<(Arc<str>, SourceFile)> = named
            .filter_map(|(name, path)| Some((Arc::from(name), self.source(path)?)))
            .collect();
        scenarios.sort_by(|(one, _), (other, _)| one.cmp(other));
        scenarios
    }

    /// Every file of the catalogue.
    fn requirements(&self) -> Vec<SourceFile> {
        let paths = self.paths();
        let files = paths.iter().filter(|path| is_catalogue(path));
        files.filter_map(|path| self.source(path)).collect()
    }
}

/// Whether a library reads the file at this path.
fn is_ours(path: &str) -> bool {
    path.ends_with(ENDING) || is_catalogue(path)
}

fn is_catalogue(path: &str) -> bool {
    let file = path.strip_prefix(REQUIREMENTS);
    file.is_some_and(|file| file.ends_with(".toml") && !NOT_REQUIREMENTS.contains(&file))
}

#[derive(RustEmbed)]
#[folder = "../../scenarios"]
struct Scenarios;

/// The exact contents that scenarios name with `file`; the other folders of `fixtures/` are for tests alone.
#[derive(RustEmbed)]
#[folder = "../../fixtures/manifests"]
#[prefix = "manifests/"]
struct Fixtures;

/// What is compiled in.
pub(super) struct BuiltIn;

impl Files for BuiltIn {
    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Scenarios::iter().map(Cow::into_owned).collect();
        paths.sort();
        paths
    }

    fn source(&self, path: &str) -> Option<SourceFile> {
        let file = Scenarios::get(path)?;
        let text = String::from_utf8_lossy(&file.data).into_owned();
        Some(SourceFile::new(format!("scenarios/{path}"), text))
    }

    fn fixture(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        Fixtures::get(path).map(|file| file.data)
    }
}

/// A folder of scenarios, read whole.
#[derive(Debug)]
pub(super) struct Folder {
    /// What was asked for: a folder, or a file in it.
    pub(super) asked: PathBuf,
    path: PathBuf,
    files: Vec<(String, SourceFile)>,
}

impl Folder {
    pub(super) fn read(path: &Path) -> Result<Folder, LoadError> {
        if path.is_file() {
            return Folder::of_one(path);
        }
        let mut files = Vec::new();
        read_into(path, "", &mut files)?;
        let mut folder = Folder {
            asked: path.to_owned(),
            path: path.to_owned(),
            files,
        };
        folder.sort();
        Ok(folder)
    }

    /// A folder of which one scenario counts, with the catalogue and the probes that stand there.
    fn of_one(path: &Path) -> Result<Folder, LoadError> {
        let text = fs::read_to_string(path).map_err(|cause| LoadError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let root = folder_of(&whole).or(whole.parent()).unwrap_or(&whole);
        let mut files = Vec::new();
        for part in [REQUIREMENTS, PROBES] {
            if root.join(part).is_dir() {
                read_into(&root.join(part), part, &mut files)?;
            }
        }
        let name = whole.strip_prefix(root).unwrap_or(&whole).to_string_lossy();
        if !name.ends_with(ENDING) {
            return Err(LoadError::Empty(path.to_owned()));
        }
        files.retain(|(known, _)| *known != name);
        let source = SourceFile::new(path.display().to_string(), text);
        files.push((name.into_owned(), source));
        Ok(Folder {
            asked: path.to_owned(),
            path: root.to_owned(),
            files,
        })
    }

    /// Whether it is a suite by itself: it names the documents that its catalogue cites, and has probes.
    pub(super) fn is_a_suite(&self) -> bool {
        let holds = |is_meant: fn(&str) -> bool| self.files.iter().any(|(path, _)| is_meant(path));
        holds(|path| path == DOCUMENTS) && holds(|path| path.starts_with(PROBES))
    }

    /// Puts texts in the place of files of this folder, those that are there already and new ones.
    pub(super) fn lay_over(&mut self, unsaved: &Unsaved) {
        for (path, text) in unsaved {
            let Ok(below) = path.strip_prefix(&self.path) else {
                continue;
            };
            let name = below.to_string_lossy().into_owned();
            if is_ours(&name) {
                self.files.retain(|(known, _)| *known != name);
                let source = SourceFile::new(path.display().to_string(), Arc::clone(text));
                self.files.push((name, source));
            }
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.files.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
}

/// The nearest folder above a file that has what only a folder of scenarios has. To take another for one would be to
/// read all that is in it.
pub fn folder_of(path: &Path) -> Option<&Path> {
    let mut above = path.ancestors().skip(1);
    above.find(|folder| {
        MARKS
            .iter()
            .any(|(mark, ending)| holds(&folder.join(mark), ending))
    })
}

/// Whether a folder has a file with this ending.
fn holds(folder: &Path, ending: &str) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|path| path.extension().is_some_and(|known| known == ending))
}

/// Reads the files below `folder` whose paths start with `prefix`.
fn read_into(folder: &Path, prefix: &str, files: &mut Vec<(String, SourceFile)>) -> Result<(), LoadError> {
    let unreadable = |cause| LoadError::Unreadable {
        path: folder.to_owned(),
        cause,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", name.to_string_lossy());
        if path.is_dir() {
            read_into(&path, &format!("{name}/"), files)?;
        } else if is_ours(&name) {
            let text = fs::read_to_string(&path).map_err(|cause| LoadError::Unreadable {
                path: path.clone(),
                cause,
            })?;
            files.push((name, SourceFile::new(path.display().to_string(), text)));
        }
    }
    Ok(())
}

impl Files for Folder {
    fn paths(&self) -> Vec<String> {
        self.files.iter().map(|(path, _)| path.clone()).collect()
    }

    fn source(&self, path: &str) -> Option<SourceFile> {
        self.files
            .iter()
            .find(|(known, _)| known == path)
            .map(|(_, source)| source.clone())
    }

    fn fixture(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        fs::read(self.path.join("fixtures").join(path))
            .ok()
            .map(Cow::Owned)
    }
}
