//! A library while it is written: what can be read of it, and all that is wrong with it.

use std::path::Path;
use std::sync::Arc;

use super::ast::Scenario;
use super::files::{BuiltIn, Files, Folder, Unsaved};
use super::library::{Library, Loaded, Standing, is_probe};
use super::load_error::LoadError;
use super::{Reading, check_all, parse};
use crate::at_once::at_once;
use crate::catalogue::Catalogue;
use crate::diagnostic::{Diagnostic, Faulty, SourceFile};

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
        Draft::of_a_house(vec![(name, scenario)], Vec::new(), None)
    }

    pub(super) fn of_folder(folder: Folder) -> Draft {
        let (scenarios, requirements) = (folder.scenarios(), folder.requirements());
        if folder.is_a_suite() {
            let catalogue = Catalogue::load(requirements);
            return Draft::read(&scenarios, catalogue, Standing::Suite, Some(folder));
        }
        Draft::of_a_house(scenarios, requirements, Some(folder))
    }

    /// What a project has of its own, beside the catalogue and the probes that are compiled in.
    fn of_a_house(
        own: Vec<(Arc<str>, SourceFile)>,
        requirements: Vec<SourceFile>,
        folder: Option<Folder>,
    ) -> Draft {
        let lent = BuiltIn.scenarios().into_iter().filter(|(name, _)| is_probe(name));
        let lent: Vec<(Arc<str>, SourceFile)> = lent.collect();
        let catalogue = Catalogue::with_own(BuiltIn.requirements(), requirements);
        let standing = Standing::House {
            lent: lent.iter().map(|(name, _)| name.clone()).collect(),
        };
        Draft::read(&[lent, own].concat(), catalogue, standing, folder)
    }

    /// Reads scenarios; of two that want the same, the first is right.
    pub(super) fn read(
        scenarios: &[(Arc<str>, SourceFile)],
        (catalogue, mut faulty): (Catalogue, Vec<Faulty>),
        standing: Standing,
        folder: Option<Folder>,
    ) -> Draft {
        let catalogue_is_whole = faulty.is_empty();
        let mut library = Library {
            catalogue,
            scenarios: Vec::new(),
            standing,
            folder,
        };
        let mut texts = at_once(scenarios, |(name, source)| ScenarioText::parse(name, source));
        if catalogue_is_whole {
            texts.iter_mut().for_each(|text| text.ask_by_itself(&mut library));
            let meant = at_once(&texts, |text| text.check(&library));
            for (text, faults) in texts.iter_mut().zip(meant) {
                text.faults.extend(faults);
            }
        }
        for text in texts {
            faulty.extend(Faulty::new(text.source, text.faults));
            library.scenarios.extend(text.scenario.map(|scenario| Loaded {
                name: Arc::clone(text.name),
                path: Arc::clone(&text.source.path),
                text: Arc::clone(&text.source.text),
                scenario,
            }));
        }
        let in_order: Vec<&Loaded> = library.scenarios.iter().collect();
        faulty.extend(check_all(&in_order));
        library.scenarios.sort_by(|one, other| one.name.cmp(&other.name));
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

/// The text of a scenario, and what is understood of it.
struct ScenarioText<'s> {
    name: &'s Arc<str>,
    source: &'s SourceFile,
    scenario: Option<Scenario>,
    reading: Reading,
    faults: Vec<Diagnostic>,
}

impl<'s> ScenarioText<'s> {
    fn parse(name: &'s Arc<str>, source: &'s SourceFile) -> ScenarioText<'s> {
        let (scenario, faults) = parse(&source.text);
        ScenarioText {
            name,
            source,
            scenario,
            reading: match faults.is_empty() {
                true => Reading::Whole,
                false => Reading::Partial,
            },
            faults,
        }
    }

    fn ask_by_itself(&mut self, library: &mut Library) {
        if let Some(scenario) = &self.scenario {
            let asking = library.let_ask_by_itself(self.name, self.source, scenario);
            self.faults.extend(asking.err().map(|fault| *fault));
        }
    }

    /// What is wrong with its meaning.
    fn check(&self, library: &Library) -> Vec<Diagnostic> {
        let scenario = self.scenario.iter();
        scenario
            .flat_map(|scenario| library.check(self.name, scenario, self.reading))
            .collect()
    }
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
