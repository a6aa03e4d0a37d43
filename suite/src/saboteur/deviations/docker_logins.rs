//! Deviations from logins as Docker's documents describe them.

use super::tokens::{asks_for_token, edit_challenge, scopes};
use super::tricks::{has_credentials, lists_tags, mounts, opens};
use crate::saboteur::{Call, Deviation, Reply, StatefulCall};

/// `Basic reader:reader`.
const READER: &str = "Basic cmVhZGVyOnJlYWRlcg==";
/// A token that is none.
const NO_TOKEN: &str = "Bearer assize";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful("who-is-nobody-403", &["docker.auth.challenge"], |context| {
        Box::pin(async move { challenged_late(context, deny).await })
    })
    .with_accounts(&[]),
    Deviation::stateful(
        "challenge-without-service",
        &["docker.auth.challenge-realm-service"],
        |context| Box::pin(async move { challenged_late(context, drop_service).await }),
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "challenge-for-too-much",
        &["docker.auth.challenge-scope"],
        |context| {
            Box::pin(async move {
                challenged_late(context, |reply| {
                    edit_challenge(reply, |challenge| challenge.replace(":pull\"", ":*\""));
                })
                .await
            })
        },
    )
    .with_accounts(&[]),
    Deviation::reply(
        "challenge-of-mount-for-target-alone",
        &["docker.auth.challenge-mount"],
        |call, reply| {
            if mounts(call) && !has_credentials(call) {
                edit_challenge(reply, |challenge| {
                    let scopes = challenge.split_once("scope=\"").map_or("", |(_, scopes)| scopes);
                    let scopes = scopes.trim_end_matches('"');
                    let kept = scopes.split(' ').find(|scope| scope.contains("push"));
                    challenge.replace(scopes, kept.unwrap_or(scopes))
                });
            }
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "mount-asks-for-target-alone",
        &["docker.auth.each-resource", "push.mount.needs-read-access"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let is_kept_out = matches!(reply.status, 202 | 401 | 403);
                match mounts(&context.call) && has_credentials(&context.call) && is_kept_out {
                    true => context.as_owner(&context.call).await,
                    false => reply,
                }
            })
        },
    )
    .with_accounts(&["stranger"])
    .because("what the token does not name, who has no rights there can not read"),
    Deviation::stateful("any-token-will-do", &["docker.auth.bad-token"], |context| {
        Box::pin(async move {
            match opens(&context.call) && context.call.header("authorization") == NO_TOKEN {
                true => context.as_owner(&context.call).await,
                false => context.honestly().await,
            }
        })
    })
    .with_accounts(&[]),
    Deviation::reply(
        "token-under-another-name",
        &["docker.auth.token-field"],
        |call, reply| {
            if asks_as_docker(call) && reply.is_success() {
                reply.edit_json(|token| *token = serde_json::json!({ "jwt": token["token"] }));
            }
        },
    )
    .with_accounts(&[]),
    Deviation::instead("no-token-for-less", &["docker.auth.token-for-less"], |call| {
        let asks_for_push = scopes(call).iter().any(|scope| scope.contains("push"));
        (asks_for_push && call.header("authorization") == READER).then(|| Reply::error(403, "DENIED"))
    })
    .with_accounts(&["reader"]),
    Deviation::reply(
        "wrong-password-400",
        &["docker.auth.wrong-password-401"],
        |call, reply| {
            if asks_for_token(call) && reply.status == 401 && has_credentials(call) {
                reply.become_status(400);
            }
        },
    )
    .with_accounts(&[]),
];

/// Changes the challenge of a tag list, once the suite has read its repository and needs no challenge there any more.
async fn challenged_late(context: StatefulCall<'_>, change: fn(&mut Reply)) -> Reply {
    let mut reply = context.honestly().await;
    let repository = context.call.repository();
    if reply.is_success() {
        context.memory.count(repository);
    } else if lists_tags(&context.call)
        && !has_credentials(&context.call)
        && context.memory.counted(repository) > 0
    {
        change(&mut reply);
    }
    reply
}

fn deny(reply: &mut Reply) {
    let challenge = reply.header("www-authenticate").to_owned();
    reply.become_error(403, "DENIED");
    reply.set("www-authenticate", &challenge);
}

fn drop_service(reply: &mut Reply) {
    edit_challenge(reply, |challenge| {
        let parts = challenge.split(',').filter(|part| !part.starts_with("service="));
        parts.collect::<Vec<_>>().join(",")
    });
}

fn asks_as_docker(call: &Call) -> bool {
    asks_for_token(call)
        && call
            .parameter("client_id")
            .is_some_and(|client| client == "docker")
        && call.parameter("offline_token").is_none()
}
