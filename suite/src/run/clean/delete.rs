//! Deletion, as clients do it: a request for each thing, several at once.

use std::collections::BTreeSet;

use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ContentKind;
use crate::run::patience;
use crate::wire::{Client, Request, Url};

/// How much is removed at once, if not more than that is asked at once of this registry.
pub(super) const AT_ONCE: usize = 24;

/// What no tag and no digest has in it: a registry that took it all the same is to remove that, and nothing else.
const IN_NO_REFERENCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'_')
    .remove(b'-')
    .remove(b'+')
    .remove(b'=')
    .remove(b':');

/// What can be deleted: a repository, with a tag or a digest.
pub(super) type Deletable = (String, String);
/// Some of them.
pub(super) type Deletables = BTreeSet<Deletable>;
/// What stays, each with the status that came; with none if no answer came.
pub(super) type Undeleted = Vec<(Deletable, Option<u16>)>;

/// Deletes these; those that stay.
pub(super) async fn delete_all(
    client: &Client,
    kind: ContentKind,
    things: impl IntoIterator<Item = Deletable>,
    at_once: usize,
) -> Undeleted {
    let mut refused = delete_each(client, kind, things, at_once).await;
    // What an index refers to may be refused as long as that is there.
    while kind == ContentKind::Manifest && !refused.is_empty() {
        let before = refused.len();
        let again = refused.into_iter().map(|(reference, _)| reference);
        refused = delete_each(client, kind, again, at_once).await;
        if refused.len() == before {
            break;
        }
    }
    refused
}

async fn delete_each(
    client: &Client,
    kind: ContentKind,
    things: impl IntoIterator<Item = Deletable>,
    at_once: usize,
) -> Undeleted {
    let deleting = things.into_iter().map(|(name, reference)| async move {
        let url = at(client, &name, kind, &reference);
        let deleted = patience::send(client, Request::new("DELETE", url)).await;
        let status = deleted.status();
        (!is_gone(status)).then_some(((name, reference), status))
    });
    let deleted = stream::iter(deleting).buffered(at_once);
    deleted.filter_map(ready).collect().await
}

/// Whether an answer to a DELETE means that nothing is there any more.
fn is_gone(status: Option<u16>) -> bool {
    matches!(status, Some(200..=299 | 404))
}

/// Where a thing of a repository is.
pub(super) fn at(client: &Client, name: &str, kind: ContentKind, reference: &str) -> Url {
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
