//! How a library is loaded whole: from the binary, or from a folder.

use std::path::Path;

use super::draft::Draft;
use super::files::{BuiltIn, Files, Folder};
use super::library::{Library, Standing};
use super::load_error::LoadError;
use crate::catalogue::Catalogue;

impl Library {
    /// The scenarios that are compiled in.
    pub fn built_in() -> Result<Library, LoadError> {
        let catalogue = Catalogue::load(BuiltIn.requirements());
        Draft::read(&BuiltIn.scenarios(), catalogue, Standing::Suite, None).finished()
    }

    /// The scenarios below a folder, or the one in a file.
    ///
    /// Its `requirements/` and its `probe/` add to those that are compiled in, and replace nothing; unless it is a suite by
    /// itself, with a `requirements/documents.toml` and probes. What belongs to a file stands in the nearest folder above it that
    /// has either.
    pub fn from_folder(path: &Path) -> Result<Library, LoadError> {
        let folder = Folder::read(path)?;
        if folder.scenarios().is_empty() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        Draft::of_folder(folder).finished()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::{Level, RequirementId, Version};
    use crate::diagnostic::Color;
    use crate::scenario::library::is_probe;
    use crate::scenario::{format, parse};

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
    fn one_file_is_a_library_as_well() {
        let folder = folder(&[
            ("own.scenario", "scenario A registry is there\n"),
            ("other.scenario", "scenario A registry is here\n"),
            ("readme.md", ""),
            ("fixtures/manifests/a.json", "{}"),
        ]);
        let library = Library::from_folder(&folder.path().join("own.scenario")).unwrap();
        assert!(library.get("own").is_some() && library.get("other").is_none());
        assert!(library.scenarios.iter().any(|loaded| is_probe(&loaded.name)));
        assert!(library.fixture("manifests/a.json").is_some());
        assert!(matches!(
            Library::from_folder(&folder.path().join("readme.md")),
            Err(LoadError::Empty(_))
        ));
    }

    const HOUSE: &str = "category = \"common\"\n\n[\"house.one\"]\nlevel = \"MUST\"\nbasis = \"house\"\nsection = \"Ours\"\n\
                         text = \"One.\"\nwhy = \"So.\"\n";

    /// A file of the catalogue with this id, asked by a house.
    fn entry(id: &str) -> String {
        HOUSE.replace("house.one", id)
    }

    fn id(text: &str) -> RequirementId {
        RequirementId::parse(text).unwrap()
    }

    /// The faults of a folder, as they are drawn.
    fn faults(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        let Err(LoadError::Faulty(faulty)) = Library::from_folder(folder.path()) else {
            panic!("nothing is said of {files:?}")
        };
        let drawn: String = faulty.iter().map(|file| file.render(Color::Never)).collect();
        drawn.replace(folder.path().to_str().unwrap(), "house")
    }

    #[test]
    fn a_house_adds_to_the_catalogue() {
        let folder = folder(&[
            (
                "own.scenario",
                "scenario A registry is there\n> GET /v2/\nMUST house.one\n< 200\nMUST base.get-200\n< 200\n",
            ),
            ("requirements/house.toml", HOUSE),
            (
                "probe/own.scenario",
                "scenario Whatever is there\n> GET /v2/\nwhen 200\n  provides own-thing\nend\n",
            ),
        ]);
        let library = Library::from_folder(folder.path()).unwrap();
        assert!(library.catalogue.get(&id("house.one")).is_some());
        assert!(library.catalogue.get(&id("base.get-200")).is_some());
        assert!(library.is_of_a_house() && library.is_lent("probe/push") && !library.is_lent("probe/own"));
    }

    #[test]
    fn a_house_replaces_nothing() {
        let scenario = ("own.scenario", "scenario A registry is there\n");
        let requirement = faults(&[scenario, ("requirements/house.toml", &entry("base.get-200"))]);
        assert!(
            requirement.contains("there is a requirement `base.get-200` already"),
            "{requirement}"
        );
        assert!(
            requirement.contains("house/requirements/house.toml:3:"),
            "{requirement}"
        );
        assert!(requirement.contains("scenarios/requirements/"), "{requirement}");
        let document =
            "[rfc9110]\ntitle = \"t\"\nanchors = \"numbers\"\nedition = { url = \"https://example.com\" }\n";
        let document = faults(&[scenario, ("requirements/documents.toml", document)]);
        assert!(
            document.contains("there is a document `rfc9110` already"),
            "{document}"
        );
        let probe = "scenario Pushes are taken here\n> GET /v2/\nwhen 200\n  provides push\nend\n";
        let settled = faults(&[scenario, ("probe/a.scenario", probe)]);
        assert!(settled.contains("two probes settle `push`"), "{settled}");
        assert!(settled.contains("house/probe/a.scenario"), "{settled}");
        let named = faults(&[("probe/push.scenario", "scenario Pushes are taken here\n")]);
        assert!(
            named.contains("there is a scenario `probe/push` already"),
            "{named}"
        );
    }

    #[test]
    fn a_folder_with_documents_and_probes_is_a_suite_by_itself() {
        let folder = folder(&[
            (
                "own.scenario",
                "scenario A registry is there\n> GET /v2/\nMUST base.get-200\n< 200\n",
            ),
            ("requirements/base.toml", &entry("base.get-200")),
            ("requirements/documents.toml", ""),
            ("probe/none.scenario", "scenario Nothing is found out\n"),
        ]);
        let library = Library::from_folder(folder.path()).unwrap();
        assert_eq!(library.catalogue.iter().len(), 1);
        assert!(!library.is_of_a_house() && library.get("probe/push").is_none());
    }

    #[test]
    fn one_file_belongs_to_the_folder_above_it_that_has_a_catalogue() {
        let folder = folder(&[
            (
                "push/own.scenario",
                "scenario A registry is there\n> GET /v2/\nMUST house.one\n< 200\n",
            ),
            ("push/other.scenario", "nothing\n"),
            ("requirements/house.toml", HOUSE),
        ]);
        let library = Library::from_folder(&folder.path().join("push/own.scenario")).unwrap();
        assert!(library.get("push/own").is_some());
        assert!(library.catalogue.get(&id("house.one")).is_some());
    }

    #[test]
    fn a_scenario_of_a_house_asks_in_its_own_name_what_has_no_id() {
        let text = "scenario A registry is there\n> GET /v2/\n< 200\nMUST base.get-200\n< 200\n";
        let library = Library::from_folder(folder(&[("own/one.scenario", text)]).path()).unwrap();
        let own = RequirementId::of_scenario("own/one");
        let requirement = library.catalogue.get(&own).unwrap();
        assert_eq!(requirement.text, "A registry is there");
        let (file, span) = library.catalogue.place(requirement).unwrap();
        assert_eq!(&file.text[span], "A registry is there");
        let program = library
            .get("own/one")
            .unwrap()
            .program(&library.catalogue, Version::Docker);
        let asked: Vec<(&str, Option<Level>)> = program
            .checks
            .iter()
            .map(|check| (check.requirement.as_str(), check.level))
            .collect();
        assert_eq!(asked[0], ("own/one", Some(Level::Must)));
        assert_eq!(asked[1].0, "base.get-200");
        assert!(program.cites.contains(&own) && library.asking(std::iter::empty())[&own] == ["own/one"]);
        let formatted = format(&library.get("own/one").unwrap().scenario, &library.catalogue);
        assert_eq!(parse(&formatted).1, []);
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
