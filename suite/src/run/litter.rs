//! What a scenario left behind in the registry, noted from its exchanges, and how it is removed.

use std::collections::BTreeSet;

use super::content::digest;
use super::outcome::Offer;
use super::shared::Shared;
use crate::scenario::ast::Algorithm;
use crate::wire::{Body, Exchange, Url};

/// What was created and may still be there.
#[derive(Debug, Default)]
pub struct Litter {
    /// Repository and tag.
    tags: BTreeSet<(String, String)>,
    /// Repository and digest.
    manifests: BTreeSet<(String, String)>,
    /// Repository and digest.
    blobs: BTreeSet<(String, String)>,
    /// The locations of uploads that were opened and not closed.
    sessions: Vec<Url>,
}

impl Litter {
    /// Notes what an exchange created.
    pub fn note(&mut self, exchange: &Exchange) {
        let Ok(answer) = &exchange.outcome else { return };
        let request = &exchange.request;
        let path = request.url.path().to_owned();
        match (request.method.as_str(), answer.status) {
            ("PUT", 200..=299) if path.contains("/manifests/") => self.note_manifest(&path, &request.body),
            ("PUT" | "POST", 201) => self.note_blob(exchange, &path),
            ("POST" | "PATCH", 202) => {
                let location = answer
                    .headers
                    .get("Location")
                    .and_then(|text| answer.url.resolve(text).ok());
                self.forget_session(&request.url);
                self.sessions.extend(location);
            }
            _ => {}
        }
    }

    fn note_manifest(&mut self, path: &str, body: &Body) {
        let Some((repository, reference)) = path
            .strip_prefix("/v2/")
            .and_then(|rest| rest.split_once("/manifests/"))
        else {
            return;
        };
        if reference.contains(':') {
            self.manifests
                .insert((repository.to_owned(), reference.to_owned()));
        } else {
            self.tags.insert((repository.to_owned(), reference.to_owned()));
            if let Body::Sized(bytes) | Body::Chunked(bytes) = body {
                self.manifests
                    .insert((repository.to_owned(), digest(Algorithm::Sha256, bytes)));
            }
        }
    }

    fn note_blob(&mut self, exchange: &Exchange, path: &str) {
        self.forget_session(&exchange.request.url);
        let query = exchange.request.url.query().unwrap_or_default();
        let digest = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| ["digest", "mount"].contains(name))
            .map(|(_, value)| value.replace("%3A", ":").replace("%3a", ":"));
        let repository = path
            .strip_prefix("/v2/")
            .and_then(|rest| rest.split_once("/blobs/"));
        if let (Some(digest), Some((repository, _))) = (digest, repository) {
            self.blobs.insert((repository.to_owned(), digest));
        }
    }

    /// A session is known by its path; its query may change from answer to answer.
    fn forget_session(&mut self, url: &Url) {
        self.sessions.retain(|session| session.path() != url.path());
    }

    /// Removes what can be removed. Nothing of it is judged.
    pub async fn remove(self, shared: &Shared) {
        for session in self.sessions {
            let mut request = shared.request("DELETE", "/v2/");
            request.url = session;
            shared.client.send(request).await;
        }
        let offered = |capability: &str| matches!(shared.offer(capability), Offer::Offered(_));
        if offered("delete-tag") {
            delete(shared, "manifests", self.tags).await;
        }
        if offered("delete-manifest") {
            delete(shared, "manifests", self.manifests).await;
        }
        if offered("delete-blob") {
            delete(shared, "blobs", self.blobs).await;
        }
    }
}

async fn delete(shared: &Shared, kind: &str, named: BTreeSet<(String, String)>) {
    for (repository, reference) in named {
        shared
            .client
            .send(shared.request("DELETE", &format!("/v2/{repository}/{kind}/{reference}")))
            .await;
    }
}
