//! Deviations of rights: what an account, a token or nobody in particular gets to do.

use http::Method;

use super::tricks::{
    closes, has_credentials, is_refused, lists_referrers, lists_tags, mounts, reads_content,
};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful("reader-pushes", &["security.auth-scope-push"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            if reply.status == 403 && pushes(&context.call) {
                return context.as_owner(&context.call).await;
            }
            reply
        })
    })
    .with_accounts(&["reader"]),
    Deviation::stateful("reader-deletes", &["security.auth-scope-push"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            if reply.status == 403 && context.call.is_of_manifest(&Method::DELETE) {
                return context.as_owner(&context.call).await;
            }
            reply
        })
    })
    .with_accounts(&["reader"]),
    Deviation::stateful("token-to-pull-pushes", &["security.auth-scope-push"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            if reply.status == 401 && has_credentials(&context.call) && pushes(&context.call) {
                return context.as_owner(&context.call).await;
            }
            reply
        })
    })
    .with_accounts(&[]),
    Deviation::stateful(
        "token-good-in-every-repository",
        &["security.auth-scope-repository"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if reply.status == 401 && has_credentials(&context.call) && reads_content(&context.call) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "tags-listed-to-anybody",
        &["security.list-does-not-leak"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && lists_tags(&context.call) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "referrers-listed-to-anybody",
        &["security.list-does-not-leak"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && lists_referrers(&context.call) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "catalog-shown-to-anybody",
        &["security.list-does-not-leak"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && context.call.is(&Method::GET, Kind::Catalog) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "chunks-taken-from-anybody",
        &["security.upload-needs-auth"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && context.call.is(&Method::PATCH, Kind::Session) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "upload-closed-by-anybody",
        &["security.upload-needs-auth"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && closes(&context.call) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "upload-watched-by-anybody",
        &["security.upload-needs-auth"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && context.call.is(&Method::GET, Kind::Session) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "mount-from-unreadable-repository",
        &["push.mount.needs-read-access"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let names_source = context.call.parameter("from").is_some();
                if mounts(&context.call)
                    && names_source
                    && has_credentials(&context.call)
                    && reply.status != 201
                {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&["stranger"]),
    Deviation::stateful(
        "mount-from-anywhere",
        &["push.mount.needs-read-access"],
        |mut context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if closes(&context.call) && reply.is_success() {
                    let digest = context.call.parameter("digest").unwrap_or_default();
                    context.memory.note(&digest, &context.call);
                }
                let names_source = context.call.parameter("from").is_some();
                if !mounts(&context.call) || names_source || !has_credentials(&context.call) {
                    return reply;
                }
                let digest = context.call.parameter("mount").unwrap_or_default();
                match context.memory.noted(&digest).first() {
                    Some(push) if reply.status != 201 => {
                        context.call.set_parameter("from", push.repository());
                        context.as_owner(&context.call).await
                    }
                    _ => reply,
                }
            })
        },
    )
    .with_accounts(&["stranger"]),
    Deviation::reply("wrong-password-403", &["http.401-vs-403"], |call, reply| {
        if call.kind() == Kind::Base && reply.status == 401 && has_credentials(call) {
            reply.become_error(403, "DENIED");
        }
    })
    .with_accounts(&[]),
    Deviation::reply("missing-rights-401", &["http.401-vs-403"], |call, reply| {
        if reply.status == 403 && pushes(call) {
            *reply = asks_for_password();
        }
    })
    .with_accounts(&["reader"]),
    Deviation::reply("missing-rights-405", &["http.401-vs-403"], |call, reply| {
        if reply.status == 403 && pushes(call) {
            reply.become_error(405, "UNSUPPORTED");
            reply.set("allow", "GET, HEAD");
        }
    })
    .with_accounts(&["reader"]),
    Deviation::stateful(
        "ping-stopped-by-password",
        &["interop.anonymous-ping"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let is_ping = context.call.kind() == Kind::Base;
                if is_ping && !has_credentials(&context.call) {
                    return asks_for_password();
                }
                if is_refused(&reply) && (is_ping || reads_content(&context.call)) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "ping-stopped-by-token-server",
        &["interop.anonymous-ping"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if is_refused(&reply) && !has_credentials(&context.call) && reads_content(&context.call) {
                    return context.as_owner(&context.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::reply(
        "negotiate-before-others",
        &["interop.first-challenge-usable"],
        |_, reply| {
            let challenge = reply.header("www-authenticate").to_owned();
            if reply.status == 401 {
                reply.set("www-authenticate", "Negotiate");
                reply.add("www-authenticate", &challenge);
            }
        },
    )
    .with_accounts(&[]),
    Deviation::instead("stray-password-401", &["interop.unneeded-credentials"], |call| {
        call.header("authorization")
            .starts_with("Basic")
            .then(asks_for_password)
    })
    .without_accounts(),
    Deviation::instead("stray-token-400", &["interop.unneeded-credentials"], |call| {
        call.header("authorization")
            .starts_with("Bearer")
            .then(|| Reply::error(400, "UNAUTHORIZED"))
    })
    .without_accounts(),
];

/// Whether a call changes a repository without deleting from it.
fn pushes(call: &Call) -> bool {
    let uploads = matches!(call.kind(), Kind::Uploads | Kind::Session) && call.method != Method::DELETE;
    uploads || call.is_of_manifest(&Method::PUT)
}

/// An answer that asks for a name and a password.
fn asks_for_password() -> Reply {
    let mut reply = Reply::error(401, "UNAUTHORIZED");
    reply.set("www-authenticate", "Basic realm=\"registry\"");
    reply
}
