//! The fields of a table of the catalogue.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Version;
use super::by_version::ByVersion;
use crate::diagnostic::{Diagnostic, Parsed, Span, one_of};

/// A key and its value, as the file has them.
pub(super) type TomlEntry<'a> = (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>);

/// A value of a file, and where it stands.
pub(super) type TomlValue<'a> = Spanned<DeValue<'a>>;

/// The fields of one table, and the faults found so far.
pub(super) struct Fields<'t, 'a> {
    pub(super) table: &'t DeTable<'a>,
    /// What the table is, with its article: `an entry`.
    pub(super) what: &'static str,
    /// Where a person looks for the table.
    pub(super) head: Span,
    pub(super) faults: &'t mut Vec<Diagnostic>,
}

impl<'t, 'a> Fields<'t, 'a> {
    /// Finds the keys that such a table does not have.
    pub(super) fn unknown_keys(&mut self, known: &'static [&'static str]) {
        for key in self.table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                let title = format!("{} has no `{}`", self.what, key.get_ref());
                let otherwise = format!("{} has", self.what);
                self.faults.push(
                    Diagnostic::error(title, key.span())
                        .label("not known")
                        .suggest_among(key.get_ref(), &otherwise, known.iter().copied()),
                );
            }
        }
    }

    /// The field as it stands, which must be there.
    pub(super) fn there(&mut self, key: &str) -> Option<&'t TomlValue<'a>> {
        let value = self.table.get(key);
        if value.is_none() {
            let noun = self.what.split_once(' ').map_or(self.what, |(_, noun)| noun);
            let fault = Diagnostic::error(format!("this {noun} has no `{key}`"), self.head.clone());
            self.faults.push(fault.label(format!("`{key} = …` is missing")));
        }
        value
    }

    /// The field, which must be there.
    pub(super) fn needed<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&TomlValue<'a>) -> Parsed<T>,
    ) -> Option<T> {
        let read = read(self.there(key)?);
        self.kept(read)
    }

    /// The field, if it is there.
    pub(super) fn perhaps<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&TomlValue<'a>) -> Parsed<T>,
    ) -> Option<T> {
        let value = self.table.get(key)?;
        let read = read(value);
        self.kept(read)
    }

    /// What was read, or the fault, which is kept.
    fn kept<T>(&mut self, read: Parsed<T>) -> Option<T> {
        read.map_err(|fault| self.faults.push(*fault)).ok()
    }
}

pub(super) fn text(value: &TomlValue<'_>) -> Parsed<String> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => {
            Err(Diagnostic::error("a text is missing", value.span())
                .label("empty")
                .into())
        }
        DeValue::String(text) => Ok(text.to_string()),
        _ => Err(wrong_kind(value, "a text")),
    }
}

pub(super) fn boolean(value: &TomlValue<'_>) -> Parsed<bool> {
    match value.get_ref() {
        DeValue::Boolean(value) => Ok(*value),
        _ => Err(wrong_kind(value, "true or false")),
    }
}

/// Reads one of a few words.
pub(super) fn word<T>(
    value: &TomlValue<'_>,
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

pub(super) fn version(key: &Spanned<Cow<'_, str>>) -> Parsed<Version> {
    own_version(key).ok_or_else(|| {
        let known = ["1.0", "1.1", "next", "docker", "legacy"];
        Diagnostic::error(format!("`{}` is not a version", key.get_ref()), key.span())
            .label("not a version")
            .suggest(format!("a version is {}", one_of(known)))
            .into()
    })
}

/// The version that a key names, if that has a text of its own.
fn own_version(key: &Spanned<Cow<'_, str>>) -> Option<Version> {
    let version = key.get_ref().parse().ok()?;
    Version::ALL.contains(&version).then_some(version)
}

/// Reads a table that stands there for every version, or one for some of them each.
pub(super) fn by_version<'a, T>(
    value: &TomlValue<'a>,
    what: &str,
    faults: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&TomlValue<'a>, &DeTable<'a>, &mut Vec<Diagnostic>) -> Option<T>,
) -> Option<ByVersion<T>> {
    let mut of = |value: &TomlValue<'a>, faults: &mut Vec<Diagnostic>| match value.get_ref() {
        DeValue::Table(table) => read(value, table, faults),
        _ => {
            faults.push(*wrong_kind(value, what));
            None
        }
    };
    let table = value.get_ref().as_table();
    let Some(table) = table.filter(|table| table.keys().any(|key| own_version(key).is_some())) else {
        return of(value, faults).map(ByVersion::Same);
    };
    let own = table.iter().filter_map(|(key, value)| {
        let version = version(key).map_err(|fault| faults.push(*fault)).ok();
        Some((version?, of(value, faults)?))
    });
    let own: BTreeMap<Version, T> = own.collect();
    (own.len() == table.len()).then_some(ByVersion::Own(own))
}

pub(super) fn wrong_kind(at: &TomlValue<'_>, wanted: &str) -> Box<Diagnostic> {
    Diagnostic::error(format!("expected {wanted}"), at.span())
        .label(format!("this is {}", kind_of(at.get_ref())))
        .into()
}

/// What a value is called when it is not what was wanted.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
