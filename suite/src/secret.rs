//! What lets somebody in stands in no report and in no record: not only the credentials that the suite sends, which are
//! taken out where they are sent, but also what a registry gives away in its answers.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2_iter};

use crate::wire::{REDACTED, Secrets};

/// Header lines of answers whose whole value is a secret.
const HEADERS: [&str; 2] = ["Set-Cookie", "Authentication-Info"];

/// Members of JSON whose text is a secret.
const MEMBERS: [&str; 4] = [
    "\"token\"",
    "\"access_token\"",
    "\"refresh_token\"",
    "\"id_token\"",
];

/// What looks for these members: as much work to make as to use.
static MEMBER_FINDERS: LazyLock<[Finder<'static>; MEMBERS.len()]> =
    LazyLock::new(|| MEMBERS.map(Finder::new));

/// Parameters of addresses by which storage knows whom it lets in.
const PARAMETERS: [&str; 8] = [
    "x-amz-signature=",
    "x-amz-credential=",
    "x-amz-security-token=",
    "x-goog-signature=",
    "x-goog-credential=",
    "signature=",
    "sig=",
    "access_token=",
];

/// The value of a header line, as far as it may be shown.
pub(crate) fn header(name: &str, value: &str) -> String {
    whole_header(name).map_or_else(|| text(value), str::to_owned)
}

/// What stands in the place of a header line's value, where all of it is a secret.
pub(crate) fn whole_header(name: &str) -> Option<&'static str> {
    let is_secret = HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name));
    is_secret.then_some(REDACTED)
}

/// A text, as far as it may be shown.
pub(crate) fn text(text: &str) -> String {
    without_members(&without_parameters(text))
}

fn without_members(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, value)) = next_member(rest) {
        shown.push_str(before);
        shown.push_str(REDACTED);
        rest = behind_string(value);
    }
    shown + rest
}

/// What follows the text of a JSON string, from its closing quotation mark on.
fn behind_string(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    &text[end.unwrap_or(text.len())..]
}

/// What stands before the next secret text of JSON, its quotation mark included, and what follows that mark.
fn next_member(text: &str) -> Option<(&str, &str)> {
    let found = MEMBERS
        .iter()
        .filter_map(|name| Some(text.find(name)? + name.len()));
    let mut ends: Vec<usize> = found.collect();
    ends.sort_unstable();
    ends.into_iter().find_map(|end| {
        let value = text[end..]
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('"')?;
        Some(text.split_at(text.len() - value.len()))
    })
}

fn without_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(['?', '&']) {
        let lower = piece.to_ascii_lowercase();
        match PARAMETERS.iter().find(|name| lower.starts_with(*name)) {
            Some(name) if !shown.is_empty() => {
                let (name, value) = piece.split_at(name.len());
                // It may have been taken out before.
                let value = value.strip_prefix(REDACTED).unwrap_or(value);
                let end = value
                    .find(['&', '?', ' ', '"', '\'', '<', '>'])
                    .unwrap_or(value.len());
                shown.extend([name, REDACTED, &value[end..]]);
            }
            _ => shown.push_str(piece),
        }
    }
    shown
}

/// The bytes with every letter of a secret in them made a `*`; nothing if there is no secret in them.
///
/// What is masked stays as long as it was and keeps its grammar, so that it can still be judged.
pub(crate) fn masked(bytes: &[u8], known: &Secrets) -> Option<Vec<u8>> {
    // Most texts are no JSON, and have no members to look for.
    let finders: &[Finder<'_>] = if memchr(b'"', bytes).is_some() {
        &*MEMBER_FINDERS
    } else {
        &[]
    };
    let members = finders.iter().flat_map(|name| member_values(bytes, name));
    let secrets = members.chain(parameter_values(bytes)).chain(known.places(bytes));
    let secrets: Vec<Range<usize>> = secrets.filter(|range| !range.is_empty()).collect();
    if secrets.is_empty() {
        return None;
    }
    let mut masked = bytes.to_vec();
    for range in secrets {
        masked[range].fill(b'*');
    }
    Some(masked)
}

