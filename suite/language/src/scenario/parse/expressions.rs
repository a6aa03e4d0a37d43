//! What a `let` binds.

use super::makes::make;
use super::phrase::Phrase;
use super::templates::{is_token, json_path, name, nothing_more, number, template, with_stand_in};
use crate::diagnostic::{Diagnostic, Parsed, did_you_mean};
use crate::scenario::ast::{Cut, Edit, EditBase, Expr, Make, Spanned, Taken};

/// The words that can start a value.
pub const VALUE_WORDS: &[&str] = &[
    "random",
    "empty",
    "empty-json",
    "image",
    "index of",
    "docker image",
    "docker list of",
    "archive",
    "signed image for",
    "text",
    "file",
    "chunk",
    "first",
    "last",
    "header",
    "json",
    "challenge",
    "answer",
    "token",
];

/// Reads what stands behind the `=`. `fence` is what stands in the fence below, if there is one.
pub(super) fn expression(phrase: Phrase<'_>, fence: Option<&str>) -> Parsed<Expr> {
    if let Some(fetched) = taken(phrase) {
        return fetched;
    }
    match edits_at(phrase) {
        Some(at) => spoiled(phrase.slice(0, at).trim(), phrase.from(at)),
        None => plain(phrase, fence),
    }
}

/// Reads a value that the last answer, or a token server, gives.
fn taken(phrase: Phrase<'_>) -> Option<Parsed<Expr>> {
    let (first, rest) = phrase.split_word();
    let value = match first.text() {
        "token" => return Some(token(rest)),
        "header" => header(rest),
        "json" => json_path(rest).map(Taken::Json),
        "challenge" => challenge(rest),
        "answer" => nothing_more(rest, "after `answer`").map(|()| Taken::Answer),
        _ => return None,
    };
    Some(value.map(Expr::Taken))
}

fn token(scope: Phrase<'_>) -> Parsed<Expr> {
    if scope.is_empty() {
        return Err(Diagnostic::error("a token is for a scope", scope.span())
            .label("a scope is missing, as in `repository:{repo}:pull`")
            .into());
    }
    template(scope).map(Expr::Token)
}

fn header(phrase: Phrase<'_>) -> Parsed<Taken> {
    let (field, rest) = phrase.split_word();
    nothing_more(rest, "after the name of a header")?;
    match is_token(field.text()) {
        true => Ok(Taken::Header(field.text().to_owned())),
        false => Err(
            Diagnostic::error("this is not the name of a header", field.span())
                .label("a name, without a colon")
                .into(),
        ),
    }
}

fn challenge(phrase: Phrase<'_>) -> Parsed<Taken> {
    match phrase.words().as_slice() {
        [scheme, parameter] if is_token(scheme.text()) && is_token(parameter.text()) => Ok(Taken::Challenge(
            scheme.text().to_owned(),
            parameter.text().to_owned(),
        )),
        _ => Err(Diagnostic::error("this is not a challenge", phrase.span())
            .label("`SCHEME PARAMETER`, as in `Bearer realm`")
            .into()),
    }
}

/// Where the first edit begins.
fn edits_at(phrase: Phrase<'_>) -> Option<usize> {
    let behind_blank = |words| phrase.find(words).map(|at| at + 1);
    behind_blank(" with ")
        .into_iter()
        .chain(behind_blank(" without "))
        .min()
}

/// Reads a source and its edits.
fn spoiled<'t>(source: Phrase<'t>, edits: Phrase<'t>) -> Parsed<Expr> {
    let from = match make(source, None) {
        Some(Ok(Make::Tags(_) | Make::Many(..) | Make::Times(..))) => {
            return Err(Diagnostic::error("a list cannot be edited", source.span())
                .label("a list")
                .into());
        }
        Some(made) => EditBase::Make(Box::new(made?)),
        None => EditBase::Name(name(source)?),
    };
    Ok(Expr::Spoiled(
        from,
        split_edits(edits).into_iter().map(edit).collect::<Parsed<_>>()?,
    ))
}

