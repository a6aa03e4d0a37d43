//! The catalogue, read from its files.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

use super::entry::{Item, entry, word};
use super::{Category, Requirement, RequirementId, links};
use crate::diagnostic::{Diagnostic, Faulty, Source};

/// Every requirement, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub(super) sources: Vec<Source>,
    pub(super) requirements: Vec<Requirement>,
    by_id: HashMap<RequirementId, usize>,
}

impl Catalogue {
    /// Reads the catalogue, and all that is wrong with each of its files.
    ///
    /// Where there are faults, it holds the entries that could be read.
    pub fn load(sources: Vec<Source>) -> (Catalogue, Vec<Faulty>) {
        let mut faults = vec![Vec::new(); sources.len()];
        let mut requirements = Vec::new();
        for (file, source) in sources.iter().enumerate() {
            let entries = entries(file, &source.text, &mut faults[file]);
            requirements.extend(entries);
        }
        let mut catalogue = Catalogue {
            sources,
            requirements: Vec::new(),
            by_id: HashMap::new(),
        };
        for requirement in requirements {
            catalogue.add(requirement, &mut faults);
        }
        links::check(&catalogue, &mut faults);
        let faulty = catalogue
            .sources
            .iter()
            .zip(faults)
            .filter_map(|(source, faults)| Faulty::new(source, faults));
        let faulty = faulty.collect();
        (catalogue, faulty)
    }

    /// The requirement with this id.
    pub fn get(&self, id: &RequirementId) -> Option<&Requirement> {
        self.requirements.get(*self.by_id.get(id)?)
    }

    /// Every requirement, in the order of the files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Requirement> {
        self.requirements.iter()
    }

    fn add(&mut self, requirement: Requirement, faults: &mut [Vec<Diagnostic>]) {
        if let Some(first) = self.get(&requirement.id) {
            let fault = links::duplicate(self, first, &requirement);
            faults[requirement.place.file].push(fault);
            return;
        }
        self.by_id.insert(requirement.id.clone(), self.requirements.len());
        self.requirements.push(requirement);
    }
}

/// The entries of one file, in the order of its text.
fn entries(file: usize, text: &str, faults: &mut Vec<Diagnostic>) -> Vec<Requirement> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut items: Vec<Item<'_>> = table.get_ref().iter().collect();
    items.sort_by_key(|(key, _)| key.span().start);
    let mut found = Vec::new();
    let category = category(&items, &mut found);
    let entries = items.into_iter().filter(|(key, _)| key.get_ref() != "category");
    let entries = entries
        .filter_map(|item| entry(file, category, item, &mut found))
        .collect();
    // Where the file is no TOML, what its entries seem to lack may well be there.
    faults.extend(if errors.is_empty() {
        found
    } else {
        syntax(text, &errors)
    });
    entries
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
fn category(items: &[Item<'_>], faults: &mut Vec<Diagnostic>) -> Category {
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

/// What a value is called when it is not what was wanted.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
