//! The catalogue, read from its files.

use std::collections::HashMap;

use toml::de::DeTable;

use super::document::Documents;
use super::document_file::{document, holds_documents};
use super::entry::entry;
use super::fields::{TomlEntry, word};
use super::requirement::EntryPlace;
use super::{Basis, Category, Requirement, RequirementId, links};
use crate::diagnostic::{Diagnostic, Faulty, Parsed, SourceFile, Span};

/// Every requirement, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub(super) files: Vec<SourceFile>,
    /// How many of the files were given; behind them stand those of a project that adds to them.
    given: usize,
    pub(super) requirements: Vec<Requirement>,
    by_id: HashMap<RequirementId, usize>,
}

impl Catalogue {
    /// Reads the catalogue, and all that is wrong with each of its files.
    ///
    /// A file named `documents.toml` has the documents that the entries of the others cite. Where there are faults, the
    /// catalogue holds the entries that could be read.
    pub fn load(files: Vec<SourceFile>) -> (Catalogue, Vec<Faulty>) {
        Catalogue::with_own(files, Vec::new())
    }

    /// Reads a catalogue to which a project adds files of its own.
    ///
    /// They add, and replace nothing: an id or a document that is there already is a fault of theirs.
    pub fn with_own(given: Vec<SourceFile>, own: Vec<SourceFile>) -> (Catalogue, Vec<Faulty>) {
        let number_given = given.len();
        let files = [given, own].concat();
        let mut faults = vec![Vec::new(); files.len()];
        let mut documents = Documents::default();
        for (file, source) in files.iter().enumerate().filter(|(_, file)| holds_documents(file)) {
            let read = read(&source.text, &mut faults[file], |items, faults| {
                let new = |item: &TomlEntry<'_>| file < number_given || is_new(item, &documents);
                let (new, known): (Vec<_>, Vec<_>) = items.into_iter().partition(new);
                faults.extend(known.iter().map(known_document));
                new.into_iter()
                    .filter_map(|item| document(item, faults))
                    .collect()
            });
            read.into_iter().for_each(|document| documents.add(document));
        }
        let mut requirements = Vec::new();
        for (file, source) in files
            .iter()
            .enumerate()
            .filter(|(_, file)| !holds_documents(file))
        {
            requirements.extend(read(&source.text, &mut faults[file], |items, faults| {
                entries(file, items, &documents, faults)
            }));
        }
        let mut catalogue = Catalogue {
            files,
            given: number_given,
            requirements: Vec::new(),
            by_id: HashMap::new(),
        };
        for requirement in requirements {
            let file = requirement.place.file;
            faults[file].extend(catalogue.insert(requirement).err().map(|fault| *fault));
        }
        links::check(&catalogue, &mut faults);
        let faulty = catalogue.drawn(faults);
        (catalogue, faulty)
    }

    /// The faults of each file, with the file.
    pub(super) fn drawn(&self, faults: Vec<Vec<Diagnostic>>) -> Vec<Faulty> {
        let faulty = self.files.iter().zip(faults);
        faulty
            .filter_map(|(source, faults)| Faulty::new(source, faults))
            .collect()
    }

    /// The requirement with this id.
    pub fn get(&self, id: &RequirementId) -> Option<&Requirement> {
        self.requirements.get(*self.by_id.get(id)?)
    }

    /// The requirement by which a scenario asks what it asks by no other id; `None` where there is nothing of the kind.
    pub fn of_scenario(&self, name: &str) -> Option<&RequirementId> {
        let requirement = self.get(&RequirementId::of_scenario(name))?;
        (requirement.basis == Basis::House).then_some(&requirement.id)
    }

    /// Adds the requirement by which a scenario asks what it asks by no other id; or says why there cannot be one.
    pub(crate) fn add_scenario(
        &mut self,
        name: &str,
        source: &SourceFile,
        title: (&str, Span),
    ) -> Parsed<()> {
        let place = EntryPlace {
            file: self.files.len(),
            span: title.1,
            rests_on: Vec::new(),
        };
        self.files.push(source.clone());
        self.insert(Requirement::of_scenario(name, title.0, place))
    }

    /// Whether a requirement stands in a file of the project that adds to the catalogue.
    pub(super) fn is_own(&self, requirement: &Requirement) -> bool {
        requirement.place.file >= self.given
    }

    /// Every requirement, in the order of the files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// The file in which a requirement stands, and where its id stands in it.
    pub fn place(&self, requirement: &Requirement) -> Option<(&SourceFile, Span)> {
        let file = self.files.get(requirement.place.file)?;
        Some((file, requirement.place.span.clone()))
    }

    /// Adds a requirement, unless there is one with its id.
    fn insert(&mut self, requirement: Requirement) -> Parsed<()> {
        if let Some(first) = self.get(&requirement.id) {
            return Err(links::duplicate(self, first, &requirement).into());
        }
        self.by_id.insert(requirement.id.clone(), self.requirements.len());
        self.requirements.push(requirement);
        Ok(())
    }
}

fn is_new((id, _): &TomlEntry<'_>, known: &Documents) -> bool {
    known.get(id.get_ref()).is_none()
}

/// The fault of a document whose id another one has.
fn known_document((id, _): &TomlEntry<'_>) -> Diagnostic {
    Diagnostic::error(
        format!("there is a document `{}` already", id.get_ref()),
        id.span(),
    )
    .label("named again")
    .suggest("cite that one, or give this one another id")
}

/// What one file has, in the order of its text.
fn read<T>(
    text: &str,
    faults: &mut Vec<Diagnostic>,
    each: impl FnOnce(Vec<TomlEntry<'_>>, &mut Vec<Diagnostic>) -> Vec<T>,
) -> Vec<T> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut items: Vec<TomlEntry<'_>> = table.get_ref().iter().collect();
    items.sort_by_key(|(key, _)| key.span().start);
    let mut found = Vec::new();
    let read = each(items, &mut found);
    // Where the file is no TOML, what its entries seem to lack may well be there.
    faults.extend(if errors.is_empty() {
        found
    } else {
        syntax(text, &errors)
    });
    read
}

/// The entries of a file.
fn entries(
    file: usize,
    items: Vec<TomlEntry<'_>>,
    documents: &Documents,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Requirement> {
    let category = category(&items, faults);
    let entries = items.into_iter().filter(|(key, _)| key.get_ref() != "category");
    entries
        .filter_map(|item| entry(file, category, documents, item, faults))
        .collect()
}

/// The first fault of each entry; those behind it follow from it more often than not.
fn syntax(text: &str, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut entry = None;
    let mut faults = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let heads = text.get(..span.start).unwrap_or(text).matches("\n[").count();
        if entry.replace(heads) != Some(heads) {
            faults.push(match error.message() {
                "duplicate key" => Diagnostic::error("this stands twice in the file", span).label("again"),
                message => Diagnostic::error("this is not TOML", span).label(message),
            });
        }
    }
    faults
}

/// The category that stands above the entries of a file.
fn category(items: &[TomlEntry<'_>], faults: &mut Vec<Diagnostic>) -> Category {
    let found = items.iter().find(|(key, _)| key.get_ref() == "category");
    let read = match found {
        Some((_, value)) => word(value, "a category", Category::all_words(), Category::read),
        None => Err(Diagnostic::error("this file has no category", 0..0)
            .label("expected `category = \"…\"` above the entries")
            .into()),
    };
    read.unwrap_or_else(|fault| {
        faults.push(*fault);
        Category::Common
    })
}
