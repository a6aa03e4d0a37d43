//! What runs put into a registry, removed: after each scenario what it created, and later what is found of earlier runs.

mod after;
mod delete;
mod find;
mod left;

use std::collections::BTreeSet;

pub(super) use after::{remove, remove_common};
use left::StaysSince;
pub use left::{ContentKind, Left};

use self::delete::{AT_ONCE, Undeleted, delete_all};
use self::find::{Owner, find, listed, tags};
use super::preflight;
use super::territory::is_own;
use super::unusable::PreflightError;
use crate::wire::Client;

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
        let manifests = self
            .remove(client, name, ContentKind::Manifest, found.manifests)
            .await;
        let tags = self.remove_tags(client, name, found.tags).await;
        let blobs = self.remove(client, name, ContentKind::Blob, found.blobs).await;
        for (kind, refused) in [
            (ContentKind::Tag, tags),
            (ContentKind::Manifest, manifests),
            (ContentKind::Blob, blobs),
        ] {
            for ((_, reference), status) in refused {
                self.left.note(kind, StaysSince::of(status), name, &reference);
            }
        }
    }

    /// Removes these; those that stay.
    async fn remove(
        &mut self,
        client: &Client,
        name: &str,
        kind: ContentKind,
        references: impl IntoIterator<Item = String>,
    ) -> Undeleted {
        let things: Vec<_> = references
            .into_iter()
            .map(|reference| (name.to_owned(), reference))
            .collect();
        let refused = delete_all(client, kind, things.clone(), AT_ONCE).await;
        let stay: BTreeSet<_> = refused.iter().map(|(thing, _)| thing).collect();
        let gone = things.iter().filter(|thing| !stay.contains(thing));
        self.removed
            .extend(gone.map(|(name, reference)| (kind, name.clone(), reference.clone())));
        refused
    }

    /// Removes these tags, as far as they did not go with their manifests; those that stay.
    async fn remove_tags(&mut self, client: &Client, name: &str, known: BTreeSet<String>) -> Undeleted {
        let listed = tags(client, name).await;
        let (still, gone): (BTreeSet<String>, BTreeSet<String>) =
            known.into_iter().partition(|tag| listed.contains(tag));
        let gone = gone
            .into_iter()
            .map(|tag| (ContentKind::Tag, name.to_owned(), tag));
        self.removed.extend(gone);
        self.remove(client, name, ContentKind::Tag, still).await
    }
}
