//! Deviations of caches: what was seen once is told again, though it has changed meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;

use super::tricks::{blob_path, brought, closes, entries, lists_referrers, lists_tags};
use crate::saboteur::{Call, Deviation, Kind, Reply, Story};

/// How long a blob is kept that no manifest names.
const PATIENCE: Duration = Duration::from_secs(1);
/// The header in which is noted when something was seen.
const SEEN: &str = "x-seen";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::story(
        "missing-manifest-remembered",
        &["pull.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_manifest = matches!(story.call.kind(), Kind::Tag | Kind::Manifest);
                first_kept(&story, is_manifest, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::story(
        "missing-tag-remembered-by-head",
        &["pull.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_head = story.call.is(&Method::HEAD, Kind::Tag);
                first_kept(&story, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::story(
        "missing-blob-remembered-by-head",
        &["pull.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_head = story.call.is(&Method::HEAD, Kind::Blob);
                first_kept(&story, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::story("missing-blob-remembered", &["pull.fresh-after-push"], |story| {
        Box::pin(async move {
            let is_get = story.call.is(&Method::GET, Kind::Blob);
            first_kept(&story, is_get, |reply| reply.status == 404).await
        })
    }),
    Deviation::story(
        "moved-tag-remembered-by-head",
        &["push.manifest.tag-move"],
        |story| {
            Box::pin(async move {
                let is_head = story.call.is(&Method::HEAD, Kind::Tag);
                first_kept(&story, is_head, Reply::is_success).await
            })
        },
    ),
    Deviation::story(
        "missing-tags-remembered",
        &["discovery.tags.fresh-after-push"],
        |story| {
            Box::pin(
                async move { first_kept(&story, lists_tags(&story.call), |reply| reply.status == 404).await },
            )
        },
    ),
    Deviation::story(
        "page-of-tags-remembered",
        &["discovery.tags.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_page = lists_tags(&story.call) && !story.call.query.is_empty();
                first_kept(&story, is_page, |reply| entries(reply).len() == 1).await
            })
        },
    ),
    Deviation::story(
        "page-of-tags-outlives-deletion",
        &["discovery.tags.fresh-after-delete"],
        |story| {
            Box::pin(async move {
                let is_page = lists_tags(&story.call) && !story.call.query.is_empty();
                longest_kept(&story, is_page).await
            })
        },
    ),
    Deviation::story(
        "no-referrers-remembered",
        &["referrers.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_list = lists_referrers(&story.call);
                first_kept(&story, is_list, |reply| entries(reply).is_empty()).await
            })
        },
    ),
    Deviation::story(
        "no-filtered-referrers-remembered",
        &["referrers.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let is_filtered = lists_referrers(&story.call) && !story.call.query.is_empty();
                first_kept(&story, is_filtered, |reply| entries(reply).is_empty()).await
            })
        },
    ),
    Deviation::story(
        "referrers-outlive-deletion",
        &["referrers.fresh-after-delete"],
        |story| Box::pin(async move { longest_kept(&story, lists_referrers(&story.call)).await }),
    ),
    Deviation::story(
        "heads-outlive-deletion",
        &["manage.get-and-head-agree-after-delete"],
        |story| {
            Box::pin(async move {
                let is_head = story.call.method == Method::HEAD;
                first_kept(&story, is_head, Reply::is_success).await
            })
        },
    ),
    Deviation::story(
        "missing-after-deletion-remembered",
        &["manage.repush-after-delete"],
        |story| {
            Box::pin(async move {
                let is_head = story.call.method == Method::HEAD;
                first_kept(&story, is_head, |reply| reply.status == 404).await
            })
        },
    ),
    Deviation::story(
        "tag-outlives-deletion-for-those-who-looked",
        &["manage.tag.get-404-after-delete"],
        |story| {
            Box::pin(async move {
                let is_gone = story.call.is(&Method::GET, Kind::Tag) && story.call.reference() == "gone";
                first_kept(&story, is_gone, Reply::is_success).await
            })
        },
    ),
    Deviation::story("unnamed-blob-collected", &["push.put.outlives-wait"], |story| {
        Box::pin(async move {
            let mut reply = story.honestly().await;
            if let (true, Some(digest)) = (closes(&story.call) && reply.is_success(), brought(&story.call)) {
                let mut seen = Reply::empty(201);
                seen.set(SEEN, &now().as_millis().to_string());
                let blob = blob_path(story.call.repository(), &digest);
                story.memory.keep(&blob, seen);
            } else if story.call.reads(Kind::Blob)
                && let Some(seen) = story.memory.recall(&story.call.path)
                && now().saturating_sub(since(&seen)) > PATIENCE
            {
                reply.become_error(404, "BLOB_UNKNOWN");
            }
            reply
        })
    }),
];

/// The first answer of a kind that some request got, told again to all that ask the same.
async fn first_kept(story: &Story<'_>, is_asked: bool, is_kept: fn(&Reply) -> bool) -> Reply {
    let key = key(&story.call);
    if is_asked && let Some(kept) = story.memory.recall(&key) {
        return kept;
    }
    let reply = story.honestly().await;
    if is_asked && is_kept(&reply) {
        story.memory.keep(&key, reply.clone());
    }
    reply
}

/// The longest list that some request got, told again to all that ask the same.
async fn longest_kept(story: &Story<'_>, is_asked: bool) -> Reply {
    let reply = story.honestly().await;
    if !is_asked || !reply.is_success() {
        return reply;
    }
    let key = key(&story.call);
    match story.memory.recall(&key) {
        Some(kept) if entries(&kept).len() > entries(&reply).len() => kept,
        _ => {
            story.memory.keep(&key, reply.clone());
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
