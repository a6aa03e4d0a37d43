//! What a scenario created, removed when it is over. Nothing of it is judged.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::ready;
use futures_util::{StreamExt, stream};

use super::delete::{AT_ONCE, Deletable, Deletables, delete_all};
use super::find::{is_common, tags};
use super::{ContentKind, Left, StaysSince, listed};
use crate::cause::Unsettled;
use crate::judgement::Offer;
use crate::log::Created;
use crate::run::lock::locked;
use crate::run::patience;
use crate::run::session::Session;
use crate::wire::Request;

/// How many tags a repository has that are not deleted one by one if they may go with their manifest: what is more than a
/// list of them costs.
const MANY_TAGS: usize = 8;

/// What stays, and since when.
type Stays = Vec<(Deletable, StaysSince)>;

/// Removes what can be removed, as far as the registry lets content be deleted; what stays.
///
/// What every client pushes waits until nothing else is under way: where all repositories have one store, another
/// scenario may be looking at it.
pub(in crate::run) async fn remove(mut created: Created, session: &Session) -> Left {
    let (common, own) = created
        .blobs
        .into_iter()
        .partition(|(_, digest): &(String, String)| is_common(digest));
    created.blobs = own;
    locked(&session.common).extend::<BTreeSet<_>>(common);
    remove_now(created, session).await
}

/// Removes what waited until nothing else is under way; what stays.
pub(in crate::run) async fn remove_common(session: &Session) -> Left {
    let blobs = std::mem::take(&mut *locked(&session.common));
    let created = Created {
        blobs,
        ..Created::default()
    };
    remove_now(created, session).await
}

async fn remove_now(created: Created, session: &Session) -> Left {
    let cancelling = created.uploads.into_iter().map(|upload| async move {
        let cancelled = Request::new("DELETE", upload.address);
        patience::send(&session.client, cancelled).await
    });
    stream::iter(cancelling)
        .buffered(session.at_once().max(AT_ONCE))
        .for_each(|_| ready(()))
        .await;
    let is_shared = session.territory().given().is_some();
    let mut left = Left::default();
    let (many, few) = where_many_are(created.tags);
    let mut refused_tags = delete_if_offered(session, ContentKind::Tag, few).await;
    let mut manifests = delete_if_offered(session, ContentKind::Manifest, created.manifests).await;
    if !many.is_empty() {
        let still = still_listed(session, many).await;
        refused_tags.extend(delete_if_offered(session, ContentKind::Tag, still).await);
        // Some do not go before their tags.
        let refused = manifests.into_iter().map(|(manifest, _)| manifest).collect();
        manifests = delete_if_offered(session, ContentKind::Manifest, refused).await;
    }
    for ((name, reference), since) in manifests {
        left.note(ContentKind::Manifest, since, &name, &reference);
    }
    let blobs = created
        .blobs
        .into_iter()
        .filter(|(_, digest)| !is_shared || !is_common(digest));
    for ((name, reference), since) in delete_if_offered(session, ContentKind::Blob, blobs.collect()).await {
        left.note(ContentKind::Blob, since, &name, &reference);
    }
    let names: BTreeSet<&str> = refused_tags.iter().map(|((name, _), _)| &**name).collect();
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in names {
        lists.insert(name.to_owned(), tags(&session.client, name).await);
    }
    for ((name, tag), since) in refused_tags {
        // Where tags are not deleted, they may go with their manifests.
        if lists.get(&name).is_some_and(|listed| listed.contains(&tag)) {
            left.note(ContentKind::Tag, since, &name, &tag);
        }
    }
    left
}

/// The tags of repositories that have many, and the others.
fn where_many_are(tags: Deletables) -> (Deletables, Deletables) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in &tags {
        *counts.entry(name.clone()).or_default() += 1;
    }
    let has_many = |name: &str| counts.get(name).is_some_and(|count| *count > MANY_TAGS);
    tags.into_iter().partition(|(name, _)| has_many(name))
}

/// Those of some tags that did not go with their manifests, as far as their repositories tell.
async fn still_listed(session: &Session, mut tags: Deletables) -> Deletables {
    let names: BTreeSet<String> = tags.iter().map(|(name, _)| name.clone()).collect();
    for name in names {
        if let Some(listed) = listed(&session.client, &format!("/v2/{name}/tags/list"), "tags").await {
            let listed: BTreeSet<String> = listed.into_iter().collect();
            tags.retain(|(of, tag)| *of != name || listed.contains(tag));
        }
    }
    tags
}

/// Deletes these, if the registry deletes such things; those that stay.
async fn delete_if_offered(session: &Session, kind: ContentKind, things: Deletables) -> Stays {
    let untried = match session.offer(capability_to_delete(kind)) {
        // Of a registry of 2014 it is not asked; what it deletes, it deletes.
        Offer::Offered(_) | Offer::Unsettled(Unsettled::NotInForce(_)) => {
            let at_once = session.at_once().max(AT_ONCE);
            let refused = delete_all(&session.client, kind, things, at_once).await;
            let stay = refused
                .into_iter()
                .map(|(thing, status)| (thing, StaysSince::of(status)));
            return stay.collect();
        }
        Offer::Refused(exchange) => exchange
            .status()
            .map_or(StaysSince::Unsettled, StaysSince::Refused),
        Offer::Unsettled(_) => StaysSince::Unsettled,
    };
    things.into_iter().map(|thing| (thing, untried)).collect()
}

/// The capability that says whether such things can be deleted.
fn capability_to_delete(kind: ContentKind) -> &'static str {
    match kind {
        ContentKind::Tag => "delete-tag",
        ContentKind::Manifest => "delete-manifest",
        ContentKind::Blob => "delete-blob",
    }
}
