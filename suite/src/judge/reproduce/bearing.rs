//! What bears on what: a request changes things, and its answer depends on things.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::Sent;
use crate::scenario::ast::Algorithm;
use crate::values::digest;
use crate::wire::{Exchange, Url};

/// Something that requests change, and that answers depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    /// An upload, by its id.
    Upload(String),
    /// The uploads of a repository that somebody may cancel.
    Cancelled(String),
    /// All that is written into a repository.
    Anything(String),
    /// Content, by its digest, wherever it is.
    Content(String),
    /// A tag of a repository.
    Tag(String, String),
    /// What a repository lists.
    List(String),
    /// What the registry lists.
    Catalog,
    /// The answer to a read, which may be remembered.
    Answer(String),
}

/// How far is looked for what bears on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// At what the request names.
    Named,
    /// At the whole repository, since what came is nothing that the request names.
    Repository,
}

/// What the answers that count depend on.
#[derive(Debug, Default)]
pub(super) struct Concern {
    things: BTreeSet<Thing>,
    /// The repository and the digest of content that is asked for: who refers to it may keep or lose it.
    asked: BTreeSet<(String, String)>,
}

/// A request, as far as it says what it is about.
struct SentRequest<'a> {
    method: String,
    url: Url,
    exchange: Option<&'a Exchange>,
}

impl Concern {
    /// What these depend on.
    pub(super) fn with(shown: &[Sent], reach: Reach) -> Concern {
        let mut concern = Concern::default();
        for sent in shown {
            for asked in asked(sent) {
                let endpoint = asked.endpoint();
                let digest = endpoint.reference().filter(|reference| reference.contains(':'));
                let named = endpoint.repository().zip(digest);
                concern
                    .asked
                    .extend(named.map(|(name, digest)| (name.to_owned(), digest.to_owned())));
                if asked.is_read() {
                    concern.things.insert(Thing::Answer(asked.target()));
                }
                let repository = endpoint.repository().unwrap_or_default().to_owned();
                match endpoint.kind() {
                    // What is listed may be another repository's.
                    EndpointKind::Tags | EndpointKind::Referrers => {
                        concern.things.insert(Thing::Catalog);
                    }
                    EndpointKind::Session => {
                        concern.things.insert(Thing::Cancelled(repository.clone()));
                    }
                    _ => {}
                }
                if reach == Reach::Repository {
                    concern.things.insert(Thing::Anything(repository));
                }
            }
            concern.add(sent);
        }
        concern
    }

    /// Adds what this depends on.
    pub(super) fn add(&mut self, sent: &Sent) {
        for asked in asked(sent) {
            self.things.extend(asked.depends_on());
        }
    }

    /// Whether this changes something that counts.
    pub(super) fn is_about(&self, sent: &Sent) -> bool {
        asked(sent).iter().any(|asked| {
            let refers = || {
                let endpoint = asked.endpoint();
                let name = endpoint.repository().unwrap_or_default();
                let mut named = asked.named().into_iter();
                asked.is_manifest_write()
                    && named.any(|digest| self.asked.contains(&(name.to_owned(), digest)))
            };
            asked.changes().iter().any(|thing| self.things.contains(thing)) || refers()
        })
    }
}

impl SentRequest<'_> {
    /// The path of its address and its query.
    fn target(&self) -> String {
        self.url.request_target().into_owned()
    }

    fn is_read(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD")
    }

    fn endpoint(&self) -> Endpoint<'_> {
        Endpoint::of(&self.url)
    }

    fn is_manifest_write(&self) -> bool {
        let is_manifest = matches!(self.endpoint().kind(), EndpointKind::Tag | EndpointKind::Manifest);
        is_manifest && !self.is_read()
    }

    /// What its answer depends on.
    fn depends_on(&self) -> Vec<Thing> {
        let mut things = self.subjects();
        let repository = self.endpoint().repository().unwrap_or_default().to_owned();
        match self.endpoint().kind() {
            EndpointKind::Tags | EndpointKind::Referrers => things.push(Thing::List(repository)),
            EndpointKind::Catalog => things.push(Thing::Catalog),
            _ => {}
        }
        things.extend(self.named().into_iter().map(Thing::Content));
        things
    }

    /// What it changes, or makes the registry remember.
    fn changes(&self) -> Vec<Thing> {
        if self.is_read() {
            return vec![Thing::Answer(self.target())];
        }
        let mut things = self.subjects();
        let repository = self.endpoint().repository().unwrap_or_default().to_owned();
        let is_done = self.exchange.and_then(Exchange::status) == Some(201);
        if self.is_manifest_write() || is_done {
            things.extend([Thing::List(repository.clone()), Thing::Catalog]);
        }
        if self.endpoint().kind() == EndpointKind::Session && self.method == "DELETE" {
            things.push(Thing::Cancelled(repository.clone()));
        }
        things.push(Thing::Anything(repository));
        let address = self.exchange.and_then(Exchange::upload_address);
        things.extend(address.map(|address| Thing::Upload(id(address.path()).to_owned())));
        things
    }

    /// What it names: an upload, content, a tag.
    fn subjects(&self) -> Vec<Thing> {
        let endpoint = self.endpoint();
        let repository = endpoint.repository().unwrap_or_default();
        let path = self.url.path();
        let mut things = at(path, &endpoint);
        if let Some(elsewhere) = walked(path) {
            things.extend(at(&elsewhere, &Endpoint::of(&self.url.with_target(&elsewhere))));
        }
        let parameters = ["digest", "mount"].into_iter();
        let digests = parameters.filter_map(|name| endpoint.parameter(name));
        things.extend(digests.map(|digest| Thing::Content(digest.to_owned())));
        let tag = endpoint.parameter("tag");
        things.extend(tag.map(|tag| Thing::Tag(repository.to_owned(), tag.to_owned())));
        if let (false, Some(exchange)) = (self.is_read(), self.exchange) {
            let body = exchange.request.body.received();
            let by_sha512 = || digest(Algorithm::Sha512, &body.bytes());
            // What was never sent is no content.
            let digests = (!body.is_empty()).then(|| [Some(body.digest()), body.is_whole().then(by_sha512)]);
            let digests = digests.into_iter().flatten();
            things.extend(digests.flatten().map(Thing::Content));
        }
        things
    }

    /// The digests that its body names.
    fn named(&self) -> Vec<String> {
        let body = self
            .exchange
            .map(|exchange| exchange.request.body.received().bytes());
        let body = body.filter(|_| self.is_manifest_write()).unwrap_or_default();
        let mut named = Vec::new();
        collect(&serde_json::from_slice(&body).unwrap_or_default(), &mut named);
        named
    }
}

