//! All that is there on a target that is only read: every manifest that was named or found, and every blob that these name,
//! read to the end and held against its digest.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tools::in_words;
use super::{Actor, BrokenCheck, Coded, NotReached};
use crate::cause::Cause;
use crate::run::found::{Descriptor, FoundManifest};
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::wire::Exchange;

/// The longest blob that is read, in bytes: what a client reads of a body at most.
const LONGEST: u64 = 256 * 1024 * 1024;

static BY_TAG: CodedCheck = CodedCheck::new("pull.manifest.get-by-tag-200", "200", line!());
static BY_DIGEST: CodedCheck = CodedCheck::new("pull.manifest.get-by-digest-200", "200", line!());
static MANIFEST_BYTES: CodedCheck =
    CodedCheck::new("pull.manifest.body-expected", "bytes of this digest", line!());
static BLOB_BYTES: CodedCheck =
    CodedCheck::new("pull.blob.get-200", "200, and bytes of this digest", line!());

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[Coded {
    scenario: CodedScenario {
        name: "pull/everything-found",
        title: "All that is there, manifests and blobs, is what its digest says",
        needs: &[],
        weight: Weight::Usual,
        checks: &[&BY_TAG, &BY_DIGEST, &MANIFEST_BYTES, &BLOB_BYTES],
    },
    follow: |actor| Box::pin(everything(actor)),
}];

async fn everything(actor: &mut Actor) -> Result<(), NotReached> {
    let mut missing = None;
    let mut read = BTreeSet::new();
    for manifest in actor.found().to_vec() {
        actor.row(manifest.name().to_string());
        let digest = match manifest.tag() {
            Some(_) => by_tag(actor, &manifest).await,
            None => Some(manifest.reference.clone()),
        };
        if let Some(digest) =
            digest.filter(|digest| read.insert((manifest.repository.clone(), digest.clone())))
        {
            by_digest(actor, &manifest.repository, &digest).await;
        }
        for blob in &manifest.blobs {
            let is_new = read.insert((manifest.repository.clone(), blob.digest.clone()));
            if is_new && blob.size <= LONGEST {
                missing = self::blob(actor, &manifest.repository, blob).await.or(missing);
            }
        }
    }
    // A manifest may name what was never pushed; whether it was, nobody can tell from outside.
    missing.map_or(Ok(()), |missing| Err(NotReached(Cause::Came(missing))))
}

/// Reads a manifest by its tag; the digest of what came.
async fn by_tag(actor: &Actor, manifest: &FoundManifest) -> Option<String> {
    let path = format!("/v2/{}/manifests/{}", manifest.repository, manifest.reference);
    let asked = actor.call("GET", actor.at(&path), None).await;
    let not_there = (asked.status() != Some(200)).then(|| in_words(&asked.outcome));
    let is_there = not_there.is_none();
    actor.judge(&BY_TAG, not_there, &asked);
    let answer = asked.outcome.as_ref().ok().filter(|_| is_there)?;
    Some(answer.body.digest())
}

async fn by_digest(actor: &Actor, repository: &str, digest: &str) {
    let path = format!("/v2/{repository}/manifests/{digest}");
    let asked = actor.call("GET", actor.at(&path), None).await;
    let not_there = (asked.status() != Some(200)).then(|| in_words(&asked.outcome));
    let is_there = not_there.is_none();
    actor.judge(&BY_DIGEST, not_there, &asked);
    if is_there && can_be_told(digest) {
        actor.judge(&MANIFEST_BYTES, other_bytes(&asked, digest), &asked);
    }
}

/// Reads a blob to its end; what came, if it is not there.
async fn blob(actor: &Actor, repository: &str, blob: &Descriptor) -> Option<Arc<Exchange>> {
    let asked = actor
        .call("GET", actor.blob_at(repository, &blob.digest), None)
        .await;
    if asked.status() == Some(404) {
        return Some(asked);
    }
    if can_be_told(&blob.digest) {
        actor.judge(&BLOB_BYTES, other_bytes(&asked, &blob.digest), &asked);
    }
    None
}

/// Whether what was read shows whether it is what a digest says.
fn can_be_told(digest: &str) -> bool {
    digest.starts_with("sha256:")
}

/// What is wrong with what came, if it is not what its digest says.
fn other_bytes(asked: &Exchange, digest: &str) -> Option<BrokenCheck> {
    match &asked.outcome {
        Ok(answer) if answer.status == 200 && answer.cut.is_none() && answer.body.digest() == digest => None,
        Ok(answer) if answer.status == 200 && answer.cut.is_none() => {
            let (length, digest) = (answer.body.len(), answer.body.digest());
            Some(format!("{length} bytes of {digest}").into())
        }
        outcome => Some(in_words(outcome).into()),
    }
}
