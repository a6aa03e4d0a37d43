//! The lines that are no requests, checks or values.

use std::str::FromStr;

use super::phrase::Phrase;
use super::requests::column;
use super::templates::{name, names, nothing_more, number, text};
use crate::catalogue::{Level, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Parsed};
use crate::scenario::ast::{Asked, Capability, Name, Rows, Slot, Spanned, Stance, Text};

/// Reads `A, no B`.
pub(super) fn needs(phrase: Phrase<'_>) -> Parsed<Vec<Spanned<Capability>>> {
    phrase.split(",").into_iter().map(capability).collect()
}

/// Reads `A` or `no A`.
pub(super) fn capability(phrase: Phrase<'_>) -> Parsed<Spanned<Capability>> {
    if let [_, and, ..] = phrase.words().as_slice()
        && and.text() == "and"
    {
        return Err(
            Diagnostic::error("capabilities are separated by commas", and.span())
                .label("expected a comma")
                .into(),
        );
    }
    let (stance, name_at) = match phrase.strip_words("no") {
        Some(rest) => (Stance::Refused, rest),
        None => (Stance::Offered, phrase),
    };
    Ok(phrase.says(Capability {
        name: name(name_at)?.value.0,
        stance,
    }))
}

/// Reads `ID, SHOULD in 1.0 and 1.1` behind a level.
pub(super) fn asked(level: Level, phrase: Phrase<'_>) -> Parsed<Asked> {
    let mut parts = phrase.split(",").into_iter();
    let id = requirement(parts.next().unwrap_or(phrase))?;
    Ok(Asked {
        level,
        id,
        older: parts.map(tail).collect::<Parsed<_>>()?,
    })
}

fn requirement(phrase: Phrase<'_>) -> Parsed<Spanned<Slot<RequirementId>>> {
    if let Some(column) = column(phrase) {
        return Ok(phrase.says(Slot::Column(column?.value)));
    }
    match RequirementId::parse(phrase.text()) {
        Some(id) => Ok(phrase.says(Slot::Is(id))),
        None if phrase.is_empty() => Err(Diagnostic::error(
            "the id of a requirement is missing",
            phrase.span(),
        )
        .label("here")
        .into()),
        None => Err(
            Diagnostic::error("this is not the id of a requirement", phrase.span())
                .label("lower-case words joined by dots and hyphens, as in `push.mount.201`")
                .into(),
        ),
    }
}

/// Reads `SHOULD in 1.0 and 1.1`.
fn tail(phrase: Phrase<'_>) -> Parsed<(Level, Vec<Version>)> {
    let (level, rest) = phrase.split_word();
    let Some(versions) = rest.strip_words("in") else {
        return Err(
            Diagnostic::error("this is not the level in another version", phrase.span())
                .label("as in `, SHOULD in 1.0 and 1.1`")
                .into(),
        );
    };
    let versions = versions
        .split(" and ")
        .into_iter()
        .map(version)
        .collect::<Parsed<_>>()?;
    Ok((word(level, "a level", &Level::ALL)?, versions))
}

fn version(phrase: Phrase<'_>) -> Parsed<Version> {
    word(phrase, "a version", &Version::ALL)
}

/// Reads one of a few words.
fn word<W: FromStr + ToString>(phrase: Phrase<'_>, what: &str, known: &[W]) -> Parsed<W> {
    phrase.text().parse().map_err(|_| {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        let known = || known.iter().map(String::as_str);
        Diagnostic::error(format!("`{}` is not {what}", phrase.text()), phrase.span())
            .label(format!("not {what}"))
            .suggest_among(phrase.text(), &format!("{what} is"), known())
            .into()
    })
}

/// Reads the head of a `for`: its columns, or what its name goes through.
pub(super) fn head(phrase: Phrase<'_>) -> Parsed<Rows> {
    let (column, rest) = phrase.split_word();
    match rest.strip_words("in") {
        Some(of) => Ok(Rows::Each {
            column: name(column)?,
            of: names(of)?,
        }),
        None => {
            let columns = phrase
                .split("|")
                .into_iter()
                .map(name)
                .collect::<Parsed<Vec<_>>>()?;
            different(&columns)?;
            Ok(Rows::Table {
                columns,
                rows: Vec::new(),
            })
        }
    }
}

/// The columns whose names can be read in a head that cannot.
pub(super) fn head_names(phrase: Phrase<'_>) -> Vec<Spanned<Name>> {
    let columns = phrase.split("|").into_iter().map(|column| column.split_word().0);
    columns.filter_map(|column| name(column).ok()).collect()
}

fn different(columns: &[Spanned<Name>]) -> Parsed<()> {
    let again = columns
        .iter()
        .enumerate()
        .find(|(at, column)| columns[..*at].contains(column));
    match again {
        Some((_, column)) => Err(Diagnostic::error(
            format!("there are two columns `{}`", **column),
            column.span.clone(),
        )
        .label("named again")
        .into()),
        None => Ok(()),
    }
}

/// Reads the cells of a row; `columns` is how many there are, where the head could be read.
pub(super) fn row(phrase: Phrase<'_>, columns: Option<usize>) -> Parsed<Spanned<Vec<Text>>> {
    let cells = phrase
        .split("|")
        .into_iter()
        .map(text)
        .collect::<Parsed<Vec<Text>>>()?;
    match columns {
        Some(columns) if columns != cells.len() => Err(Diagnostic::error(
            format!(
                "this row has {}, its head names {}",
                cells_of(cells.len()),
                cells_of(columns)
            ),
            phrase.span(),
        )
        .label("a cell for each column, separated by `|`")
        .note("a `|` inside a cell stands in double quotes")
        .into()),
        _ => Ok(phrase.says(cells)),
    }
}

fn cells_of(count: usize) -> String {
    match count {
        1 => "1 cell".to_owned(),
        _ => format!("{count} cells"),
    }
}

/// Reads the number behind `together`.
pub(super) fn copies(phrase: Phrase<'_>) -> Parsed<u32> {
    let (count, rest) = phrase.split_word();
    nothing_more(rest, "after the number of copies")?;
    match number(count)? {
        0 | 1 => Err(Diagnostic::error("one alone does nothing at once", count.span())
            .label("at least 2 copies")
            .into()),
        copies => Ok(copies),
    }
}
