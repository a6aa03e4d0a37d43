//! The smallest parts: names, numbers, text with placeholders, JSON paths.

use std::str::FromStr;

use super::phrase::{Phrase, is_blank, placeholder, quoted};
use crate::diagnostic::{Diagnostic, Parsed};
use crate::scenario::ast::{Name, Piece, Property, Reference, Spanned, Template, Text};

/// Reads the name of a variable, an account or a capability.
pub(super) fn name(phrase: Phrase<'_>) -> Parsed<Spanned<Name>> {
    let text = phrase.text();
    if is_name(text) {
        return Ok(phrase.says(Name(text.to_owned())));
    }
    let fault = if text.is_empty() {
        Diagnostic::error("a name is missing", phrase.span()).label("here")
    } else {
        Diagnostic::error(format!("`{text}` is not a name"), phrase.span())
            .label("a name is lower-case words, joined by hyphens")
    };
    let bare = text.trim_start_matches(['{', '@']).trim_end_matches('}');
    Err(match bare != text && is_name(bare) {
        true => fault.suggest(format!("write the name alone: `{bare}`")),
        false => fault,
    }
    .into())
}

/// Reads names that are separated by commas.
pub(super) fn names(phrase: Phrase<'_>) -> Parsed<Vec<Spanned<Name>>> {
    phrase.split(",").into_iter().map(name).collect()
}

fn is_name(text: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

/// Reads a whole number.
pub(super) fn number<N: FromStr>(phrase: Phrase<'_>) -> Parsed<N> {
    let text = phrase.text();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ if digits => Err(Diagnostic::error("a number is too large", phrase.span())
            .label("too large")
            .into()),
        _ => Err(Diagnostic::error("a number is missing", phrase.span())
            .label("a number stands here")
            .into()),
    }
}

/// Reads text with placeholders; it may be empty.
pub(super) fn template(phrase: Phrase<'_>) -> Parsed<Template> {
    let text = phrase.text();
    let (mut pieces, mut plain, mut at) = (Vec::new(), String::new(), 0);
    while let Some(next) = text[at..].chars().next() {
        if let Some(length) = placeholder(&text[at..]) {
            push_text(&mut pieces, &mut plain);
            pieces.push(Piece::Hole(reference(phrase.slice(at, at + length))?));
            at += length;
        } else {
            plain.push(next);
            at += next.len_utf8();
        }
    }
    push_text(&mut pieces, &mut plain);
    Ok(Template(pieces))
}

fn push_text(pieces: &mut Vec<Piece>, plain: &mut String) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// Reads text with placeholders that is there and has no blanks in it.
pub(super) fn word_template(phrase: Phrase<'_>, what: &str) -> Parsed<Template> {
    let (first, rest) = phrase.split_word();
    if first.is_empty() {
        return Err(Diagnostic::error(format!("{what} is missing"), phrase.span())
            .label("here")
            .into());
    }
    nothing_more(rest, &format!("after {what}"))?;
    template(first)
}

/// Reads `{digest blob}`.
pub(super) fn reference(hole: Phrase<'_>) -> Parsed<Spanned<Reference>> {
    let words = hole.slice(1, hole.text().len() - 1).words();
    let (last, before) = match words.split_last() {
        Some((last, before)) => (*last, before),
        None => (hole, [].as_slice()),
    };
    let name = name(last)?.value;
    Ok(hole.says(Reference {
        properties: properties(before)?,
        name,
    }))
}

fn properties(words: &[Phrase<'_>]) -> Parsed<Vec<Property>> {
    let (mut properties, mut rest) = (Vec::new(), words);
    while let Some(word) = rest.first() {
        let fits = |property: &&Property| {
            let wanted = property.words().split(' ');
            rest.len() >= wanted.clone().count()
                && wanted.zip(rest).all(|(wanted, word)| wanted == word.text())
        };
        let Some(property) = Property::ALL.iter().find(fits) else {
            return Err(unknown_property(*word).into());
        };
        properties.push(*property);
        rest = &rest[property.words().split(' ').count()..];
    }
    Ok(properties)
}

fn unknown_property(word: Phrase<'_>) -> Diagnostic {
    Diagnostic::error(
        format!("no value has the property `{}`", word.text()),
        word.span(),
    )
    .label("not a property")
    .suggest_among(word.text(), "a property is", Property::all_words())
}

/// Reads a value as a row or a pattern has it: exact in quotes, or compared as its field is.
pub(super) fn text(phrase: Phrase<'_>) -> Parsed<Text> {
    let written = phrase.text();
    if quoted(written) != Some(written.len()) {
        return template(phrase).map(Text::Plain);
    }
    let mut inside = template(phrase.slice(1, written.len() - 1))?;
    for piece in &mut inside.0 {
        if let Piece::Text(text) = piece {
            *text = unescape(text);
        }
    }
    Ok(Text::Exact(inside))
}

/// In quotes, `\"` is a quote and `\\` a backslash.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}

/// Reads a JSON path, which may have placeholders.
pub(super) fn json_path(phrase: Phrase<'_>) -> Parsed<Template> {
    let path = template(phrase)?;
    if matches!(path.0.first(), Some(Piece::Hole(_))) {
        return Ok(path);
    }
    match filled(&path, "0").or_else(|_| filled(&path, "x")) {
        Ok(()) => Ok(path),
        Err(fault) => Err(bad_path(phrase, &path, &fault).into()),
    }
}

/// Whether the path is one when every placeholder holds `stand_in`.
fn filled(path: &Template, stand_in: &str) -> Result<(), serde_json_path::ParseError> {
    serde_json_path::JsonPath::parse(&with_stand_in(path, stand_in)).map(drop)
}

/// The text of a template when every placeholder holds `stand_in`.
pub(super) fn with_stand_in(template: &Template, stand_in: &str) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Hole(_) => stand_in.to_owned(),
    };
    template.0.iter().map(piece).collect()
}

fn bad_path(phrase: Phrase<'_>, path: &Template, fault: &serde_json_path::ParseError) -> Diagnostic {
    let title = "this is not a JSON path";
    if !phrase.text().starts_with('$') {
        return Diagnostic::error(title, phrase.span())
            .label("a path starts with `$`")
            .suggest("write a path of RFC 9535, as in `$.manifests[*].digest`");
    }
    let text = phrase.text();
    let (at, label) = match path.0.as_slice() {
        [Piece::Text(_)] if fault.position() > 0 && text.is_char_boundary(fault.position()) => {
            (phrase.from(fault.position()), "cannot be read from here on")
        }
        _ => (phrase, "cannot be read"),
    };
    Diagnostic::error(title, at.span())
        .label(label)
        .note("a path is one of RFC 9535, as in `$.manifests[*].digest`")
}

/// Says that a line is over where more stands.
pub(super) fn nothing_more(rest: Phrase<'_>, place: &str) -> Parsed<()> {
    if rest.is_empty() {
        return Ok(());
    }
    Err(
        Diagnostic::error(format!("nothing can stand {place}"), rest.span())
            .label("too much")
            .into(),
    )
}

/// Whether a text is a header's name or another token of RFC 9110.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Splits `NAME: VALUE` at the first colon.
pub(super) fn field<'t>(phrase: Phrase<'t>) -> Option<(Phrase<'t>, Phrase<'t>)> {
    let (name, value) = phrase.split_once(":")?;
    (!name.text().contains(is_blank)).then_some((name, value))
}
