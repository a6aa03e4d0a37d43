//! Deviations that break what real clients send, though a simpler request is served.

use http::Method;

use super::tools::sha256;
use super::tricks::{
    adds, asks_status, blob_path, brought, bytes, cancels, closes, created, is_begun, mounts, opens,
};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The digest of the empty JSON object.
const OBJECT: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
/// The words of the API that follow a repository's name.
const WORDS: [&str; 5] = ["blobs", "manifests", "tags", "uploads", "referrers"];

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    // docker push sends none.
    Deviation::instead(
        "chunk-without-type-415",
        &["push.chunk.without-content-type"],
        |call| (adds(call) && kind(call).is_empty()).then(|| Reply::error(415, "UNSUPPORTED")),
    ),
    Deviation::instead(
        "put-without-type-415",
        &["push.put.without-content-type", "push.chunk.without-content-type"],
        |call| {
            let brings = closes(call) && !call.body.is_empty();
            (brings && kind(call).is_empty()).then(|| Reply::error(415, "UNSUPPORTED"))
        },
    )
    .because("the last chunk may come in the closing PUT"),
    // distribution 3 does.
    Deviation::instead(
        "chunk-of-other-type-500",
        &["errors.client-fault-not-5xx"],
        |call| (adds(call) && is_of_other_type(call)).then(|| Reply::error(500, "UNSUPPORTED")),
    ),
    Deviation::instead(
        "put-of-other-type-500",
        &["errors.client-fault-not-5xx"],
        |call| (closes(call) && is_of_other_type(call)).then(|| Reply::error(500, "UNSUPPORTED")),
    ),
    Deviation::instead(
        "closing-put-without-length-411",
        &["interop.put-without-content-length"],
        |call| {
            let says_nothing = call.header("content-length").is_empty() && call.body.is_empty();
            (closes(call) && says_nothing).then(|| Reply::error(411, "SIZE_INVALID"))
        },
    ),
    Deviation::instead(
        "post-with-type-415",
        &["interop.post-with-content-type"],
        |call| (opens(call) && !kind(call).is_empty()).then(|| Reply::error(415, "UNSUPPORTED")),
    ),
    Deviation::instead("mount-with-origin-400", &["base.query-ignored"], |call| {
        (mounts(call) && call.parameter("origin").is_some()).then(|| Reply::error(400, "UNSUPPORTED"))
    }),
    Deviation::reply(
        "head-reads-first-accept",
        &["pull.manifest.accept-list-forms"],
        |call, reply| {
            let first = call.header("accept");
            let is_accepted = first.contains("*/*") || first.contains(reply.header("content-type"));
            if call.is_of_manifest(&Method::HEAD) && reply.is_success() && !is_accepted {
                *reply = Reply::empty(404);
            }
        },
    ),
    Deviation::instead("range-of-manifest-400", &["range.manifest"], |call| {
        (call.is_of_manifest(&Method::GET) && !call.header("range").is_empty())
            .then(|| Reply::error(400, "UNSUPPORTED"))
    }),
    Deviation::reply("range-of-manifest-one-off", &["range.manifest"], |call, reply| {
        if call.is_of_manifest(&Method::GET) && !call.header("range").is_empty() && reply.body.len() > 20 {
            let whole = reply.body.len();
            reply.become_status(206);
            reply.set("content-range", &format!("bytes 0-9/{whole}"));
            reply.set_body(reply.body.slice(1..11));
        }
    }),
    Deviation::reply(
        "range-of-manifest-heeded-by-head",
        &["range.ignored-on-head"],
        |call, reply| {
            if call.is_of_manifest(&Method::HEAD) && !call.header("range").is_empty() && reply.is_success() {
                reply.become_status(206);
                reply.set("content-range", "bytes 0-9/*");
                reply.set("content-length", "10");
            }
        },
    ),
    Deviation::instead("name-ends-at-first-word", &["name.resource-words"], |call| {
        let mut components = call.repository().split('/');
        components
            .any(|component| WORDS.contains(&component))
            .then(|| Reply::error(404, "NAME_UNKNOWN"))
    }),
    Deviation::call("byte-lost-behind-64-kib", &["push.chunk.every-size"], |call| {
        damage(call, 65536);
    }),
    Deviation::call("byte-lost-behind-5-mib", &["push.chunk.every-size"], |call| {
        damage(call, 5 * 1024 * 1024);
    }),
    Deviation::stateful(
        "streamed-blob-unknown-to-head",
        &["push.put.available-after-201"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let digest =
                    brought(&context.call).filter(|_| closes(&context.call) && context.call.body.is_empty());
                if let Some(digest) = digest {
                    context
                        .memory
                        .count(&blob_path(context.call.repository(), &digest));
                }
                let is_streamed = context.memory.counted(&context.call.path) > 0;
                if context.call.is(&Method::HEAD, Kind::Blob) && is_streamed {
                    return Reply::empty(404);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "mounted-blob-unknown-to-head",
        &["push.mount.readable-in-target"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if mounts(&context.call) && reply.status == 201 {
                    let digest = context.call.parameter("mount").unwrap_or_default();
                    context
                        .memory
                        .count(&blob_path(context.call.repository(), &digest));
                }
                let is_mounted = context.memory.counted(&context.call.path) > 0;
                if context.call.is(&Method::HEAD, Kind::Blob) && is_mounted {
                    return Reply::empty(404);
                }
                reply
            })
        },
    ),
    Deviation::instead("empty-object-refused", &["push.put.201"], |call| {
        (closes(call) && brought(call).as_deref() == Some(OBJECT)).then(|| Reply::error(400, "SIZE_INVALID"))
    }),
    // ferro serves it whatever was deleted.
    Deviation::reply(
        "empty-object-always-there",
        &["manage.blob.get-404-after-delete"],
        |call, reply| {
            if call.reads(Kind::Blob) && call.reference() == OBJECT && reply.status == 404 {
                *reply = bytes("{}", "application/octet-stream");
            }
        },
    ),
    Deviation::stateful(
        "upload-without-data-not-cancelled",
        &["push.cancel.session-gone"],
        |context| {
            Box::pin(async move {
                let upload = context.call.reference();
                if !cancels(&context.call) {
                    return context.honestly().await;
                }
                if context.memory.counted(upload) > 0 {
                    return Reply::error(404, "BLOB_UPLOAD_UNKNOWN");
                }
                let status = context.ask(&context.call.get(&context.call.path)).await;
                if status.status != 204 || is_begun(&context).await {
                    return context.honestly().await;
                }
                context.memory.count(upload);
                Reply::empty(204)
            })
        },
    ),
    Deviation::stateful(
        "upload-without-data-closed-by-any-digest",
        &["push.put.digest-mismatch-400"],
        |context| {
            Box::pin(async move {
                let digest = brought(&context.call).unwrap_or_default();
                let is_of_something = digest.starts_with("sha256:") && digest != sha256(b"");
                if closes(&context.call)
                    && context.call.body.is_empty()
                    && is_of_something
                    && !is_begun(&context).await
                {
                    return created(&blob_path(context.call.repository(), &digest));
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "status-before-data-leads-to-uploads",
        &["push.chunk.status-location"],
        |call, reply| {
            if asks_status(call) && reply.header("range") == "0-0" {
                reply.set("location", &format!("/v2/{}/blobs/uploads/", call.repository()));
            }
        },
    ),
];

/// The type that a call says its content is of.
fn kind(call: &Call) -> &str {
    call.header("content-type")
}

fn is_of_other_type(call: &Call) -> bool {
    !["", "application/octet-stream"].contains(&kind(call))
}

/// Spoils the byte behind a limit of a chunk that reaches beyond it.
fn damage(call: &mut Call, limit: usize) {
    if adds(call) && call.body.len() > limit {
        let mut body = call.body.to_vec();
        if let Some(byte) = body.get_mut(limit) {
            *byte ^= 1;
        }
        call.body = body.into();
    }
}
