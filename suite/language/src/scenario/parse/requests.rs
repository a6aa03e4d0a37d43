//! The `>` lines of a request.

use super::phrase::{Phrase, placeholder};
use super::templates::{field, is_token, json_path, name, template, word_template};
use crate::diagnostic::{Diagnostic, Parsed, did_you_mean, one_of};
use crate::scenario::ast::{
    Account, HeaderLine, Name, Paging, Redirects, Request, RequestLine, Slot, Spanned, Template, Way,
};

/// Whether a `>` line is meant to open a request, rather than to add to one.
pub(super) fn opens(phrase: Phrase<'_>) -> bool {
    let (first, rest) = phrase.split_word();
    let upper_case = !first.is_empty() && first.text().bytes().all(|b| b.is_ascii_uppercase());
    let column = placeholder(first.text()) == Some(first.text().len()) && !rest.is_empty();
    upper_case || column || first.text() == "upload" || misspelt(first).is_some()
}

/// Reads the line that opens a request.
pub(super) fn request_line(phrase: Phrase<'_>) -> Parsed<RequestLine> {
    match phrase.strip_words("upload") {
        Some(rest) => upload(rest),
        None => http(phrase),
    }
}

/// What stands in for the opening line of a request that cannot be read.
pub(super) fn stand_in(phrase: Phrase<'_>) -> Spanned<RequestLine> {
    phrase.says(RequestLine::Http {
        method: Slot::Is("GET".to_owned()),
        target: Template::default(),
        query: None,
    })
}

/// Reads `METHOD TARGET ?QUERY`.
fn http(phrase: Phrase<'_>) -> Parsed<RequestLine> {
    let (method, rest) = phrase.split_word();
    if let Some(fault) = misspelt(method) {
        return Err(fault.into());
    }
    let (target, rest) = rest.split_word();
    if !target.text().starts_with(['/', '{']) {
        return Err(Diagnostic::error("this is not a target", target.span())
            .label("a target starts with `/`, or is an address in a placeholder")
            .into());
    }
    Ok(RequestLine::Http {
        method: slot(method)?,
        target: template(target)?,
        query: query(rest)?,
    })
}

/// Reads a word, or the column that holds it.
fn slot(phrase: Phrase<'_>) -> Parsed<Slot<String>> {
    Ok(match column(phrase) {
        Some(column) => Slot::Column(column?.value),
        None => Slot::Is(phrase.text().to_owned()),
    })
}

/// Reads `{COLUMN}`, or `None` if it is no placeholder.
pub(super) fn column(phrase: Phrase<'_>) -> Option<Parsed<Spanned<Name>>> {
    let whole = placeholder(phrase.text()) == Some(phrase.text().len());
    whole.then(|| name(phrase.slice(1, phrase.text().len() - 1)))
}

fn query(phrase: Phrase<'_>) -> Parsed<Option<Template>> {
    if phrase.is_empty() {
        return Ok(None);
    }
    match phrase.strip("?") {
        Some(query) => word_template(query, "a query").map(Some),
        None => Err(
            Diagnostic::error("nothing but a query can stand after the target", phrase.span())
                .label("a query starts with `?`")
                .suggest("blanks in a target are written `%20`")
                .into(),
        ),
    }
}

/// Reads `NAME by WAY ?QUERY`.
fn upload(phrase: Phrase<'_>) -> Parsed<RequestLine> {
    let (what, rest) = phrase.split_word();
    let what = name(what)?;
    let Some(rest) = rest.strip_words("by") else {
        return Err(
            Diagnostic::error("the way of this upload is missing", rest.span())
                .label("`by` and a way")
                .suggest(format!("a way is {}", one_of(Way::all_words())))
                .into(),
        );
    };
    let (way, query_at) = match rest.find("?") {
        Some(at) => (rest.slice(0, at).trim(), rest.from(at)),
        None => (rest, rest.after()),
    };
    Ok(RequestLine::Upload {
        what,
        way: self::way(way)?,
        query: query(query_at)?,
    })
}

