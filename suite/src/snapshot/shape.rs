//! The body of an answer: a content by its name, of JSON the shape, of anything else the length.

use serde_json::Value as Json;

use super::names::{ValueNames, without_opaque};
use crate::values::json_of;
use crate::wire::Answer;

/// The deepest JSON that is shown.
const DEEPEST: usize = 8;
/// The most members of an object that are shown, and the most different ones of an array.
const MOST: usize = 32;

/// The shortest body that is some content and no other, in bytes: one byte may be the first or the last of anything.
const TELLING: u64 = 2;

/// What is told of a body; nothing if there is none.
pub(super) fn body(answer: &Answer, names: &ValueNames, left_out: &[String]) -> Option<String> {
    if answer.body.is_empty() {
        return None;
    }
    let name = names.of_content(&answer.body.digest());
    if let Some(name) = name.filter(|_| answer.body.len() >= TELLING) {
        return Some(format!("@{name}"));
    }
    let told = match json_of(answer) {
        Some(json @ (Json::Object(_) | Json::Array(_))) => {
            format!("json {}", Shape { names, left_out }.of(&json, DEEPEST))
        }
        _ => format!("(other bytes, {})", answer.body.len()),
    };
    Some(told)
}

/// The codes of an error body, each once.
pub(super) fn error_codes(answer: &Answer) -> Option<Vec<String>> {
    let json = json_of(answer).filter(|_| answer.status >= 400)?;
    let errors = json.get("errors")?.as_array()?;
    let codes = errors.iter().filter_map(|error| error.get("code")?.as_str());
    let mut codes: Vec<String> = codes
        .map(|code| if is_code(code) { code } else { "(other)" })
        .map(str::to_owned)
        .collect();
    codes.sort();
    codes.dedup();
    codes.truncate(MOST);
    (!codes.is_empty()).then_some(codes)
}

fn is_code(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (1..=64).contains(&text.len()) && text.chars().all(is_plain)
}

/// JSON of which the values are told by their names, or else by their kind.
struct Shape<'a> {
    names: &'a ValueNames,
    /// The members that are not told.
    left_out: &'a [String],
}

impl Shape<'_> {
    fn of(&self, json: &Json, depth: usize) -> String {
        match json {
            Json::Null => "null".to_owned(),
            Json::Bool(truth) => truth.to_string(),
            Json::Number(number) => match number.as_u64().and_then(|size| self.names.of_size(size)) {
                Some(name) => format!("{{{name}}}"),
                None => "number".to_owned(),
            },
            Json::String(text) => self.text(text),
            Json::Array(_) | Json::Object(_) if depth == 0 => "…".to_owned(),
            Json::Array(members) => self.array(members, depth - 1),
            Json::Object(members) => {
                let mut told: Vec<String> = members
                    .iter()
                    .filter(|(key, _)| !self.left_out.contains(key))
                    .map(|(key, value)| format!("{}: {}", self.key(key), self.of(value, depth - 1)))
                    .collect();
                told.sort();
                format!("{{{}}}", listed(&told))
            }
        }
    }

    fn text(&self, text: &str) -> String {
        match self.names.of_text(text) {
            Some(name) => format!("\"{{{name}}}\""),
            None if is_media_type(text) || self.names.was_sent(text) => {
                format!("\"{}\"", self.names.written(text).replace('"', "\\\""))
            }
            None => "string".to_owned(),
        }
    }

    fn key(&self, key: &str) -> String {
        let key = match self.names.of_text(key) {
            Some(name) => format!("{{{name}}}"),
            None => without_opaque(key).replace('"', "\\\""),
        };
        format!("\"{key}\"")
    }

    /// An array as what is in it, and how often where that is known by name; its order is no matter here.
    fn array(&self, members: &[Json], depth: usize) -> String {
        let mut told: Vec<String> = members.iter().map(|member| self.of(member, depth)).collect();
        told.sort();
        let mut different: Vec<(String, usize)> = Vec::new();
        for one in told {
            match different.last_mut() {
                Some((last, count)) if *last == one => *count += 1,
                _ => different.push((one, 1)),
            }
        }
        let told: Vec<String> = different
            .into_iter()
            .map(|(one, count)| match count {
                1 => one,
                _ if !one.contains('{') && !one.contains('"') => format!("{one} …"),
                count => format!("{one} x{count}"),
            })
            .collect();
        format!("[{}]", listed(&told))
    }
}

fn listed(told: &[String]) -> String {
    let more = if told.len() > MOST { ", …" } else { "" };
    format!("{}{more}", told[..told.len().min(MOST)].join(", "))
}

fn is_media_type(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    let rest = text
        .strip_prefix("application/")
        .or_else(|| text.strip_prefix("text/"));
    text.len() <= 80 && rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain))
}
