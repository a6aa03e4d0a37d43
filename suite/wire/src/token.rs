//! What the answer of a token server says.

use std::time::Duration;

use serde_json::Value;

use super::{Answer, Fault, Secret, Secrets};

/// How long a token is good that does not say so: the sixty seconds of the token specification.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);
/// How long before its end a token is no longer used: a request under way and clocks that differ by seconds stay
/// within it.
const MARGIN: Duration = Duration::from_secs(10);

/// A token and how long it may be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
    /// What the next one is to be asked for with, in the place of the refresh token that this one was asked for with.
    pub(super) refresh: Option<Secret>,
}

/// The token in the answer of a token server.
///
/// Whatever it gives to show elsewhere is a secret from now on.
pub(super) fn read(answer: &Answer, secrets: &Secrets) -> Result<Token, Fault> {
    let server = answer.url.origin();
    let body: Value = answer.body.json().unwrap_or_default();
    match answer.status {
        200 => {}
        status if is_refusal(status, &body) => {
            return Err(Fault::Credentials(format!(
                "the token server {server} does not accept the credentials ({status})"
            )));
        }
        status => {
            return Err(Fault::Credentials(format!(
                "the token server {server} answers {status}, not a token"
            )));
        }
    }
    let given = ["token", "access_token", "refresh_token", "id_token"];
    let given = given.iter().filter_map(|name| body.get(name)?.as_str());
    given.for_each(|secret| secrets.learn(&secret.into()));
    let token = ["token", "access_token"]
        .iter()
        .find_map(|name| body.get(name)?.as_str().filter(|token| !token.is_empty()))
        .ok_or_else(|| {
            Fault::Credentials(format!(
                "the token server {server} answers without `token` or `access_token`"
            ))
        })?;
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Fault::Credentials(format!(
            "the token server {server} sends a token that no header line can hold"
        )));
    }
    Ok(Token {
        token: token.into(),
        lifetime: lifetime(&body).saturating_sub(MARGIN),
        refresh: body
            .get("refresh_token")
            .and_then(Value::as_str)
            .map(Secret::from),
    })
}

/// Whether an answer refuses what was shown: OAuth2 does it with a 400 (RFC 6749, section 5.2).
fn is_refusal(status: u16, body: &Value) -> bool {
    let error = body.get("error").and_then(Value::as_str);
    status == 401 || status == 400 && error == Some("invalid_grant")
}

fn lifetime(body: &Value) -> Duration {
    body.get("expires_in")
        .and_then(Value::as_f64)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or(DEFAULT_LIFETIME, |lifetime| {
            lifetime.min(Duration::from_secs(86_400))
        })
}

#[cfg(test)]
mod tests {
    use super::super::Url;
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn token(status: u16, body: &'static str) -> Result<Token, String> {
        let answer = Answer {
            url: url("https://auth.example/t"),
            status,
            headers: super::super::Headers::new(),
            body: body.into(),
            cut: None,
        };
        read(&answer, &Secrets::default()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_token_has_two_names_and_a_lifetime() {
        let good = |text: &str, lifetime| {
            Ok(Token {
                token: text.into(),
                lifetime: Duration::from_secs(lifetime),
                refresh: None,
            })
        };
        assert_eq!(token(200, r#"{"token":"a"}"#), good("a", 50));
        assert_eq!(
            token(200, r#"{"access_token":"b","expires_in":300}"#),
            good("b", 290)
        );
        assert_eq!(
            token(200, r#"{"token":"","access_token":"b","expires_in":5}"#),
            good("b", 0)
        );
        assert_eq!(token(200, r#"{"token":"a","expires_in":-1}"#), good("a", 50));
        assert_eq!(token(200, r#"{"token":"a","expires_in":1e300}"#), good("a", 50));
        let renewed = token(200, r#"{"access_token":"a","refresh_token":"r"}"#).unwrap();
        assert_eq!(renewed.refresh, Some("r".into()));
    }

    #[test]
    fn what_is_no_token_is_said_so() {
        let fault = |status, body| token(status, body).unwrap_err();
        assert_eq!(
            fault(401, ""),
            "the token server https://auth.example does not accept the credentials (401)"
        );
        assert_eq!(
            fault(400, r#"{"error":"invalid_grant"}"#),
            "the token server https://auth.example does not accept the credentials (400)"
        );
        for (status, body) in [(500, ""), (400, r#"{"error":"invalid_scope"}"#)] {
            assert_eq!(
                fault(status, body),
                format!("the token server https://auth.example answers {status}, not a token")
            );
        }
        assert_eq!(
            fault(200, "<html>"),
            "the token server https://auth.example answers without `token` or `access_token`"
        );
        assert_eq!(
            fault(200, r#"{"token":"a\r\nX: b"}"#),
            "the token server https://auth.example sends a token that no header line can hold"
        );
    }
}
