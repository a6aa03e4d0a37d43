//! Deviations of rights to write: one request of many that nobody asks for credentials, or for better ones.

use http::Method;

use super::tricks::{brings, cancels, has_credentials, is_refused, mounts};
use crate::saboteur::{Call, Deviation, Kind, Reply, StatefulCall};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful(
        "single-post-by-anybody",
        &["security.write-needs-auth"],
        |context| Box::pin(async move { let_in(&context, brings(&context.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful("mount-by-anybody", &["security.write-needs-auth"], |context| {
        Box::pin(async move { let_in(&context, mounts(&context.call)).await })
    })
    .with_accounts(&[]),
    Deviation::stateful("tag-by-anybody", &["security.write-needs-auth"], |context| {
        Box::pin(async move { let_in(&context, context.call.is(&Method::PUT, Kind::Tag)).await })
    })
    .with_accounts(&[]),
    Deviation::stateful("manifest-by-anybody", &["security.write-needs-auth"], |context| {
        Box::pin(async move { let_in(&context, context.call.is(&Method::PUT, Kind::Manifest)).await })
    })
    .with_accounts(&[]),
    Deviation::stateful("deletion-by-anybody", &["security.write-needs-auth"], |context| {
        Box::pin(async move { let_in(&context, deletes(&context.call)).await })
    })
    .with_accounts(&[]),
    Deviation::stateful(
        "cancelled-by-anybody",
        &["security.upload-needs-auth"],
        |context| Box::pin(async move { let_in(&context, cancels(&context.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "token-to-pull-brings-blobs",
        &["security.auth-scope-push"],
        |context| Box::pin(async move { overrate(&context, brings(&context.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful("token-to-pull-mounts", &["security.auth-scope-push"], |context| {
        Box::pin(async move { overrate(&context, mounts(&context.call)).await })
    })
    .with_accounts(&[]),
    Deviation::stateful(
        "token-to-pull-deletes",
        &["security.auth-scope-push"],
        |context| Box::pin(async move { overrate(&context, deletes(&context.call)).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "token-to-pull-adds-to-uploads",
        &["security.auth-scope-push"],
        |context| Box::pin(async move { overrate(&context, context.call.kind() == Kind::Session).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "token-good-to-push-anywhere",
        &["security.auth-scope-repository", "security.auth-scope-push"],
        |context| {
            Box::pin(async move { overrate(&context, context.call.is_of_manifest(&Method::PUT)).await })
        },
    )
    .because("a token that is good for everything is good elsewhere, and for more than was asked")
    .with_accounts(&[]),
    Deviation::stateful(
        "mount-with-token-for-target-alone",
        &["push.mount.needs-read-access"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let is_mount = mounts(&context.call) && has_credentials(&context.call);
                if is_mount && (reply.status == 202 || is_refused(&reply)) {
                    return context.as_owner(&context.call).await;
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
async fn let_in(context: &StatefulCall<'_>, is_meant: bool) -> Reply {
    let reply = context.honestly().await;
    if is_meant && is_refused(&reply) && !has_credentials(&context.call) {
        return context.as_owner(&context.call).await;
    }
    reply
}

/// Serves those whose credentials are not enough as if they were the owner.
async fn overrate(context: &StatefulCall<'_>, is_meant: bool) -> Reply {
    let reply = context.honestly().await;
    if is_meant && is_refused(&reply) && has_credentials(&context.call) {
        return context.as_owner(&context.call).await;
    }
    reply
}
