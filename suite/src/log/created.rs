//! What a run of a program created in the registry and may still be there: a fold over its exchanges.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::endpoint::{Endpoint, EndpointKind};
use crate::wire::{Answer, Body, Exchange, Url};

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
    pub(crate) fn by<'e>(exchanges: impl IntoIterator<Item = &'e Arc<Exchange>>) -> Created {
        let mut created = Created::default();
        for exchange in exchanges {
            if let Ok(answer) = &exchange.outcome {
                created.note(exchange, answer);
            }
        }
        created
    }

    fn note(&mut self, exchange: &Exchange, answer: &Answer) {
        let request = &exchange.request;
        let endpoint = Endpoint::of(&request.url);
        match (request.method.as_str(), answer.status, endpoint.kind()) {
            ("PUT", 200..=299, EndpointKind::Manifest | EndpointKind::Tag) => {
                self.note_manifest(&endpoint, &request.body);
            }
            ("PUT" | "POST", 201, _) => {
                let repository = self.close_upload(&request.url, &endpoint);
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

    fn note_manifest(&mut self, endpoint: &Endpoint, body: &Body) {
        let (Some(repository), Some(reference)) = (endpoint.repository(), endpoint.reference()) else {
            return;
        };
        let named = |reference: &str| (repository.to_owned(), reference.to_owned());
        if endpoint.kind() == EndpointKind::Manifest {
            self.manifests.insert(named(reference));
        } else {
            self.tags.insert(named(reference));
            self.manifests.insert(named(&body.received().digest()));
        }
    }

    fn note_blob(&mut self, repository: Option<String>, endpoint: &Endpoint) {
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
    fn close_upload(&mut self, url: &Url, endpoint: &Endpoint) -> Option<String> {
        let known = self
            .uploads
            .iter()
            .position(|upload| upload.address.path() == url.path());
        let closed = known.map(|at| self.uploads.swap_remove(at).repository);
        closed.or_else(|| endpoint.repository().map(str::to_owned))
    }
}
