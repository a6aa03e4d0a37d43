//! Docker's `config.json`, and podman's `auth.json`, which has the same form.

use std::collections::BTreeMap;

use assize::wire::Login;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::registry_name::RegistryName;

/// The user in whose name a helper gives a refresh token.
const TOKEN_USER: &str = "<token>";

/// A file of logins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, ConfigEntry>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

/// What the file keeps for a registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigEntry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

/// An entry that is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEntry {
    /// Its key.
    pub(super) key: String,
}

impl DockerConfig {
    /// Reads a file; what is wrong is told without what stands there, which may be a secret.
    pub(super) fn parse(text: &str) -> Result<DockerConfig, String> {
        if text.trim().is_empty() {
            return Ok(DockerConfig::default());
        }
        serde_json::from_str(text).map_err(|error| {
            format!(
                "is not as it should be in line {}, column {}",
                error.line(),
                error.column()
            )
        })
    }

    /// The helper that keeps the login of this registry alone.
    pub(super) fn helper(&self, name: &RegistryName) -> Option<&str> {
        best(&self.helpers, name).map(|(_, helper)| helper.as_str())
    }

    /// The helper that keeps every login.
    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref().filter(|store| !store.is_empty())
    }

    /// Whether the file says that there is a login, wherever it is kept.
    pub(super) fn names(&self, name: &RegistryName) -> bool {
        best(&self.auths, name).is_some()
    }

    /// The login that stands in the file itself.
    pub(super) fn login(&self, name: &RegistryName) -> Result<Option<Login>, BadEntry> {
        let Some((key, entry)) = best(&self.auths, name) else {
            return Ok(None);
        };
        entry.login().ok_or_else(|| BadEntry { key: key.clone() })
    }
}

/// What the most exact key holds.
fn best<'a, T>(entries: &'a BTreeMap<String, T>, name: &RegistryName) -> Option<(&'a String, &'a T)> {
    let meant = entries
        .iter()
        .filter_map(|(key, value)| Some((name.matches(key)?, (key, value))));
    meant.max_by_key(|(exact, _)| *exact).map(|(_, entry)| entry)
}

impl ConfigEntry {
    /// Nothing if it is empty, as it is where a helper keeps the login; none at all if it is spoilt.
    fn login(&self) -> Option<Option<Login>> {
        if !self.identitytoken.is_empty() {
            return Some(Some(Login::RefreshToken(self.identitytoken.as_str().into())));
        }
        if !self.registrytoken.is_empty() {
            return Some(Some(Login::Token(self.registrytoken.as_str().into())));
        }
        if !self.auth.is_empty() {
            let (user, password) = decoded(&self.auth)?;
            return Some(Some(of_pair(user, password)));
        }
        let pair = !self.username.is_empty() && !self.password.is_empty();
        Some(pair.then(|| of_pair(self.username.clone(), self.password.clone())))
    }
}

/// What a user and a secret, as clients keep them, are to be shown as.
pub(super) fn of_pair(user: String, secret: String) -> Login {
    match user.as_str() {
        TOKEN_USER => Login::RefreshToken(secret.into()),
        _ => Login::Password {
            user,
            password: secret.into(),
        },
    }
}

/// User and password; some clients fill the password up with zeros, and some leave the padding out.
fn decoded(auth: &str) -> Option<(String, String)> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, lenient)
        .decode(auth)
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use assize::wire::Url;

    use super::*;

    fn name(target: &str, repositories: &[&str]) -> RegistryName {
        RegistryName::of(&Url::parse(target).unwrap(), repositories.first().copied())
    }

    fn login(text: &str) -> Result<Option<Login>, BadEntry> {
        DockerConfig::parse(text)
            .unwrap()
            .login(&name("https://r.example", &["team/app"]))
    }

    fn alice(password: &str) -> Result<Option<Login>, BadEntry> {
        Ok(Some(Login::Password {
            user: "alice".to_owned(),
            password: password.into(),
        }))
    }

    #[test]
    fn a_login_has_several_forms() {
        // alice:pa:ss
        assert_eq!(
            login(r#"{"auths":{"r.example":{"auth":"YWxpY2U6cGE6c3M="}}}"#),
            alice("pa:ss")
        );
        assert_eq!(
            login(r#"{"auths":{"r.example":{"auth":"YWxpY2U6cGE6c3M"}}}"#),
            alice("pa:ss")
        );
        assert_eq!(
            login(r#"{"auths":{"https://r.example/v1/":{"username":"alice","password":"p"}}}"#),
            alice("p")
        );
        assert_eq!(
            login(r#"{"auths":{"r.example":{"auth":"YWxpY2U6cA==","identitytoken":"i"}}}"#),
            Ok(Some(Login::RefreshToken("i".into())))
        );
        assert_eq!(
            login(r#"{"auths":{"r.example":{"registrytoken":"t"}}}"#),
            Ok(Some(Login::Token("t".into())))
        );
        // <token>:i
        assert_eq!(
            login(r#"{"auths":{"r.example":{"auth":"PHRva2VuPjpp"}}}"#),
            Ok(Some(Login::RefreshToken("i".into())))
        );
    }

    #[test]
    fn the_most_exact_key_counts() {
        let text = r#"{"auths":{
            "r.example":{"auth":"Ym9iOmI="},
            "r.example/team":{"auth":"YWxpY2U6cA=="},
            "r.example/team/other":{"auth":"Ym9iOmI="}
        }}"#;
        assert_eq!(login(text), alice("p"));
    }

    #[test]
    fn what_is_empty_is_nothing_and_what_is_spoilt_is_told() {
        assert_eq!(login(""), Ok(None));
        assert_eq!(login(r#"{"auths":{"r.example":{}}}"#), Ok(None));
        assert_eq!(
            login(r#"{"auths":{"other.example":{"auth":"YWxpY2U6cA=="}}}"#),
            Ok(None)
        );
        for auth in ["!", "YWxpY2U="] {
            let spoilt = login(&format!(r#"{{"auths":{{"r.example":{{"auth":"{auth}"}}}}}}"#));
            let key = "r.example".to_owned();
            assert_eq!(spoilt, Err(BadEntry { key }), "{auth}");
        }
    }

    #[test]
    fn a_fault_is_told_by_its_place_alone() {
        let fault = DockerConfig::parse("{\"auths\":{\n\"r.example\":\"hunter2\"}}").unwrap_err();
        assert_eq!(fault, "is not as it should be in line 2, column 21");
    }

    #[test]
    fn a_helper_is_for_one_registry_and_a_store_for_all() {
        let text =
            r#"{"credsStore":"desktop","credHelpers":{"r.example":"ecr-login"},"auths":{"r.example":{}}}"#;
        let config = DockerConfig::parse(text).unwrap();
        assert_eq!(config.helper(&name("https://r.example", &[])), Some("ecr-login"));
        assert_eq!(config.helper(&name("https://other.example", &[])), None);
        assert_eq!(config.store(), Some("desktop"));
        assert!(config.names(&name("https://r.example", &[])));
    }
}
