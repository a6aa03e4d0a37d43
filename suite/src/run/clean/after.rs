//! What a scenario created, removed when it is over. Nothing of it is judged.

use super::find::is_common;
use super::{Kind, Left, delete, is_gone};
use crate::judgement::Offer;
use crate::log::Created;
use crate::run::session::Session;
use crate::wire::Request;

/// Removes what can be removed, as far as the registry lets content be deleted; what stays.
pub(in crate::run) async fn remove(created: Created, session: &Session) -> Left {
    for upload in &created.uploads {
        let cancelled = Request::new("DELETE", upload.address.clone());
        session.client.send(cancelled).await;
    }
    let offered = |capability: &str| matches!(session.offer(capability), Offer::Offered(_));
    let is_shared = session.territory().given().is_some();
    let mut left = Left::default();
    for (kind, capability, things) in [
        (Kind::Tag, "delete-tag", created.tags),
        (Kind::Manifest, "delete-manifest", created.manifests),
        (Kind::Blob, "delete-blob", created.blobs),
    ] {
        let refused = match session.offer(capability) {
            Offer::Offered(_) => None,
            Offer::Refused(exchange) => Some(exchange.status()),
            Offer::Unsettled(_) => Some(None),
        };
        for (name, reference) in things {
            if kind == Kind::Blob && is_shared && is_common(&reference) {
                continue;
            }
            let status = match refused {
                Some(status) => status,
                None => delete(&session.client, &name, kind, &reference).await,
            };
            // Where tags are not deleted, they go with their manifests.
            let goes = kind == Kind::Tag && refused.is_some() && offered("delete-manifest");
            if !is_gone(status) && !goes {
                left.note(kind, status, &name, &reference);
            }
        }
    }
    left
}