/// The phrases of the edits, each from its `with` or `without` on.
fn split_edits(edits: Phrase<'_>) -> Vec<Phrase<'_>> {
    let (mut parts, mut rest) = (Vec::new(), edits);
    while let Some(at) = edits_at(rest) {
        parts.push(rest.slice(0, at).trim());
        rest = rest.from(at);
    }
    parts.push(rest.trim());
    parts
}

fn edit(phrase: Phrase<'_>) -> Parsed<Spanned<Edit>> {
    if let Some(path) = phrase.strip_words("without") {
        return Ok(phrase.says(Edit::Remove(json_path(path)?)));
    }
    let change = phrase.strip_words("with").unwrap_or(phrase);
    if change.text() == "another uuid" {
        return Ok(phrase.says(Edit::AnotherUuid));
    }
    let Some((path, value)) = change.split_once(" = ") else {
        return Err(Diagnostic::error("this is not an edit", phrase.span())
            .label("`with $.path = JSON`, `without $.path` or `with another uuid`")
            .into());
    };
    let json = template(value)?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&with_stand_in(&json, "0")) {
        Ok(_) => Ok(phrase.says(Edit::Set(json_path(path)?, json))),
        Err(_) => Err(Diagnostic::error("this is not JSON", value.span())
            .label("not JSON")
            .note("a text stands in double quotes")
            .into()),
    }
}

/// Reads content that is made, or a part of one.
fn plain(phrase: Phrase<'_>, fence: Option<&str>) -> Parsed<Expr> {
    if let Some(cut) = cut(phrase) {
        return cut;
    }
    match make(phrase, fence) {
        Some(made) => made.map(Expr::Make),
        None => Err(unknown(phrase).into()),
    }
}

/// Reads a part of a content, or `None` if the words cut nothing.
fn cut(phrase: Phrase<'_>) -> Option<Parsed<Expr>> {
    let words = phrase.words();
    let read = match words.as_slice() {
        [whole, after, part] if after.text() == "after" => {
            name(*part).and_then(|part| Ok(Expr::Cut(Cut::After(part), name(*whole)?)))
        }
        [kind, count, of, whole] if of.text() == "of" => {
            let cut = match kind.text() {
                "chunk" => ordinal(*count).map(Cut::Chunk),
                "first" => number(*count).map(Cut::First),
                "last" => number(*count).map(Cut::Last),
                _ => return None,
            };
            cut.and_then(|cut| Ok(Expr::Cut(cut, name(*whole)?)))
        }
        [range, of, whole] if of.text() == "of" => {
            let (from, to) = range.split_once("-")?;
            if !range.text().starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            between(from, to).and_then(|cut| Ok(Expr::Cut(cut, name(*whole)?)))
        }
        _ => return None,
    };
    Some(read)
}

fn ordinal(phrase: Phrase<'_>) -> Parsed<u32> {
    match number(phrase)? {
        0 => Err(Diagnostic::error("chunks are counted from one", phrase.span())
            .label("from 1 on")
            .into()),
        count => Ok(count),
    }
}

fn between<'t>(from: Phrase<'t>, to: Phrase<'t>) -> Parsed<Cut> {
    let (first, last) = (number::<u64>(from)?, number::<u64>(to)?);
    if first > last {
        return Err(Diagnostic::error("this part ends before it begins", to.span())
            .label("both ends are included")
            .into());
    }
    Ok(Cut::Between(first, last))
}

fn unknown(phrase: Phrase<'_>) -> Diagnostic {
    if phrase.is_empty() {
        return Diagnostic::error("a value is missing", phrase.span()).label("here");
    }
    let first = phrase.split_word().0.text();
    let fault = Diagnostic::error("these words make no value", phrase.span()).label("not a value");
    let meant = did_you_mean(phrase.text(), VALUE_WORDS.iter().copied());
    match meant.or_else(|| did_you_mean(first, VALUE_WORDS.iter().copied())) {
        Some(meant) => fault.suggest(meant),
        None => fault.note("a name alone is no value: use the name itself where the value is wanted"),
    }
}