/// Where the texts of a member of JSON stand, without their quotation marks.
fn member_values<'b>(bytes: &'b [u8], name: &'b Finder<'_>) -> impl Iterator<Item = Range<usize>> {
    let behind = |at: usize, wanted: u8| {
        let rest = bytes.get(at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        (rest.get(blanks) == Some(&wanted)).then_some(at + blanks + 1)
    };
    name.find_iter(bytes).filter_map(move |at| {
        let start = behind(behind(at + name.needle().len(), b':')?, b'"')?;
        let mut is_escaped = false;
        let length = bytes[start..].iter().take_while(|byte| {
            let ends = **byte == b'"' && !is_escaped;
            is_escaped = **byte == b'\\' && !is_escaped;
            !ends
        });
        Some(start..start + length.count())
    })
}

/// Where the values of the parameters stand by which storage knows whom it lets in.
fn parameter_values(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memchr2_iter(b'?', b'&', bytes).filter_map(|at| {
        let piece = &bytes[at + 1..];
        let is_named = |name: &&&str| {
            let begin = piece.get(..name.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
        };
        let start = at + 1 + PARAMETERS.iter().find(is_named)?.len();
        let ends = |byte: &u8| b"&?\"'<>,;".contains(byte) || byte.is_ascii_whitespace();
        let rest = &bytes[start..];
        Some(start..start + rest.iter().position(ends).unwrap_or(rest.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_bodies_are_taken_out() {
        assert_eq!(
            text(r#"{"token": "abc.def", "expires_in": 300, "access_token":"ghi"}"#),
            r#"{"token": "<redacted>", "expires_in": 300, "access_token":"<redacted>"}"#
        );
        assert_eq!(text(r#"cut: {"token":"abc"#), r#"cut: {"token":"<redacted>"#);
        assert_eq!(
            text(r#"{"token":"a\"b\\","n":1}"#),
            r#"{"token":"<redacted>","n":1}"#
        );
        assert_eq!(
            text(r#"{"token": 7, "tokens": "x"}"#),
            r#"{"token": 7, "tokens": "x"}"#
        );
    }

    #[test]
    fn signatures_of_addresses_are_taken_out() {
        assert_eq!(
            text("GET https://s3.example.com/b?X-Amz-Signature=ab12&x=1&X-Amz-Credential=me answered 200"),
            "GET https://s3.example.com/b?X-Amz-Signature=<redacted>&x=1&X-Amz-Credential=<redacted> answered 200"
        );
        assert_eq!(
            text("/v2/a/blobs/uploads/1?_state=ab&sig=cd"),
            "/v2/a/blobs/uploads/1?_state=ab&sig=<redacted>"
        );
        assert_eq!(text("sig=ab"), "sig=ab");
        assert_eq!(
            text("/a?sig=<redacted>&x=1"),
            "/a?sig=<redacted>&x=1",
            "it may have been taken out before"
        );
    }

    #[test]
    fn cookies_are_taken_out() {
        assert_eq!(header("set-cookie", "session=1"), "<redacted>");
        assert_eq!(header("Location", "/v2/a?sig=1"), "/v2/a?sig=<redacted>");
    }

    #[test]
    fn what_is_masked_keeps_its_length_and_its_grammar() {
        let masked = |text: &str| masked(text.as_bytes(), &Secrets::of(&["hunter2-hunter2"]));
        let text = |text: &str| String::from_utf8(masked(text).unwrap()).unwrap();
        assert_eq!(
            text(r#"{"token" : "a\"b", "n":"c"}"#),
            r#"{"token" : "****", "n":"c"}"#
        );
        assert_eq!(
            text("PATCH /v2/a?X-Amz-Signature=ab&sig=cd HTTP/1.1"),
            "PATCH /v2/a?X-Amz-Signature=**&sig=** HTTP/1.1"
        );
        assert_eq!(text("no user hunter2-hunter2!"), "no user ***************!");
        assert_eq!(masked("/v2/a?digest=sha256:ab"), None);
        assert_eq!(super::text(&text("/a?sig=ab")), super::text("/a?sig=ab"));
    }
}
