//! Values become the names that the scenario bound them to, and what is left over and random becomes `{opaque}`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::{Event, ProgramLog};
use crate::values::Looks;
use crate::wire::Url;
use crate::wire::hidden_characters::visible;

/// What stands for a text that is not known, and that may be another one in every run.
pub(super) const OPAQUE: &str = "{opaque}";
/// So many letters and digits in a row, if they mean nothing, are the registry's own.
const OPAQUE_LENGTH: usize = 16;
/// The shortest content that is known by its length, in bytes.
const SHORTEST: u64 = 16;
/// The longest text of a registry that is written down, in characters.
const LONGEST: usize = 300;

/// What may be opaque: letters, digits, and what joins them in random texts.
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[A-Za-z0-9_~+%=-]{16,}").ok());

/// What the values of one run of one scenario are called.
#[derive(Debug)]
pub(super) struct ValueNames {
    finder: Option<AhoCorasick>,
    /// What is called how, in the order of the finder.
    called: Vec<String>,
    /// The same, by the whole text.
    whole: HashMap<String, String>,
    sizes: BTreeMap<u64, String>,
    /// The parts of the addresses that were asked.
    sent: BTreeSet<String>,
}

/// A part of a text of the registry.
pub(super) enum NamedPart<'a> {
    /// A value, by its name.
    Name(&'a str),
    /// Anything else.
    Text(&'a str),
}

impl ValueNames {
    /// What is bound in the run of a program against the registry at this address.
    pub(super) fn of(log: &ProgramLog, target: &Url) -> ValueNames {
        let mut called: Vec<(String, String)> = Vec::new();
        let mut whole: HashMap<String, String> = HashMap::new();
        let mut sizes = BTreeMap::new();
        let faces = log.events.iter().filter_map(|event| match event {
            Event::Bound(faces) => Some(faces.all()),
            _ => None,
        });
        for face in faces.flat_map(Cow::into_owned) {
            match &face.looks {
                Looks::Text(text) if text.is_empty() => {}
                Looks::Text(text) => {
                    let is_new = !whole.contains_key(text);
                    whole
                        .entry(text.clone())
                        .or_insert_with(|| face.reference.clone());
                    if is_new {
                        called.push((text.clone(), face.reference.clone()));
                    }
                }
                Looks::Size(size) => {
                    sizes.entry(*size).or_insert_with(|| face.reference.clone());
                }
            }
        }
        called.push((
            format!("{}{}", target.origin(), target.mount()),
            "registry".to_owned(),
        ));
        called.push((target.authority().to_owned(), "registry".to_owned()));
        let (texts, called): (Vec<String>, Vec<String>) = called.into_iter().unzip();
        let mut finder = AhoCorasick::builder();
        finder.match_kind(MatchKind::LeftmostLongest);
        ValueNames {
            finder: finder.build(&texts).ok(),
            called,
            whole,
            sizes,
            sent: sent(log),
        }
    }

    /// What a whole text is called.
    pub(super) fn of_text(&self, text: &str) -> Option<&str> {
        self.whole.get(text).map(String::as_str)
    }

    /// The content with this digest, by its name.
    pub(super) fn of_content(&self, sha256: &str) -> Option<&str> {
        let (_, name) = self.of_text(sha256)?.split_once(' ')?;
        Some(name)
    }

    /// What a length is called; a short one may be any number.
    pub(super) fn of_size(&self, size: u64) -> Option<&str> {
        let called = self.sizes.get(&size).filter(|_| size >= SHORTEST);
        called.map(String::as_str)
    }

    /// Whether this stands in an address that was asked.
    pub(super) fn was_sent(&self, part: &str) -> bool {
        self.sent.contains(part)
    }

    /// The parts of a text, the names in it apart from the rest.
    pub(super) fn parts<'a>(&'a self, text: &'a str) -> Vec<NamedPart<'a>> {
        let mut parts = Vec::new();
        let mut end = 0;
        let found = self.finder.iter().flat_map(|finder| finder.find_iter(text));
        for known in found.filter(|known| stands_alone(text, known.start(), known.end())) {
            if known.start() > end {
                parts.push(NamedPart::Text(&text[end..known.start()]));
            }
            let called = self.called.get(known.pattern().as_usize());
            parts.extend(called.map(|name| NamedPart::Name(name)));
            end = known.end();
        }
        if end < text.len() {
            parts.push(NamedPart::Text(&text[end..]));
        }
        parts
    }

    /// A text as it is written down.
    pub(super) fn written(&self, text: &str) -> String {
        if httpdate::parse_http_date(text).is_ok() {
            return "{date}".to_owned();
        }
        let parts = self.parts(text).into_iter().map(|part| match part {
            NamedPart::Name(name) => format!("{{{name}}}"),
            NamedPart::Text(text) => without_opaque(text),
        });
        cut(&parts.collect::<String>())
    }
}

/// The text on one line, as long as a line may be.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A foreign text on one line: what hides is written out, and no brace stands for a name.
pub(super) fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '{' | '}' => written.extend(c.escape_unicode()),
            c => written.push(c),
        }
    }
    visible(&written).into_owned()
}

