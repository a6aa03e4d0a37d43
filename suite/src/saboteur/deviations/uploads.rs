//! Deviations of blobs pushed whole: by POST and PUT, and by a single POST.

use http::Method;

use super::tools::{is_digest, sha256};
use super::tricks::{
    adds, blob_path, brings, brought, bytes, closes, created, has, is_begun, opens, upload_of,
};
use crate::saboteur::{Deviation, Kind, Reply};

/// The digest of nothing.
const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("put-200", &["push.put.201"], |call, reply| {
        if closes(call) && reply.status == 201 {
            reply.become_status(200);
        }
    }),
    Deviation::instead("whole-blob-in-put-refused", &["push.put.201"], |call| {
        (closes(call) && !call.body.is_empty()).then(|| Reply::error(400, "BLOB_UPLOAD_INVALID"))
    }),
    Deviation::reply("put-without-location", &["push.put.location"], |call, reply| {
        if closes(call) {
            reply.remove("location");
        }
    }),
    Deviation::reply(
        "put-location-of-upload",
        &["push.put.location-pullable"],
        |call, reply| {
            if closes(call) && reply.status == 201 {
                reply.set("location", &call.path);
            }
        },
    ),
    Deviation::stateful(
        "new-blob-unknown-to-head",
        &["push.put.available-after-201"],
        |context| {
            Box::pin(async move {
                let is_first =
                    context.call.is(&Method::HEAD, Kind::Blob) && context.memory.count(&context.call.path) == 0;
                let mut reply = context.honestly().await;
                if is_first {
                    reply.become_error(404, "BLOB_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "chunks-served-before-commit",
        &["push.put.not-visible-before-commit"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if adds(&context.call) && reply.is_success() {
                    let blob = blob_path(context.call.repository(), &sha256(&context.call.body));
                    context
                        .memory
                        .keep(&blob, bytes(context.call.body.clone(), "application/octet-stream"));
                }
                match context.memory.recall(&context.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::call(
        "put-without-digest-taken",
        &["push.put.digest-parameter-required"],
        |call| {
            if closes(call) && call.parameter("digest").is_none() {
                call.set_parameter("digest", &sha256(&call.body));
            }
        },
    ),
    Deviation::reply(
        "mismatch-500",
        &["push.put.digest-mismatch-400"],
        |call, reply| {
            if closes(call) && reply.status == 400 {
                reply.become_error(500, "DIGEST_INVALID");
            }
        },
    ),
    Deviation::reply(
        "mismatch-416",
        &["push.put.digest-mismatch-400"],
        |call, reply| {
            if closes(call) && reply.status == 400 {
                reply.become_error(416, "DIGEST_INVALID");
            }
        },
    ),
    Deviation::stateful(
        "refused-blob-served",
        &["push.put.digest-mismatch-nothing-stored"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if closes(&context.call) && reply.status == 400 {
                    let claimed = brought(&context.call).unwrap_or_default();
                    let blob = blob_path(context.call.repository(), &claimed);
                    context
                        .memory
                        .keep(&blob, bytes(context.call.body.clone(), "application/octet-stream"));
                }
                match context.memory.recall(&context.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "refused-blob-kept-under-its-own-digest",
        &["push.put.digest-mismatch-nothing-stored"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if closes(&context.call) && reply.status == 400 {
                    let mut kept = context.call.with_method(Method::POST);
                    kept.path = format!("/v2/{}/blobs/uploads/", context.call.repository());
                    kept.headers.remove("content-range");
                    kept.query = format!("digest={}", sha256(&context.call.body));
                    context.ask(&kept).await;
                }
                reply
            })
        },
    ),
    Deviation::call(
        "malformed-digest-ignored",
        &["push.put.digest-malformed-400"],
        |call| {
            if closes(call)
                && let Some(digest) = call.parameter("digest")
                && !is_digest(&digest)
                && !is_of_unknown_algorithm(&digest)
            {
                call.set_parameter("digest", &sha256(&call.body));
            }
        },
    ),
    Deviation::call(
        "unknown-algorithm-taken",
        &["push.put.digest-unsupported-algorithm-400"],
        |call| {
            if closes(call)
                && call
                    .parameter("digest")
                    .is_some_and(|digest| is_of_unknown_algorithm(&digest))
            {
                call.set_parameter("digest", &sha256(&call.body));
            }
        },
    ),
    Deviation::stateful(
        "chunks-hashed-by-sha256-alone",
        &["push.chunk.digest-algorithm-parameter"],
        |context| {
            Box::pin(async move {
                let by_sha512 = brought(&context.call).is_some_and(|digest| digest.starts_with("sha512:"));
                if closes(&context.call) && by_sha512 && is_begun(&context).await {
                    return Reply::error(400, "DIGEST_INVALID");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "unknown-algorithm-fails-at-the-end",
        &["push.chunk.digest-algorithm-unsupported"],
        |mut context| {
            Box::pin(async move {
                let algorithm = context.call.parameter("digest-algorithm").unwrap_or_default();
                let is_strange = opens(&context.call) && !["", "sha256", "sha512"].contains(&&*algorithm);
                if is_strange {
                    context.call.drop_parameter("digest-algorithm");
                }
                let mut reply = context.honestly().await;
                if is_strange {
                    context.memory.count(upload_of(&reply));
                } else if closes(&context.call) && context.memory.counted(context.call.reference()) > 0 {
                    reply.become_error(500, "DIGEST_INVALID");
                }
                reply
            })
        },
    ),
    Deviation::instead("empty-blob-refused", &["push.put.empty-blob"], |call| {
        (closes(call) && call.parameter("digest").as_deref() == Some(EMPTY))
            .then(|| Reply::error(400, "SIZE_INVALID"))
    }),
    Deviation::stateful("known-blob-409", &["push.put.repush-idempotent"], |context| {
        Box::pin(async move {
            if closes(&context.call) {
                let digest = brought(&context.call).unwrap_or_default();
                if has(&context, &blob_path(context.call.repository(), &digest)).await {
                    return Reply::error(409, "BLOB_UPLOAD_INVALID");
                }
            }
            context.honestly().await
        })
    }),
    Deviation::instead(
        "encoded-digest-refused",
        &["push.put.digest-query-encodings"],
        |call| (closes(call) && call.query.contains("%3A")).then(|| Reply::error(400, "DIGEST_INVALID")),
    ),
    Deviation::instead(
        "plain-digest-refused",
        &["push.put.digest-query-encodings"],
        |call| (closes(call) && call.query.contains(':')).then(|| Reply::error(400, "DIGEST_INVALID")),
    ),
    Deviation::instead(
        "manifest-of-unknown-length-411",
        &["push.put.transfer-encoding-chunked"],
        |call| {
            (call.is_of_manifest(&Method::PUT) && call.header("content-length").is_empty())
                .then(|| Reply::error(411, "SIZE_INVALID"))
        },
    ),
    Deviation::call(
        "blob-of-unknown-length-read-as-empty",
        &["push.put.transfer-encoding-chunked"],
        |call| {
            if closes(call) && call.header("content-length").is_empty() {
                call.body.clear();
            }
        },
    ),
    Deviation::reply(
        "single-post-without-location",
        &["push.single.201-location"],
        |call, reply| {
            if brings(call) {
                reply.remove("location");
            }
        },
    ),
    Deviation::instead(
        "single-post-stores-nothing",
        &["push.single.location-pullable"],
        |call| {
            brings(call).then(|| created(&blob_path(call.repository(), &brought(call).unwrap_or_default())))
        },
    ),
    Deviation::reply(
        "single-post-location-of-uploads",
        &["push.single.location-pullable"],
        |call, reply| {
            if brings(call) && reply.status == 201 {
                reply.set("location", &call.path);
            }
        },
    ),
    Deviation::instead("single-post-404", &["push.single.fallback-202"], |call| {
        brings(call).then(|| Reply::error(404, "UNSUPPORTED"))
    }),
    // To answer with an upload is to offer no single POST, which is free to everybody.
    Deviation::stateful(
        "single-post-kept-in-upload",
        &["push.single.fallback-202", "push.single.supported"],
        |mut context| {
            Box::pin(async move {
                if !brings(&context.call) {
                    return context.honestly().await;
                }
                let mut chunk = context.call.with_method(Method::PATCH);
                context.call.body.clear();
                context.call.query.clear();
                let reply = context.honestly().await;
                chunk.path = reply.header("location").to_owned();
                chunk.query.clear();
                context.ask(&chunk).await;
                reply
            })
        },
    )
    .because("who does not store the blob, and keeps it in the upload, neither takes the single POST nor falls back"),
    Deviation::stateful(
        "single-post-unverified",
        &["push.single.digest-mismatch"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if brings(&context.call) && reply.status == 400 {
                    let claimed = brought(&context.call).unwrap_or_default();
                    let blob = blob_path(context.call.repository(), &claimed);
                    reply = created(&blob);
                    context
                        .memory
                        .keep(&blob, bytes(context.call.body.clone(), "application/octet-stream"));
                }
                match context.memory.recall(&context.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
];

/// Whether a text is the digest of an algorithm that is not registered.
fn is_of_unknown_algorithm(digest: &str) -> bool {
    digest
        .split_once(':')
        .is_some_and(|(algorithm, hex)| !algorithm.starts_with("sha") && !hex.is_empty())
}