fn way(phrase: Phrase<'_>) -> Parsed<Slot<Way>> {
    if let Some(column) = column(phrase) {
        return Ok(Slot::Column(column?.value));
    }
    match Way::read(phrase.text()) {
        Some(way) => Ok(Slot::Is(way)),
        None => Err(
            Diagnostic::error("this is not a way to upload a blob", phrase.span())
                .label("not a way")
                .suggest_among(phrase.text(), "a way is", Way::all_words())
                .into(),
        ),
    }
}

/// Reads a further line of a request into it.
pub(super) fn further_line(request: &mut Request, phrase: Phrase<'_>) -> Parsed<()> {
    if let Some(body) = phrase.strip("@") {
        let body = name(body.trim())?;
        return once(request.body.replace(body).is_some(), phrase);
    }
    if let Some(account) = phrase.strip_words("as") {
        let account = account_of(account)?;
        return once(request.account.replace(account).is_some(), phrase);
    }
    if phrase.text() == "stop at a redirect" {
        let before = std::mem::replace(&mut request.redirects, Redirects::Shown);
        return once(before == Redirects::Shown, phrase);
    }
    if let Some(way) = phrase.strip_words("every page,") {
        let paging = paging(way)?;
        return once(request.paging.replace(paging).is_some(), phrase);
    }
    request.headers.push(header(phrase)?);
    Ok(())
}

fn once(said_before: bool, phrase: Phrase<'_>) -> Parsed<()> {
    match said_before {
        true => Err(
            Diagnostic::error("this is said twice of one request", phrase.span())
                .label("said again")
                .into(),
        ),
        false => Ok(()),
    }
}

fn account_of(phrase: Phrase<'_>) -> Parsed<Spanned<Account>> {
    Ok(match phrase.text() {
        "nobody" => phrase.says(Account::Nobody),
        _ => phrase.says(Account::Named(name(phrase)?.value.0)),
    })
}

fn paging(phrase: Phrase<'_>) -> Parsed<Paging> {
    if phrase.text() == "by Link" {
        return Ok(Paging::ByLink);
    }
    let last = phrase
        .strip_words("by last")
        .and_then(|rest| rest.strip_words("="));
    let Some(path) = last else {
        return Err(
            Diagnostic::error("this is not a way to follow pages", phrase.span())
                .label("`by Link` or `by last = $.path`")
                .into(),
        );
    };
    json_path(path)?;
    Ok(Paging::ByLast(path.text().to_owned()))
}

fn header(phrase: Phrase<'_>) -> Parsed<Spanned<HeaderLine>> {
    let Some((field, value)) = field(phrase).filter(|(field, _)| is_token(field.text())) else {
        return Err(unknown(phrase).into());
    };
    let value = match value.text() {
        "absent" => None,
        _ => Some(template(value)?),
    };
    Ok(phrase.says(HeaderLine {
        name: field.text().to_owned(),
        value,
    }))
}

fn unknown(phrase: Phrase<'_>) -> Diagnostic {
    let fault = Diagnostic::error("this is not a line of a request", phrase.span());
    if phrase.is_empty() {
        return fault.label("something is missing");
    }
    let words = [
        "stop at a redirect",
        "every page, by Link",
        "every page, by last = $.path",
        "as nobody",
    ];
    match did_you_mean(phrase.text(), words) {
        Some(meant) => fault.label("not known").suggest(meant),
        None => {
            fault.label("`HEADER: value`, `@NAME`, `as ACCOUNT`, `stop at a redirect` or `every page, …`")
        }
    }
}

/// The methods that are recognised in small letters, to help who writes them so.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The fault of a method in small letters.
fn misspelt(word: Phrase<'_>) -> Option<Diagnostic> {
    let method = word.text().to_ascii_uppercase();
    (method != word.text() && METHODS.contains(&method.as_str())).then(|| {
        Diagnostic::error("a method is written in capitals", word.span())
            .label("not in capitals")
            .suggest(format!("did you mean `{method}`?"))
    })
}