/// A text in which what is random is not told.
pub(super) fn without_opaque(text: &str) -> String {
    let Some(runs) = RUNS.as_ref() else {
        return OPAQUE.to_owned();
    };
    let mut written = String::new();
    let mut end = 0;
    for run in runs.find_iter(text).filter(|run| is_opaque(run.as_str())) {
        written.push_str(&plain(&text[end..run.start()]));
        written.push_str(OPAQUE);
        end = run.end();
    }
    written + &plain(&text[end..])
}

/// Words are of one case, and have no digits among them.
fn is_opaque(run: &str) -> bool {
    let letters = run.chars().filter(char::is_ascii_alphanumeric).count();
    let has = |what: fn(&char) -> bool| run.chars().any(|c| what(&c));
    let is_random = has(char::is_ascii_digit)
        || run.split(['-', '_']).any(|word| {
            let inner = word.get(1..).unwrap_or_default();
            inner.contains(|c: char| c.is_ascii_uppercase())
                && inner.contains(|c: char| c.is_ascii_lowercase())
        });
    letters >= OPAQUE_LENGTH && is_random
}

/// So long a text is no part of a word by chance.
const UNMISTAKABLE: usize = 12;

/// Whether what stands here is no part of a longer word.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    end - start >= UNMISTAKABLE || !text[..start].ends_with(joins) && !text[end..].starts_with(joins)
}

/// The parts of all addresses that a program asked.
fn sent(log: &ProgramLog) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    for exchange in log.exchanges() {
        let url = &exchange.request.url;
        let endpoint = Endpoint::of(url);
        sent.extend(endpoint.repository().map(str::to_owned));
        // The name of an upload is the registry's own.
        let reference = endpoint
            .reference()
            .filter(|_| endpoint.kind() != EndpointKind::Session);
        sent.extend(reference.map(str::to_owned));
        let names: Vec<&str> = endpoint.parameter_names().collect();
        sent.extend(
            names
                .into_iter()
                .filter_map(|name| endpoint.parameter(name))
                .map(str::to_owned),
        );
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_random_is_not_told_and_what_are_words_is() {
        for (text, written) in [
            ("d6c92d65-8c0d-49ce-8a20-4e2eb6673c67", "{opaque}"),
            ("/x/d6c92d65-8c0d-49ce-8a20-4e2eb6673c67?y", "/x/{opaque}?y"),
            (
                "docker-distribution-api-version",
                "docker-distribution-api-version",
            ),
            (
                "Docker-Distribution-Api-Version",
                "Docker-Distribution-Api-Version",
            ),
            (
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.manifest.v1+json",
            ),
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "{opaque}"),
            ("{digest blob}", "\\u{7b}digest blob\\u{7d}"),
            ("a\u{202e}b\r\nc", "a\\u{202e}b\\u{d}\\u{a}c"),
        ] {
            assert_eq!(without_opaque(text), written);
        }
    }
}