/// What is at a path: an upload, content, a tag.
fn at(path: &str, endpoint: &Endpoint<'_>) -> Vec<Thing> {
    let repository = endpoint.repository().unwrap_or_default();
    match (endpoint.kind(), endpoint.reference()) {
        (EndpointKind::Session | EndpointKind::Other, _) => vec![Thing::Upload(id(path).to_owned())],
        (EndpointKind::Tag, Some(tag)) => vec![Thing::Tag(repository.to_owned(), tag.to_owned())],
        (_, Some(digest)) => vec![Thing::Content(digest.to_owned())],
        (_, None) => Vec::new(),
    }
}

/// The path to which a registry gets that decodes a path and then walks along it; none if that is the path itself.
fn walked(path: &str) -> Option<String> {
    let decoded = percent_decode_str(path).decode_utf8_lossy().replace('\\', "/");
    let mut walked: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "." => {}
            ".." => drop(walked.pop()),
            other => walked.push(other),
        }
    }
    let walked = walked.join("/");
    (walked != path).then_some(walked)
}

fn collect(json: &Json, named: &mut Vec<String>) {
    match json {
        Json::String(text) if text.starts_with("sha256:") || text.starts_with("sha512:") => {
            named.push(text.clone());
        }
        Json::Array(list) => list.iter().for_each(|member| collect(member, named)),
        Json::Object(members) => members.values().for_each(|member| collect(member, named)),
        _ => {}
    }
}

/// Whether this asks for something by its name, or takes it away.
pub(super) fn asks_by_name(sent: &Sent) -> bool {
    let is_named = |asked: &SentRequest<'_>| {
        let takes = asked.is_read() || asked.method == "DELETE";
        takes && asked.endpoint().reference().is_some()
    };
    asked(sent).iter().any(is_named)
}

/// Whether this may change something.
pub(super) fn is_write(sent: &Sent) -> bool {
    asked(sent).iter().any(|asked| !asked.is_read())
}

/// Whether this may put something there.
pub(super) fn puts(sent: &Sent) -> bool {
    let puts = |asked: &SentRequest<'_>| !asked.is_read() && asked.method != "DELETE";
    asked(sent).iter().any(puts)
}

/// What an upload is known by: the last segment of its path, by which it may be asked for in another repository, too.
fn id(path: &str) -> &str {
    let last = path.rsplit('/').find(|segment| !segment.is_empty());
    last.filter(|segment| segment.len() >= 16).unwrap_or(path)
}

/// What was asked, request by request.
fn asked(sent: &Sent) -> Vec<SentRequest<'_>> {
    match sent {
        Sent::Exchange(exchange) => vec![SentRequest {
            method: exchange.request.method.clone(),
            url: exchange.request.url.clone(),
            exchange: Some(exchange),
        }],
        Sent::Connection(connection) => connection
            .requests()
            .map(|(method, url)| SentRequest {
                method,
                url,
                exchange: None,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_tricks_leads_elsewhere() {
        let leads = |path: &str| walked(path).unwrap_or_default();
        assert_eq!(
            leads("/v2/a/blobs/uploads/..%2f..%2fmanifests%2fb"),
            "/v2/a/manifests/b"
        );
        assert_eq!(leads("/v2/a/manifests/b%5c..%5Cc"), "/v2/a/manifests/c");
        assert_eq!(leads("/v2/a/./manifests/%62"), "/v2/a/manifests/b");
        assert_eq!(walked("/v2/a/manifests/b"), None);
    }
}
