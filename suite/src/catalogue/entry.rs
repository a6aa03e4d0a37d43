//! One entry of the catalogue, read from its table.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::load::kind_of;
use super::requirement::Place;
use super::{Basis, Category, Level, Levels, Requirement, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Parsed, Span, did_you_mean, one_of};

/// A key and its value, as the file has them.
pub(super) type Item<'a> = (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>);

/// The keys of an entry, in the order in which they are written.
const KEYS: &[&str] = &[
    "level", "section", "basis", "text", "why", "rests-on", "may-lag", "left-out",
];

/// Reads one entry; it is there only if nothing is wrong with it but what could be left out.
pub(super) fn entry(
    file: usize,
    category: Category,
    (key, value): Item<'_>,
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
        entry: key,
        faults,
    };
    fields.unknown_keys();
    let levels = fields.needed("level", levels);
    let section = fields.needed("section", text);
    let basis = fields.needed("basis", basis);
    let sentence = fields.needed("text", text);
    let why = fields.needed("why", text);
    let rests_on = fields.perhaps("rests-on", ids).unwrap_or_default();
    let may_lag = fields.perhaps("may-lag", boolean).unwrap_or_default();
    let left_out = fields.perhaps("left-out", text);
    let (spans, rests_on) = rests_on.into_iter().unzip();
    Some(Requirement {
        id: id?,
        levels: levels?,
        category,
        section: section?,
        basis: basis?,
        text: sentence?,
        why: why?,
        rests_on,
        may_lag,
        left_out,
        place: Place {
            file,
            span: key.span(),
            rests_on: spans,
        },
    })
}

/// The fields of one entry, and the faults found so far.
struct Fields<'a> {
    table: &'a DeTable<'a>,
    entry: &'a Spanned<Cow<'a, str>>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Fields<'_> {
    fn unknown_keys(&mut self) {
        for key in self
            .table
            .keys()
            .filter(|key| !KEYS.contains(&key.get_ref().as_ref()))
        {
            self.faults.push(
                Diagnostic::error(format!("an entry has no `{}`", key.get_ref()), key.span())
                    .label("not known")
                    .suggest_among(key.get_ref(), "an entry has", KEYS.iter().copied()),
            );
        }
    }

    /// The field, which must be there.
    fn needed<T>(&mut self, key: &str, read: Read<T>) -> Option<T> {
        if self.table.get(key).is_none() {
            self.faults.push(
                Diagnostic::error(format!("this entry has no `{key}`"), self.entry.span())
                    .label(format!("`{key} = …` is missing")),
            );
        }
        self.perhaps(key, read)
    }

    fn perhaps<T>(&mut self, key: &str, read: Read<T>) -> Option<T> {
        match read(self.table.get(key)?) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.faults.push(*fault);
                None
            }
        }
    }
}

/// Reads a field, or says what is wrong with it.
type Read<T> = fn(&Spanned<DeValue<'_>>) -> Parsed<T>;

fn text(value: &Spanned<DeValue<'_>>) -> Parsed<String> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => {
            Err(Diagnostic::error("a text is missing", value.span())
                .label("empty")
                .into())
        }
        DeValue::String(text) => Ok(text.to_string()),
        other => Err(wrong_kind(value, "a text", other)),
    }
}

fn boolean(value: &Spanned<DeValue<'_>>) -> Parsed<bool> {
    match value.get_ref() {
        DeValue::Boolean(value) => Ok(*value),
        other => Err(wrong_kind(value, "true or false", other)),
    }
}

fn ids(value: &Spanned<DeValue<'_>>) -> Parsed<Vec<(Span, RequirementId)>> {
    let DeValue::Array(list) = value.get_ref() else {
        return Err(wrong_kind(value, "a list of ids", value.get_ref()));
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

fn version(key: &Spanned<Cow<'_, str>>) -> Parsed<Version> {
    key.get_ref().parse().map_err(|()| {
        let known = ["1.0", "1.1", "next", "docker"];
        Diagnostic::error(format!("`{}` is not a version", key.get_ref()), key.span())
            .label("not a version")
            .suggest(format!("a version is {}", one_of(known)))
            .into()
    })
}

/// Reads one of a few words.
pub(super) fn word<T>(
    value: &Spanned<DeValue<'_>>,
    what: &str,
    known: impl Iterator<Item = &'static str> + Clone,
    read: impl Fn(&str) -> Option<T>,
) -> Parsed<T> {
    let text = text(value)?;
    read(&text).ok_or_else(|| {
        Diagnostic::error(format!("`{text}` is not {what}"), value.span())
            .label(format!("not {what}"))
            .suggest_among(&text, &format!("{what} is"), known)
            .into()
    })
}

fn wrong_kind(at: &Spanned<DeValue<'_>>, wanted: &str, found: &DeValue<'_>) -> Box<Diagnostic> {
    Diagnostic::error(format!("expected {wanted}"), at.span())
        .label(format!("this is {}", kind_of(found)))
        .into()
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
