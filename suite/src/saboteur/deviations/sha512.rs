//! Deviations of content that is named by its sha512 digest, where all is well with sha256.

use http::Method;

use super::tricks::{blob_path, brings, brought, bytes, closes, created, mounts};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    // distribution 3.1 did.
    Deviation::instead(
        "mount-by-sha512-links-nothing",
        &["push.mount.readable-in-target"],
        |call| {
            let mounted = call.parameter("mount")?;
            let source = call.parameter("from")?;
            (mounts(call) && is_sha512(&mounted)).then(|| created(&blob_path(&source, &mounted)))
        },
    ),
    Deviation::reply(
        "sha512-blob-unknown-to-head",
        &["head.blob.200"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Blob) && is_sha512(call.reference()) {
                *reply = Reply::empty(404);
            }
        },
    ),
    Deviation::reply(
        "sha512-manifest-unknown-to-head",
        &["head.manifest.200"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Manifest) && is_sha512(call.reference()) {
                *reply = Reply::empty(404);
            }
        },
    ),
    Deviation::reply(
        "part-of-sha512-blob-backwards",
        &["range.206-body"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && is_sha512(call.reference()) && reply.status == 206 {
                let part: Vec<u8> = reply.body.iter().rev().copied().collect();
                reply.set_body(part);
            }
        },
    ),
    Deviation::instead("manifest-by-sha512-400", &["push.manifest.sha512"], |call| {
        (call.is(&Method::PUT, Kind::Manifest) && is_sha512(call.reference()))
            .then(|| Reply::error(400, "DIGEST_INVALID"))
    }),
    Deviation::instead(
        "sha512-push-stores-nothing",
        &["push.put.available-after-201"],
        |call| {
            let digest = brought(call).filter(|digest| closes(call) && is_sha512(digest))?;
            Some(created(&blob_path(call.repository(), &digest)))
        },
    ),
    Deviation::instead(
        "single-post-by-sha512-stores-nothing",
        &["push.single.location-pullable"],
        |call| {
            let digest = brought(call).filter(|digest| brings(call) && is_sha512(digest))?;
            Some(created(&blob_path(call.repository(), &digest)))
        },
    ),
    Deviation::stateful(
        "sha512-unverified",
        &["push.put.digest-mismatch-nothing-stored"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let claimed = brought(&context.call).filter(|digest| is_sha512(digest));
                if let (true, Some(claimed)) = (closes(&context.call) && reply.status == 400, claimed) {
                    let sent = bytes(context.call.body.clone(), "application/octet-stream");
                    context
                        .memory
                        .keep(&blob_path(context.call.repository(), &claimed), sent);
                }
                match context.memory.recall(&context.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::reply(
        "manifest-by-sha512-unverified",
        &["push.manifest.digest-mismatch-400"],
        |call, reply| {
            let is_whole = call.reference().len() == "sha512:".len() + 128;
            if call.is(&Method::PUT, Kind::Manifest)
                && is_sha512(call.reference())
                && is_whole
                && reply.status == 400
            {
                *reply = created(&call.path);
            }
        },
    ),
    Deviation::stateful(
        "sha512-blob-in-every-repository",
        &["pull.blob.404-other-repository"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let call = &context.call;
                let pushed = brought(call).filter(|digest| closes(call) && is_sha512(digest));
                if let (201, Some(digest)) = (reply.status, pushed) {
                    let blob = bytes(call.body.clone(), "application/octet-stream");
                    context
                        .memory
                        .keep(&blob_path(call.repository(), &digest), blob.clone());
                    context.memory.keep(&digest, blob);
                }
                let is_missed = call.is(&Method::GET, Kind::Blob) && reply.status == 404;
                match context.memory.recall(call.reference()) {
                    Some(blob) if is_missed && context.memory.recall(&call.path).is_none() => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::call(
        "tags-by-sha512-dropped",
        &["push.manifest.oci-tag-header"],
        |call| {
            if call.is(&Method::PUT, Kind::Manifest) && is_sha512(call.reference()) {
                call.drop_parameter("tag");
            }
        },
    ),
    Deviation::instead(
        "sha512-blob-outlives-deletion",
        &["manage.blob.get-404-after-delete"],
        |call| kept(call, Kind::Blob),
    ),
    Deviation::instead(
        "sha512-manifest-outlives-deletion",
        &["manage.manifest.get-404-after-delete"],
        |call| kept(call, Kind::Manifest),
    ),
];

fn is_sha512(digest: &str) -> bool {
    digest.starts_with("sha512:")
}

/// The answer to a deletion that was not done.
fn kept(call: &Call, kind: Kind) -> Option<Reply> {
    (call.is(&Method::DELETE, kind) && is_sha512(call.reference())).then(|| Reply::empty(202))
}
