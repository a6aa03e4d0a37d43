//! `given …`: the stage.

use std::time::Duration;

use super::phrase::Phrase;
use super::templates::{name, names, nothing_more, number, word_template};
use crate::diagnostic::{Diagnostic, Parsed};
use crate::scenario::ast::{Algorithm, AnyContent, Extent, Given, Pushed, Template};

/// Reads what stands behind `given`.
pub(super) fn given(phrase: Phrase<'_>) -> Parsed<Given> {
    if phrase.is_empty() {
        return Ok(Given::Taken);
    }
    if let Some(any) = phrase.strip_words("any") {
        return self::any(any);
    }
    if let Some(time) = time(phrase) {
        return time.map(Given::Wait);
    }
    let words = phrase.words();
    let Some(pushed) = words.iter().find(|word| word.text() == "pushed") else {
        return Err(Diagnostic::error("this sets no stage", phrase.span())
            .label("`X pushed …`, `any … as NAME`, `2 seconds pass`, or nothing")
            .into());
    };
    let at = pushed.span().start - phrase.span().start;
    let (what, how) = (
        phrase.slice(0, at).trim(),
        phrase.from(at + "pushed".len()).trim(),
    );
    pushed_content(what, how).map(|pushed| Given::Pushed(Box::new(pushed)))
}

/// Reads `2 seconds pass`, `1 second passes` and `500 milliseconds pass`.
fn time(phrase: Phrase<'_>) -> Option<Parsed<Duration>> {
    let seconds = phrase
        .strip_words_behind("seconds pass")
        .or_else(|| phrase.strip_words_behind("second passes"));
    let of_seconds = |count| number::<u16>(count).map(|count| Duration::from_secs(count.into()));
    let of_milliseconds = |count| number::<u16>(count).map(|count| Duration::from_millis(count.into()));
    seconds.map(of_seconds).or_else(|| {
        phrase
            .strip_words_behind("milliseconds pass")
            .map(of_milliseconds)
    })
}

/// What stands in for a line that cannot be read: the name it binds is bound, and nothing else is done.
pub(super) fn stand_in(phrase: Phrase<'_>) -> Option<Given> {
    match phrase.words().as_slice() {
        [.., keyword, bound] if keyword.text() == "as" => {
            name(*bound).ok().map(|name| Given::Any(AnyContent::Image, name))
        }
        _ => None,
    }
}

/// Reads `image as NAME`, `blob of 1000 bytes or more as NAME`.
fn any(phrase: Phrase<'_>) -> Parsed<Given> {
    let Some((what, bound)) = phrase.split_once(" as ") else {
        return Err(
            Diagnostic::error("what is given has no name", phrase.after().span())
                .label("`as` and a name")
                .into(),
        );
    };
    let content = match what.text() {
        "image" => AnyContent::Image,
        "index" => AnyContent::Index,
        "blob" => AnyContent::Blob { at_least: None },
        "referrer" => AnyContent::Referrer,
        "tags" => AnyContent::Tags,
        _ => AnyContent::Blob {
            at_least: Some(at_least(what)?),
        },
    };
    Ok(Given::Any(content, name(bound)?))
}

/// Reads `blob of 1000 bytes or more`.
fn at_least(phrase: Phrase<'_>) -> Parsed<u64> {
    let count = phrase
        .strip_words("blob of")
        .and_then(|rest| rest.strip_words_behind("bytes or more"));
    if let Some(count) = count {
        return number(count);
    }
    let known = [
        "image",
        "index",
        "blob",
        "blob of 1000 bytes or more",
        "referrer",
        "tags",
    ];
    Err(
        Diagnostic::error("no such content can be asked for", phrase.span())
            .label("not known")
            .suggest_among(phrase.text(), "ask for any", known)
            .into(),
    )
}

/// Reads `parts of X, Y` and `as TAGS to {other} by sha512`.
fn pushed_content(what: Phrase<'_>, how: Phrase<'_>) -> Parsed<Pushed> {
    let (extent, what) = if let Some(what) = what.strip_words("parts of") {
        (Extent::Parts, what)
    } else if let Some(what) = what.strip_words("config of") {
        (Extent::Config, what)
    } else {
        (Extent::Whole, what)
    };
    let mut pushed = Pushed {
        extent,
        what: names(what)?,
        tags: Vec::new(),
        to: None,
        by: None,
    };
    for (keyword, value) in clauses(how)? {
        match keyword.text() {
            "as" if pushed.tags.is_empty() => pushed.tags = tags(value)?,
            "to" if pushed.to.is_none() => pushed.to = Some(word_template(value, "a repository")?),
            "by" if pushed.by.is_none() => pushed.by = Some(algorithm(value)?),
            word => {
                return Err(
                    Diagnostic::error(format!("`{word}` is said twice"), keyword.span())
                        .label("said again")
                        .into(),
                );
            }
        }
    }
    Ok(pushed)
}

/// Splits `as … to … by …` into keywords and what follows each.
fn clauses(phrase: Phrase<'_>) -> Parsed<Vec<(Phrase<'_>, Phrase<'_>)>> {
    let words = phrase.words();
    if let Some(first) = words.first().filter(|first| !is_keyword(**first)) {
        return Err(Diagnostic::error("this says nothing about a push", first.span())
            .label("`as TAGS`, `to {other}` or `by sha512`")
            .into());
    }
    let starts: Vec<usize> = (0..words.len())
        .filter(|at| is_keyword(words[*at]) && (*at == 0 || !is_keyword(words[*at - 1])))
        .collect();
    let clause = |(at, start): (usize, &usize)| {
        let from = words[*start].span().end - phrase.span().start;
        let to = starts.get(at + 1).map_or(phrase.text().len(), |next| {
            words[*next].span().start - phrase.span().start
        });
        (words[*start], phrase.slice(from, to).trim())
    };
    Ok(starts.iter().enumerate().map(clause).collect())
}

fn is_keyword(word: Phrase<'_>) -> bool {
    ["as", "to", "by"].contains(&word.text())
}

fn tags(phrase: Phrase<'_>) -> Parsed<Vec<Template>> {
    phrase
        .split(",")
        .into_iter()
        .map(|tag| word_template(tag, "a tag"))
        .collect()
}

fn algorithm(phrase: Phrase<'_>) -> Parsed<Algorithm> {
    let (word, rest) = phrase.split_word();
    nothing_more(rest, "after the algorithm")?;
    Algorithm::read(word.text()).ok_or_else(|| {
        Diagnostic::error("this is not a digest algorithm", word.span())
            .label("not known")
            .suggest_among(word.text(), "an algorithm is", Algorithm::all_words())
            .into()
    })
}
