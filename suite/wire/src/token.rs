//! Talking to a token server: what it is asked, and what its answer says.

use std::time::Duration;

use serde_json::Value;

use super::curl::{password, quoted};
use super::grant::Grant;
use super::keyring::{TokenKey, TokenServer};
use super::url::{Origin, Scheme};
use super::{
    Account, Answer, Challenge, Credentials, Fault, Login, Pass, Redirects, Request, Secret, Secrets, Url,
};

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
}

impl TokenServer {
    /// The token server that a challenge names.
    pub(super) fn of(challenge: &Challenge) -> Option<TokenServer> {
        Some(TokenServer {
            realm: challenge.parameter("realm")?.to_owned(),
            service: challenge.parameter("service").map(str::to_owned),
        })
    }
}

impl TokenKey {
    /// A token for these scopes, which blanks separate.
    pub(super) fn new(account: &Account, server: TokenServer, scopes: &str) -> TokenKey {
        TokenKey {
            account: account.clone(),
            server,
            scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// The request for a token, with the password of the account if it has one.
pub(super) fn request(key: &TokenKey, login: Option<&Login>, target: &Url) -> Result<Request, Fault> {
    let realm = &key.server.realm;
    let mut url = Url::parse(realm).map_err(|error| {
        Fault::Credentials(format!(
            "the registry names the token server `{realm}`, but {error}"
        ))
    })?;
    if let Some(service) = &key.server.service {
        url = url.join_query(&format!("service={}", encode(service)));
    }
    for scope in &key.scopes {
        url = url.join_query(&format!("scope={}", encode(scope)));
    }
    let mut request = Request::new("GET", url);
    request.redirects = Redirects::Follow;
    if let Some(login @ Login::Password { .. }) = login {
        check_secrecy(&request.url, target)?;
        request.headers.append("Authorization", &Grant::of(login).value());
    }
    Ok(request)
}

/// How a token of this key is fetched, as it may be told.
pub(super) fn pass(key: TokenKey, credentials: &Credentials) -> Pass {
    let user = match credentials.login(&key.account) {
        Some(Login::Password { user, .. }) => Some(user.clone()),
        _ => None,
    };
    Pass {
        realm: key.server.realm,
        service: key.server.service,
        scopes: key.scopes,
        account: key.account,
        user,
    }
}

impl Pass {
    /// The command of shell that fetches it anew and prints it, the password from the environment.
    pub fn command(&self, limit: Duration) -> String {
        let mark = if self.realm.contains('?') { '&' } else { '?' };
        let service = self
            .service
            .iter()
            .map(|service| format!("service={}", encode(service)));
        let scopes = self.scopes.iter().map(|scope| format!("scope={}", encode(scope)));
        let query: Vec<String> = service.chain(scopes).collect();
        let user = self.user.as_ref().map_or_else(String::new, |user| {
            format!(" -u {}:\"${}\"", quoted(user), password(&self.account))
        });
        format!(
            "curl -s --max-time {}{user} '{}' | sed -n 's/.*\"\\(access_\\)\\{{0,1\\}}token\" *: *\"\\([^\"]*\\)\".*/\\2/p'",
            limit.as_secs().max(1),
            format!("{}{mark}{}", self.realm, query.join("&")).replace('\'', "%27"),
        )
    }
}

/// Whoever asks a registry where nobody listens has not agreed that the password crosses a network in the open.
fn check_secrecy(realm: &Url, target: &Url) -> Result<(), Fault> {
    let (server, registry) = (realm.origin(), target.origin());
    let in_the_open = |origin: &Origin| origin.scheme() == Scheme::Http && !origin.is_loopback();
    if in_the_open(&server) && !in_the_open(&registry) {
        let how = match registry.scheme() {
            Scheme::Https => "asked through TLS",
            Scheme::Http => "on this machine",
        };
        return Err(Fault::Credentials(format!(
            "the password is not sent: the registry {registry} is {how}, but the token server that it names, \
             {server}, is asked in the open"
        )));
    }
    Ok(())
}

/// The token in the answer of a token server.
///
/// Whatever it gives to show elsewhere is a secret from now on.
pub(super) fn read(answer: &Answer, secrets: &Secrets) -> Result<Token, Fault> {
    let server = answer.url.origin();
    match answer.status {
        200 => {}
        401 => {
            return Err(Fault::Credentials(format!(
                "the token server {server} does not accept the credentials (401)"
            )));
        }
        status => {
            return Err(Fault::Credentials(format!(
                "the token server {server} answers {status}, not a token"
            )));
        }
    }
    let body: Value = answer.body.json().unwrap_or_default();
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
    })
}

fn lifetime(body: &Value) -> Duration {
    body.get("expires_in")
        .and_then(Value::as_f64)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or(DEFAULT_LIFETIME, |lifetime| {
            lifetime.min(Duration::from_secs(86_400))
        })
}

/// A value as it stands in a query.
fn encode(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/,*".contains(&b);
    value
        .bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(realm: &str, service: Option<&str>, scopes: &str) -> TokenKey {
        let server = TokenServer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        };
        TokenKey::new(&Account::Default, server, scopes)
    }

    fn alice() -> Login {
        Login::Password {
            user: "alice".to_owned(),
            password: "hunter2".into(),
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn each_scope_is_a_parameter() {
        let key = key(
            "https://auth.example/t?x=1",
            Some("a b&c"),
            "repository:a/b:pull,push registry:catalog:*",
        );
        let request = request(&key, None, &url("https://r.example")).unwrap();
        assert_eq!(
            request.url.to_string(),
            "https://auth.example/t?x=1&service=a%20b%26c&scope=repository:a/b:pull,push&scope=registry:catalog:*"
        );
        assert!(request.headers.is_empty());
    }

    #[test]
    fn a_password_stays_behind_tls() {
        let asked = |realm: &str, target: &str| {
            let sent = request(&key(realm, None, ""), Some(&alice()), &url(target));
            sent.map(|request| request.headers.contains("Authorization"))
        };
        assert_eq!(asked("https://auth.example/t", "https://r.example"), Ok(true));
        assert_eq!(asked("http://auth.example/t", "http://r.example"), Ok(true));
        assert_eq!(asked("http://127.0.0.1:1/t", "https://localhost:2"), Ok(true));
        let fault = asked("http://auth.example/t", "https://r.example").unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the password is not sent: the registry https://r.example is asked through TLS, but the token server \
             that it names, http://auth.example, is asked in the open"
        );
        for registry in ["http://127.0.0.1:1", "https://localhost:1", "http://0.0.0.0:1"] {
            assert!(asked("http://auth.example/t", registry).is_err(), "{registry}");
        }
        assert_eq!(asked("http://0.0.0.0:1/t", "https://r.example"), Ok(true));
        let anonymous = request(
            &key("http://auth.example/t", None, ""),
            None,
            &url("https://r.example"),
        );
        assert!(anonymous.is_ok());
        let token = Login::Token("secret".into());
        let with_token = request(
            &key("https://a.example", None, ""),
            Some(&token),
            &url("https://r.example"),
        );
        assert!(with_token.unwrap().headers.is_empty());
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
    }

    #[test]
    fn what_is_no_token_is_said_so() {
        let fault = |status, body| token(status, body).unwrap_err();
        assert_eq!(
            fault(401, ""),
            "the token server https://auth.example does not accept the credentials (401)"
        );
        assert_eq!(
            fault(500, ""),
            "the token server https://auth.example answers 500, not a token"
        );
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
