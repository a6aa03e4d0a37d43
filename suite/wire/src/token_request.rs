//! What a token server is asked: by GET, as Docker's token specification has it, or by the form of OAuth2.

use std::time::Duration;

use super::curl::{password, quoted, refresh_token};
use super::exchange::Shown;
use super::grant::Grant;
use super::keyring::TokenKey;
use super::url::{Origin, Scheme};
use super::{Body, Fault, Pass, Redirects, Request, Secret, Url};

/// How the suite calls itself where a token server asks which client it is.
const CLIENT: &str = "assize";

/// The answers of a token server that has no GET, or none for this address.
pub(super) const NO_GET: [u16; 3] = [404, 405, 501];

/// What is shown to a token server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Showing<'a> {
    /// Nothing, by GET.
    Nothing,
    /// User and password, by GET.
    Password {
        /// The user's name.
        user: &'a str,
        /// The password.
        password: &'a Secret,
    },
    /// User and password, by the form.
    PasswordInForm {
        /// The user's name.
        user: &'a str,
        /// The password.
        password: &'a Secret,
    },
    /// A refresh token, by the form.
    RefreshToken(&'a Secret),
}

impl Showing<'_> {
    /// The same, fit to be told.
    pub(super) fn told(self) -> Shown {
        match self {
            Showing::Nothing => Shown::Nothing,
            Showing::Password { user, .. } => Shown::Password {
                user: user.to_owned(),
            },
            Showing::PasswordInForm { user, .. } => Shown::PasswordInForm {
                user: user.to_owned(),
            },
            Showing::RefreshToken(_) => Shown::RefreshToken,
        }
    }
}

/// The request for a token.
pub(super) fn request(key: &TokenKey, showing: Showing<'_>, target: &Url) -> Result<Request, Fault> {
    let realm = &key.server.realm;
    let url = Url::parse(realm).map_err(|error| {
        Fault::Credentials(format!(
            "the registry names the token server `{realm}`, but {error}"
        ))
    })?;
    match showing {
        Showing::Nothing => {}
        Showing::Password { .. } | Showing::PasswordInForm { .. } => check_secrecy("password", &url, target)?,
        Showing::RefreshToken(_) => check_secrecy("refresh token", &url, target)?,
    }
    Ok(match showing {
        Showing::Nothing => by_get(key, &url),
        Showing::Password { user, password } => {
            let grant = Grant::Basic {
                user: user.to_owned(),
                password: password.clone(),
            };
            grant.apply(&by_get(key, &url))
        }
        Showing::PasswordInForm { user, password } => {
            let shown = [
                ("grant_type", "password"),
                ("username", user),
                ("password", password.reveal()),
            ];
            by_form(key, url, &shown)
        }
        Showing::RefreshToken(token) => {
            let shown = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())];
            by_form(key, url, &shown)
        }
    })
}

fn by_get(key: &TokenKey, realm: &Url) -> Request {
    let service = key.server.service.iter().map(|service| ("service", service));
    let scopes = key.scopes.iter().map(|scope| ("scope", scope));
    let url = service.chain(scopes).fold(realm.clone(), |url, (name, value)| {
        url.join_query(&format!("{name}={}", encode(value)))
    });
    let mut request = Request::new("GET", url);
    request.redirects = Redirects::Follow;
    request
}

/// A form is followed nowhere: what is in it is for this server.
fn by_form(key: &TokenKey, realm: Url, shown: &[(&str, &str)]) -> Request {
    let mut request = Request::new("POST", realm);
    request.redirects = Redirects::Stop;
    let scopes = key.scopes.join(" ");
    let service = key.server.service.as_deref().unwrap_or_default();
    let asked = [
        ("client_id", CLIENT),
        ("service", service),
        ("scope", scopes.as_str()),
    ];
    let asked = asked.iter().filter(|(_, value)| !value.is_empty());
    let fields: Vec<String> = shown
        .iter()
        .chain(asked)
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    request
        .headers
        .append("Content-Type", "application/x-www-form-urlencoded");
    request.body = Body::Sized(fields.join("&").into());
    request
}

/// How a token of this key is fetched, as it may be told.
pub(super) fn pass(key: TokenKey, shown: Shown) -> Pass {
    Pass {
        realm: key.server.realm,
        service: key.server.service,
        scopes: key.scopes,
        account: key.account,
        shown,
    }
}

impl Pass {
    /// The command of shell that fetches it anew and prints it, the password from the environment.
    pub fn command(&self, limit: Duration) -> String {
        format!(
            "curl -s --max-time {}{} | sed -n 's/.*\"\\(access_\\)\\{{0,1\\}}token\" *: *\"\\([^\"]*\\)\".*/\\2/p'",
            limit.as_secs().max(1),
            self.asking(),
        )
    }

    /// The words that say what is asked, where and with what.
    fn asking(&self) -> String {
        let variable = password(&self.account);
        match &self.shown {
            Shown::Nothing => format!(" '{}'", self.address()),
            Shown::Password { user } => {
                format!(" -u {}:\"${variable}\" '{}'", quoted(user), self.address())
            }
            Shown::PasswordInForm { user } => {
                let user = quoted(&format!("username={user}"));
                let shown = format!(" --data-urlencode {user} --data-urlencode password=\"${variable}\"");
                self.form("password", &shown)
            }
            Shown::RefreshToken => {
                let variable = refresh_token(&self.account);
                let shown = format!(" --data-urlencode refresh_token=\"${variable}\"");
                self.form("refresh_token", &shown)
            }
        }
    }

