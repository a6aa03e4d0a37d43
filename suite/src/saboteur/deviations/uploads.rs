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
    Deviation::story(
        "new-blob-unknown-to-head",
        &["push.put.available-after-201"],
        |story| {
            Box::pin(async move {
                let is_first =
                    story.call.is(&Method::HEAD, Kind::Blob) && story.memory.count(&story.call.path) == 0;
                let mut reply = story.honestly().await;
                if is_first {
                    reply.become_error(404, "BLOB_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "chunks-served-before-commit",
        &["push.put.not-visible-before-commit"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if adds(&story.call) && reply.is_success() {
                    let blob = blob_path(story.call.repository(), &sha256(&story.call.body));
                    story
                        .memory
                        .keep(&blob, bytes(story.call.body.clone(), "application/octet-stream"));
                }
                match story.memory.recall(&story.call.path) {
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
    Deviation::story(
        "refused-blob-served",
        &["push.put.digest-mismatch-nothing-stored"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if closes(&story.call) && reply.status == 400 {
                    let claimed = brought(&story.call).unwrap_or_default();
                    let blob = blob_path(story.call.repository(), &claimed);
                    story
                        .memory
                        .keep(&blob, bytes(story.call.body.clone(), "application/octet-stream"));
                }
                match story.memory.recall(&story.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story(
        "refused-blob-kept-under-its-own-digest",
        &["push.put.digest-mismatch-nothing-stored"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if closes(&story.call) && reply.status == 400 {
                    let mut kept = story.call.with_method(Method::POST);
                    kept.path = format!("/v2/{}/blobs/uploads/", story.call.repository());
                    kept.headers.remove("content-range");
                    kept.query = format!("digest={}", sha256(&story.call.body));
                    story.ask(&kept).await;
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
    Deviation::story(
        "chunks-hashed-by-sha256-alone",
        &["push.chunk.digest-algorithm-parameter"],
        |story| {
            Box::pin(async move {
                let by_sha512 = brought(&story.call).is_some_and(|digest| digest.starts_with("sha512:"));
                if closes(&story.call) && by_sha512 && is_begun(&story).await {
                    return Reply::error(400, "DIGEST_INVALID");
                }
                story.honestly().await
            })
        },
    ),
    Deviation::story(
        "unknown-algorithm-fails-at-the-end",
        &["push.chunk.digest-algorithm-unsupported"],
        |mut story| {
            Box::pin(async move {
                let algorithm = story.call.parameter("digest-algorithm").unwrap_or_default();
                let is_strange = opens(&story.call) && !["", "sha256", "sha512"].contains(&&*algorithm);
                if is_strange {
                    story.call.drop_parameter("digest-algorithm");
                }
                let mut reply = story.honestly().await;
                if is_strange {
                    story.memory.count(upload_of(&reply));
                } else if closes(&story.call) && story.memory.counted(story.call.reference()) > 0 {
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
    Deviation::story("known-blob-409", &["push.put.repush-idempotent"], |story| {
        Box::pin(async move {
            if closes(&story.call) {
                let digest = brought(&story.call).unwrap_or_default();
                if has(&story, &blob_path(story.call.repository(), &digest)).await {
                    return Reply::error(409, "BLOB_UPLOAD_INVALID");
                }
            }
            story.honestly().await
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
    Deviation::story(
        "single-post-kept-in-upload",
        &["push.single.fallback-202", "push.single.supported"],
        |mut story| {
            Box::pin(async move {
                if !brings(&story.call) {
                    return story.honestly().await;
                }
                let mut chunk = story.call.with_method(Method::PATCH);
                story.call.body.clear();
                story.call.query.clear();
                let reply = story.honestly().await;
                chunk.path = reply.header("location").to_owned();
                chunk.query.clear();
                story.ask(&chunk).await;
                reply
            })
        },
    )
    .because("who does not store the blob, and keeps it in the upload, neither takes the single POST nor falls back"),
    Deviation::story(
        "single-post-unverified",
        &["push.single.digest-mismatch"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                if brings(&story.call) && reply.status == 400 {
                    let claimed = brought(&story.call).unwrap_or_default();
                    let blob = blob_path(story.call.repository(), &claimed);
                    reply = created(&blob);
                    story
                        .memory
                        .keep(&blob, bytes(story.call.body.clone(), "application/octet-stream"));
                }
                match story.memory.recall(&story.call.path) {
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
