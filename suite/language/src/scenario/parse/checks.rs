//! What may follow `<` and `when`.

use super::patterns::pattern;
use super::phrase::Phrase;
use super::templates::{field, is_token, json_path, name, nothing_more};
use crate::diagnostic::{Diagnostic, Parsed, did_you_mean};
use crate::scenario::ast::{Aspect, Check, Polarity, StatusSet};

/// Reads one check of the last answer.
pub(super) fn check(phrase: Phrase<'_>) -> Parsed<Check> {
    let (polarity, asked) = match phrase.strip_words("not") {
        Some(asked) => (Polarity::IsNot, asked),
        None => (Polarity::Is, phrase),
    };
    let aspect = aspect(asked)?;
    Ok(Check {
        polarity,
        aspect: asked.says(aspect),
    })
}

/// What stands in for a check that cannot be read.
pub(super) fn stand_in(phrase: Phrase<'_>) -> Check {
    Check {
        polarity: Polarity::Is,
        aspect: phrase.says(Aspect::NoBody),
    }
}

fn aspect(phrase: Phrase<'_>) -> Parsed<Aspect> {
    let (first, rest) = phrase.split_word();
    if first.text().starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(Aspect::Status(statuses(phrase)?));
    }
    if first.text().starts_with('$') {
        return json(phrase);
    }
    if let Some(content) = phrase.strip("@") {
        return Ok(Aspect::Content(name(content.trim())?));
    }
    match first.text() {
        "error" => return Ok(Aspect::Error(codes(rest)?)),
        "challenge" => return challenge(rest),
        _ if phrase.text() == "no body" => return Ok(Aspect::NoBody),
        _ if phrase.text() == "signed manifest" => return Ok(Aspect::SignedManifest),
        _ => {}
    }
    match field(phrase) {
        Some((header, value)) => Ok(Aspect::Header(header_name(header)?, pattern(value)?)),
        None => same_as(phrase),
    }
}

fn statuses(phrase: Phrase<'_>) -> Parsed<Vec<StatusSet>> {
    phrase.split(" or ").into_iter().map(status).collect()
}

fn status(phrase: Phrase<'_>) -> Parsed<StatusSet> {
    let read = match phrase.text().as_bytes() {
        [class @ b'1'..=b'5', b'x', b'x'] => Some(StatusSet::Class(class - b'0')),
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => phrase.text().parse().ok().map(StatusSet::Exactly),
        _ => None,
    };
    read.ok_or_else(|| {
        Diagnostic::error("this is not a status", phrase.span())
            .label("a status is 100 to 599, or a hundred of them, as in `4xx`")
            .suggest("separate statuses by ` or `, as in `< 202 or 4xx`")
            .into()
    })
}

/// Reads `$.path: pattern`; the colon is the first outside brackets and quotes.
fn json(phrase: Phrase<'_>) -> Parsed<Aspect> {
    match path_end(phrase.text()) {
        PathEnd::Colon(at) => {
            let path = json_path(phrase.slice(0, at).trim())?;
            Ok(Aspect::Json(path, pattern(phrase.from(at + 1).trim())?))
        }
        PathEnd::Open(at) => Err(
            Diagnostic::error("this path does not end", phrase.from(at).span())
                .label("not closed")
                .into(),
        ),
        PathEnd::Line => Err(Diagnostic::error(
            "a pattern is missing behind this path",
            phrase.after().span(),
        )
        .label("here")
        .suggest("write what the value is, as in `$.schemaVersion: 2`, or `: present`")
        .into()),
    }
}

/// How a path ends.
enum PathEnd {
    /// At a colon.
    Colon(usize),
    /// With the line.
    Line,
    /// Not at all: the bracket or quote that stands here is not closed.
    Open(usize),
}

fn path_end(text: &str) -> PathEnd {
    let (mut open, mut escaped) = (Vec::new(), false);
    for (at, c) in text.char_indices() {
        let quote = open
            .last()
            .map(|(_, sign)| *sign)
            .filter(|sign| *sign == '\'' || *sign == '"');
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(sign), _) if sign == c => drop(open.pop()),
            (None, '\'' | '"' | '[' | '(') => open.push((at, c)),
            (None, ']' | ')') => drop(open.pop()),
            (None, ':') if open.is_empty() => return PathEnd::Colon(at),
            _ => {}
        }
    }
    open.last().map_or(PathEnd::Line, |(at, _)| PathEnd::Open(*at))
}

/// Reads `SCHEME PARAMETER: pattern`.
fn challenge(phrase: Phrase<'_>) -> Parsed<Aspect> {
    let (scheme, rest) = phrase.split_word();
    match field(rest) {
        Some((parameter, value)) if is_token(scheme.text()) && is_token(parameter.text()) => {
            let (scheme, parameter) = (scheme.text().to_owned(), parameter.text().to_owned());
            Ok(Aspect::Challenge(scheme, parameter, pattern(value)?))
        }
        _ => Err(Diagnostic::error("this is not a challenge", phrase.span())
            .label("`SCHEME PARAMETER: PATTERN`, as in `Bearer realm: a uri`")
            .into()),
    }
}

fn codes(phrase: Phrase<'_>) -> Parsed<Vec<String>> {
    phrase.split(" or ").into_iter().map(code).collect()
}

fn code(phrase: Phrase<'_>) -> Parsed<String> {
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if !phrase.is_empty() && phrase.text().bytes().all(fits) {
        return Ok(phrase.text().to_owned());
    }
    Err(Diagnostic::error("this is not an error code", phrase.span())
        .label("a code is upper-case letters and underscores")
        .suggest("separate codes by ` or `, as in `error NAME_UNKNOWN or DENIED`")
        .into())
}

/// Reads `HEADER, HEADER as in ANSWER`.
fn same_as(phrase: Phrase<'_>) -> Parsed<Aspect> {
    let Some((headers, answer)) = phrase.split_once(" as in ") else {
        return Err(unknown(phrase).into());
    };
    let headers = headers
        .split(",")
        .into_iter()
        .map(header_name)
        .collect::<Parsed<_>>()?;
    let (answer, rest) = answer.split_word();
    nothing_more(rest, "after the name of an answer")?;
    Ok(Aspect::SameAs(headers, name(answer)?))
}

fn header_name(phrase: Phrase<'_>) -> Parsed<String> {
    if is_token(phrase.text()) {
        return Ok(phrase.text().to_owned());
    }
    Err(
        Diagnostic::error("this is not the name of a header", phrase.span())
            .label("not a name")
            .into(),
    )
}

fn unknown(phrase: Phrase<'_>) -> Diagnostic {
    let first = phrase.split_word().0;
    let fault = Diagnostic::error("this is not a check", phrase.span());
    if phrase.is_empty() {
        return fault.label("a check is missing");
    }
    let words = ["challenge", "error", "no body", "not", "signed manifest"];
    let fault = match did_you_mean(phrase.text(), words).or_else(|| did_you_mean(first.text(), words)) {
        Some(meant) => fault.suggest(meant),
        None if is_token(first.text()) => fault.suggest(format!(
            "put a colon behind the name of a header: `{}: …`",
            first.text()
        )),
        None => fault,
    };
    fault.label(
        "a status, `HEADER: …`, `$.path: …`, `error CODE`, `challenge …`, `@NAME`, `no body`, `signed manifest` or `… as in NAME`",
    )
}
