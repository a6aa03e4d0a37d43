//! The documents that an editor has open, and what is made of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use assize_language::catalogue::RequirementId;
use assize_language::diagnostic::SourceFile;
use assize_language::scenario::{CodedScenario, Draft, LoadError, Unsaved, folder_of};
use gen_lsp_types::Uri;

use crate::address::path_of;

/// What a server is told before it starts.
#[derive(Debug, Default)]
pub struct Settings {
    /// The folder of scenarios, if it is not to be found by the documents.
    pub folder: Option<PathBuf>,
    /// The scenarios that are coded in Rust.
    pub coded: Vec<&'static CodedScenario>,
    /// What is known of clients that meet a registry which breaks a requirement.
    pub harm: Option<fn(&RequirementId) -> Option<String>>,
}

/// The open documents.
pub(crate) struct Workspace {
    pub(crate) settings: Settings,
    documents: BTreeMap<String, Document>,
    /// What is made of the documents as they are now, as far as somebody asked.
    understood: BTreeMap<Home, Arc<Understood>>,
    /// Whether the faults of the documents as they are now were asked for.
    is_told: bool,
}

/// One open document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    /// Where it is on the disk, if it is there at all.
    path: Option<PathBuf>,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
}

/// The library to which a document belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Home {
    /// That of a folder.
    Folder(PathBuf),
    /// One of its own.
    Alone(String),
}

/// What is made of a document and of all that it belongs to.
pub(crate) struct Understood {
    pub(crate) draft: Draft,
    pub(crate) left_out: Option<LeftOut>,
}

/// That a document is held against nothing that lies beside it.
pub(crate) struct LeftOut {
    /// The name of the document.
    pub(crate) document: String,
    /// Why its folder cannot be read.
    pub(crate) because: String,
}

impl Understood {
    fn whole(draft: Draft) -> Understood {
        Understood {
            draft,
            left_out: None,
        }
    }

    fn without_folder(draft: Draft, error: &LoadError, document: String) -> Understood {
        let because = error.to_string();
        Understood {
            draft,
            left_out: Some(LeftOut { document, because }),
        }
    }
}

impl Document {
    /// The path of its source in a draft.
    pub(crate) fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => self.uri.0.clone(),
        }
    }

    /// Whether it is a scenario, and not part of a catalogue.
    pub(crate) fn is_scenario(&self) -> bool {
        self.path
            .as_ref()
            .is_none_or(|path| path.extension().is_none_or(|ending| ending != "toml"))
    }
}

impl Workspace {
    pub(crate) fn new(settings: Settings) -> Workspace {
        Workspace {
            settings,
            documents: BTreeMap::new(),
            understood: BTreeMap::new(),
            is_told: true,
        }
    }

    pub(crate) fn open(&mut self, uri: Uri, version: i32, text: String) {
        let document = Document {
            path: path_of(&uri),
            version,
            text: text.into(),
            uri,
        };
        self.documents.insert(document.uri.0.clone(), document);
        self.look_again();
    }

    pub(crate) fn change(&mut self, uri: &Uri, version: i32, text: String) {
        if let Some(document) = self.documents.get_mut(&uri.0) {
            document.version = version;
            document.text = text.into();
            self.look_again();
        }
    }

    pub(crate) fn close(&mut self, uri: &Uri) {
        self.documents.remove(&uri.0);
        self.look_again();
    }

    /// Forgets what was made of texts that have changed, or may have on the disk.
    pub(crate) fn look_again(&mut self) {
        self.understood.clear();
        self.is_told = false;
    }

    /// Whether [`Workspace::all`] was asked for since something changed.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    pub(crate) fn document(&self, uri: &Uri) -> Option<&Document> {
        self.documents.get(&uri.0)
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// What is made of each library that has an open document.
    pub(crate) fn all(&mut self) -> Vec<Arc<Understood>> {
        self.is_told = true;
        let documents: Vec<Document> = self.documents.values().cloned().collect();
        for document in &documents {
            self.understood(document);
        }
        self.understood.values().cloned().collect()
    }

    /// What is made of a document.
    pub(crate) fn understood(&mut self, document: &Document) -> Arc<Understood> {
        let (home, by_itself) = (self.home(document), Home::Alone(document.uri.0.clone()));
        let known = self
            .understood
            .get(&home)
            .or_else(|| self.understood.get(&by_itself));
        if let Some(understood) = known {
            return Arc::clone(understood);
        }
        let read = match &home {
            Home::Folder(folder) => Draft::from_folder(folder, &self.unsaved()),
            Home::Alone(_) => Ok(alone(document)),
        };
        let (home, understood) = match read {
            Ok(draft) => (home, Understood::whole(draft)),
            Err(error) => (
                by_itself,
                Understood::without_folder(alone(document), &error, document.name()),
            ),
        };
        let understood = Arc::new(understood);
        self.understood.insert(home, Arc::clone(&understood));
        understood
    }

    fn home(&self, document: &Document) -> Home {
        let alone = Home::Alone(document.uri.0.clone());
        let Some(path) = &document.path else {
            return alone;
        };
        let told = self
            .settings
            .folder
            .as_deref()
            .filter(|folder| path.starts_with(folder));
        told.or_else(|| folder_of(path))
            .map_or(alone, |folder| Home::Folder(folder.to_owned()))
    }

    fn unsaved(&self) -> Unsaved {
        let on_disk = self.documents.values();
        on_disk
            .filter_map(|document| Some((document.path.clone()?, Arc::clone(&document.text))))
            .collect()
    }
}

fn alone(document: &Document) -> Draft {
    Draft::of_one(SourceFile::new(document.name(), Arc::clone(&document.text)))
}
