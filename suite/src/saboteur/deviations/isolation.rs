//! Deviations that show when many come at once.

use http::Method;

use super::tricks::{UnderWay, adds, blob_path, brought, bytes, closes, under_way};
use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::story(
        "second-of-same-blob-500",
        &["security.concurrent-same-blob"],
        |story| {
            Box::pin(async move {
                let Some(digest) = brought(&story.call).filter(|_| closes(&story.call)) else {
                    return story.honestly().await;
                };
                let turn = UnderWay::begin(story.memory, &blob_path(story.call.repository(), &digest)).await;
                if turn.others() > 0 {
                    return Reply::error(500, "BLOB_UPLOAD_INVALID");
                }
                story.honestly().await
            })
        },
    ),
    Deviation::story(
        "temporary-file-shared-by-digest",
        &["security.concurrent-bad-and-good"],
        |story| {
            Box::pin(async move {
                if let Some(digest) = brought(&story.call).filter(|_| closes(&story.call)) {
                    let blob = blob_path(story.call.repository(), &digest);
                    let turn = UnderWay::begin(story.memory, &blob).await;
                    let reply = story.honestly().await;
                    if reply.status == 400 && turn.others() > 0 {
                        story
                            .memory
                            .keep(&blob, bytes(story.call.body.clone(), "application/octet-stream"));
                    }
                    return reply;
                }
                match story.memory.recall(&story.call.path) {
                    Some(wrong) if story.call.reads(Kind::Blob) => wrong,
                    _ => story.honestly().await,
                }
            })
        },
    ),
    Deviation::story(
        "tag-rewritten-in-place",
        &["security.concurrent-tag-put"],
        |story| {
            Box::pin(async move {
                if story.call.is(&Method::PUT, Kind::Tag) {
                    let _turn = UnderWay::begin(story.memory, &story.call.path).await;
                    return story.honestly().await;
                }
                let mut reply = story.honestly().await;
                if story.call.is(&Method::GET, Kind::Tag) && under_way(story.memory, &story.call.path) > 0 {
                    reply.set_body(reply.body.slice(..reply.body.len() / 2));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "read-during-deletion-empty",
        &["security.concurrent-read-during-delete"],
        |story| {
            Box::pin(async move {
                let is_content = matches!(story.call.kind(), Kind::Manifest | Kind::Tag | Kind::Blob);
                let repository = story.call.repository();
                if is_content && story.call.method == Method::DELETE {
                    let _turn = UnderWay::begin(story.memory, repository).await;
                    return story.honestly().await;
                }
                let mut reply = story.honestly().await;
                if is_content && story.call.method == Method::GET && under_way(story.memory, repository) > 0 {
                    reply.set_body("");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "uploads-share-a-buffer",
        &["security.concurrent-sessions-isolated"],
        |mut story| {
            Box::pin(async move {
                if !adds(&story.call) {
                    return story.honestly().await;
                }
                let repository = story.call.repository().to_owned();
                let before = story.memory.noted(&repository);
                story.memory.note(&repository, &story.call);
                let turn = UnderWay::begin(story.memory, &repository).await;
                let other = before.last().map(|other| other.body.clone());
                if let Some(other) =
                    other.filter(|other| turn.others() > 0 && other.len() == story.call.body.len())
                {
                    story.call.body = other;
                }
                story.honestly().await
            })
        },
    ),
];
