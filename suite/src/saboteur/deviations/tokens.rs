//! Deviations of token servers, and of the challenges that lead to them.

use http::Method;
use serde_json::json;

use super::tricks::{bytes, has_credentials, opens, reads_content};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "challenge-of-other-actions",
        &["interop.challenge-scope"],
        |call, reply| {
            if reads_content(call) {
                edit_challenge(reply, |challenge| challenge.replace(":pull\"", ":pull,push\""));
            }
        },
    )
    .with_accounts(&[]),
    Deviation::reply(
        "challenge-of-two-scopes",
        &["interop.challenge-scope"],
        |call, reply| {
            if reads_content(call) {
                edit_challenge(reply, |challenge| {
                    challenge.replace(":pull\"", ":pull repository:library/base:pull\"")
                });
            }
        },
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "challenge-without-scope",
        &["interop.challenge-scope"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let repository = context.call.repository().to_owned();
                if !opens(&context.call) {
                    return reply;
                }
                // Those who have learned the scope before get along without being told again.
                if reply.is_success() {
                    context.memory.count(&repository);
                } else if !has_credentials(&context.call) && context.memory.counted(&repository) > 0 {
                    edit_challenge(&mut reply, |challenge| {
                        let end = challenge.find(",scope=").unwrap_or(challenge.len());
                        challenge[..end].to_owned()
                    });
                }
                reply
            })
        },
    )
    .with_accounts(&[]),
    Deviation::reply(
        "token-without-its-other-name",
        &["interop.token-both-names"],
        |_, reply| edit_token(reply, "access_token"),
    )
    .with_accounts(&[]),
    Deviation::reply(
        "token-by-its-other-name-alone",
        &["interop.token-both-names"],
        |_, reply| edit_token(reply, "token"),
    )
    .with_accounts(&[]),
    Deviation::call(
        "token-for-first-scope-alone",
        &["interop.token-several-scopes"],
        |call| keep_one_scope(call, <[String]>::first),
    )
    .with_accounts(&[]),
    Deviation::call(
        "token-for-last-scope-alone",
        &["interop.token-several-scopes"],
        |call| keep_one_scope(call, <[String]>::last),
    )
    .with_accounts(&[]),
    Deviation::stateful(
        "no-token-for-unknown-repository",
        &["interop.token-unknown-scope"],
        |context| {
            Box::pin(async move {
                let scopes = scopes(&context.call);
                for scope in scopes.iter().filter(|_| scopes.len() > 1) {
                    let list = format!("/v2/{}/tags/list", repository_of(scope));
                    if context.as_owner(&context.call.get(&list)).await.status == 404 {
                        return Reply::error(404, "NAME_UNKNOWN");
                    }
                }
                context.honestly().await
            })
        },
    )
    .with_accounts(&[]),
    Deviation::call(
        "token-good-for-nothing-with-unknown-repository",
        &["interop.token-unknown-scope"],
        |call| {
            if scopes(call).iter().any(|scope| scope.contains("/unknown:")) {
                call.query = without_scopes(call).join("&");
            }
        },
    )
    .with_accounts(&[]),
    // Gitea did, and docker login said that it succeeded.
    Deviation::reply(
        "wrong-password-is-nobody",
        &["security.wrong-password-no-token"],
        |call, reply| {
            if asks_for_token(call) && reply.status == 401 && has_credentials(call) {
                *reply = Reply::json(200, &json!({ "token": "anonymous", "access_token": "anonymous" }));
            }
        },
    )
    .with_accounts(&[]),
    Deviation::instead("login-400", &["interop.token-login"], |call| {
        let is_login = call.parameter("offline_token").is_some();
        (asks_for_token(call) && is_login).then(|| Reply::empty(400))
    })
    .with_accounts(&[]),
    Deviation::instead("empty-scope-400", &["interop.token-odd-scopes"], |call| {
        let is_odd = |scope: &String| scope.split(':').filter(|part| !part.is_empty()).count() < 3;
        (asks_for_token(call) && scopes(call).iter().any(is_odd)).then(|| Reply::empty(400))
    })
    .with_accounts(&[]),
    Deviation::instead("token-by-post-is-a-page", &["interop.token-post"], |call| {
        (asks_for_token(call) && call.method == Method::POST)
            .then(|| bytes("<html>Log in here</html>", "text/html"))
    })
    .with_accounts(&[]),
    Deviation::instead("token-by-post-500", &["interop.token-post"], |call| {
        (asks_for_token(call) && call.method == Method::POST).then(|| Reply::empty(500))
    })
    .with_accounts(&[]),
];

/// Whether a call is for the token server.
pub(super) fn asks_for_token(call: &Call) -> bool {
    call.kind() == Kind::Other && call.path == "/token"
}

pub(super) fn edit_challenge(reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    let challenge = reply.header("www-authenticate");
    if reply.status == 401 && challenge.starts_with("Bearer") {
        let challenge = edit(challenge);
        reply.set("www-authenticate", &challenge);
    }
}

/// Takes one of the two names from a token.
fn edit_token(reply: &mut Reply, name: &str) {
    if reply.is_success() {
        reply.edit_json(|json| {
            if let Some(token) = json
                .as_object_mut()
                .filter(|json| json.contains_key("access_token"))
            {
                token.remove(name);
            }
        });
    }
}

/// The scopes that a token is asked for.
pub(super) fn scopes(call: &Call) -> Vec<String> {
    if call.kind() != Kind::Other {
        return Vec::new();
    }
    let scopes = call
        .query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("scope="));
    scopes
        .map(|scope| scope.replace("%3A", ":").replace("%2F", "/"))
        .collect()
}

fn without_scopes(call: &Call) -> Vec<String> {
    let pairs = call.query.split('&').filter(|pair| !pair.starts_with("scope="));
    pairs.map(str::to_owned).collect()
}

fn keep_one_scope(call: &mut Call, keep: fn(&[String]) -> Option<&String>) {
    let scopes = scopes(call);
    if let Some(kept) = keep(&scopes) {
        let mut pairs = without_scopes(call);
        pairs.push(format!("scope={kept}"));
        call.query = pairs.join("&");
    }
}

/// The repository of `repository:NAME:ACTIONS`.
fn repository_of(scope: &str) -> &str {
    scope.split(':').nth(1).unwrap_or_default()
}
