//! Which header lines are written down, and what of them.

use std::collections::BTreeMap;

use super::names::{NamedPart, OPAQUE, ValueNames, cut, without_opaque};
use super::read::is_header_name;
use crate::catalogue::{RequirementId, Version};
use crate::scenario::{Library, Loaded, header_names};
use crate::wire::Answer;

/// What says nothing about a registry, or another thing every time: who answered, when, on which way, to whom, and what
/// a person is to know besides.
const NEVER: &[&str] = &[
    "age",
    "alt-svc",
    "cf-ray",
    "connection",
    "date",
    "forwarded",
    "keep-alive",
    "nel",
    "report-to",
    "server",
    "server-timing",
    "set-cookie",
    "set-cookie2",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "via",
    "warning",
];
/// The same, by what stands in the name.
const NEVER_WITH: &[&str] = &[
    "-id",
    "cookie",
    "ratelimit",
    "rate-limit",
    "request-id",
    "trace",
    "x-b3-",
    "x-cache",
    "x-forwarded",
    "x-served-by",
    "x-timer",
];

/// The words that a path of the protocol has.
const PATH_WORDS: &[&str] = &[
    "",
    "v2",
    "blobs",
    "uploads",
    "manifests",
    "tags",
    "list",
    "referrers",
    "_catalog",
    "token",
];

/// The header lines whose values are written down: those that a scenario looks at, as it spells them.
#[derive(Debug)]
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    /// Those that the scenarios of a library look at that ask something in `version`, or that ask nothing by an id.
    pub(super) fn of(library: &Library, version: Version) -> Known {
        let mut known = BTreeMap::new();
        let in_force = |id: &RequirementId| {
            let requirement = library.catalogue.get(id);
            requirement.is_some_and(|requirement| requirement.levels.in_version(version).is_some())
        };
        let asks = |loaded: &&Loaded| {
            let cites = loaded.cites(&library.catalogue);
            cites.is_empty() || cites.iter().any(in_force)
        };
        let asking = library.scenarios.iter().filter(asks);
        for name in asking.flat_map(|loaded| header_names(&loaded.scenario)) {
            known
                .entry(name.to_ascii_lowercase())
                .or_insert_with(|| name.to_owned());
        }
        known.retain(|name, _| !is_never_told(name));
        Known(known)
    }

    /// The header lines of an answer, by their names.
    pub(super) fn lines(&self, answer: &Answer, names: &ValueNames) -> BTreeMap<String, Vec<String>> {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in answer.headers.iter() {
            let low = name.to_ascii_lowercase();
            if is_never_told(&low) {
                continue;
            }
            match self.0.get(&low) {
                Some(spelled) => {
                    let value = written(&low, value, answer, names);
                    lines.entry(spelled.clone()).or_default().push(value);
                }
                None => {
                    let name = capitalized(name);
                    if is_header_name(&name) {
                        lines.entry(name).or_default();
                    }
                }
            }
        }
        // The order in which a name is repeated says nothing.
        lines.values_mut().for_each(|values| values.sort());
        lines
    }
}

fn is_never_told(low: &str) -> bool {
    NEVER.contains(&low) || NEVER_WITH.iter().any(|part| low.contains(part))
}

/// The name with a capital letter at the beginning of each word, however the registry spells it.
fn capitalized(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let word = word.to_ascii_lowercase();
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    let words: Vec<String> = words.collect();
    words.join("-")
}

/// The value of a header line as it is written down.
fn written(low: &str, value: &str, answer: &Answer, names: &ValueNames) -> String {
    match low {
        "content-length" => length(value, answer, names),
        "location" => address(value, names),
        "link" => link(value, names),
        _ => list(&names.written(value)),
    }
}

/// A length by the name of the content that is so long; of what the registry wrote itself it is not told.
/// A length is that of a content only where the content is what was answered with: others are as long by chance.
fn length(value: &str, answer: &Answer, names: &ValueNames) -> String {
    let Ok(length) = value.parse::<u64>() else {
        return names.written(value);
    };
    let has_content = match answer.status {
        200 if answer.body.is_empty() => true,
        200 => names.of_content(&answer.body.digest()).is_some(),
        206 => true,
        _ => false,
    };
    match names.of_size(length).filter(|_| has_content) {
        Some(name) => format!("{{{name}}}"),
        None if length == 0 => "0".to_owned(),
        None if answer.body.is_empty() || answer.body.len() == length => "{length}".to_owned(),
        None => names.written(value),
    }
}

/// A value that is a list in one order, whichever it came in.
fn list(written: &str) -> String {
    if written.contains('"') {
        return written.to_owned();
    }
    let mut members: Vec<&str> = written.split(", ").collect();
    members.sort_unstable();
    members.join(", ")
}

fn link(value: &str, names: &ValueNames) -> String {
    let target = value.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match target {
        Some((target, parameters)) => {
            let target = without_last(&address(target, names));
            cut(&format!("<{target}>{}", names.written(parameters)))
        }
        None => names.written(value),
    }
}

/// The address of a page without the value behind which it begins: what else is in a list is not told.
fn without_last(address: &str) -> String {
    match address.split_once("last=") {
        Some((before, value)) => {
            let rest = value.find('&').map_or("", |end| &value[end..]);
            format!("{before}last={{last}}{rest}")
        }
        None => address.to_owned(),
    }
}

/// An address of which only the words of the protocol are told, names, and what was in an address that was asked.
fn address(text: &str, names: &ValueNames) -> String {
    let mut written = String::new();
    let mut place = AddressPart::Path;
    for part in names.parts(text) {
        match part {
            NamedPart::Name(name) => written.push_str(&format!("{{{name}}}")),
            NamedPart::Text(text) => written.push_str(&foreign(text, &mut place, names)),
        }
    }
    cut(&written)
}

/// Where in an address a part stands.
enum AddressPart {
    Path,
    Query,
}

fn foreign(text: &str, place: &mut AddressPart, names: &ValueNames) -> String {
    let mut written = String::new();
    let text = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            written.push_str(scheme);
            written.push_str("://{host}");
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => text,
    };
    let mut word = String::new();
    for c in text.chars() {
        let ends = match place {
            AddressPart::Path => matches!(c, '/' | '?'),
            AddressPart::Query => matches!(c, '&' | '='),
        };
        if !ends {
            word.push(c);
            continue;
        }
        let is_key = matches!(place, AddressPart::Query) && c == '=';
        written.push_str(&told(&std::mem::take(&mut word), place, is_key, names));
        written.push(c);
        if c == '?' {
            *place = AddressPart::Query;
        }
    }
    written + &told(&word, place, false, names)
}

fn told(word: &str, place: &AddressPart, is_key: bool, names: &ValueNames) -> String {
    let is_short_number = word.len() <= 6 && word.chars().all(|c| c.is_ascii_digit());
    let is_told = match place {
        _ if names.was_sent(word) => true,
        AddressPart::Path => PATH_WORDS.contains(&word),
        AddressPart::Query if is_key => {
            word.len() <= 24
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-'))
        }
        AddressPart::Query => is_short_number,
    };
    if is_told {
        without_opaque(word)
    } else {
        OPAQUE.to_owned()
    }
}
