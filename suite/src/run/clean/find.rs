//! What runs left in a repository, found by what stands there: the tags, and all that their manifests lead to.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::ContentKind;
use super::delete::at;
use crate::run::lists::listed_on;
use crate::run::patience;
use crate::scenario::ast::Algorithm;
use crate::values::{
    DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SIGNED_MANIFEST, digest, json_of, payload,
};
use crate::wire::{Client, Request};

/// A list with more pages than this does not end.
const MOST_PAGES: usize = 1000;
/// What the configs of the suite's images are marked with.
const MARK: &str = "org.example.assize";

/// What runs left in a repository.
#[derive(Debug, Default)]
pub(super) struct FoundContent {
    /// The tags.
    pub(super) tags: BTreeSet<String>,
    /// The digests of manifests, those that refer to others before these.
    pub(super) manifests: Vec<String>,
    /// The digests of blobs.
    pub(super) blobs: BTreeSet<String>,
}

/// Whose a repository is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Owner {
    /// Runs: everything in it is theirs.
    Runs,
    /// Somebody else, who has lent it: what the suite made is a part of it.
    Others,
}

/// What runs left in a repository.
pub(super) async fn find(client: &Client, name: &str, owner: Owner) -> FoundContent {
    let mut found = FoundContent::default();
    let is_ours = owner == Owner::Runs;
    let mut open = Vec::new();
    for tag in tags(client, name).await {
        if is_ours || is_marked(client, name, &tag).await {
            open.push(tag.clone());
            found.tags.insert(tag);
        }
    }
    while let Some(reference) = open.pop() {
        let Some((digest, json)) = manifest(client, name, &reference).await else {
            continue;
        };
        if found.manifests.contains(&digest) {
            continue;
        }
        let children = digests(&json["manifests"]);
        let referrers = referrers(client, name, &digest).await;
        for next in children.into_iter().chain(referrers) {
            if is_ours || is_marked(client, name, &next).await {
                open.push(next);
            }
        }
        let blobs = digests(&json["layers"])
            .into_iter()
            .chain(json["config"]["digest"].as_str().map(str::to_owned))
            .chain(named(&json["fsLayers"], "blobSum"));
        found
            .blobs
            .extend(blobs.filter(|blob| is_ours || !is_common(blob)));
        found.manifests.push(digest);
    }
    found
}

/// The tags that a repository lists.
pub(super) async fn tags(client: &Client, name: &str) -> BTreeSet<String> {
    let tags = listed(client, &format!("/v2/{name}/tags/list"), "tags").await;
    tags.unwrap_or_default().into_iter().collect()
}

/// What every client puts into a repository may be somebody else's: the empty blob and the empty JSON.
pub(super) fn is_common(blob: &str) -> bool {
    [&b""[..], b"{}"]
        .iter()
        .any(|bytes| digest(Algorithm::Sha256, bytes) == blob)
}

fn digests(descriptors: &Json) -> Vec<String> {
    named(descriptors, "digest")
}

/// What the members of a list name.
fn named(list: &Json, member: &str) -> Vec<String> {
    let members = list.as_array().into_iter().flatten();
    members
        .filter_map(|one| one[member].as_str().map(str::to_owned))
        .collect()
}

/// The digests of the manifests that refer to a subject, where the registry lists them.
async fn referrers(client: &Client, name: &str, digest: &str) -> Vec<String> {
    let url = client
        .target()
        .below_mount(&format!("/v2/{name}/referrers/{digest}"));
    let asked = patience::send(client, Request::new("GET", url)).await;
    let answer = asked.outcome.ok().filter(|answer| answer.status == 200);
    let list: Json = answer.as_ref().and_then(json_of).unwrap_or_default();
    digests(&list["manifests"])
}

/// Everything in a list of the registry, page by page; `None` if it gives none.
pub(super) async fn listed(client: &Client, path: &str, member: &str) -> Option<Vec<String>> {
    listed_on(client, path, member, MOST_PAGES).await
}

/// Whether this is a manifest that the suite made: its tag is made of its digest, or its config is marked.
async fn is_marked(client: &Client, name: &str, reference: &str) -> bool {
    let Some((digest, manifest)) = manifest(client, name, reference).await else {
        return false;
    };
    let own_tag = reference.strip_prefix("t-").filter(|hex| hex.len() == 16);
    if own_tag.is_some_and(|hex| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|whole| whole.starts_with(hex))
    }) {
        return true;
    }
    let Some(config) = manifest["config"]["digest"].as_str() else {
        return manifest["annotations"].get(MARK).is_some();
    };
    let url = at(client, name, ContentKind::Blob, config);
    let asked = patience::send(client, Request::new("GET", url)).await;
    let config = asked.outcome.ok().as_ref().and_then(json_of).unwrap_or_default();
    config["config"]["Labels"].get(MARK).is_some()
}

/// The digest of a manifest, and the manifest.
async fn manifest(client: &Client, name: &str, reference: &str) -> Option<(String, Json)> {
    let mut request = Request::new("GET", at(client, name, ContentKind::Manifest, reference));
    // Some registries hold that `*/*` accepts no type that they do not know from earlier.
    let types = [
        OCI_MANIFEST,
        OCI_INDEX,
        DOCKER_MANIFEST,
        DOCKER_LIST,
        SIGNED_MANIFEST,
        "*/*",
    ];
    request.headers.set("Accept", &types.join(", "));
    let answer = patience::send(client, request).await.outcome.ok()?;
    let is_there = answer.status == 200;
    is_there.then(|| {
        // A signed manifest has the digest of what was signed.
        let signed = payload(&answer.body.bytes()).map(|signed| digest(Algorithm::Sha256, &signed));
        let digest = signed.unwrap_or_else(|| answer.body.digest());
        (digest, json_of(&answer).unwrap_or_default())
    })
}
