//! What earlier runs left in a registry, found by what stands there alone, and removed.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::territory::is_own;
use crate::check::next_link;
use crate::values::json_of;
use crate::wire::{Client, Request, Url};

/// A list with more pages than this does not end.
const MOST_PAGES: usize = 1000;
/// What the configs of the suite's images are marked with.
const MARK: &str = "org.example.assize";

/// What became of what earlier runs left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Repository and tag of what was removed.
    pub removed: BTreeSet<(String, String)>,
    /// Repository and tag of what could not be removed, each with the status that came, if one came.
    pub kept: BTreeSet<(String, String, Option<u16>)>,
    /// Whether the registry lists its repositories; if not, nothing was looked for.
    pub is_listed: bool,
}

/// Removes what earlier runs left: in these repositories what is the suite's by its content, or, if none is given,
/// everything in the repositories of runs that the registry lists.
pub async fn clean(client: &Client, repositories: &[String]) -> Cleaned {
    let mut cleaned = Cleaned {
        is_listed: true,
        ..Cleaned::default()
    };
    let names = match repositories {
        [] => match listed(client, "/v2/_catalog", "repositories").await {
            Some(names) => names.into_iter().filter(|name| is_own(name)).collect(),
            None => {
                cleaned.is_listed = false;
                Vec::new()
            }
        },
        given => given.to_vec(),
    };
    for name in names {
        let tags = listed(client, &format!("/v2/{name}/tags/list"), "tags").await;
        for tag in tags.unwrap_or_default() {
            if is_own(&name) || is_marked(client, &name, &tag).await {
                cleaned.note(&name, &tag, remove(client, &name, &tag).await);
            }
        }
    }
    cleaned
}

impl Cleaned {
    fn note(&mut self, name: &str, tag: &str, status: Option<u16>) {
        let (name, tag) = (name.to_owned(), tag.to_owned());
        match status {
            Some(200..=299 | 404) => {
                self.removed.insert((name, tag));
            }
            status => {
                self.kept.insert((name, tag, status));
            }
        }
    }
}

/// Everything in a list of the registry, page by page; `None` if it gives none.
async fn listed(client: &Client, path: &str, member: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut next = Some(client.target().with_target(path));
    for _ in 0..MOST_PAGES {
        let Some(url) = next.take() else { break };
        let asked = client.send(Request::new("GET", url)).await;
        let answer = asked.outcome.ok().filter(|answer| answer.status == 200)?;
        let json = json_of(&answer)?;
        let members = json[member].as_array().into_iter().flatten();
        all.extend(members.filter_map(Json::as_str).map(str::to_owned));
        let links: Vec<&str> = answer.headers.all("Link").collect();
        next = next_link(&links)
            .and_then(|link| answer.url.resolve(&link).ok())
            .filter(|url| url.origin() == client.target().origin());
    }
    Some(all)
}

/// Whether a tag is on a manifest that the suite made: the tag is made of its digest, or its config is marked.
async fn is_marked(client: &Client, name: &str, tag: &str) -> bool {
    let Some((digest, manifest)) = manifest(client, name, tag).await else {
        return false;
    };
    let own_tag = tag.strip_prefix("t-").filter(|hex| hex.len() == 16);
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
    let url = at(client, name, "blobs", config);
    let asked = client.send(Request::new("GET", url)).await;
    let config = asked.outcome.ok().as_ref().and_then(json_of).unwrap_or_default();
    config["config"]["Labels"].get(MARK).is_some()
}

/// The digest of the manifest that a tag is on, and the manifest.
async fn manifest(client: &Client, name: &str, tag: &str) -> Option<(String, Json)> {
    let mut request = Request::new("GET", at(client, name, "manifests", tag));
    request.headers.set("Accept", "*/*");
    let answer = client.send(request).await.outcome.ok()?;
    let is_there = answer.status == 200;
    is_there.then(|| (answer.body.digest(), json_of(&answer).unwrap_or_default()))
}

/// Removes the manifest that a tag is on, or the tag alone where the registry removes no manifests; what came.
async fn remove(client: &Client, name: &str, tag: &str) -> Option<u16> {
    if let Some((digest, _)) = manifest(client, name, tag).await {
        let gone = client
            .send(Request::new("DELETE", at(client, name, "manifests", &digest)))
            .await;
        if gone.status().is_some_and(|status| (200..300).contains(&status)) {
            return gone.status();
        }
    }
    client
        .send(Request::new("DELETE", at(client, name, "manifests", tag)))
        .await
        .status()
}

fn at(client: &Client, name: &str, kind: &str, reference: &str) -> Url {
    client
        .target()
        .with_target(&format!("/v2/{name}/{kind}/{reference}"))
}