    /// The address that is asked by GET.
    fn address(&self) -> String {
        let mark = if self.realm.contains('?') { '&' } else { '?' };
        let service = self
            .service
            .iter()
            .map(|service| format!("service={}", encode(service)));
        let scopes = self.scopes.iter().map(|scope| format!("scope={}", encode(scope)));
        let query: Vec<String> = service.chain(scopes).collect();
        format!("{}{mark}{}", self.realm, query.join("&")).replace('\'', "%27")
    }

    fn form(&self, kind: &str, shown: &str) -> String {
        let field = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!(" --data-urlencode {}", quoted(&format!("{name}={value}"))),
        };
        format!(
            " -d grant_type={kind} -d client_id={CLIENT}{shown}{}{} '{}'",
            field("service", self.service.as_deref().unwrap_or_default()),
            field("scope", &self.scopes.join(" ")),
            self.realm.replace('\'', "%27"),
        )
    }
}

/// Whether a secret goes to a token server as safely as to the registry.
pub(super) fn may_show(realm: &Url, target: &Url) -> bool {
    let in_the_open = |origin: &Origin| origin.scheme() == Scheme::Http && !origin.is_loopback();
    !in_the_open(&realm.origin()) || in_the_open(&target.origin())
}

/// Whoever asks a registry where nobody listens has not agreed that a secret crosses a network in the open.
fn check_secrecy(secret: &str, realm: &Url, target: &Url) -> Result<(), Fault> {
    if !may_show(realm, target) {
        let (server, registry) = (realm.origin(), target.origin());
        let how = match registry.scheme() {
            Scheme::Https => "asked through TLS",
            Scheme::Http => "on this machine",
        };
        return Err(Fault::Credentials(format!(
            "the {secret} is not sent: the registry {registry} is {how}, but the token server that it names, \
             {server}, is asked in the open"
        )));
    }
    Ok(())
}

/// A value as it stands in a query or a form.
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
    use super::super::Account;
    use super::super::keyring::TokenServer;
    use super::*;

    fn key(realm: &str, service: Option<&str>, scopes: &str) -> TokenKey {
        let server = TokenServer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        };
        TokenKey::new(&Account::Default, server, scopes)
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
        let request = request(&key, Showing::Nothing, &url("https://r.example")).unwrap();
        assert_eq!(
            request.url.to_string(),
            "https://auth.example/t?x=1&service=a%20b%26c&scope=repository:a/b:pull,push&scope=registry:catalog:*"
        );
        assert!(request.headers.is_empty());
    }

    #[test]
    fn a_form_holds_all_scopes_in_one_field_and_is_followed_nowhere() {
        let key = key(
            "https://auth.example/t?x=1",
            Some("a&b"),
            "repository:a:pull repository:b:pull",
        );
        let secret = "re+fresh".into();
        let request = request(&key, Showing::RefreshToken(&secret), &url("https://r.example")).unwrap();
        assert_eq!(request.url.to_string(), "https://auth.example/t?x=1");
        assert_eq!(request.redirects, Redirects::Stop);
        assert_eq!(
            request.body,
            Body::Sized(
                "grant_type=refresh_token&refresh_token=re%2Bfresh&client_id=assize&service=a%26b\
                 &scope=repository:a:pull%20repository:b:pull"
                    .into()
            )
        );
    }

    #[test]
    fn a_password_stays_behind_tls() {
        let secret = "hunter2".into();
        let alice = Showing::Password {
            user: "alice",
            password: &secret,
        };
        let asked = |realm: &str, target: &str| {
            let sent = request(&key(realm, None, ""), alice, &url(target));
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
        let (open, registry) = (key("http://auth.example/t", None, ""), url("https://r.example"));
        assert!(request(&open, Showing::Nothing, &registry).is_ok());
        assert!(request(&open, Showing::RefreshToken(&secret), &registry).is_err());
    }

    #[test]
    fn the_command_asks_as_it_was_asked() {
        let command = |shown: Shown| {
            let key = key("https://auth.example/t", Some("r"), "repository:a:pull");
            pass(key, shown).asking()
        };
        let user = || "al ice".to_owned();
        insta::assert_snapshot!(
            [
                command(Shown::Nothing),
                command(Shown::Password { user: user() }),
                command(Shown::PasswordInForm { user: user() }),
                command(Shown::RefreshToken),
            ]
            .join("\n"),
            @r#"
         'https://auth.example/t?service=r&scope=repository:a:pull'
         -u 'al ice':"$ASSIZE_PASSWORD" 'https://auth.example/t?service=r&scope=repository:a:pull'
         -d grant_type=password -d client_id=assize --data-urlencode 'username=al ice' --data-urlencode password="$ASSIZE_PASSWORD" --data-urlencode service=r --data-urlencode scope=repository:a:pull 'https://auth.example/t'
         -d grant_type=refresh_token -d client_id=assize --data-urlencode refresh_token="$ASSIZE_REFRESH_TOKEN" --data-urlencode service=r --data-urlencode scope=repository:a:pull 'https://auth.example/t'
        "#
        );
    }
}
