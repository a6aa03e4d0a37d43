//! What a scenario created, removed when it is over. Nothing of it is judged.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::ready;
use futures_util::{StreamExt, stream};

use super::find::{is_common, tags};
use super::{ContentKind, Left, StaysSince, delete, is_gone};
use crate::cause::Unsettled;
use crate::judgement::Offer;
use crate::log::Created;
use crate::run::lock::locked;
use crate::run::patience;
use crate::run::session::Session;
use crate::wire::Request;

/// How much is removed at once.
const AT_ONCE: usize = 24;

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
        .buffered(AT_ONCE)
        .for_each(|_| ready(()))
        .await;
    let is_shared = session.territory().given().is_some();
    let mut left = Left::default();
    let mut refused_tags = Vec::new();
    for (kind, capability, things) in [
        (ContentKind::Tag, "delete-tag", created.tags),
        (ContentKind::Manifest, "delete-manifest", created.manifests),
        (ContentKind::Blob, "delete-blob", created.blobs),
    ] {
        let untried = match session.offer(capability) {
            // Of a registry of 2014 it is not asked; what it deletes, it deletes.
            Offer::Offered(_) | Offer::Unsettled(Unsettled::NotInForce(_)) => None,
            Offer::Refused(exchange) => Some(
                exchange
                    .status()
                    .map_or(StaysSince::Unsettled, StaysSince::Refused),
            ),
            Offer::Unsettled(_) => Some(StaysSince::Unsettled),
        };
        let things = things
            .into_iter()
            .filter(|(_, reference)| kind != ContentKind::Blob || !is_shared || !is_common(reference));
        let deleting = things.map(|(name, reference)| async move {
            let stays = match untried {
                Some(since) => Some(since),
                None => {
                    let status = delete(&session.client, &name, kind, &reference).await;
                    (!is_gone(status)).then(|| StaysSince::of(status))
                }
            };
            (name, reference, stays)
        });
        let deleted: Vec<_> = stream::iter(deleting).buffered(AT_ONCE).collect().await;
        for (name, reference, stays) in deleted {
            match (kind, stays) {
                (_, None) => {}
                (ContentKind::Tag, Some(since)) => refused_tags.push((name, reference, since)),
                (ContentKind::Manifest | ContentKind::Blob, Some(since)) => {
                    left.note(kind, since, &name, &reference);
                }
            }
        }
    }
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, tag, since) in refused_tags {
        if !lists.contains_key(&name) {
            lists.insert(name.clone(), tags(&session.client, &name).await);
        }
        // Where tags are not deleted, they may go with their manifests.
        if lists.get(&name).is_some_and(|listed| listed.contains(&tag)) {
            left.note(ContentKind::Tag, since, &name, &tag);
        }
    }
    left
}
