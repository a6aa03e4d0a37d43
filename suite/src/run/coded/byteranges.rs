//! A body of type `multipart/byteranges` (RFC 9110, section 14.6, and RFC 2046, section 5.1.1).

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use bytes::Bytes;
use httparse::{EMPTY_HEADER, Status};
use regex::Regex;

use crate::wire::number;

/// The most lines in the head of a part that are read.
const MOST_LINES: usize = 32;
/// The longest boundary.
const LONGEST_BOUNDARY: usize = 70;

/// A parameter of a media type: its name, and its value in quotes or without.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let token = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    Regex::new(&format!(
        r#"^[ \t]*;[ \t]*({token})=(?:"((?:[^"\\]|\\.)*)"|({token}))"#
    ))
    .ok()
});

/// One part of a body: which bytes of the whole it says it is, and what it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RangePart {
    /// The positions of its bytes.
    pub(super) place: RangeInclusive<u64>,
    /// The length of the whole; `None` where it is an asterisk.
    pub(super) whole: Option<u64>,
    /// The bytes, as many as the place has.
    pub(super) bytes: Bytes,
}

/// Why a body can not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

/// Whether a type is `multipart/byteranges`.
pub(super) fn is_multipart(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("multipart/byteranges")
}

/// The parts of a body of this type, in their order.
pub(super) fn parts(content_type: &str, body: &Bytes) -> Result<Vec<RangePart>, Malformed> {
    let boundary = boundary(content_type)?;
    let mut parts = Vec::new();
    let mut delimiter = next_delimiter(body, 0, &boundary)
        .ok_or_else(|| malformed(format!("no line `--{boundary}` begins the first part")))?;
    while !delimiter.closes {
        let number = parts.len() + 1;
        let next = next_delimiter(body, delimiter.end, &boundary)
            .ok_or_else(|| malformed(format!("part {number} has no end: no `--{boundary}` follows it")))?;
        let content = body.slice(delimiter.end.min(next.start)..next.start);
        parts.push(part(&content).map_err(|Malformed(why)| malformed(format!("part {number} {why}")))?);
        delimiter = next;
    }
    if parts.is_empty() {
        return Err(malformed("it has no part".to_owned()));
    }
    Ok(parts)
}

fn malformed(why: String) -> Malformed {
    Malformed(why)
}

/// The boundary that a type names.
fn boundary(content_type: &str) -> Result<String, Malformed> {
    let unread = || malformed(format!("`{content_type}` is no media type"));
    let pattern = PARAMETER.as_ref().ok_or_else(unread)?;
    let (_, mut rest) = content_type.split_at(content_type.find(';').unwrap_or(content_type.len()));
    let mut found = None;
    while !rest.trim_matches([' ', '\t', ';']).is_empty() {
        let parameter = pattern.captures(rest).ok_or_else(unread)?;
        let value = parameter
            .get(2)
            .map(|quoted| unescaped(quoted.as_str()))
            .or_else(|| parameter.get(3).map(|token| token.as_str().to_owned()));
        if parameter[1].eq_ignore_ascii_case("boundary") {
            found = found.or(value);
        }
        rest = &rest[parameter[0].len()..];
    }
    let boundary = found.ok_or_else(|| malformed(format!("`{content_type}` names no boundary")))?;
    if !is_boundary(&boundary) {
        return Err(malformed(format!("`{boundary}` can be no boundary")));
    }
    Ok(boundary)
}

fn unescaped(quoted: &str) -> String {
    let mut escaped = false;
    quoted
        .chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

fn is_boundary(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=LONGEST_BOUNDARY).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
}

/// A line that begins a part, or ends the last one.
struct Delimiter {
    /// Where the line break before it begins.
    start: usize,
    /// Where what follows it begins.
    end: usize,
    /// Whether it is the last.
    closes: bool,
}

/// The first delimiter at `from` or behind it. A line break belongs to the delimiter that follows it, not to the part.
fn next_delimiter(body: &[u8], from: usize, boundary: &str) -> Option<Delimiter> {
    let dashed = format!("--{boundary}");
    let starts = (from..body.len()).filter(|start| body[*start..].starts_with(dashed.as_bytes()));
    starts
        .filter(|start| *start == 0 || body[..*start].ends_with(b"\r\n"))
        .find_map(|start| {
            let rest = &body[start + dashed.len()..];
            let padding = rest
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            let closes = rest.starts_with(b"--");
            let ends_line = rest[padding..].starts_with(b"\r\n");
            (closes || ends_line).then(|| Delimiter {
                start: start.saturating_sub(2),
                end: start + dashed.len() + padding + 2,
                closes,
            })
        })
}

