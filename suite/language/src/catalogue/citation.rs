//! The source of an entry: `source = { section = "…", from = "…", to = "…" }`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::document::{Document, Documents, usual};
use super::fields::{Fields, TomlValue, by_version, text};
use super::source::{Source, Words};
use super::{Basis, Levels, Version};
use crate::diagnostic::{Diagnostic, Span, did_you_mean, one_of};

/// The keys of a source, in the order in which they are written.
const KEYS: &[&str] = &["document", "section", "after", "from", "to"];

/// What a source is read against.
#[derive(Clone, Copy)]
pub(super) struct Cited<'c> {
    pub(super) documents: &'c Documents,
    pub(super) basis: Option<Basis>,
    pub(super) levels: Option<&'c Levels>,
}

/// What a source says, before it is known for which version.
struct Passage {
    span: Span,
    document: Arc<Document>,
    section: String,
    words: Option<Words>,
}

/// Reads the sources of an entry, one for each version that has it.
pub(super) fn sources(
    value: &TomlValue<'_>,
    cited: Cited<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<BTreeMap<Version, Source>> {
    let what = "a source, as in `{ section = \"…\", from = \"…\" }`";
    let passages = by_version(value, what, faults, |value, table, faults| {
        passage(value, table, cited, faults)
    })?;
    let levels = cited.levels?;
    faults.extend(without_level(value, levels));
    let mut sources = BTreeMap::new();
    for version in Version::ALL {
        let passage = passages.get(version);
        let Some(passage) = passage.filter(|_| levels.in_version(version).is_some()) else {
            continue;
        };
        match of_version(passage, version) {
            Some(source) => drop(sources.insert(version, source)),
            None => faults.push(no_edition(passage, version)),
        }
    }
    Some(sources)
}

fn passage<'a>(
    value: &TomlValue<'a>,
    table: &DeTable<'a>,
    cited: Cited<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Passage> {
    let mut fields = Fields {
        table,
        what: "a source",
        head: value.span(),
        faults,
    };
    fields.unknown_keys(KEYS);
    let section = fields.needed("section", text);
    let document = document(&mut fields, cited);
    let words = words(&mut fields);
    Some(Passage {
        span: value.span(),
        document: document?,
        section: section?,
        words: words?,
    })
}

/// The document that is named, or that the basis names.
fn document(fields: &mut Fields<'_, '_>, cited: Cited<'_>) -> Option<Arc<Document>> {
    let usual = cited.basis.and_then(usual);
    let (id, span) = match (fields.table.get("document"), usual) {
        (None, Some(usual)) => (usual.to_owned(), fields.head.clone()),
        (None, None) if cited.basis.is_none() => return None,
        (named, _) => (fields.needed("document", text)?, named?.span()),
    };
    let document = cited.documents.get(&id).cloned();
    if document.is_none() {
        fields.faults.push(unknown_document(&id, span, cited.documents));
    }
    document
}

fn unknown_document(id: &str, span: Span, documents: &Documents) -> Diagnostic {
    let fault = Diagnostic::error(format!("there is no document `{id}`"), span);
    let fault = fault.label("not in `documents.toml`");
    match did_you_mean(id, documents.ids()) {
        Some(meant) => fault.suggest(meant),
        None if documents.ids().next().is_none() => fault,
        None => fault.suggest(format!("a document is {}", one_of(documents.ids()))),
    }
}

/// The words of a passage: `None` if they are wrong, `Some(None)` if the whole section is meant.
fn words(fields: &mut Fields<'_, '_>) -> Option<Option<Words>> {
    let after = fields.perhaps("after", text);
    let from = fields.perhaps("from", text);
    let to = fields.perhaps("to", text);
    let lonely = ["after", "to"]
        .into_iter()
        .find(|key| fields.table.contains_key(*key));
    match (from, lonely) {
        (Some(from), _) => Some(Some(Words { after, from, to })),
        (None, Some(key)) if !fields.table.contains_key("from") => {
            let span = fields
                .table
                .get(key)
                .map_or(fields.head.clone(), toml::Spanned::span);
            let fault = Diagnostic::error(format!("`{key}` stands without `from`"), span);
            fields
                .faults
                .push(fault.label("`from` has the first words of the passage"));
            None
        }
        (None, _) => (!fields.table.contains_key("from")).then_some(None),
    }
}

fn of_version(passage: &Passage, version: Version) -> Option<Source> {
    let edition = passage.document.edition(version)?;
    Some(Source {
        document: Arc::clone(&passage.document),
        edition: Arc::clone(edition),
        section: passage.section.clone(),
        words: passage.words.clone(),
    })
}

fn no_edition(passage: &Passage, version: Version) -> Diagnostic {
    let title = format!("`{}` has no edition for {version}", passage.document.id);
    Diagnostic::error(title, passage.span.clone()).label("cited here")
}

/// The versions that are named by a source and have no level.
fn without_level(value: &TomlValue<'_>, levels: &Levels) -> Vec<Diagnostic> {
    let DeValue::Table(table) = value.get_ref() else {
        return Vec::new();
    };
    let named = table.keys().filter(|key| {
        let version: Result<Version, ()> = key.get_ref().parse();
        version.is_ok_and(|version| levels.in_version(version).is_none())
    });
    named
        .map(|key| {
            let title = format!("this entry has no level in {}", key.get_ref());
            Diagnostic::error(title, key.span()).label("a source, and nothing that it says")
        })
        .collect()
}
