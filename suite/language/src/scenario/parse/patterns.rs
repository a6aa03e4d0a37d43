//! What a header or a JSON value is compared with.

use super::phrase::{Phrase, quoted};
use super::templates::{name, number, text};
use crate::diagnostic::{Diagnostic, Parsed};
use crate::scenario::ast::{CountScope, Form, One, Order, Pattern, PlainForm, Presence, Text};

/// Reads `one { " or " one } [ " if present" ]`.
pub(super) fn pattern(phrase: Phrase<'_>) -> Parsed<Pattern> {
    let (values, presence) = match phrase.strip_words_behind("if present") {
        Some(values) => (values, Presence::IfPresent),
        None => (phrase, Presence::Compared),
    };
    if let Some(before) = values.strip_words_behind("or") {
        return Err(missing(values.from(before.text().len())).into());
    }
    let any_of = values.split(" or ").into_iter().map(one).collect::<Parsed<_>>()?;
    Ok(Pattern { any_of, presence })
}

fn missing(place: Phrase<'_>) -> Diagnostic {
    Diagnostic::error("a value is missing", place.after().span())
        .label("here")
        .suggest("write a value, `present`, `absent`, or `\"\"` for an empty text")
}

/// Reads one alternative.
fn one(phrase: Phrase<'_>) -> Parsed<One> {
    if phrase.is_empty() {
        return Err(missing(phrase).into());
    }
    match phrase.text() {
        "present" => return Ok(One::Present),
        "absent" => return Ok(One::Absent),
        "once" => return Ok(One::Times(1)),
        _ => {}
    }
    if let Some(value) = phrase.strip_words("not") {
        return Ok(One::IsNot(member(value)?));
    }
    if let Some(value) = phrase.strip_words("has") {
        return Ok(One::Has(member(value)?));
    }
    if let Some(count) = phrase.strip_words("at most") {
        return at_most(count);
    }
    let form = phrase.strip_words("a").or_else(|| phrase.strip_words("an"));
    if let Some(form) = form.filter(|form| !form.is_empty()) {
        return Ok(One::Form(self::form(form)?));
    }
    match phrase.strip_words_behind("times").map(number) {
        Some(Ok(count)) => Ok(One::Times(count)),
        _ => values(phrase),
    }
}

fn at_most(count: Phrase<'_>) -> Parsed<One> {
    match count.strip_words_behind("a page") {
        Some(count) => Ok(One::AtMost(number(count)?, CountScope::Page)),
        None => Ok(One::AtMost(number(count)?, CountScope::Whole)),
    }
}

fn form(phrase: Phrase<'_>) -> Parsed<Form> {
    if let Some(of) = phrase.strip_words("digest of") {
        return Ok(Form::DigestOf(name(of)?));
    }
    match PlainForm::read(phrase.text()) {
        Some(form) => Ok(Form::Plain(form)),
        None => Err(
            Diagnostic::error(format!("`{}` is not a form", phrase.text()), phrase.span())
                .label("not a form that a value can be asked to have")
                .note("a value that begins with `a` or `an` is written in quotes")
                .suggest_among(
                    phrase.text(),
                    "a form is",
                    PlainForm::all_words().chain(["digest of NAME"]),
                )
                .into(),
        ),
    }
}

/// Reads one value, or several in some order.
fn values(phrase: Phrase<'_>) -> Parsed<One> {
    let orders = [
        ("in any order", Order::Any),
        ("in byte order", Order::Byte),
        ("in lexical order", Order::Lexical),
    ];
    let ordered = orders
        .into_iter()
        .find_map(|(words, order)| Some((phrase.strip_words_behind(words)?, order)));
    let (listed, order) = ordered.unwrap_or((phrase, Order::Given));
    let members = listed
        .split(", ")
        .into_iter()
        .map(member)
        .collect::<Parsed<Vec<Text>>>()?;
    match <[Text; 1]>::try_from(members) {
        Ok([alone]) if order == Order::Given => Ok(One::Is(alone)),
        Ok(alone) => Ok(One::List(alone.into(), order)),
        Err(members) => Ok(One::List(members, order)),
    }
}

fn member(phrase: Phrase<'_>) -> Parsed<Text> {
    if phrase.is_empty() {
        return Err(missing(phrase).into());
    }
    if phrase.text().starts_with('"') && quoted(phrase.text()).is_none() {
        return Err(Diagnostic::error("a quote is not closed", phrase.span())
            .label("opened here")
            .into());
    }
    text(phrase)
}
