//! How what a run created is removed again. Nothing of it is judged.

use std::collections::BTreeSet;

use super::session::Session;
use crate::log::Created;
use crate::outcome::Offer;
use crate::wire::Request;

/// Removes what can be removed, as far as the registry lets content be deleted.
pub(super) async fn remove(created: Created, session: &Session) {
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

async fn delete(session: &Session, kind: &str, named: BTreeSet<(String, String)>) {
    for (repository, reference) in named {
        let target = format!("/v2/{repository}/{kind}/{reference}");
        let url = session.client.target().with_target(&target);
        session.client.send(Request::new("DELETE", url)).await;
    }
}
