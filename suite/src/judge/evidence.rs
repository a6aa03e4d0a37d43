//! What was seen, seen from afar: broken checks of which the same was asked and which got the same have one cause.

use std::collections::BTreeSet;

use super::entries::Entry;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::{Created, Evidence, ProgramLog};
use crate::scenario::ast::Aspect;
use crate::wire::{Answer, Exchange, Fault};

/// The trace that a cause leaves: broken checks with one trace in common have one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Trace {
    /// The answer is coded although nothing offered to take that.
    Coded,
    /// The front end of the registry answered in its place.
    Gateway(u16),
    /// This method of this endpoint fails inside the registry.
    Fails(String, EndpointKind, u16),
    /// This method of this endpoint gets no answer, or none that holds.
    NoAnswer(String, EndpointKind, &'static str),
    /// The endpoint does not know this method.
    NoMethod(String, EndpointKind, u16),
    /// Something odd about the request is not looked at, or answered in this way.
    Odd(Oddity, u16),
    /// The place that a chunk gives itself is not looked at.
    ChunkPlace,
    /// A header of the answer to this method of this endpoint is amiss, in the same way.
    Header(String, EndpointKind, String, Amiss),
    /// A member of the answer's JSON is amiss.
    Json(EndpointKind, Vec<String>, String),
}

/// What is odd about a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Oddity {
    /// Its path has dot segments or encoded slashes.
    Path,
    /// The name of the repository is none.
    Name,
    /// The tag, or the digest in its place, is none.
    Reference,
    /// The digest of a blob is none.
    Digest,
    /// It goes to an upload that nobody opened there.
    UnknownUpload,
    /// It says which place a chunk has.
    ChunkPlace,
    /// It carries this header.
    Header(&'static str, EndpointKind),
    /// It asks for a blob that was never put into this repository.
    ForeignBlob,
    /// It carries these parameters.
    Parameters(EndpointKind, Vec<String>),
}

/// How a header is amiss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Amiss {
    /// It is not there.
    Absent,
    /// It is there, and not as it should be.
    Wrong,
}

/// The headers of a request that make it another request than one without them.
const TELLING: [&str; 5] = ["Range", "If-Match", "If-None-Match", "If-Range", "Expect"];

/// The trace of a broken check; none where what was seen does not tell one cause from another.
pub(super) fn trace(entry: &Entry, log: &ProgramLog) -> Option<Trace> {
    let Evidence::Exchanges(exchanges) = &entry.evidence else {
        return None;
    };
    let [exchange] = exchanges.as_slice() else {
        return None;
    };
    let endpoint = Endpoint::of(&exchange.request.url);
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(fault) => {
            let method = exchange.request.method.clone();
            return Some(Trace::NoAnswer(method, endpoint.kind(), name_of(fault)));
        }
    };
    if let (Some(fault), Some(Aspect::Json(..) | Aspect::Content(_) | Aspect::NoBody)) =
        (&answer.cut, entry.check.as_ref().map(|check| &check.aspect.value))
    {
        let method = exchange.request.method.clone();
        return Some(Trace::NoAnswer(method, endpoint.kind(), name_of(fault)));
    }
    if is_coded_unasked(exchange, answer) {
        return Some(Trace::Coded);
    }
    of_answer(entry, log, exchange, &endpoint, answer)
}

fn of_answer(
    entry: &Entry,
    log: &ProgramLog,
    exchange: &Exchange,
    endpoint: &Endpoint,
    answer: &Answer,
) -> Option<Trace> {
    let (method, kind) = (exchange.request.method.clone(), endpoint.kind());
    match answer.status {
        502..=504 => return Some(Trace::Gateway(answer.status)),
        500.. => return Some(Trace::Fails(method, kind, answer.status)),
        405 => return Some(Trace::NoMethod(method, kind, answer.status)),
        _ => {}
    }
    match &entry.check.as_ref()?.aspect.value {
        Aspect::Status(_) => match oddity(exchange, endpoint, log)? {
            // Where the place of a chunk is not looked at, what comes of it depends on the bytes alone.
            Oddity::ChunkPlace => Some(Trace::ChunkPlace),
            oddity => Some(Trace::Odd(oddity, answer.status)),
        },
        Aspect::Header(name, _) => {
            let amiss = if answer.headers.contains(name) {
                Amiss::Wrong
            } else {
                Amiss::Absent
            };
            Some(Trace::Header(method, kind, name.to_lowercase(), amiss))
        }
        Aspect::Json(..) => {
            let member = member(&entry.asked);
            Some(Trace::Json(kind, parameters(endpoint), member))
        }
        Aspect::Challenge(..)
        | Aspect::Error(_)
        | Aspect::Content(_)
        | Aspect::NoBody
        | Aspect::SameAs(..) => None,
    }
}

