//! What a run of a program created in the registry and may still be there: a fold over its events.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Event;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::scenario::ast::Algorithm;
use crate::values::{SIGNED_MANIFEST, digest, payload};
use crate::wire::{Answer, Exchange, Request, Step, Transcript, Url};

/// What was created and may still be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Created {
    /// Repository and tag.
    pub tags: BTreeSet<(String, String)>,
    /// Repository and digest.
    pub manifests: BTreeSet<(String, String)>,
    /// Repository and digest.
    pub blobs: BTreeSet<(String, String)>,
    /// The uploads that were opened and not closed.
    pub uploads: Vec<OpenUpload>,
}

/// An upload that was opened.
#[derive(Clone, Debug)]
pub(crate) struct OpenUpload {
    /// Where it goes on.
    pub address: Url,
    /// The repository in which it was opened.
    pub repository: String,
}

impl Created {
    /// What these exchanges created.
    pub(crate) fn by_exchanges<'e>(exchanges: impl IntoIterator<Item = &'e Arc<Exchange>>) -> Created {
        let mut created = Created::default();
        for exchange in exchanges {
            created.note_exchange(exchange);
        }
        created
    }

    /// What these events created.
    pub(crate) fn by<'e>(events: impl IntoIterator<Item = &'e Event>) -> Created {
        let mut created = Created::default();
        for event in events {
            match event {
                Event::Sent(_, exchange) => created.note_exchange(exchange),
                Event::Connected(connection) => created.note_by_hand(connection),
                _ => {}
            }
        }
        created
    }

    fn note_exchange(&mut self, exchange: &Exchange) {
        if let Ok(answer) = &exchange.outcome {
            self.note(exchange, answer);
        }
    }

    /// What was created on a connection by hand, as far as an answer there says so.
    fn note_by_hand(&mut self, connection: &Transcript) {
        let says_created =
            |step: &Step| matches!(step, Step::Received(bytes) if bytes.starts_with(b"HTTP/1.1 201"));
        if !connection.steps.iter().any(says_created) {
            return;
        }
        for (method, url) in connection.requests() {
            let endpoint = Endpoint::of(&url);
            match (
                method.as_str(),
                endpoint.kind(),
                endpoint.repository(),
                endpoint.reference(),
            ) {
                ("PUT", EndpointKind::Tag, Some(repository), Some(tag)) => {
                    self.tags.insert((repository.to_owned(), tag.to_owned()));
                }
                ("PUT", EndpointKind::Manifest, Some(repository), Some(digest)) => {
                    self.manifests.insert((repository.to_owned(), digest.to_owned()));
                }
                ("PUT" | "POST", _, repository, _) => {
                    let opened = self
                        .uploads
                        .iter()
                        .position(|upload| upload.address.path() == url.path());
                    let closed = opened.map(|at| self.uploads.swap_remove(at).repository);
                    self.note_blob(closed.or(repository.map(str::to_owned)), &endpoint);
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, exchange: &Exchange, answer: &Answer) {
        let request = &exchange.request;
        let endpoint = Endpoint::of(&request.url);
        match (request.method.as_str(), answer.status, endpoint.kind()) {
            ("PUT", 200..=299, EndpointKind::Manifest | EndpointKind::Tag) => {
                self.note_manifest(&endpoint, request);
            }
            ("PUT" | "POST", 201, _) => {
                let repository = self.close_upload(&request.url, &endpoint);
                self.note_other_digests(repository.as_deref(), answer);
                self.note_blob(repository, &endpoint);
            }
            ("POST" | "PATCH", 202, _) => {
                let repository = self.close_upload(&request.url, &endpoint);
                let address = answer.location();
                self.uploads.extend(
                    repository
                        .zip(address)
                        .map(|(repository, address)| OpenUpload { address, repository }),
                );
            }
            ("PUT" | "DELETE", 200..=299, _) => {
                self.close_upload(&request.url, &endpoint);
            }
            _ => {}
        }
    }

    fn note_manifest(&mut self, endpoint: &Endpoint<'_>, request: &Request) {
        let (Some(repository), Some(reference)) = (endpoint.repository(), endpoint.reference()) else {
            return;
        };
        let named = |reference: &str| (repository.to_owned(), reference.to_owned());
        // One that is taken by a digest that it does not have may be kept under its own.
        self.manifests.insert(named(&manifest_digest(request)));
        if endpoint.kind() == EndpointKind::Manifest {
            self.manifests.insert(named(reference));
        } else {
            self.tags.insert(named(reference));
        }
    }

    /// A blob may be kept under a digest that the registry chose.
    fn note_other_digests(&mut self, repository: Option<&str>, answer: &Answer) {
        let told = answer.headers.get("Docker-Content-Digest").map(str::to_owned);
        let place = answer.location();
        let place = place.as_ref().map(Endpoint::of);
        let place =
            place.filter(|place| place.kind() == EndpointKind::Blob && place.repository() == repository);
        let placed = place.and_then(|place| place.reference().map(str::to_owned));
        for digest in told
            .into_iter()
            .chain(placed)
            .filter(|digest| digest.contains(':'))
        {
            self.blobs
                .extend(repository.map(|repository| (repository.to_owned(), digest)));
        }
    }

    fn note_blob(&mut self, repository: Option<String>, endpoint: &Endpoint<'_>) {
        let digest = endpoint
            .parameter("digest")
            .or_else(|| endpoint.parameter("mount"));
        if let (Some(repository), Some(digest)) = (repository, digest) {
            self.blobs.insert((repository, digest.to_owned()));
        }
    }

    /// Forgets the upload at this address, and says to which repository it belongs.
    ///
    /// An upload is known by its path; its query may change from answer to answer, and the path need not name a
    /// repository, since a registry may give out any address.
    fn close_upload(&mut self, url: &Url, endpoint: &Endpoint<'_>) -> Option<String> {
        let known = self
            .uploads
            .iter()
            .position(|upload| upload.address.path() == url.path());
        let closed = known.map(|at| self.uploads.swap_remove(at).repository);
        closed.or_else(|| endpoint.repository().map(str::to_owned))
    }
}

/// The digest of a manifest that is pushed: of a signed one that of what was signed.
fn manifest_digest(request: &Request) -> String {
    let is_signed = request.headers.get("Content-Type") == Some(SIGNED_MANIFEST);
    let signed = is_signed
        .then(|| payload(&request.body.received().bytes()))
        .flatten();
    match signed {
        Some(signed) => digest(Algorithm::Sha256, &signed),
        None => request.body.received().digest(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Body, Withheld};

    #[test]
    fn a_manifest_that_was_taken_by_the_digest_of_something_else_may_be_there_under_its_own() {
        let claimed = format!("sha256:{}", "0".repeat(64));
        let target = Url::parse("http://registry.example").unwrap();
        let url = target.below_mount(&format!("/v2/a/manifests/{claimed}"));
        let mut request = Request::new("PUT", url.clone());
        request.body = Body::Sized("{}".into());
        let mut exchange = Exchange::withheld(request, Withheld::Ended);
        exchange.outcome = Ok(Answer {
            url,
            status: 201,
            headers: crate::wire::Headers::default(),
            body: bytes::Bytes::new().into(),
            cut: None,
        });
        let created = Created::by_exchanges(&[Arc::new(exchange)]);
        let own = digest(Algorithm::Sha256, b"{}");
        let names: Vec<&str> = created
            .manifests
            .iter()
            .map(|(_, digest)| digest.as_str())
            .collect();
        assert_eq!(names, [&claimed, &own]);
    }
}
