//! Variations of accounts: how a challenge is written, what a token looks like, and how a refusal does.

use http::HeaderValue;

use crate::saboteur::{Call, Kind, Reply, Sentence, Variation};

const TOKEN: Sentence = Sentence::rfc(
    "rfc9110",
    "11.2",
    "The token68 syntax allows the 66 unreserved URI characters",
);
const SCHEME: Sentence = Sentence::rfc(
    "rfc9110",
    "11.1",
    "It uses a case-insensitive token to identify the authentication scheme",
);
const PARAMETERS: Sentence = Sentence::rfc(
    "rfc9110",
    "11.2",
    "Authentication parameters are name/value pairs, where the name token is matched case-insensitively",
);
const SEVERAL: Sentence = Sentence::rfc(
    "rfc9110",
    "11.6.1",
    "it might contain more than one challenge, and each challenge can contain a comma-separated list",
);
const HIDDEN: Sentence = Sentence::rfc(
    "rfc9110",
    "15.5.4",
    "MAY instead respond with a status code of 404 (Not Found).",
);

/// What stands before a token to make it a long one.
const LONG: &str = "aZ09-._~+/aZ09-._~+/aZ09-._~+/aZ09-._~+/aZ09-._~+/aZ09-._~+/aZ09-._~+/aZ09-._~+/";
/// How often.
const TIMES: usize = 50;

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::both(
        "token-long",
        "A token has more than four thousand characters, of all kinds that a token may have.",
        TOKEN,
        |call| edit_credentials(call, |token| token.trim_start_matches(LONG).to_owned()),
        |call, reply| {
            edit_token(call, reply, |token| format!("{}{token}", LONG.repeat(TIMES)));
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::stateful(
        "token-short",
        "A token has a few characters.",
        TOKEN,
        |mut context| {
            Box::pin(async move {
                let memory = context.memory;
                edit_credentials(&mut context.call, |token| {
                    let kept = memory.recall(token);
                    kept.map_or(token.to_owned(), |kept| {
                        String::from_utf8_lossy(&kept.body).into_owned()
                    })
                });
                let mut reply = context.honestly().await;
                edit_token(&context.call, &mut reply, |token| {
                    let short = format!("{}=", memory.count("tokens"));
                    let mut kept = Reply::empty(200);
                    kept.set_body(token.to_owned());
                    memory.keep(&short, kept);
                    short
                });
                reply
            })
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "token-with-other-members",
        "A token comes with members that nobody knows, and they stand in another order.",
        TOKEN,
        |call, reply| {
            if is_token(call, reply) {
                reply.edit_json(|json| {
                    json["not_before"] = serde_json::json!({ "token": 1 });
                    if let Some(members) = json.as_object_mut() {
                        let turned = std::mem::take(members).into_iter().rev().collect();
                        *members = turned;
                    }
                });
            }
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "challenge-in-small-letters",
        "The scheme of a challenge is in small letters, and the names of its parameters are in capitals.",
        SCHEME,
        |_, reply| {
            edit_challenge(reply, |challenge| {
                let small = challenge.replacen("Bearer", "bearer", 1);
                small
                    .replacen("realm=", "REALM=", 1)
                    .replacen("service=", "Service=", 1)
                    .replacen("scope=", "Scope=", 1)
            });
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "challenge-in-other-order",
        "The parameters of a challenge stand in another order, with blanks between them.",
        PARAMETERS,
        |_, reply| {
            edit_challenge(reply, |challenge| {
                let parameters = challenge.trim_start_matches("Bearer ");
                // The quoted values have commas in them, and none before a name.
                let mut parameters: Vec<&str> = parameters.split("\",").collect();
                parameters.reverse();
                let closed = parameters
                    .iter()
                    .map(|one| format!("{}\"", one.trim_end_matches('"')));
                format!("Bearer {}", closed.collect::<Vec<String>>().join(" , "))
            });
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "challenge-with-another-in-one-line",
        "A challenge of a scheme that nobody knows stands before that for a token, in the same line.",
        SEVERAL,
        |_, reply| {
            edit_challenge(reply, |challenge| {
                format!(
                    "Newauth realm=\"apps, and more\", type=1, title=\"Login to \\\"apps\\\"\", {challenge}"
                )
            });
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "challenge-with-another-line",
        "A challenge of a scheme that nobody knows has a line of its own.",
        SEVERAL,
        |_, reply| {
            let challenge = reply.header("www-authenticate").to_owned();
            if reply.status == 401 && !challenge.is_empty() {
                reply.set("www-authenticate", "Negotiate");
                reply.add("www-authenticate", &challenge);
            }
        },
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "challenge-with-unknown-parameters",
        "A challenge has parameters that nobody knows.",
        PARAMETERS,
        |_, reply| edit_challenge(reply, |challenge| format!("{challenge},charset=\"UTF-8\",x=1")),
    )
    .with_accounts(&["reader", "stranger"]),
    Variation::reply(
        "refusal-hides-repository",
        "What an account has no right to is not found (404).",
        HIDDEN,
        |_, reply| {
            if reply.status == 403 {
                reply.become_error(404, "NAME_UNKNOWN");
            }
        },
    )
    .with_accounts(&["reader", "stranger"]),
];

/// Whether an answer gives a token.
fn is_token(call: &Call, reply: &Reply) -> bool {
    call.kind() == Kind::Other && call.path == "/token" && reply.status == 200
}

/// Changes a token under both of its names.
fn edit_token(call: &Call, reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    if !is_token(call, reply) {
        return;
    }
    reply.edit_json(|json| {
        let token = json["token"].as_str().or(json["access_token"].as_str());
        if let Some(token) = token.map(edit) {
            for name in ["token", "access_token"] {
                if json.get(name).is_some() {
                    json[name] = token.clone().into();
                }
            }
        }
    });
}

/// Changes the token that a call shows.
fn edit_credentials(call: &mut Call, edit: impl FnOnce(&str) -> String) {
    let shown = call.header("authorization");
    let Some(token) = shown.strip_prefix("Bearer ") else {
        return;
    };
    if let Ok(value) = HeaderValue::try_from(format!("Bearer {}", edit(token))) {
        call.headers.insert("authorization", value);
    }
}

fn edit_challenge(reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    let challenge = reply.header("www-authenticate");
    if reply.status == 401 && challenge.starts_with("Bearer") {
        let challenge = edit(challenge);
        reply.set("www-authenticate", &challenge);
    }
}
