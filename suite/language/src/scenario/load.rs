//! How a library is loaded whole: from the binary, or from a folder.

use std::path::Path;

use super::draft::Draft;
use super::files::{BuiltIn, Files, Folder};
use super::library::Library;
use super::load_error::LoadError;

impl Library {
    /// The scenarios that are compiled in.
    pub fn built_in() -> Result<Library, LoadError> {
        Draft::read(&BuiltIn.scenarios(), &BuiltIn.requirements(), None).finished()
    }

    /// The scenarios below a folder, or the one in a file.
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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Color;
    use crate::scenario::format;
    use crate::scenario::library::is_probe;

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
