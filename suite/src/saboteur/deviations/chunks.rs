//! Deviations of blobs pushed in chunks.

use http::Method;

use super::tools::sha256;
use super::tricks::{UnderWay, adds, blob_path, brought, closes, created, is_begun, opens, span, under_way};
use crate::saboteur::{Call, Deviation, Reply, Story};

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
    Deviation::story(
        "chunk-range-of-first-chunk",
        &["push.chunk.patch-range-cumulative"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if !adds(&story.call) || reply.status != 202 {
                    return reply;
                }
                match story.memory.recall(story.call.reference()) {
                    Some(first) => first,
                    None => {
                        story.memory.keep(story.call.reference(), reply.clone());
                        reply
                    }
                }
            })
        },
    ),
    Deviation::story(
        "first-chunk-anywhere",
        &["push.chunk.first-starts-at-zero"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                match misplaced(&story.call, &reply) {
                    Some((_, _, 0)) => appended(&story).await,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story("chunk-gap-accepted", &["push.chunk.gap-416"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            match misplaced(&story.call, &reply) {
                Some((first, _, expected)) if expected > 0 && first > expected => appended(&story).await,
                _ => reply,
            }
        })
    }),
    Deviation::story("chunk-gap-400", &["push.chunk.gap-416"], |story| {
        Box::pin(async move {
            let mut reply = story.honestly().await;
            if let Some((first, _, expected)) = misplaced(&story.call, &reply)
                && expected > 0
                && first > expected
            {
                reply.become_error(400, "BLOB_UPLOAD_INVALID");
            }
            reply
        })
    }),
    Deviation::story("chunk-replay-appended", &["push.chunk.replay-416"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            match misplaced(&story.call, &reply) {
                Some((_, last, expected)) if last < expected => appended(&story).await,
                _ => reply,
            }
        })
    }),
    Deviation::story(
        "chunk-replay-taken-for-done",
        &["push.chunk.replay-416"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                if let Some((_, last, expected)) = misplaced(&story.call, &reply)
                    && last < expected
                {
                    reply.become_status(202);
                    reply.set_body("");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "chunk-overlap-trimmed",
        &["push.chunk.overlap-416"],
        |mut story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                match misplaced(&story.call, &reply) {
                    Some((first, last, expected)) if first < expected && expected <= last => {
                        let known = usize::try_from(expected - first).unwrap_or(usize::MAX);
                        story.call.body = story.call.body.slice(known.min(story.call.body.len())..);
                        appended(&story).await
                    }
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story("refused-chunk-kept", &["push.chunk.416-keeps-state"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            if misplaced(&story.call, &reply).is_some() {
                appended(&story).await;
            }
            reply
        })
    }),
    Deviation::story(
        "refused-chunk-ends-upload",
        &["push.chunk.416-keeps-state"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if misplaced(&story.call, &reply).is_some() {
                    story.ask(&story.call.with_method(Method::DELETE)).await;
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
    Deviation::story(
        "closing-put-body-ignored",
        &["push.chunk.final-chunk-in-put"],
        |mut story| {
            Box::pin(async move {
                if closes(&story.call) && is_begun(&story).await {
                    story.call.body.clear();
                    story.call.headers.remove("content-range");
                }
                story.honestly().await
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
    Deviation::story(
        "digest-of-last-chunk",
        &["push.chunk.digest-of-whole-blob"],
        |mut story| {
            Box::pin(async move {
                if closes(&story.call) && brought(&story.call) == Some(sha256(&story.call.body)) {
                    story.call.method = Method::POST;
                    story.call.path = format!("/v2/{}/blobs/uploads/", story.call.repository());
                    story.call.headers.remove("content-range");
                }
                story.honestly().await
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
    Deviation::story("only-chunk-lost", &["push.chunk.single-chunk"], |story| {
        Box::pin(async move {
            let upload = story.call.reference();
            if closes(&story.call) && story.call.body.is_empty() && story.memory.counted(upload) == 1 {
                let digest = brought(&story.call).unwrap_or_default();
                return created(&blob_path(story.call.repository(), &digest));
            }
            let reply = story.honestly().await;
            if adds(&story.call) && reply.is_success() {
                story.memory.count(upload);
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
    Deviation::story(
        "chunks-at-once-joined",
        &["push.chunk.concurrent-same-offset"],
        |story| {
            Box::pin(async move {
                if !adds(&story.call) {
                    return story.honestly().await;
                }
                let upload = story.call.reference();
                let are_others_here = under_way(story.memory, upload) > 0;
                let turn = UnderWay::begin(story.memory, upload).await;
                let mut reply = story.honestly().await;
                if misplaced(&story.call, &reply).is_some() && are_others_here {
                    reply = appended(&story).await;
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
async fn appended(story: &Story<'_>) -> Reply {
    let mut call = story.call.clone();
    call.headers.remove("content-range");
    story.ask(&call).await
}
