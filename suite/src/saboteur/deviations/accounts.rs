//! Deviations of rights: what an account, a token or nobody in particular gets to do.

use http::Method;

use super::tricks::{
    closes, has_credentials, is_refused, lists_referrers, lists_tags, mounts, reads_content,
};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::story("reader-pushes", &["security.auth-scope-push"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            if reply.status == 403 && pushes(&story.call) {
                return story.as_owner(&story.call).await;
            }
            reply
        })
    })
    .with_accounts(&["reader"]),
    Deviation::story("reader-deletes", &["security.auth-scope-push"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            if reply.status == 403 && story.call.is_of_manifest(&Method::DELETE) {
                return story.as_owner(&story.call).await;
            }
            reply
        })
    })
    .with_accounts(&["reader"]),
    Deviation::story("token-to-pull-pushes", &["security.auth-scope-push"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            if reply.status == 401 && has_credentials(&story.call) && pushes(&story.call) {
                return story.as_owner(&story.call).await;
            }
            reply
        })
    })
    .with_accounts(&[]),
    Deviation::story(
        "token-good-in-every-repository",
        &["security.auth-scope-repository"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if reply.status == 401 && has_credentials(&story.call) && reads_content(&story.call) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "tags-listed-to-anybody",
        &["security.list-does-not-leak"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && lists_tags(&story.call) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "referrers-listed-to-anybody",
        &["security.list-does-not-leak"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && lists_referrers(&story.call) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "chunks-taken-from-anybody",
        &["security.upload-needs-auth"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && story.call.is(&Method::PATCH, Kind::Session) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "upload-closed-by-anybody",
        &["security.upload-needs-auth"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && closes(&story.call) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "upload-watched-by-anybody",
        &["security.upload-needs-auth"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && story.call.is(&Method::GET, Kind::Session) {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::story(
        "mount-from-unreadable-repository",
        &["push.mount.needs-read-access"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                let names_source = story.call.parameter("from").is_some();
                if mounts(&story.call) && names_source && has_credentials(&story.call) && reply.status != 201
                {
                    return story.as_owner(&story.call).await;
                }
                reply
            })
        },
    )
    .with_accounts(&["stranger"]),
    Deviation::story(
        "mount-from-anywhere",
        &["push.mount.needs-read-access"],
        |mut story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if closes(&story.call) && reply.is_success() {
                    let digest = story.call.parameter("digest").unwrap_or_default();
                    story.memory.note(&digest, &story.call);
                }
                let names_source = story.call.parameter("from").is_some();
                if !mounts(&story.call) || names_source || !has_credentials(&story.call) {
                    return reply;
                }
                let digest = story.call.parameter("mount").unwrap_or_default();
                match story.memory.noted(&digest).first() {
                    Some(push) if reply.status != 201 => {
                        story.call.set_parameter("from", push.repository());
                        story.as_owner(&story.call).await
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
    Deviation::story("ping-stopped-by-password", &["interop.anonymous-ping"], |story| {
        Box::pin(async move {
            let reply = story.honestly().await;
            let is_ping = story.call.kind() == Kind::Base;
            if is_ping && !has_credentials(&story.call) {
                return asks_for_password();
            }
            if is_refused(&reply) && (is_ping || reads_content(&story.call)) {
                return story.as_owner(&story.call).await;
            }
            reply
        })
    })
    .with_accounts(&[]),
    Deviation::story(
        "ping-stopped-by-token-server",
        &["interop.anonymous-ping"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if is_refused(&reply) && !has_credentials(&story.call) && reads_content(&story.call) {
                    return story.as_owner(&story.call).await;
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
