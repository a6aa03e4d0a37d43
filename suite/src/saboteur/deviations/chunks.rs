//! Deviations of blobs pushed in chunks.

use http::Method;

use super::tools::sha256;
use super::tricks::{UnderWay, adds, blob_path, brought, closes, created, is_begun, opens, span, under_way};
use crate::saboteur::{Call, Deviation, Reply, StatefulCall};

/// The length below which chunks are refused by those who refuse short ones.
const SHORT: usize = 2048;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("chunk-201", &["push.chunk.patch-202"], |call, reply| {
        if adds(call) && reply.status == 202 {
            reply.become_status(201);
        }
    }),
    Deviation::reply("chunk-204", &["push.chunk.patch-202"], |call, reply| {
        if adds(call) && reply.status == 202 {
            reply.become_status(204);
            reply.remove("content-length");
        }
    }),
    Deviation::reply(
        "chunk-without-location",
        &["push.chunk.patch-location"],
        |call, reply| {
            if adds(call) {
                reply.remove("location");
            }
        },
    ),
    Deviation::reply(
        "chunk-without-range",
        &["push.chunk.patch-range"],
        |call, reply| {
            if adds(call) {
                reply.remove("range");
            }
        },
    ),
    Deviation::reply(
        "chunk-range-with-unit",
        &["push.chunk.patch-range"],
        |call, reply| {
            if adds(call) && reply.status == 202 {
                let range = format!("bytes={}", reply.header("range"));
                reply.set("range", &range);
            }
        },
    ),
    Deviation::reply(
        "chunk-range-of-newest-chunk",
        &["push.chunk.patch-range-cumulative"],
        |call, reply| {
            if adds(call) && reply.status == 202 {
                reply.set("range", &format!("0-{}", call.body.len().saturating_sub(1)));
            }
        },
    ),
    Deviation::stateful(
        "chunk-range-of-first-chunk",
        &["push.chunk.patch-range-cumulative"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !adds(&context.call) || reply.status != 202 {
                    return reply;
                }
                match context.memory.recall(context.call.reference()) {
                    Some(first) => first,
                    None => {
                        context.memory.keep(context.call.reference(), reply.clone());
                        reply
                    }
                }
            })
        },
    ),
    Deviation::stateful(
        "first-chunk-anywhere",
        &["push.chunk.first-starts-at-zero"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                match misplaced(&context.call, &reply) {
                    Some((_, _, 0)) => appended(&context).await,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful("chunk-gap-accepted", &["push.chunk.gap-416"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            match misplaced(&context.call, &reply) {
                Some((first, _, expected)) if expected > 0 && first > expected => appended(&context).await,
                _ => reply,
            }
        })
    }),
    Deviation::stateful("chunk-gap-400", &["push.chunk.gap-416"], |context| {
        Box::pin(async move {
            let mut reply = context.honestly().await;
            if let Some((first, _, expected)) = misplaced(&context.call, &reply)
                && expected > 0
                && first > expected
            {
                reply.become_error(400, "BLOB_UPLOAD_INVALID");
            }
            reply
        })
    }),
    Deviation::stateful("chunk-replay-appended", &["push.chunk.replay-416"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            match misplaced(&context.call, &reply) {
                Some((_, last, expected)) if last < expected => appended(&context).await,
                _ => reply,
            }
        })
    }),
    Deviation::stateful(
        "chunk-replay-taken-for-done",
        &["push.chunk.replay-416"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if let Some((_, last, expected)) = misplaced(&context.call, &reply)
                    && last < expected
                {
                    reply.become_status(202);
                    reply.set_body("");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "chunk-overlap-trimmed",
        &["push.chunk.overlap-416"],
        |mut context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                match misplaced(&context.call, &reply) {
                    Some((first, last, expected)) if first < expected && expected <= last => {
                        let known = usize::try_from(expected - first).unwrap_or(usize::MAX);
                        context.call.body = context.call.body.slice(known.min(context.call.body.len())..);
                        appended(&context).await
                    }
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful("refused-chunk-kept", &["push.chunk.416-keeps-state"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            if misplaced(&context.call, &reply).is_some() {
                appended(&context).await;
            }
            reply
        })
    }),
    Deviation::stateful(
        "refused-chunk-ends-upload",
        &["push.chunk.416-keeps-state"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if misplaced(&context.call, &reply).is_some() {
                    context.ask(&context.call.with_method(Method::DELETE)).await;
                }
                reply
            })
        },
    ),
    Deviation::instead("empty-closing-put-400", &["push.chunk.closing-put-201"], |call| {
        (closes(call) && call.body.is_empty()).then(|| Reply::error(400, "SIZE_INVALID"))
    }),
    Deviation::reply(
        "closing-put-204",
        &["push.chunk.closing-put-201"],
        |call, reply| {
            if closes(call) && call.body.is_empty() && reply.status == 201 {
                reply.become_status(204);
                reply.remove("content-length");
            }
        },
    ),
    Deviation::reply(
        "closing-put-without-location",
        &["push.chunk.closing-put-location"],
        |call, reply| {
            if closes(call) && call.body.is_empty() {
                reply.remove("location");
            }
        },
    ),
    Deviation::stateful(
        "closing-put-body-ignored",
        &["push.chunk.final-chunk-in-put"],
        |mut context| {
            Box::pin(async move {
                if closes(&context.call) && is_begun(&context).await {
                    context.call.body.clear();
                    context.call.headers.remove("content-range");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::call(
        "closing-put-range-ignored",
        &["push.chunk.final-put-out-of-order-416"],
        |call| {
            if closes(call) {
                call.headers.remove("content-range");
            }
        },
    ),
    Deviation::stateful(
        "digest-of-last-chunk",
        &["push.chunk.digest-of-whole-blob"],
        |mut context| {
            Box::pin(async move {
                if closes(&context.call) && brought(&context.call) == Some(sha256(&context.call.body)) {
                    context.call.method = Method::POST;
                    context.call.path = format!("/v2/{}/blobs/uploads/", context.call.repository());
                    context.call.headers.remove("content-range");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "last-chunk-in-put-unverified",
        &["push.chunk.digest-mismatch-put-chunk"],
        |call, reply| {
            if closes(call) && call.headers.contains_key("content-range") && reply.status == 400 {
                *reply = created(&blob_path(call.repository(), &brought(call).unwrap_or_default()));
            }
        },
    ),
    Deviation::reply(
        "last-chunk-mismatch-500",
        &["push.chunk.digest-mismatch-put-chunk"],
        |call, reply| {
            if closes(call) && call.headers.contains_key("content-range") && reply.status == 400 {
                reply.become_error(500, "DIGEST_INVALID");
            }
        },
    ),
    Deviation::stateful("only-chunk-lost", &["push.chunk.single-chunk"], |context| {
        Box::pin(async move {
            let upload = context.call.reference();
            if closes(&context.call) && context.call.body.is_empty() && context.memory.counted(upload) == 1 {
                let digest = brought(&context.call).unwrap_or_default();
                return created(&blob_path(context.call.repository(), &digest));
            }
            let reply = context.honestly().await;
            if adds(&context.call) && reply.is_success() {
                context.memory.count(upload);
            }
            reply
        })
    }),
    Deviation::call(
        "chunk-length-unchecked",
        &["push.chunk.range-vs-length"],
        |call| {
            let length = call.body.len() as u64;
            if adds(call)
                && span(call.header("content-range")).is_some_and(|(first, last)| last - first + 1 != length)
            {
                call.headers.remove("content-range");
            }
        },
    ),
    Deviation::reply(
        "chunk-length-believed",
        &["push.chunk.range-vs-length"],
        |call, reply| {
            let length = call.body.len() as u64;
            if adds(call)
                && reply.status != 416
                && let Some((first, last)) = span(call.header("content-range"))
                && last - first + 1 != length
            {
                *reply = Reply::empty(202);
                reply.set("location", &call.path);
                reply.set("range", &format!("0-{last}"));
            }
        },
    ),
    Deviation::reply(
        "malformed-chunk-range-500",
        &["push.chunk.content-range-malformed"],
        |call, reply| {
            let range = call.header("content-range");
            if adds(call) && !range.is_empty() && span(range).is_none() {
                reply.become_error(500, "BLOB_UPLOAD_INVALID");
            }
        },
    ),
    Deviation::call(
        "malformed-chunk-range-ignored",
        &["push.chunk.content-range-malformed"],
        |call| {
            if adds(call) && span(call.header("content-range")).is_none() {
                call.headers.remove("content-range");
            }
        },
    ),
    Deviation::instead(
        "short-chunk-refused-unannounced",
        &["push.chunk.min-length-header"],
        |call| (adds(call) && call.body.len() < SHORT).then(|| Reply::error(416, "SIZE_INVALID")),
    ),
    Deviation::reply(
        "chunk-min-length-with-unit",
        &["push.chunk.min-length-header"],
        |call, reply| {
            if opens(call) {
                reply.set("oci-chunk-min-length", "1 KiB");
            }
        },
    ),
    Deviation::reply(
        "short-last-chunk-refused",
        &["push.chunk.min-length-final-any"],
        |call, reply| {
            if opens(call) {
                reply.set("oci-chunk-min-length", &SHORT.to_string());
            } else if adds(call) && call.body.len() < SHORT {
                reply.become_error(416, "SIZE_INVALID");
            }
        },
    ),
    Deviation::instead(
        "closing-put-with-type-refused",
        &["push.chunk.put-with-zero-body-headers"],
        |call| {
            let names_no_range = call.header("content-range").is_empty();
            (closes(call)
                && call.body.is_empty()
                && names_no_range
                && !call.header("content-type").is_empty())
            .then(|| Reply::error(416, "BLOB_UPLOAD_INVALID"))
        },
    ),
    Deviation::stateful(
        "chunks-at-once-joined",
        &["push.chunk.concurrent-same-offset"],
        |context| {
            Box::pin(async move {
                if !adds(&context.call) {
                    return context.honestly().await;
                }
                let upload = context.call.reference();
                let are_others_here = under_way(context.memory, upload) > 0;
                let turn = UnderWay::begin(context.memory, upload).await;
                let mut reply = context.honestly().await;
                if misplaced(&context.call, &reply).is_some() && are_others_here {
                    reply = appended(&context).await;
                }
                turn.wait_for_others().await;
                reply
            })
        },
    ),
];

/// For a chunk that was refused for its place: its first and last position, and where it should have begun.
fn misplaced(call: &Call, reply: &Reply) -> Option<(u64, u64, u64)> {
    if !adds(call) || reply.status != 416 {
        return None;
    }
    let (first, last) = span(call.header("content-range"))?;
    let expected = match span(reply.header("range"))? {
        (_, 0) => 0,
        (_, end) => end + 1,
    };
    Some((first, last, expected))
}

/// What the honest registry answers to a chunk that does not say where it belongs.
async fn appended(context: &StatefulCall<'_>) -> Reply {
    let mut call = context.call.clone();
    call.headers.remove("content-range");
    context.ask(&call).await
}
