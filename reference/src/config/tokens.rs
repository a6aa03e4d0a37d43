//! Tokens: the names of issuers and services, where tokens are given, and the four ways to find out who is there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use http::Uri;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{Authentication, Config};

/// The name of an issuer of tokens, or of a service that takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

impl TokenName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a registry to which nobody has given one.
    pub(super) fn of_this_registry() -> Self {
        Self("assize-reference".to_owned())
    }
}

impl FromStr for TokenName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // It stands in a challenge between quotes.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if text.is_empty() || !text.bytes().all(is_plain) {
            return Err(format!(
                "{text:?} is no name of an issuer or a service: letters, digits and signs without blanks, quotes and \
                 backslashes, such as registry.example.com"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The address at which a server gives tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenRealm(String);

impl FromStr for TokenRealm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("{text:?} {why}; a realm is a URL such as https://auth.example.com/token");
        let uri = text.parse::<Uri>().map_err(|_| wrong("is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("begins neither with http:// nor with https://"));
        }
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(wrong("holds a name or a password"));
        }
        if text.contains(['#', '"', '\\']) {
            return Err(wrong("has a sign in it that stands in no challenge"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Lets a text that is parsed be read from a file, and written to it.
macro_rules! as_text {
    ($($kind:ident)*) => {$(
        impl TryFrom<String> for $kind {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(value: $kind) -> Self {
                value.0
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

as_text! { TokenName TokenRealm }

/// Where the keys are that check the tokens of another issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrustedKeysSource {
    /// A file, which is read again when it changes.
    File(PathBuf),
    /// A URL, which is asked again when a token names a key that is not known.
    Url(Url),
}

impl FromStr for TrustedKeysSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !["http://", "https://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "{:?} holds a name or a password",
                url.host_str().unwrap_or_default()
            ));
        }
        Ok(Self::Url(url))
    }
}

impl TryFrom<String> for TrustedKeysSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TrustedKeysSource> for String {
    fn from(source: TrustedKeysSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for TrustedKeysSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// How the registry finds out who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate<'a> {
    /// It does not ask.
    Open,
    /// By the passwords of accounts.
    Passwords {
        /// The file of accounts.
        accounts: &'a Path,
    },
    /// By tokens that it issues to accounts.
    OwnTokens {
        /// The file of accounts.
        accounts: &'a Path,
        /// Its name as an issuer.
        issuer: &'a TokenName,
    },
    /// By tokens that another server issues.
    ForeignTokens {
        /// Where it gives them.
        realm: &'a TokenRealm,
        /// Its name.
        issuer: &'a TokenName,
        /// Where its keys are.
        keys: &'a TrustedKeysSource,
    },
}

impl Config {
    /// How the registry finds out who is there.
    ///
    /// # Errors
    /// Says what is missing, or what would be without effect.
    pub(crate) fn gate(&self) -> Result<Gate<'_>, String> {
        let accounts = self.accounts.as_deref();
        match (self.authentication, &self.token_realm, accounts) {
            (Authentication::Password, ..) => self.gate_by_password(),
            (Authentication::Token, Some(_), Some(_)) => Err(
                "the server that gives tokens (--token-realm URL) says who may do what, and a file of accounts (--accounts \
                 FILE) would be without effect"
                    .to_owned(),
            ),
            (Authentication::Token, Some(realm), None) => self.gate_of(realm),
            (Authentication::Token, None, Some(accounts)) => self.gate_of_own_tokens(accounts),
            (Authentication::Token, None, None) => Err(
                "tokens (--authentication token) are given to accounts (--accounts FILE), and there is no file of them; where \
                 another server gives them, --token-realm URL says where it is"
                    .to_owned(),
            ),
        }
    }

    fn gate_by_password(&self) -> Result<Gate<'_>, String> {
        let without_effect = [
            ("--token-realm", self.token_realm.is_some()),
            ("--token-issuer", self.token_issuer.is_some()),
            ("--token-trusted-keys", self.token_trusted_keys.is_some()),
            ("--token-signing-key", self.token_signing_key.is_some()),
        ];
        if let Some((flag, _)) = without_effect.into_iter().find(|(_, is_given)| *is_given) {
            return Err(format!(
                "{flag} is without effect but with --authentication token"
            ));
        }
        Ok(self
            .accounts
            .as_deref()
            .map_or(Gate::Open, |accounts| Gate::Passwords { accounts }))
    }

    fn gate_of_own_tokens<'a>(&'a self, accounts: &'a Path) -> Result<Gate<'a>, String> {
        if self.token_trusted_keys.is_some() {
            return Err("the registry trusts its own key where it issues tokens itself; the keys of another issuer \
                        (--token-trusted-keys FILE|URL) take --token-realm URL, where that one gives tokens, in the place of --accounts"
                .to_owned());
        }
        Ok(Gate::OwnTokens {
            accounts,
            issuer: self.token_issuer.as_ref().unwrap_or(&self.token_service),
        })
    }

    fn gate_of<'a>(&'a self, realm: &'a TokenRealm) -> Result<Gate<'a>, String> {
        if self.token_signing_key.is_some() {
            return Err(
                "where another server gives tokens (--token-realm URL), nothing is signed here, and \
                 --token-signing-key is without effect"
                    .to_owned(),
            );
        }
        match (&self.token_issuer, &self.token_trusted_keys) {
            (Some(issuer), Some(keys)) => Ok(Gate::ForeignTokens { realm, issuer, keys }),
            (None, _) => Err(format!(
                "tokens from {realm} name their issuer: --token-issuer NAME says which name is to be trusted"
            )),
            (_, None) => Err(format!(
                "tokens from {realm} are signed: --token-trusted-keys FILE|URL has the keys or certificates that check them"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, TokenName, TokenRealm, TrustedKeysSource};
    use crate::config::{Authentication, Config};

    #[test]
    fn a_name_and_a_realm_fit_between_the_quotes_of_a_challenge() {
        for name in [
            "registry.docker.io",
            "https://auth.example.com/",
            "Docker:registry",
        ] {
            assert!(name.parse::<TokenName>().is_ok(), "{name}");
        }
        for name in ["", "a b", "a\"b", "a\\b", "é"] {
            assert!(name.parse::<TokenName>().is_err(), "{name}");
        }
        for realm in ["https://auth.example.com/token/", "http://[::1]:5001/auth?x=y"] {
            assert_eq!(realm.parse::<TokenRealm>().unwrap().to_string(), realm);
        }
        for realm in [
            "",
            "/token",
            "ftp://a/token",
            "https://u:p@a/token",
            "https://a/#b",
            "https://a/\"b",
        ] {
            assert!(realm.parse::<TokenRealm>().is_err(), "{realm}");
        }
    }

    #[test]
    fn keys_are_in_a_file_or_at_a_url() {
        let source = |text: &str| text.parse::<TrustedKeysSource>();
        assert_eq!(source("keys.pem"), Ok(TrustedKeysSource::File("keys.pem".into())));
        assert_eq!(
            source("http/keys"),
            Ok(TrustedKeysSource::File("http/keys".into()))
        );
        let url = "https://auth.example.com/.well-known/jwks.json";
        assert!(matches!(source(url), Ok(TrustedKeysSource::Url(_))));
        assert_eq!(source(url).unwrap().to_string(), url);
        assert!(source("https://").is_err());
        let secret = source("https://u:secret@auth.example.com/").unwrap_err();
        assert!(
            secret.contains("holds a name or a password") && !secret.contains("secret@"),
            "{secret}"
        );
    }

    #[test]
    fn who_says_who_is_there_is_said_once() {
        let by_token = || Config {
            authentication: Authentication::Token,
            ..Config::default()
        };
        let accounts = Some("accounts".into());
        let realm = || Some("https://auth.example.com/token".parse().unwrap());
        let name = || Some("auth.example.com".parse().unwrap());
        assert_eq!(Config::default().gate(), Ok(Gate::Open));
        let own = Config {
            accounts: accounts.clone(),
            ..by_token()
        };
        let Ok(Gate::OwnTokens { issuer, .. }) = own.gate() else {
            panic!("no tokens");
        };
        assert_eq!(issuer, &own.token_service);
        let foreign = Config {
            token_realm: realm(),
            token_issuer: name(),
            token_trusted_keys: Some("keys".parse().unwrap()),
            ..by_token()
        };
        assert!(matches!(foreign.gate(), Ok(Gate::ForeignTokens { keys, .. }) if keys.to_string() == "keys"));
        for (config, why) in [
            (by_token(), "there is no file of them"),
            (
                Config {
                    token_issuer: None,
                    ..foreign.clone()
                },
                "--token-issuer NAME",
            ),
            (
                Config {
                    token_trusted_keys: None,
                    ..foreign.clone()
                },
                "--token-trusted-keys FILE|URL",
            ),
            (
                Config {
                    accounts,
                    ..foreign.clone()
                },
                "would be without effect",
            ),
            (
                Config {
                    token_signing_key: Some("key".into()),
                    ..foreign.clone()
                },
                "nothing is signed here",
            ),
            (
                Config {
                    authentication: Authentication::Password,
                    ..foreign
                },
                "--token-realm is without effect",
            ),
            (
                Config {
                    token_trusted_keys: Some("keys".parse().unwrap()),
                    ..own
                },
                "trusts its own key",
            ),
        ] {
            let error = config.gate().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
