//! Deviations of rights to write: one request of many that nobody asks for credentials, or for better ones.

use http::Method;

use super::tricks::{brings, cancels, has_credentials, is_refused, mounts};
use crate::saboteur::{Call, Deviation, Kind, Reply, Story};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::story(
        "single-post-by-anybody",
        &["security.write-needs-auth"],
        |story| Box::pin(async move { let_in(&story, brings(&story.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::story("mount-by-anybody", &["security.write-needs-auth"], |story| {
        Box::pin(async move { let_in(&story, mounts(&story.call)).await })
    })
    .with_accounts(&[]),
    Deviation::story("tag-by-anybody", &["security.write-needs-auth"], |story| {
        Box::pin(async move { let_in(&story, story.call.is(&Method::PUT, Kind::Tag)).await })
    })
    .with_accounts(&[]),
    Deviation::story("manifest-by-anybody", &["security.write-needs-auth"], |story| {
        Box::pin(async move { let_in(&story, story.call.is(&Method::PUT, Kind::Manifest)).await })
    })
    .with_accounts(&[]),
    Deviation::story("deletion-by-anybody", &["security.write-needs-auth"], |story| {
        Box::pin(async move { let_in(&story, deletes(&story.call)).await })
    })
    .with_accounts(&[]),
    Deviation::story("cancelled-by-anybody", &["security.upload-needs-auth"], |story| {
        Box::pin(async move { let_in(&story, cancels(&story.call)).await })
    })
    .with_accounts(&[]),
    Deviation::story(
        "token-to-pull-brings-blobs",
        &["security.auth-scope-push"],
        |story| Box::pin(async move { overrate(&story, brings(&story.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::story("token-to-pull-mounts", &["security.auth-scope-push"], |story| {
        Box::pin(async move { overrate(&story, mounts(&story.call)).await })
    })
    .with_accounts(&[]),
    Deviation::story("token-to-pull-deletes", &["security.auth-scope-push"], |story| {
        Box::pin(async move { overrate(&story, deletes(&story.call)).await })
    })
    .with_accounts(&[]),
    Deviation::story(
        "token-to-pull-adds-to-uploads",
        &["security.auth-scope-push"],
        |story| Box::pin(async move { overrate(&story, story.call.kind() == Kind::Session).await }),
    )
    .with_accounts(&[]),
    Deviation::story(
        "token-good-to-push-anywhere",
        &["security.auth-scope-repository", "security.auth-scope-push"],
        |story| Box::pin(async move { overrate(&story, story.call.is_of_manifest(&Method::PUT)).await }),
    )
    .because("a token that is good for everything is good elsewhere, and for more than was asked")
    .with_accounts(&[]),
    Deviation::story(
        "mount-with-token-for-target-alone",
        &["push.mount.needs-read-access"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                let is_mount = mounts(&story.call) && has_credentials(&story.call);
                if is_mount && (reply.status == 202 || is_refused(&reply)) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
];

fn deletes(call: &Call) -> bool {
    call.method == Method::DELETE && matches!(call.kind(), Kind::Tag | Kind::Manifest | Kind::Blob)
}

/// Serves those who show no credentials as if they were the owner.
async fn let_in(story: &Story<'_>, is_meant: bool) -> Reply {
    let reply = story.honestly().await;
    if is_meant && is_refused(&reply) && !has_credentials(&story.call) {
        return story.as_owner(&story.call).await;
    }
    reply
}

/// Serves those whose credentials are not enough as if they were the owner.
async fn overrate(story: &Story<'_>, is_meant: bool) -> Reply {
    let reply = story.honestly().await;
    if is_meant && is_refused(&reply) && has_credentials(&story.call) {
        return story.as_owner(&story.call).await;
    }
    reply
}
