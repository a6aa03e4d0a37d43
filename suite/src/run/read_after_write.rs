//! What a scenario has written and may not be seen at once: a read that shows the state before is a late one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::lock::locked;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::wire::{Account, Exchange, Url};

/// What a scenario has written so far.
#[derive(Debug, Default)]
pub(super) struct Writes(Mutex<WrittenReferences>);

#[derive(Debug, Default)]
struct WrittenReferences {
    /// The repositories in which anything was written.
    repositories: BTreeSet<String>,
    /// By repository and tag or digest, whether it was last put there or taken away.
    references: BTreeMap<(String, String), LastWrite>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastWrite {
    There,
    Gone,
}

impl Writes {
    /// Takes note of a write that succeeded.
    pub(super) fn note(&self, exchange: &Exchange) {
        let request = &exchange.request;
        let endpoint = Endpoint::of(&request.url);
        let is_done = exchange
            .status()
            .is_some_and(|status| (200..300).contains(&status));
        let Some(repository) = endpoint.repository().filter(|_| is_done) else {
            return;
        };
        let mut references: Vec<String> = endpoint.reference().map(str::to_owned).into_iter().collect();
        let standing = match request.method.as_str() {
            "DELETE" => LastWrite::Gone,
            "PUT" | "POST" if exchange.status() == Some(201) => LastWrite::There,
            _ => return,
        };
        for name in ["digest", "mount", "tag"] {
            references.extend(endpoint.parameter(name).map(str::to_owned));
        }
        let is_manifest = matches!(endpoint.kind(), EndpointKind::Tag | EndpointKind::Manifest);
        if is_manifest && standing == LastWrite::There {
            references.push(request.body.received().digest());
        }
        let mut written = locked(&self.0);
        written.repositories.insert(repository.to_owned());
        if endpoint.kind() == EndpointKind::Manifest && standing == LastWrite::Gone {
            // The tags of a manifest go with it; which they were is not known here.
            written
                .references
                .retain(|(name, reference), _| name != repository || reference.contains(':'));
        }
        for reference in references {
            written
                .references
                .insert((repository.to_owned(), reference), standing);
        }
    }

    /// Whether a read shows what was so before the last write of the same thing.
    pub(super) fn contradict(&self, exchange: &Exchange) -> bool {
        let request = &exchange.request;
        let reads = matches!(request.method.as_str(), "GET" | "HEAD") && request.account == Account::Default;
        let endpoint = Endpoint::of(&request.url);
        let Some((repository, reference)) = endpoint.repository().zip(endpoint.reference()) else {
            return false;
        };
        let named = (repository.to_owned(), reference.to_owned());
        let standing = locked(&self.0).references.get(&named).copied();
        match (standing, exchange.status()) {
            (Some(LastWrite::There), Some(404)) | (Some(LastWrite::Gone), Some(200)) => reads,
            _ => false,
        }
    }

    /// Whether anything was written in the repository of an address.
    pub(super) fn touch(&self, url: &Url) -> bool {
        let endpoint = Endpoint::of(url);
        let written = locked(&self.0);
        endpoint
            .repository()
            .is_some_and(|repository| written.repositories.contains(repository))
    }
}