/// What is odd about a request, the most telling first.
fn oddity(exchange: &Exchange, endpoint: &Endpoint, log: &ProgramLog) -> Option<Oddity> {
    let request = &exchange.request;
    let path = request.url.path().to_lowercase();
    let kind = endpoint.kind();
    if ["/../", "/./", "%2e", "%2f", "%5c", "\\"]
        .iter()
        .any(|odd| path.contains(odd))
    {
        return Some(Oddity::Path);
    }
    if endpoint.repository().is_some_and(|name| !is_name(name)) {
        return Some(Oddity::Name);
    }
    let reference = endpoint.reference().unwrap_or_default();
    match kind {
        EndpointKind::Tag if !is_tag(reference) => return Some(Oddity::Reference),
        EndpointKind::Manifest if !is_digest(reference) => return Some(Oddity::Reference),
        EndpointKind::Blob if !is_digest(reference) => return Some(Oddity::Digest),
        EndpointKind::Session if !was_opened(exchange, log) => return Some(Oddity::UnknownUpload),
        _ => {}
    }
    if request.headers.contains("Content-Range") {
        return Some(Oddity::ChunkPlace);
    }
    if let Some(name) = TELLING.iter().find(|name| request.headers.contains(name)) {
        return Some(Oddity::Header(name, kind));
    }
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    if kind == EndpointKind::Blob && is_read && !was_put_there(exchange, endpoint, log) {
        return Some(Oddity::ForeignBlob);
    }
    let parameters = parameters(endpoint);
    (is_read && !parameters.is_empty()).then_some(Oddity::Parameters(kind, parameters))
}

/// Whether some answer before gave out the address of this upload.
fn was_opened(exchange: &Exchange, log: &ProgramLog) -> bool {
    log.exchanges()
        .filter(|earlier| earlier.number < exchange.number)
        .filter_map(|earlier| earlier.upload_address())
        .any(|address| address.path() == exchange.request.url.path())
}

/// Whether a blob was ever put into the repository that it is asked of.
fn was_put_there(exchange: &Exchange, endpoint: &Endpoint, log: &ProgramLog) -> bool {
    let earlier = log.exchanges().filter(|earlier| earlier.number < exchange.number);
    let (Some(repository), Some(digest)) = (endpoint.repository(), endpoint.reference()) else {
        return true;
    };
    Created::by(earlier)
        .blobs
        .contains(&(repository.to_owned(), digest.to_owned()))
}

/// Whether an answer has a content coding that its request did not offer to take.
fn is_coded_unasked(exchange: &Exchange, answer: &Answer) -> bool {
    let coding = answer.headers.get("Content-Encoding").unwrap_or("identity");
    let offered = exchange
        .request
        .headers
        .get("Accept-Encoding")
        .unwrap_or("identity");
    !coding.eq_ignore_ascii_case("identity") && offered.trim().eq_ignore_ascii_case("identity")
}

/// The names of the parameters of a request, in the order of the alphabet.
fn parameters(endpoint: &Endpoint) -> Vec<String> {
    let names: BTreeSet<&str> = endpoint.parameter_names().collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The member at the top of a JSON path: `$.tags` of `$.tags[*]: a, b`.
fn member(asked: &str) -> String {
    let path = asked.split(':').next().unwrap_or_default().trim();
    let end = path
        .char_indices()
        .skip(2)
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '_'))
        .map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path).to_owned()
}

fn name_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::Connect(_) => "connect",
        Fault::Tls(_) => "tls",
        Fault::Timeout { .. } => "timeout",
        Fault::Closed(_) => "closed",
        Fault::TooLarge { .. } => "too large",
        Fault::TooManyRedirects(_) | Fault::BadRedirect(_) => "redirect",
        Fault::Malformed(_) => "malformed",
        Fault::Credentials(_) => "credentials",
        Fault::CannotSend { .. } => "cannot send",
        Fault::Elsewhere { .. } => "elsewhere",
    }
}

/// Whether a text is the name of a repository: components of lower-case letters and digits, joined by separators.
fn is_name(text: &str) -> bool {
    let is_component = |component: &str| {
        let edges = [component.chars().next(), component.chars().last()];
        let is_edge = |c: &Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edges.iter().all(is_edge)
            && component
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    };
    !text.is_empty() && text.len() <= 255 && text.split('/').all(is_component)
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128 && text.starts_with(is_word) && text.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return !algorithm.is_empty() && !encoded.is_empty(),
    };
    encoded.len() == length
        && encoded
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tags_and_digests_are_told_from_what_is_none() {
        assert!(is_name("a/b-c/d_e.f0") && !is_name("a/B") && !is_name("a//b") && !is_name("-a"));
        assert!(is_tag("v1.0-rc_1") && !is_tag(".a") && !is_tag(&"a".repeat(129)) && !is_tag("a b"));
        assert!(is_digest(&format!("sha256:{}", "a".repeat(64))));
        assert!(!is_digest(&format!("sha256:{}", "A".repeat(64))) && !is_digest("sha256:aa"));
    }

    #[test]
    fn a_json_path_is_known_by_its_first_member() {
        assert_eq!(member("$.tags[*]: a, b"), "$.tags");
        assert_eq!(member("$.manifests: an array"), "$.manifests");
        assert_eq!(member("$: an object"), "$");
    }
}
