//! Anomalies of a request: the first sign of a cause, whatever a check asks of the answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::upload::{Holding, bytes, is_wrong};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::{Created, ProgramLog};
use crate::wire::Exchange;

/// An anomaly of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Anomaly {
    /// Its path has dot segments or encoded slashes.
    Path,
    /// The name of the repository is none.
    Name,
    /// The tag, or the digest in its place, is none.
    Reference,
    /// The digest of a blob is none.
    Digest,
    /// It goes to an upload that nobody opened.
    UnknownUpload,
    /// It goes to an upload that was closed or cancelled.
    ClosedUpload,
    /// It goes to an upload that was opened in another repository.
    ForeignUpload,
    /// It closes an upload by the digest of something else, or by two.
    WrongDigest,
    /// It says another place of a chunk than the chunk has.
    ChunkPlace,
    /// It carries this header.
    Header(&'static str, EndpointKind),
    /// It asks for a blob that is not of this repository: never put there, or deleted from there and not from others.
    ForeignBlob,
    /// It carries these parameters.
    Parameters(EndpointKind, Vec<String>),
}

impl Anomaly {
    /// Whether nothing sound can be meant by it, so that taking it is the cause of whatever else is wrong.
    pub(super) fn is_nonsense(&self) -> bool {
        match self {
            Anomaly::Path
            | Anomaly::Name
            | Anomaly::Reference
            | Anomaly::Digest
            | Anomaly::UnknownUpload
            | Anomaly::ClosedUpload
            | Anomaly::ForeignUpload
            | Anomaly::WrongDigest => true,
            Anomaly::ChunkPlace | Anomaly::Header(..) | Anomaly::ForeignBlob | Anomaly::Parameters(..) => {
                false
            }
        }
    }
}

/// The headers of a request that make it another request than one without them, the most telling first.
const TELLING: [&str; 5] = ["If-Range", "If-Match", "If-None-Match", "Range", "Expect"];

/// The most telling anomaly of a request, if it has one.
pub(super) fn anomaly(exchange: &Exchange, endpoint: &Endpoint<'_>, log: &ProgramLog) -> Option<Anomaly> {
    let request = &exchange.request;
    let path = request.url.path().to_lowercase();
    let kind = endpoint.kind();
    if ["/../", "/./", "%2e", "%2f", "%5c", "%00", "\\"]
        .iter()
        .any(|odd| path.contains(odd))
    {
        return Some(Anomaly::Path);
    }
    if endpoint.repository().is_some_and(|name| !is_name(name)) {
        return Some(Anomaly::Name);
    }
    let reference = endpoint.reference().unwrap_or_default();
    match kind {
        EndpointKind::Tag if !is_tag(reference) => return Some(Anomaly::Reference),
        EndpointKind::Manifest if !is_digest(reference) => return Some(Anomaly::Reference),
        EndpointKind::Blob if !is_digest(reference) => return Some(Anomaly::Digest),
        EndpointKind::Session => {
            if let Some(anomaly) = oddity_of_upload(exchange, log) {
                return Some(anomaly);
            }
        }
        _ => {}
    }
    if let Some(anomaly) = oddity_of_content(exchange, endpoint, log) {
        return Some(anomaly);
    }
    if let Some(name) = TELLING.iter().find(|name| request.headers.contains(name)) {
        return Some(Anomaly::Header(name, kind));
    }
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    if kind == EndpointKind::Blob && is_read && is_foreign(exchange, endpoint, log) {
        return Some(Anomaly::ForeignBlob);
    }
    let parameters = parameters(endpoint);
    let is_opening = request.method == "POST" && kind == EndpointKind::Uploads;
    ((is_read || is_opening) && !parameters.is_empty()).then_some(Anomaly::Parameters(kind, parameters))
}

