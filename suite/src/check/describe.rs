//! What an answer looks like in a finding: short, exact, on one line.

use serde_json::Value as Json;

use super::error_codes;
use crate::endpoint::Endpoint;
use crate::scenario::ast::{Aspect, One, Pattern, Piece, Reference, Spanned, Template, Text};
use crate::values::{Answered, json_of};
use crate::wire::hidden_characters::visible;
use crate::wire::{Answer, Exchange, Payload, Received};

/// How much of a value is shown.
const SHOWN: usize = 160;
/// How many error codes are shown.
const CODES_SHOWN: usize = 4;

/// What an answer is, seen under the aspect that a check looks at.
pub(crate) fn got(aspect: &Aspect, answered: &Answered) -> String {
    match (aspect, answered.answer()) {
        (_, Err(fault)) => fault.to_string(),
        (Aspect::Header(name, _), Ok(answer)) => {
            header(name, &answer.headers.all(name).collect::<Vec<&str>>())
        }
        (Aspect::Content(_) | Aspect::NoBody | Aspect::SignedManifest | Aspect::Json(..), Ok(answer)) => {
            body(answer)
        }
        (_, Ok(answer)) => status(answer),
    }
}

/// The status, its phrase, and the error codes of the body.
pub(crate) fn status(answer: &Answer) -> String {
    let phrase = http::StatusCode::from_u16(answer.status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let codes = json_of(answer).map(|json| error_codes(&json)).unwrap_or_default();
    let mut text = answer.status.to_string();
    if let Some(phrase) = phrase {
        text = format!("{text} {phrase}");
    }
    if !codes.is_empty() {
        text = format!("{text} ({})", self::codes(&codes));
    }
    text
}

/// Error codes, the first few of them.
pub(crate) fn codes(codes: &[String]) -> String {
    let first: Vec<String> = codes.iter().take(CODES_SHOWN).map(|code| short(code)).collect();
    let more = if codes.len() > CODES_SHOWN { ", …" } else { "" };
    first.join(", ") + more
}

/// The lines of a header.
pub(crate) fn header(name: &str, lines: &[&str]) -> String {
    match lines {
        [] => format!("no {name}"),
        lines => lines
            .iter()
            .map(|line| format!("{name}: {}", short(line)))
            .collect::<Vec<String>>()
            .join(", "),
    }
}

/// The values of a challenge's parameter, or the challenges that there are instead.
pub(crate) fn challenge(name: &str, values: &[&str], answers: &[&Answer]) -> String {
    if !values.is_empty() {
        return header(name, values);
    }
    let lines: Vec<&str> = answers
        .iter()
        .flat_map(|answer| answer.headers.all("WWW-Authenticate"))
        .collect();
    header("WWW-Authenticate", &lines)
}

/// The nodes that a JSON path found.
pub(crate) fn nodes(path: &str, nodes: &[&Json], answered: &Answered) -> String {
    match (answered.json(), nodes) {
        (None, _) => answered.answer().map_or_else(ToString::to_string, body),
        (Some(_), []) => format!("no {path}"),
        (Some(_), nodes) => {
            let values: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            format!("{path}: {}", short(&values.join(", ")))
        }
    }
}

/// A body: its text if it is short, else its length and digest.
pub(crate) fn body(answer: &Answer) -> String {
    let kind = answer.headers.get("Content-Type").unwrap_or("no Content-Type");
    let (length, kept) = (answer.body.len(), answer.body.bytes());
    match std::str::from_utf8(&kept) {
        _ if answer.body.is_empty() => "an empty body".to_owned(),
        Ok(text) => format!("a body of {length} bytes ({kind}): {}", short(text)),
        Err(_) => format!("a body of {length} bytes ({kind})"),
    }
}

/// How a body differs from the bytes that were asked for.
pub(crate) fn difference(expected: &Payload, got: &Received) -> String {
    let kept = got.bytes();
    let length = expected.len();
    let expected = expected.slice(0..kept.len() as u64 + 1).bytes();
    let at = expected.iter().zip(&kept).take_while(|(a, b)| a == b).count();
    let fate = if at < kept.len().min(expected.len()) {
        format!("different from byte {at} on")
    } else if !got.is_whole() {
        format!("different behind byte {at}")
    } else if at == kept.len() {
        format!("cut short after byte {at}")
    } else {
        "with more behind them".to_owned()
    };
    format!(
        "{} bytes ({}) in place of {} bytes, {fate}",
        got.len(),
        got.digest(),
        length
    )
}

/// A request and what came back, as the cause of something that was not reached.
pub(crate) fn exchange(exchange: &Exchange) -> String {
    let url = short(&exchange.request.url.to_string());
    came(&format!("{} {url}", exchange.request.method), exchange)
}

/// The same without the names that belong to one scenario.
pub(crate) fn exchange_of_any(exchange: &Exchange) -> String {
    let endpoint = Endpoint::of(&exchange.request.url);
    came(
        &format!("{} {}", exchange.request.method, endpoint.kind().words()),
        exchange,
    )
}

/// What came back of a request that is called so.
fn came(request: &str, exchange: &Exchange) -> String {
    match &exchange.outcome {
        Ok(answer) => format!("{request} answered {}", status(answer)),
        Err(fault) => format!("{request}: {fault}"),
    }
}

/// The line of a check, without its sign.
pub(crate) fn line(source: &str) -> String {
    short(source.trim().trim_start_matches('<').trim())
}

/// Calls `visit` for every placeholder of a check.
pub(crate) fn holes(aspect: &Aspect, visit: &mut dyn FnMut(&Spanned<Reference>)) {
    match aspect {
        Aspect::Header(_, pattern) | Aspect::Challenge(_, _, pattern) => holes_of_pattern(pattern, visit),
        Aspect::Json(path, pattern) => {
            holes_of_template(path, visit);
            holes_of_pattern(pattern, visit);
        }
        _ => {}
    }
}

fn holes_of_pattern(pattern: &Pattern, visit: &mut dyn FnMut(&Spanned<Reference>)) {
    for one in &pattern.any_of {
        let texts = match one {
            One::Is(text) | One::IsNot(text) | One::Has(text) => std::slice::from_ref(text),
            One::List(texts, _) => texts,
            _ => &[],
        };
        for Text::Plain(template) | Text::Exact(template) in texts {
            holes_of_template(template, visit);
        }
    }
}

fn holes_of_template(template: &Template, visit: &mut dyn FnMut(&Spanned<Reference>)) {
    for piece in &template.0 {
        if let Piece::Hole(hole) = piece {
            visit(hole);
        }
    }
}

/// Text on one line, cut where it gets long.
pub(crate) fn short(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = visible(&line);
    match line.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_where_it_begins() {
        assert!(
            difference(&"abcdef".into(), &Received::from(&b"abXdef"[..]))
                .ends_with("different from byte 2 on")
        );
        assert!(
            difference(&"abcdef".into(), &Received::from(&b"abc"[..])).ends_with("cut short after byte 3")
        );
        assert!(
            difference(&"abc".into(), &Received::from(&b"abcdef"[..])).ends_with("with more behind them")
        );
    }

    #[test]
    fn long_text_is_cut_and_stays_on_one_line() {
        assert_eq!(short("a\nb"), "a b");
        assert_eq!(short("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(short(&"ä".repeat(500)).chars().count(), SHOWN + 1);
    }
}
