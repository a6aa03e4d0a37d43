//! A library while it is written: what can be read of it, and all that is wrong with it.

use std::path::Path;
use std::sync::Arc;

use super::files::{BuiltIn, Files, Folder, Unsaved};
use super::library::{Library, Loaded, is_probe};
use super::load_error::LoadError;
use super::{Reading, check_all, parse};
use crate::catalogue::{Catalogue, holds_documents};
use crate::diagnostic::{Faulty, SourceFile};

/// A library while it is written.
#[derive(Debug)]
pub struct Draft {
    /// What could be read.
    pub library: Library,
    /// The files with faults.
    pub faulty: Vec<Faulty>,
}

impl Draft {
    /// What is below a folder, as [`Library::from_folder`] finds it, with unsaved texts in the place of files.
    pub fn from_folder(path: &Path, unsaved: &Unsaved) -> Result<Draft, LoadError> {
        let mut folder = Folder::read(path)?;
        folder.lay_over(unsaved);
        Ok(Draft::of_folder(folder))
    }

    /// One scenario by itself, with the requirements and probes that are compiled in.
    pub fn of_one(scenario: SourceFile) -> Draft {
        let stem = Path::new(&*scenario.path).file_stem().unwrap_or_default();
        let name = Arc::from(stem.to_string_lossy().as_ref());
        let mut scenarios = built_in_probes();
        scenarios.push((name, scenario));
        Draft::read(&scenarios, &BuiltIn.requirements(), None)
    }

    pub(super) fn of_folder(folder: Folder) -> Draft {
        let mut scenarios = folder.scenarios();
        if !scenarios.iter().any(|(name, _)| is_probe(name)) {
            scenarios.extend(built_in_probes());
        }
        let mut requirements = folder.requirements();
        if requirements.is_empty() {
            requirements = BuiltIn.requirements();
        } else if !requirements.iter().any(holds_documents) {
            requirements.extend(BuiltIn.requirements().into_iter().filter(holds_documents));
        }
        Draft::read(&scenarios, &requirements, Some(folder))
    }

    pub(super) fn read(
        scenarios: &[(Arc<str>, SourceFile)],
        requirements: &[SourceFile],
        folder: Option<Folder>,
    ) -> Draft {
        let (catalogue, mut faulty) = Catalogue::load(requirements.to_vec());
        let catalogue_is_whole = faulty.is_empty();
        let mut library = Library {
            catalogue,
            scenarios: Vec::new(),
            folder,
        };
        for (name, source) in scenarios {
            let (scenario, mut faults) = parse(&source.text);
            if let Some(scenario) = scenario.as_ref().filter(|_| catalogue_is_whole) {
                let reading = if faults.is_empty() {
                    Reading::Whole
                } else {
                    Reading::Partial
                };
                faults.extend(library.check(scenario, reading));
            }
            faulty.extend(Faulty::new(source, faults));
            library.scenarios.extend(scenario.map(|scenario| Loaded {
                name: Arc::clone(name),
                path: Arc::clone(&source.path),
                text: Arc::clone(&source.text),
                scenario,
            }));
        }
        library.scenarios.sort_by(|one, other| one.name.cmp(&other.name));
        faulty.extend(check_all(&library.scenarios));
        Draft { library, faulty }
    }

    /// The library, if nothing is wrong with it.
    pub(super) fn finished(self) -> Result<Library, LoadError> {
        match self.faulty.is_empty() {
            true => Ok(self.library),
            false => Err(LoadError::Faulty(self.faulty)),
        }
    }
}

fn built_in_probes() -> Vec<(Arc<str>, SourceFile)> {
    let scenarios = BuiltIn.scenarios().into_iter();
    scenarios.filter(|(name, _)| is_probe(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_saved_takes_the_place_of_a_file_or_joins_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("old.scenario"), "scenario A registry is there\n").unwrap();
        std::fs::write(path("other.scenario"), "scenario A registry is here\n").unwrap();
        let unsaved = Unsaved::from([
            (
                path("old.scenario"),
                "scenario A registry was there\nfoo\n".into(),
            ),
            (path("new.scenario"), "scenario A registry will be there\n".into()),
            ("/elsewhere/x.scenario".into(), "foo\n".into()),
        ]);
        let draft = Draft::from_folder(folder.path(), &unsaved).unwrap();
        let title = |name: &str| Some(draft.library.get(name)?.scenario.title.value.as_str());
        assert_eq!(title("old"), Some("A registry was there"));
        assert_eq!(title("new"), Some("A registry will be there"));
        assert_eq!(title("other"), Some("A registry is here"));
        let faulty: Vec<&str> = draft.faulty.iter().map(|file| &*file.source.path).collect();
        assert_eq!(faulty, [path("old.scenario").to_str().unwrap()]);
    }

    #[test]
    fn one_scenario_is_held_against_what_is_compiled_in() {
        let draft = Draft::of_one(SourceFile::new(
            "untitled",
            "scenario A blob\n> GET /v2/\nMUST no.such.id\n< 200\n",
        ));
        let [faulty] = &draft.faulty[..] else {
            panic!("{:?}", draft.faulty)
        };
        assert_eq!(&*faulty.source.path, "untitled");
        assert_eq!(faulty.faults.len(), 1, "{:?}", faulty.faults);
    }
}
