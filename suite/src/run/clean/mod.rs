//! What runs put into a registry, removed: after each scenario what it created, and later what is found of earlier runs.

mod after;
mod find;
mod left;

use std::collections::BTreeSet;

pub(super) use after::{remove, remove_common};
use left::StaysSince;
pub use left::{ContentKind, Left};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::find::{Owner, find, listed, tags};
use super::patience;
use super::preflight;
use super::territory::is_own;
use super::unusable::PreflightError;
use crate::wire::{Client, Request, Url};

/// What no tag and no digest has in it: a registry that took it all the same is to remove that, and nothing else.
const IN_NO_REFERENCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'_')
    .remove(b'-')
    .remove(b'+')
    .remove(b'=')
    .remove(b':');

/// What became of what earlier runs left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// What was removed, each with its kind, its repository, and its tag or digest.
    pub removed: BTreeSet<(ContentKind, String, String)>,
    /// What could not be removed.
    pub left: Left,
    /// The names of runs that the registry still lists.
    pub names: BTreeSet<String>,
    /// Whether the registry lists its repositories; if not, nothing was looked for.
    pub is_listed: bool,
}

/// Where earlier runs may have left something.
#[derive(Clone, Copy, Debug)]
pub enum LeftIn<'a> {
    /// In these repositories, which are shared: what is the suite's by its content.
    Shared(&'a [String]),
    /// In repositories of their own that the registry lists, perhaps below a prefix: everything.
    Own {
        /// The prefix.
        below: Option<&'a str>,
    },
}

/// Removes what earlier runs left.
pub async fn clean(client: &Client, left_in: LeftIn<'_>) -> Result<Cleaned, PreflightError> {
    preflight::reach(client)
        .await
        .map_err(|unusable| unusable.without(client.secrets()))?;
    let mut cleaned = Cleaned {
        is_listed: true,
        ..Cleaned::default()
    };
    match left_in {
        LeftIn::Own { below } => {
            let Some(names) = own_names(client, below).await else {
                cleaned.is_listed = false;
                return Ok(cleaned);
            };
            for name in &names {
                cleaned.empty(client, name, Owner::Runs).await;
            }
            cleaned.names = own_names(client, below).await.unwrap_or_default();
        }
        LeftIn::Shared(names) => {
            for name in names {
                let owner = if is_own(name, None) {
                    Owner::Runs
                } else {
                    Owner::Others
                };
                cleaned.empty(client, name, owner).await;
            }
        }
    }
    Ok(cleaned)
}

/// The names of runs that the registry lists, if it lists any names.
async fn own_names(client: &Client, below: Option<&str>) -> Option<BTreeSet<String>> {
    let names = listed(client, "/v2/_catalog", "repositories").await?;
    Some(names.into_iter().filter(|name| is_own(name, below)).collect())
}

impl Cleaned {
    /// Removes what runs put into a repository: manifests, the tags that did not go with them, and then blobs, which by
    /// now nothing refers to.
    async fn empty(&mut self, client: &Client, name: &str, owner: Owner) {
        let found = find(client, name, owner).await;
        let first = self
            .delete_all(client, name, ContentKind::Manifest, found.manifests)
            .await;
        // What an index refers to may be refused as long as that is there.
        let refused = first.into_iter().map(|(reference, _)| reference);
        let manifests = self
            .delete_all(client, name, ContentKind::Manifest, refused)
            .await;
        let tags = self.delete_tags(client, name, found.tags).await;
        let blobs = self
            .delete_all(client, name, ContentKind::Blob, found.blobs)
            .await;
        for (kind, refused) in [
            (ContentKind::Tag, tags),
            (ContentKind::Manifest, manifests),
            (ContentKind::Blob, blobs),
        ] {
            for (reference, status) in refused {
                self.left.note(kind, StaysSince::of(status), name, &reference);
            }
        }
    }

    /// Removes these; those that stay, each with the status that came.
    async fn delete_all(
        &mut self,
        client: &Client,
        name: &str,
        kind: ContentKind,
        references: impl IntoIterator<Item = String>,
    ) -> Vec<(String, Option<u16>)> {
        let mut left = Vec::new();
        for reference in references {
            let status = delete(client, name, kind, &reference).await;
            if is_gone(status) {
                self.removed.insert((kind, name.to_owned(), reference));
            } else {
                left.push((reference, status));
            }
        }
        left
    }

    /// Removes these tags, as far as they did not go with their manifests; those that stay.
    async fn delete_tags(
        &mut self,
        client: &Client,
        name: &str,
        known: BTreeSet<String>,
    ) -> Vec<(String, Option<u16>)> {
        let listed = tags(client, name).await;
        let (still, gone): (BTreeSet<String>, BTreeSet<String>) =
            known.into_iter().partition(|tag| listed.contains(tag));
        let gone = gone
            .into_iter()
            .map(|tag| (ContentKind::Tag, name.to_owned(), tag));
        self.removed.extend(gone);
        self.delete_all(client, name, ContentKind::Tag, still).await
    }
}

/// Whether an answer to a DELETE means that nothing is there any more.
fn is_gone(status: Option<u16>) -> bool {
    matches!(status, Some(200..=299 | 404))
}

async fn delete(client: &Client, name: &str, kind: ContentKind, reference: &str) -> Option<u16> {
    let url = at(client, name, kind, reference);
    let deleted = patience::send(client, Request::new("DELETE", url)).await;
    deleted.status()
}

fn at(client: &Client, name: &str, kind: ContentKind, reference: &str) -> Url {
    let reference = utf8_percent_encode(reference, IN_NO_REFERENCE);
    client
        .target()
        .below_mount(&format!("/v2/{name}/{}/{reference}", kind.collection()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ClientSettings;

    #[test]
    fn what_is_removed_is_what_was_taken_whatever_its_name_is() {
        let target = Url::parse("http://registry.example/hub").unwrap();
        let client = Client::new(ClientSettings::new(target)).unwrap();
        let path = |reference| at(&client, "a/b", ContentKind::Tag, reference).path().to_owned();
        assert_eq!(path("v1.0_x-y+z"), "/hub/v2/a/b/manifests/v1.0_x-y+z");
        assert_eq!(path("sha256:0a"), "/hub/v2/a/b/manifests/sha256:0a");
        assert_eq!(path("../t"), "/hub/v2/a/b/manifests/..%2Ft");
        assert_eq!(path("x\r\nY: 1"), "/hub/v2/a/b/manifests/x%0D%0AY:%201");
    }
}