/// The anomaly of the upload that a request goes to, unless it was opened there and is still open.
fn oddity_of_upload(exchange: &Exchange, log: &ProgramLog) -> Option<Anomaly> {
    let path = exchange.request.url.path();
    let mut opened = BTreeSet::new();
    let mut open = BTreeSet::new();
    for earlier in log.exchanges().filter(|earlier| earlier.number < exchange.number) {
        let at = earlier.request.url.path();
        let method = earlier.request.method.as_str();
        let is_sound = method == "POST" || open.contains(at);
        if !is_sound {
            continue;
        }
        if let Some(address) = earlier.upload_address() {
            open.remove(at);
            opened.insert(address.path().to_owned());
            open.insert(address.path().to_owned());
        } else if matches!((method, earlier.status()), ("PUT" | "DELETE", Some(200..=299))) {
            open.remove(at);
        }
    }
    if open.contains(path) {
        return None;
    }
    let session = path.rsplit('/').next();
    let is_of_another = |other: &String| other.rsplit('/').next() == session;
    Some(if opened.contains(path) {
        Anomaly::ClosedUpload
    } else if opened.iter().any(is_of_another) {
        Anomaly::ForeignUpload
    } else {
        Anomaly::UnknownUpload
    })
}

/// The anomaly of what a request brings to an upload: its place, or its digest.
fn oddity_of_content(exchange: &Exchange, endpoint: &Endpoint<'_>, log: &ProgramLog) -> Option<Anomaly> {
    let request = &exchange.request;
    let says_two = endpoint.parameters("digest").count() > 1;
    match (request.method.as_str(), Holding::before(exchange, log)) {
        ("PATCH" | "PUT", Some(holding)) if holding.is_out_of_place(exchange) => Some(Anomaly::ChunkPlace),
        ("PUT", Some(holding)) if says_two || holding.is_closed_by_a_wrong_digest(exchange) => {
            Some(Anomaly::WrongDigest)
        }
        ("POST", _) if endpoint.kind() == EndpointKind::Uploads => {
            let said = endpoint.parameter("digest")?;
            let is_wrong = says_two || is_wrong(said, bytes(&request.body).as_ref());
            is_wrong.then_some(Anomaly::WrongDigest)
        }
        (_, None) if request.headers.contains("Content-Range") => Some(Anomaly::ChunkPlace),
        _ => None,
    }
}

/// Whether a blob that is asked for was never put into its repository, or was deleted there and not where it is, too.
fn is_foreign(exchange: &Exchange, endpoint: &Endpoint<'_>, log: &ProgramLog) -> bool {
    let (Some(repository), Some(digest)) = (endpoint.repository(), endpoint.reference()) else {
        return false;
    };
    let earlier = || log.exchanges().filter(|earlier| earlier.number < exchange.number);
    let deletes = |other: &&Arc<Exchange>| {
        let of = Endpoint::of(&other.request.url);
        other.request.method == "DELETE"
            && other.status().is_some_and(|status| (200..300).contains(&status))
            && (of.repository(), of.reference()) == (Some(repository), Some(digest))
    };
    let deleted = earlier().filter(deletes).map(|deletion| deletion.number).max();
    let since = earlier().filter(|earlier| deleted.is_none_or(|deleted| earlier.number > deleted));
    let named = (repository.to_owned(), digest.to_owned());
    let is_elsewhere = || {
        let mut blobs = Created::by_exchanges(earlier()).blobs.into_iter();
        blobs.any(|(other, blob)| other != repository && blob == digest)
    };
    !Created::by_exchanges(since).blobs.contains(&named) && (deleted.is_none() || is_elsewhere())
}

/// The names of the parameters of a request, in the order of the alphabet.
pub(super) fn parameters(endpoint: &Endpoint<'_>) -> Vec<String> {
    let names: BTreeSet<&str> = endpoint.parameter_names().collect();
    names.into_iter().map(str::to_owned).collect()
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
    let is_word = |text: &str, separators: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || separators.contains(c))
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return is_word(algorithm, "+._-") && is_word(encoded, "=_-"),
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
        assert!(is_digest("sha256+b64u:LCa0a2j_xo-5m0U8HTBBNBNCLXBkg7=") && !is_digest("x%0d%0aX-Odd:%201"));
    }
}
