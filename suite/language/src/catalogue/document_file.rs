//! The file of documents that stands beside the requirements.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::by_version::ByVersion;
use super::document::{Anchors, Document, Edition, Wording};
use super::fields::{Fields, TomlEntry, TomlValue, by_version, text, word};
use crate::diagnostic::{Diagnostic, SourceFile};

/// The name of the file.
const NAME: &str = "documents.toml";
/// The keys of a document, in the order in which they are written.
const KEYS: &[&str] = &["title", "short", "anchors", "wording", "edition"];
/// The keys of an edition.
const EDITION_KEYS: &[&str] = &["url", "text"];

/// Whether a file of the catalogue names documents, and has no requirements.
pub(super) fn holds_documents(file: &SourceFile) -> bool {
    file.path.rsplit(['/', '\\']).next() == Some(NAME)
}

/// Reads one document; it is there only if nothing is wrong with it.
pub(super) fn document((key, value): TomlEntry<'_>, faults: &mut Vec<Diagnostic>) -> Option<Document> {
    let DeValue::Table(table) = value.get_ref() else {
        let title = format!("`{}` is not a document", key.get_ref());
        let fault = Diagnostic::error(title, key.span());
        faults.push(fault.label("a document is a table, as in `[rfc9110]`"));
        return None;
    };
    let mut fields = Fields {
        table,
        what: "a document",
        head: key.span(),
        faults,
    };
    fields.unknown_keys(KEYS);
    let title = fields.needed("title", text);
    let short = fields.perhaps("short", text);
    let anchors = fields.needed("anchors", |value| {
        word(value, "a kind of anchors", Anchors::all_words(), Anchors::read)
    });
    let wording = fields.perhaps("wording", |value| {
        word(value, "a wording", Wording::all_words(), Wording::read)
    });
    let edition = fields.there("edition");
    let editions = edition.and_then(|value| editions(value, fields.faults));
    Some(Document {
        id: key.get_ref().to_string(),
        title: title?,
        short,
        anchors: anchors?,
        wording: wording.unwrap_or(Wording::Rfc2119),
        editions: editions?,
    })
}

fn editions(value: &TomlValue<'_>, faults: &mut Vec<Diagnostic>) -> Option<ByVersion<Arc<Edition>>> {
    by_version(
        value,
        "an edition, as in `{ url = \"…\", text = \"…\" }`",
        faults,
        edition,
    )
}

fn edition<'a>(
    value: &TomlValue<'a>,
    table: &DeTable<'a>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Arc<Edition>> {
    let mut fields = Fields {
        table,
        what: "an edition",
        head: value.span(),
        faults,
    };
    fields.unknown_keys(EDITION_KEYS);
    let url = fields.needed("url", text);
    let text = fields.perhaps("text", text);
    Some(Arc::new(Edition { url: url?, text }))
}