/// Reads a part: its head, and bytes that fit it.
fn part(content: &Bytes) -> Result<RangePart, Malformed> {
    let mut lines = [EMPTY_HEADER; MOST_LINES];
    let (length, lines) = match httparse::parse_headers(content, &mut lines) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Err(malformed("has no empty line behind its head".to_owned())),
        Err(error) => return Err(malformed(format!("has a malformed head: {error}"))),
    };
    let mut ranges = lines
        .iter()
        .filter(|line| line.name.eq_ignore_ascii_case("Content-Range"))
        .map(|line| String::from_utf8_lossy(line.value));
    let range = match (ranges.next(), ranges.next()) {
        (Some(range), None) => range,
        (None, _) => return Err(malformed("has no Content-Range".to_owned())),
        (Some(_), Some(_)) => return Err(malformed("has two Content-Ranges".to_owned())),
    };
    let (place, whole) = content_range(&range)
        .ok_or_else(|| malformed(format!("has the Content-Range `{range}`, which is none of bytes")))?;
    let bytes = content.slice(length..);
    let said = place.end() - place.start() + 1;
    if bytes.len() as u64 != said {
        let brought = bytes.len();
        return Err(malformed(format!("says `{range}` and brings {brought} bytes")));
    }
    Ok(RangePart { place, whole, bytes })
}

/// Reads `bytes first-last/whole`.
fn content_range(value: &str) -> Option<(RangeInclusive<u64>, Option<u64>)> {
    let (unit, rest) = value.trim().split_once(' ')?;
    let (place, whole) = rest.split_once('/')?;
    let (first, last) = place.split_once('-')?;
    let (first, last) = (position(first)?, position(last)?);
    let whole = match whole {
        "*" => None,
        length => Some(position(length)?),
    };
    let is_sound = first <= last && whole.is_none_or(|whole| last < whole) && last < u64::MAX;
    (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some((first..=last, whole))
}

fn position(digits: &str) -> Option<u64> {
    number(digits, u64::MAX).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Vectors {
        readable: Vec<Readable>,
        malformed: Vec<Unreadable>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Readable {
        content_type: String,
        body: String,
        parts: Vec<(u64, u64, String)>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Unreadable {
        content_type: String,
        body: String,
        because: String,
    }

    #[test]
    fn bodies_are_read_as_the_vectors_say() {
        let text = include_str!("../../../../fixtures/vectors/byteranges.toml");
        let vectors: Vectors = toml::from_str(text).unwrap();
        for vector in vectors.readable {
            let read = parts(&vector.content_type, &vector.body.clone().into()).unwrap_or_else(|error| {
                panic!("{} {:?}: {error:?}", vector.content_type, vector.body);
            });
            let read: Vec<(u64, u64, String)> = read
                .into_iter()
                .map(|part| {
                    let bytes = String::from_utf8(part.bytes.to_vec()).unwrap();
                    (*part.place.start(), *part.place.end(), bytes)
                })
                .collect();
            assert_eq!(read, vector.parts, "{} {:?}", vector.content_type, vector.body);
        }
        for vector in vectors.malformed {
            let read = parts(&vector.content_type, &vector.body.clone().into());
            assert_eq!(read, Err(Malformed(vector.because)), "{:?}", vector.body);
        }
    }

    /// A body of these parts, as RFC 9110 writes one.
    fn written(boundary: &str, contents: &[Vec<u8>]) -> Bytes {
        let mut body = Vec::new();
        for bytes in contents {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Range: bytes 7-{}/*\r\n\r\n",
                bytes.len() + 6
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
        }
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        body.into()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            boundary in "[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9a-z]",
            contents in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab\r\n-".as_slice()), 1..40), 1..5),
        ) {
            let delimiter = format!("--{boundary}");
            let holds = |bytes: &Vec<u8>| bytes.windows(delimiter.len()).any(|part| part == delimiter.as_bytes());
            prop_assume!(!contents.iter().any(holds));
            let kind = format!(r#"multipart/byteranges; boundary="{boundary}""#);
            let read = parts(&kind, &written(&boundary, &contents)).unwrap();
            let read: Vec<Vec<u8>> = read.into_iter().map(|part| part.bytes.to_vec()).collect();
            prop_assert_eq!(read, contents);
        }

        #[test]
        fn no_body_whatever_causes_a_panic(body in "(--b|\r\n|--|: |Content-Range|bytes 0-1/2|.){0,30}", kind in ".{0,40}") {
            let _ = parts("multipart/byteranges; boundary=b", &body.clone().into());
            let _ = parts(&format!("multipart/byteranges{kind}"), &body.into());
        }
    }
}
