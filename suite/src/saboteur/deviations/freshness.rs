//! Deviations of caches: what was seen once is told again, though it has changed meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;

use super::tricks::{blob_path, brought, closes, entries, lists_referrers, lists_tags};
use crate::saboteur::{Call, Deviation, Kind, Reply, StatefulCall};

/// How long a blob is kept that no manifest names: half of the two seconds for which scenarios wait.
const PATIENCE: Duration = Duration::from_millis(500);
/// The header in which is noted when something was seen.
const SEEN: &str = "x-seen";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful(
        "missing-manifest-remembered",
        &["pull.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_manifest = matches!(context.call.kind(), Kind::Tag | Kind::Manifest);
                first_kept(&context, is_manifest, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::stateful(
        "missing-tag-remembered-by-head",
        &["pull.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_head = context.call.is(&Method::HEAD, Kind::Tag);
                first_kept(&context, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::stateful(
        "missing-blob-remembered-by-head",
        &["pull.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_head = context.call.is(&Method::HEAD, Kind::Blob);
                first_kept(&context, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::stateful("missing-blob-remembered", &["pull.fresh-after-push"], |context| {
        Box::pin(async move {
            let is_get = context.call.is(&Method::GET, Kind::Blob);
            first_kept(&context, is_get, |reply| reply.status == 404).await
        })
    }),
    Deviation::stateful(
        "moved-tag-remembered-by-head",
        &["push.manifest.tag-move"],
        |context| {
            Box::pin(async move {
                let is_head = context.call.is(&Method::HEAD, Kind::Tag);
                first_kept(&context, is_head, Reply::is_success).await
            })
        },
    ),
    Deviation::stateful(
        "missing-tags-remembered",
        &["discovery.tags.fresh-after-push"],
        |context| {
            Box::pin(async move {
                first_kept(&context, lists_tags(&context.call), |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::stateful(
        "page-of-tags-remembered",
        &["discovery.tags.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_page = lists_tags(&context.call) && !context.call.query.is_empty();
                first_kept(&context, is_page, |reply| entries(reply).len() == 1).await
            })
        },
    ),
    Deviation::stateful(
        "page-of-tags-outlives-deletion",
        &["discovery.tags.fresh-after-delete"],
        |context| {
            Box::pin(async move {
                let is_page = lists_tags(&context.call) && !context.call.query.is_empty();
                longest_kept(&context, is_page).await
            })
        },
    ),
    Deviation::stateful(
        "no-referrers-remembered",
        &["referrers.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_list = lists_referrers(&context.call);
                first_kept(&context, is_list, |reply| entries(reply).is_empty()).await
            })
        },
    ),
    Deviation::stateful(
        "no-filtered-referrers-remembered",
        &["referrers.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let is_filtered = lists_referrers(&context.call) && !context.call.query.is_empty();
                first_kept(&context, is_filtered, |reply| entries(reply).is_empty()).await
            })
        },
    ),
    Deviation::stateful(
        "referrers-outlive-deletion",
        &["referrers.fresh-after-delete"],
        |context| Box::pin(async move { longest_kept(&context, lists_referrers(&context.call)).await }),
    ),
    Deviation::stateful(
        "heads-outlive-deletion",
        &[
            "manage.get-and-head-agree-after-delete",
            "manage.manifest.delete-removes-tags",
        ],
        |context| {
            Box::pin(async move {
                let is_head = context.call.method == Method::HEAD;
                first_kept(&context, is_head, Reply::is_success).await
            })
        },
    )
    .because("what HEAD says of a digest after a deletion, it says of the tags that pointed to it"),
    Deviation::stateful(
        "missing-after-deletion-remembered",
        &["manage.repush-after-delete"],
        |context| {
            Box::pin(async move {
                let is_head = context.call.method == Method::HEAD;
                first_kept(&context, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::stateful(
        "tag-outlives-deletion-for-those-who-looked",
        &["manage.tag.get-404-after-delete"],
        |context| {
            Box::pin(async move {
                let is_gone = context.call.is(&Method::GET, Kind::Tag) && context.call.reference() == "gone";
                first_kept(&context, is_gone, Reply::is_success).await
            })
        },
    ),
    Deviation::stateful("unnamed-blob-collected", &["push.put.outlives-wait"], |context| {
        Box::pin(async move {
            let mut reply = context.honestly().await;
            if let (true, Some(digest)) = (
                closes(&context.call) && reply.is_success(),
                brought(&context.call),
            ) {
                let mut seen = Reply::empty(201);
                seen.set(SEEN, &now().as_millis().to_string());
                let blob = blob_path(context.call.repository(), &digest);
                context.memory.keep(&blob, seen);
            } else if context.call.reads(Kind::Blob)
                && let Some(seen) = context.memory.recall(&context.call.path)
                && now().saturating_sub(since(&seen)) > PATIENCE
            {
                reply.become_error(404, "BLOB_UNKNOWN");
            }
            reply
        })
    }),
];

/// The first answer of a kind that some request got, told again to all that ask the same.
async fn first_kept(context: &StatefulCall<'_>, is_asked: bool, is_kept: fn(&Reply) -> bool) -> Reply {
    let key = key(&context.call);
    if is_asked && let Some(kept) = context.memory.recall(&key) {
        return kept;
    }
    let reply = context.honestly().await;
    if is_asked && is_kept(&reply) {
        context.memory.keep(&key, reply.clone());
    }
    reply
}

/// The longest list that some request got, told again to all that ask the same.
async fn longest_kept(context: &StatefulCall<'_>, is_asked: bool) -> Reply {
    let reply = context.honestly().await;
    if !is_asked || !reply.is_success() {
        return reply;
    }
    let key = key(&context.call);
    match context.memory.recall(&key) {
        Some(kept) if entries(&kept).len() > entries(&reply).len() => kept,
        _ => {
            context.memory.keep(&key, reply.clone());
            reply
        }
    }
}

fn key(call: &Call) -> String {
    format!("{} {}?{}", call.method, call.path, call.query)
}

/// The time since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// When something was seen.
fn since(seen: &Reply) -> Duration {
    Duration::from_millis(seen.header(SEEN).parse().unwrap_or_default())
}
