//! Deviations that show when many come at once.

use http::Method;

use super::tricks::{UnderWay, adds, blob_path, brought, bytes, closes, under_way};
use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful(
        "second-of-same-blob-409",
        &["security.concurrent-same-blob"],
        |context| {
            Box::pin(async move {
                let Some(digest) = brought(&context.call).filter(|_| closes(&context.call)) else {
                    return context.honestly().await;
                };
                let turn =
                    UnderWay::begin(context.memory, &blob_path(context.call.repository(), &digest)).await;
                if turn.others() > 0 {
                    return Reply::error(409, "BLOB_UPLOAD_INVALID");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "temporary-file-shared-by-digest",
        &["security.concurrent-bad-and-good"],
        |context| {
            Box::pin(async move {
                if let Some(digest) = brought(&context.call).filter(|_| closes(&context.call)) {
                    let blob = blob_path(context.call.repository(), &digest);
                    let turn = UnderWay::begin(context.memory, &blob).await;
                    let reply = context.honestly().await;
                    if reply.status == 400 && turn.others() > 0 {
                        context.memory.keep(
                            &blob,
                            bytes(context.call.body.clone(), "application/octet-stream"),
                        );
                    }
                    return reply;
                }
                match context.memory.recall(&context.call.path) {
                    Some(wrong) if context.call.reads(Kind::Blob) => wrong,
                    _ => context.honestly().await,
                }
            })
        },
    ),
    Deviation::stateful(
        "tag-rewritten-in-place",
        &["security.concurrent-tag-put"],
        |context| {
            Box::pin(async move {
                if context.call.is(&Method::PUT, Kind::Tag) {
                    let _turn = UnderWay::begin(context.memory, &context.call.path).await;
                    return context.honestly().await;
                }
                let mut reply = context.honestly().await;
                if context.call.is(&Method::GET, Kind::Tag)
                    && under_way(context.memory, &context.call.path) > 0
                {
                    reply.set_body(reply.body.slice(..reply.body.len() / 2));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "read-during-deletion-empty",
        &["security.concurrent-read-during-delete"],
        |context| {
            Box::pin(async move {
                let is_content = matches!(context.call.kind(), Kind::Manifest | Kind::Tag | Kind::Blob);
                let repository = context.call.repository();
                if is_content && context.call.method == Method::DELETE {
                    let _turn = UnderWay::begin(context.memory, repository).await;
                    return context.honestly().await;
                }
                if is_content
                    && context.call.method == Method::GET
                    && under_way(context.memory, repository) > 0
                {
                    return bytes("", "application/octet-stream");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "uploads-share-a-buffer",
        &["security.concurrent-sessions-isolated"],
        |mut context| {
            Box::pin(async move {
                if !adds(&context.call) {
                    return context.honestly().await;
                }
                let repository = context.call.repository().to_owned();
                let before = context.memory.noted(&repository);
                context.memory.note(&repository, &context.call);
                let turn = UnderWay::begin(context.memory, &repository).await;
                let other = before.last().map(|other| other.body.clone());
                if let Some(other) =
                    other.filter(|other| turn.others() > 0 && other.len() == context.call.body.len())
                {
                    context.call.body = other;
                }
                context.honestly().await
            })
        },
    ),
];
