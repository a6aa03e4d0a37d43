//! Every scenario, the catalogue and the fixtures: compiled in, or from a folder.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ast::Scenario;
use super::draft::Draft;
use super::files::{BuiltIn, Files, Folder};
use super::tables::cited_in;
use super::{CodedScenario, Program, Reading, check, check_files};
use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Faulty};

/// What a run is made from.
#[derive(Debug)]
pub struct Library {
    /// The requirements.
    pub catalogue: Catalogue,
    /// The scenarios, in the order of their names.
    pub scenarios: Vec<Loaded>,
    pub(super) folder: Option<Folder>,
}

/// One scenario, and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its path below the folder of scenarios, without the ending: `push/mount`.
    pub name: Arc<str>,
    /// Its path, as a person would type it.
    pub path: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// What the text says.
    pub scenario: Scenario,
}

impl Loaded {
    /// The scenario as it is understood in a version.
    pub fn program(&self, catalogue: &Catalogue, version: Version) -> Program {
        Program::of(
            self.name.clone(),
            self.text.clone(),
            &self.scenario,
            catalogue,
            version,
        )
    }

    /// The requirements that it cites, in whatever version.
    pub fn cites(&self) -> BTreeSet<RequirementId> {
        cited_in(&self.scenario.body)
            .into_iter()
            .map(|id| id.value)
            .collect()
    }
}

/// Why there is no library.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A folder or a file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// There is not a single scenario.
    #[error("{}: there is no scenario here, no file that ends in `.scenario`", .0.display())]
    Empty(PathBuf),
    /// Files have faults; each is to be drawn.
    #[error("{}", count(.0))]
    Faulty(Vec<Faulty>),
}

fn count(faulty: &[Faulty]) -> String {
    let faults: usize = faulty.iter().map(|file| file.faults.len()).sum();
    format!("the scenarios have faults: {faults}, in files: {}", faulty.len())
}

impl Library {
    /// The scenarios that are compiled in.
    pub fn built_in() -> Result<Library, LoadError> {
        Draft::read(&BuiltIn.scenarios(), &BuiltIn.requirements(), None).finished()
    }

    /// The scenarios below a folder.
    ///
    /// The requirements are those of its `requirements/`, the documents they cite those of its
    /// `requirements/documents.toml`, the probes those of its `probe/`; where it has no such folder or file, those that
    /// are compiled in.
    pub fn from_folder(path: &Path) -> Result<Library, LoadError> {
        let folder = Folder::read(path)?;
        if folder.scenarios().is_empty() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        Draft::of_folder(folder).finished()
    }

    /// Says what is wrong with the meaning of a scenario, here.
    pub(super) fn check(&self, scenario: &Scenario, reading: Reading) -> Vec<Diagnostic> {
        let mut faults = check(scenario, &self.catalogue, reading);
        faults.extend(check_files(scenario, |path| self.fixture(path).is_some()));
        faults
    }

    /// The names of the scenarios that ask each requirement; of those that are coded in Rust, too.
    pub fn asking<'s, 'c: 's>(
        &'s self,
        coded: impl Iterator<Item = &'c CodedScenario>,
    ) -> BTreeMap<RequirementId, Vec<&'s str>> {
        let mut asking: BTreeMap<RequirementId, Vec<&str>> = BTreeMap::new();
        let written = self
            .scenarios
            .iter()
            .map(|loaded| (&*loaded.name, loaded.cites()));
        for (name, cites) in written.chain(coded.map(|coded| (coded.name, coded.cites()))) {
            for id in cites {
                asking.entry(id).or_default().push(name);
            }
        }
        asking
    }

    /// The scenario of this name.
    pub fn get(&self, name: &str) -> Option<&Loaded> {
        self.scenarios.iter().find(|loaded| &*loaded.name == name)
    }

    /// The bytes of a file of `fixtures/`: of the folder's own, or of those that are compiled in.
    pub fn fixture(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let own = self.folder.as_ref().and_then(|folder| folder.fixture(path));
        own.or_else(|| BuiltIn.fixture(path))
    }
}

/// Whether a scenario of this name settles capabilities.
pub(super) fn is_probe(name: &str) -> bool {
    name.starts_with("probe/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Color;
    use crate::scenario::format;

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_is_compiled_in_has_no_faults() {
        let library = Library::built_in().unwrap_or_else(|fault| match fault {
            LoadError::Faulty(files) => {
                let drawn: Vec<String> = files.iter().map(|file| file.render(Color::Never)).collect();
                panic!("\n{}", drawn.join("\n\n"))
            }
            other => panic!("{other}"),
        });
        assert!(!library.scenarios.is_empty() && library.catalogue.iter().len() > 0);
        assert!(
            library
                .scenarios
                .is_sorted_by_key(|loaded| Arc::clone(&loaded.name))
        );
        assert!(library.fixture("manifests/config.json").is_some());
    }

    #[test]
    fn what_is_compiled_in_is_formatted() {
        let library = Library::built_in().unwrap();
        for loaded in &library.scenarios {
            let formatted = format(&loaded.scenario, &library.catalogue);
            assert!(
                formatted == *loaded.text,
                "{}: `assize fmt` writes\n{formatted}",
                loaded.path
            );
        }
    }

    #[test]
    fn a_folder_brings_what_it_has_and_takes_the_rest_from_the_binary() {
        let folder = folder(&[
            ("own/api.scenario", "scenario A registry is there\n"),
            ("fixtures/manifests/a.json", "{}"),
        ]);
        let library = Library::from_folder(folder.path()).unwrap();
        assert!(library.get("own/api").is_some() && library.get("base/api-check").is_none());
        assert!(library.scenarios.iter().any(|loaded| is_probe(&loaded.name)));
        assert!(library.catalogue.iter().len() > 0);
        assert_eq!(
            library.fixture("manifests/a.json").as_deref(),
            Some(b"{}".as_slice())
        );
        assert!(library.fixture("manifests/config.json").is_some());
    }

    #[test]
    fn the_faults_of_all_files_are_found() {
        let folder = folder(&[
            ("a.scenario", "scenario A\nfoo\n"),
            ("b.scenario", "nothing\n"),
            ("requirements/c.toml", "category = \"x\""),
        ]);
        match Library::from_folder(folder.path()) {
            Err(LoadError::Faulty(files)) => assert_eq!(files.len(), 3),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_folder_without_scenarios_is_a_mistake() {
        let folder = folder(&[("readme.md", "")]);
        assert!(matches!(
            Library::from_folder(folder.path()),
            Err(LoadError::Empty(_))
        ));
        assert!(matches!(
            Library::from_folder(&folder.path().join("no")),
            Err(LoadError::Unreadable { .. })
        ));
    }
}
