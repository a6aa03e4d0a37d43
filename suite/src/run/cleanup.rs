//! How what a run created is removed again. Nothing of it is judged.

use std::collections::BTreeSet;
use std::future::ready;

use futures_util::{StreamExt, stream};

use super::session::Session;
use crate::judgement::Offer;
use crate::log::Created;
use crate::scenario::ast::Algorithm;
use crate::values::digest;
use crate::wire::Request;

/// How much is removed at once.
const AT_ONCE: usize = 24;

/// Removes what can be removed, as far as the registry lets content be deleted.
pub(super) async fn remove(created: Created, session: &Session) {
    let created = without_common_content(created, session);
    for upload in created.uploads {
        session.client.send(Request::new("DELETE", upload.address)).await;
    }
    let offered = |capability: &str| matches!(session.offer(capability), Offer::Offered(_));
    if offered("delete-tag") {
        delete(session, "manifests", created.tags).await;
    }
    if offered("delete-manifest") {
        delete(session, "manifests", created.manifests).await;
    }
    if offered("delete-blob") {
        delete(session, "blobs", created.blobs).await;
    }
}

/// In a repository that others use, what every client puts there may be theirs: the empty blob and the empty JSON.
fn without_common_content(mut created: Created, session: &Session) -> Created {
    if session.territory().given().is_some() {
        let common = [&b""[..], b"{}"].map(|bytes| digest(Algorithm::Sha256, bytes));
        created.blobs.retain(|(_, digest)| !common.contains(digest));
    }
    created
}

async fn delete(session: &Session, kind: &str, named: BTreeSet<(String, String)>) {
    let deleted = named.into_iter().map(|(repository, reference)| {
        let target = format!("/v2/{repository}/{kind}/{reference}");
        let url = session.client.target().with_target(&target);
        session.client.send(Request::new("DELETE", url))
    });
    stream::iter(deleted)
        .buffer_unordered(AT_ONCE)
        .for_each(|_| ready(()))
        .await;
}
