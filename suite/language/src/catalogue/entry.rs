//! One entry of the catalogue, read from its table.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::citation::{Cited, sources};
use super::document::Documents;
use super::fields::{Fields, TomlEntry, boolean, text, version, word, wrong_kind};
use super::requirement::EntryPlace;
use super::{
    Basis, Category, Failure, Level, Levels, Protected, Requirement, RequirementId, Source, Version,
};
use crate::diagnostic::{Diagnostic, Parsed, Span, did_you_mean};

/// The keys of an entry, in the order in which they are written.
const KEYS: &[&str] = &[
    "level", "section", "basis", "protects", "failure", "source", "text", "why", "decided", "rests-on",
    "may-lag", "left-out",
];

/// Reads one entry; it is there only if nothing is wrong with it but what could be left out.
pub(super) fn entry(
    file: usize,
    category: Category,
    documents: &Documents,
    (key, value): TomlEntry<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Requirement> {
    let DeValue::Table(table) = value.get_ref() else {
        faults.push(not_an_entry(key));
        return None;
    };
    let id = RequirementId::parse(key.get_ref());
    if id.is_none() {
        faults.push(bad_id(key));
        if holds_tables(table) {
            return None;
        }
    }
    let mut fields = Fields {
        table,
        what: "an entry",
        head: key.span(),
        faults,
    };
    fields.unknown_keys(KEYS);
    let levels = fields.needed("level", levels);
    let basis = fields.needed("basis", basis);
    let protects = fields.perhaps("protects", protected);
    let failure = failure_of(&mut fields, basis, protects);
    let place = place(&mut fields, documents, basis, levels.as_ref());
    let sentence = fields.needed("text", text);
    let why = fields.needed("why", text);
    let decided = fields.perhaps("decided", text);
    let rests_on = fields.perhaps("rests-on", ids).unwrap_or_default();
    let may_lag = fields.perhaps("may-lag", boolean).unwrap_or_default();
    let left_out = fields.perhaps("left-out", text);
    let (spans, rests_on) = rests_on.into_iter().unzip();
    let (section, sources) = place?;
    Some(Requirement {
        id: id?,
        levels: levels?,
        category,
        section,
        sources,
        basis: basis?,
        protects,
        failure: failure?,
        text: sentence?,
        why: why?,
        decided,
        rests_on,
        may_lag,
        left_out,
        place: EntryPlace {
            file,
            span: key.span(),
            rests_on: spans,
        },
    })
}

/// Reads where an entry stands: its sources, or the section to which it belongs where no document says it.
fn place(
    fields: &mut Fields<'_, '_>,
    documents: &Documents,
    basis: Option<Basis>,
    levels: Option<&Levels>,
) -> Option<(String, BTreeMap<Version, Source>)> {
    let section = fields.table.get("section");
    if section.is_some() && !fields.table.contains_key("source") {
        let section = fields.perhaps("section", text)?;
        return Some((section, BTreeMap::new()));
    }
    let Some(source) = fields.table.get("source") else {
        fields.faults.push(no_place(fields.head.clone()));
        return None;
    };
    if let Some(section) = section {
        let fault = Diagnostic::error("a section stands beside a source", section.span());
        fields
            .faults
            .push(fault.label("the source has a section of its own"));
    }
    let cited = Cited {
        documents,
        basis,
        levels,
    };
    let sources = sources(source, cited, fields.faults)?;
    let newest = Version::newest_first().find_map(|version| sources.get(&version));
    Some((newest?.place(), sources))
}

fn no_place(entry: Span) -> Diagnostic {
    Diagnostic::error("this entry has no `source`", entry)
        .label("`source = …` is missing")
        .note("where no document says it, `section = \"…\"` names the part of the protocol")
}

fn ids(value: &Spanned<DeValue<'_>>) -> Parsed<Vec<(Span, RequirementId)>> {
    let DeValue::Array(list) = value.get_ref() else {
        return Err(wrong_kind(value, "a list of ids"));
    };
    list.iter()
        .map(|member| Ok((member.span(), known_id(member)?)))
        .collect()
}

fn known_id(value: &Spanned<DeValue<'_>>) -> Parsed<RequirementId> {
    RequirementId::parse(&text(value)?).ok_or_else(|| {
        Diagnostic::error("this is not the id of a requirement", value.span())
            .label(FORM_OF_AN_ID)
            .into()
    })
}

fn basis(value: &Spanned<DeValue<'_>>) -> Parsed<Basis> {
    word(value, "a basis", Basis::all_words(), Basis::read)
}

fn protected(value: &Spanned<DeValue<'_>>) -> Parsed<Protected> {
    word(
        value,
        "what is protected",
        Protected::all_words(),
        Protected::read,
    )
}

/// What a failure does to an entry: the usual, unless it says otherwise.
fn failure_of(
    fields: &mut Fields<'_, '_>,
    basis: Option<Basis>,
    protects: Option<Protected>,
) -> Option<Failure> {
    let usual = Failure::usual(basis?, protects);
    let Some(said) = fields.perhaps("failure", failure) else {
        return Some(usual);
    };
    if let (true, Some(value)) = (said == usual, fields.table.get("failure")) {
        let fault = Diagnostic::error("this goes without saying", value.span());
        fields.faults.push(fault.label(format!(
            "a failure {usual} such an entry unless it says otherwise",
            usual = usual.words()
        )));
    }
    Some(said)
}

fn failure(value: &Spanned<DeValue<'_>>) -> Parsed<Failure> {
    word(value, "what a failure does", Failure::all_words(), Failure::read)
}

/// Reads one level for every OCI version, or a table of levels.
fn levels(value: &Spanned<DeValue<'_>>) -> Parsed<Levels> {
    let DeValue::Table(table) = value.get_ref() else {
        return level(value).map(Levels::everywhere);
    };
    if table.is_empty() {
        return Err(Diagnostic::error("this is in force nowhere", value.span())
            .label("expected a level for a version, as in `{ next = \"MUST\" }`")
            .into());
    }
    let read = table
        .iter()
        .map(|(key, value)| Ok((version(key)?, level(value)?)));
    read.collect()
}

fn level(value: &Spanned<DeValue<'_>>) -> Parsed<Level> {
    let known = ["MUST", "SHOULD", "MAY"];
    word(value, "a level", known.into_iter(), |text| text.parse().ok())
}

const FORM_OF_AN_ID: &str = "lower-case words joined by dots and hyphens, as in `push.mount.201`";

fn bad_id(key: &Spanned<Cow<'_, str>>) -> Diagnostic {
    let fault = Diagnostic::error("this is not the id of a requirement", key.span()).label(FORM_OF_AN_ID);
    match did_you_mean(key.get_ref(), ["category"]) {
        Some(meant) => fault.suggest(meant),
        None => fault.note("an id with dots in it stands in quotes: `[\"push.mount.201\"]`"),
    }
}

/// Whether a table is the upper part of an id that stands without quotes.
fn holds_tables(table: &DeTable<'_>) -> bool {
    let is_table = |value: &Spanned<DeValue<'_>>| matches!(value.get_ref(), DeValue::Table(_));
    !table.is_empty() && table.values().all(is_table)
}

fn not_an_entry(key: &Spanned<Cow<'_, str>>) -> Diagnostic {
    Diagnostic::error(format!("`{}` is not an entry", key.get_ref()), key.span())
        .label("an entry is a table, as in `[\"push.mount.201\"]`")
}
