//! The words that several reports share.

use std::time::Duration;

use http::StatusCode;

use super::secret;
use crate::catalogue::{Level, Version};
use crate::judgement::{Facts, Way};
use crate::wire::Exchange;
use crate::wire::hidden_characters::visible;

/// The longest request, and the longest reason why there is no answer to it, that are shown, in characters.
const REQUEST: usize = 1_000;
/// How many hexadecimal digits in a row are taken for a digest, and how many of those are shown.
const DIGEST: usize = 32;
const DIGITS_SHOWN: usize = 12;

/// What a broken requirement of this level is called.
pub(super) fn finding(level: Level) -> &'static str {
    match level {
        Level::Must => "violation",
        Level::Should => "warning",
        Level::May => "info",
    }
}

/// The specification that a version belongs to.
pub(crate) fn specification(version: Version) -> &'static str {
    match version {
        Version::V1_0 => "OCI distribution 1.0",
        Version::V1_1 => "OCI distribution 1.1",
        Version::Next => "the next OCI distribution",
        Version::Docker => "Docker Registry HTTP API V2",
        Version::Legacy => "Docker's registry of 2014",
        Version::Both => "OCI distribution 1.1 and Docker Registry HTTP API V2",
    }
}

/// A time as a reader would say it.
pub(super) fn time(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// A number and what is counted, in the plural where it is one.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A status code with its name.
pub(super) fn status(code: u16) -> String {
    let name = StatusCode::from_u16(code)
        .ok()
        .and_then(|status| status.canonical_reason());
    name.map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
}

/// What was asked: the method and the address.
pub(super) fn request(exchange: &Exchange, facts: &Facts) -> String {
    let text = format!("{} {}", exchange.request.method, exchange.request.url);
    said(&text, facts, REQUEST)
}

/// What came back.
pub(super) fn answer(exchange: &Exchange, facts: &Facts) -> String {
    match &exchange.outcome {
        Ok(answer) => match &answer.cut {
            Some(fault) => said(&format!("{}, but {fault}", status(answer.status)), facts, REQUEST),
            None => status(answer.status),
        },
        Err(fault) => said(&format!("no answer: {fault}"), facts, REQUEST),
    }
}

/// Where a way stands, as a baseline names it: the scenario, and the row.
pub(super) fn way(way: &Way) -> String {
    match &way.row {
        Some(row) => format!("{} | {row}", way.place.scenario),
        None => way.place.scenario.to_string(),
    }
}

/// The text without what a reader skips: the target before a path, and most of each digest.
pub(super) fn brief(text: &str, facts: &Facts) -> String {
    let target = facts.target.to_string();
    let target = target.trim_end_matches('/');
    let text = secret::text(&facts.secrets.redact(text)).replace(&format!("{target}/"), "/");
    let is_other = |c: char| !c.is_ascii_hexdigit();
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_other) {
        let (digits, other) = piece.split_at(piece.find(is_other).unwrap_or(piece.len()));
        match digits.get(..DIGITS_SHOWN) {
            Some(first) if digits.len() >= DIGEST => shown.extend([first, "…"]),
            _ => shown.push_str(digits),
        }
        shown.push_str(other);
    }
    // What was cut short already need not say so twice.
    shown.replace("……", "…")
}

/// The longest lines for a shell that are shown, in bytes: more than anybody pastes, or any shell takes.
const SHELL: usize = 64 * 1024;

/// The lines for a shell, unless a registry has made them too long with what it said.
pub(super) fn bounded_shell(lines: &str) -> Option<&str> {
    (lines.len() <= SHELL).then_some(lines)
}

/// The lines for a shell without what lets somebody in.
pub(super) fn shell(lines: &str, facts: &Facts) -> String {
    let Some(lines) = bounded_shell(lines) else {
        return format!("# {} bytes of shell, which is too long to be shown", lines.len());
    };
    secret::text(&facts.secrets.redact(lines))
}

/// What somebody said, on one line that is cut where it gets longer than `limit` characters, without what would
/// upset a terminal, tire a reader or let somebody in.
pub(super) fn said(text: &str, facts: &Facts, limit: usize) -> String {
    one_line(&brief(text, facts), limit)
}

/// The text on one line, cut where it gets longer than `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let mut words = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&visible(word));
    }
    if words.chars().count() <= limit {
        return words;
    }
    let mut cut: String = words.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_line_and_no_longer_than_wanted() {
        assert_eq!(one_line("a\n  b\u{1b}[31m c", 80), "a b [31m c");
        assert_eq!(one_line("a\u{202e}b\u{2069}", 80), "a\\u{202e}b\\u{2069}");
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
    }

    #[test]
    fn a_reader_is_spared_the_target_and_the_digests() {
        let facts = crate::report::sample::clean().outcome.facts;
        let brief = |text: &str| brief(text, &facts);
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let url = format!("GET https://registry.example.com/v2/a/blobs/{digest}?x=1");
        assert_eq!(brief(&url), "GET /v2/a/blobs/sha256:0123456789ab…?x=1");
        assert_eq!(
            brief("bytes=0-18446744073709551616"),
            "bytes=0-18446744073709551616"
        );
        assert_eq!(
            brief("https://registry.example.com.evil/v2/"),
            "https://registry.example.com.evil/v2/"
        );
    }

    #[test]
    fn a_status_has_its_name_if_it_has_one() {
        assert_eq!(status(404), "404 Not Found");
        assert_eq!(status(299), "299");
    }
}
