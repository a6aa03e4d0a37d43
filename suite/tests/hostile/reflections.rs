//! What the registry was shown, said back: the password or the token, in one form or another, in all places at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::honest::Reply;
use super::laid_over::over;
use super::trial::{Case, TOKEN};

/// Every form in which it may come back.
pub(crate) fn cases() -> Vec<Case> {
    let decoded = |shown: &str| {
        let bytes = STANDARD
            .decode(shown.trim_start_matches("Basic "))
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let password = move |shown: &str| {
        decoded(shown)
            .split_once(':')
            .map(|(_, password)| password.to_owned())
            .unwrap_or_default()
    };
    let bearer = over("a token that is said back", |call, reply| {
        if call.target.starts_with("/token") {
            reply.status = 200;
            reply.body(
                "application/json",
                format!("{{\"access_token\":\"{TOKEN}\",\"refresh_token\":\"r-{TOKEN}\"}}"),
            );
            return;
        }
        match call.header("Authorization") {
            None => {
                reply.error(401, "UNAUTHORIZED");
                let realm = format!(
                    "Bearer realm=\"http://127.0.0.1:{}/token\",scope=\"x\"",
                    call.port
                );
                reply.set("WWW-Authenticate", &realm);
            }
            Some(shown) => say(reply, shown),
        }
    });
    vec![
        guarded("the line of credentials, said back", str::to_owned),
        guarded("the user and the password, said back", decoded),
        guarded("the password, said back", password),
        guarded("the password in an address, said back", move |shown| {
            utf8_percent_encode(&password(shown), NON_ALPHANUMERIC).to_string()
        }),
        guarded("the password in JSON, said back", move |shown| {
            serde_json::Value::from(password(shown)).to_string()
        }),
        guarded("the password in Base64, said back", move |shown| {
            STANDARD.encode(password(shown))
        }),
        guarded(
            "a sentence with the password in Base64, said back",
            move |shown| STANDARD.encode(format!("it is {}!", password(shown))),
        ),
        guarded(
            "a long text with the password at its end, said back",
            move |shown| format!("{}{}", "x".repeat(150), password(shown)),
        ),
        bearer,
    ]
}

/// Says a text back in all the places where a registry says something.
fn say(reply: &mut Reply, text: &str) {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    if reply.status >= 400 {
        reply.error(reply.status, text);
    }
    reply.respell("Location", |value| {
        format!("{value}&pw={}", line.replace(' ', "%20"))
    });
    reply.respell("Docker-Content-Digest", |_| line.clone());
    reply.respell("Content-Type", |value| format!("{value}; x=\"{line}\""));
    reply.set("Link", &format!("</v2/x/tags/list?x={line}>; rel=\"next\""));
    reply.set("WWW-Authenticate", &format!("Basic realm=\"{line}\""));
    reply.set("X-Was-Sent", &line);
}

/// A registry that lets nobody in without a password, and says of it what this makes of the line.
fn guarded(name: &'static str, reflect: impl Fn(&str) -> String + Send + Sync + 'static) -> Case {
    over(name, move |call, reply| match call.header("Authorization") {
        None => {
            reply.error(401, "UNAUTHORIZED");
            reply.set("WWW-Authenticate", "Basic realm=\"x\"");
        }
        Some(shown) => say(reply, &reflect(shown)),
    })
}
