//! Logins: accounts, their passwords, and what each may do.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::Principal;
use super::accounts::Accounts;
use super::passwords::{Hash, Passwords};
use super::tokens::Token;
use crate::http::error::{Failure, Fault};
use crate::operation::reloading::FromFiles;

/// The accounts of a file.
#[derive(Debug)]
pub(crate) struct Logins {
    pub(super) accounts: FromFiles<Accounts>,
    passwords: Passwords,
}

impl Logins {
    /// The accounts of a file.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(super) fn open(file: PathBuf) -> Result<Self, String> {
        Ok(Self {
            accounts: FromFiles::open(vec![file], Accounts::read)?,
            passwords: Passwords::new(),
        })
    }

    /// Everyone who gives no name, if they may do something.
    pub(super) fn anonymous(&self) -> Option<Principal> {
        let grants = self.accounts.current().anonymous.clone()?;
        Some(Principal {
            grants: Some(grants),
            ..Principal::default()
        })
    }

    /// Whoever has the password of an account; nobody if it is wrong.
    ///
    /// # Errors
    /// Asks to come back if a client has too many logins waiting already.
    pub(super) async fn with_password(
        &self,
        header: &HeaderValue,
        client: IpAddr,
    ) -> Result<Option<Principal>, Failure> {
        match credentials(header) {
            Some((name, password)) => self.verify(&name, &password, client).await,
            None => Ok(None),
        }
    }

    /// Whoever has this password of the account of this name; nobody if it is wrong.
    ///
    /// # Errors
    /// Asks to come back if a client has too many logins waiting already.
    pub(super) async fn verify(
        &self,
        name: &str,
        password: &str,
        client: IpAddr,
    ) -> Result<Option<Principal>, Failure> {
        let accounts = self.accounts.current();
        let account = accounts.get(name);
        let hash = match account {
            Some(account) => Hash::Of(&account.hash),
            None => Hash::OfNobody(accounts.cost_for_nobody(name)),
        };
        let verified = self.passwords.verify(name, password, hash, client).await;
        // Soon: a hash takes no longer than a second or two.
        let is_right = verified.map_err(|_| Failure::from(Fault::TooManyRequests).retry_after(1))?;
        Ok(account.filter(|_| is_right).map(|account| Principal {
            name: Some(name.into()),
            grants: Some(Arc::clone(&account.grants)),
            scopes: None,
        }))
    }

    /// The account of a name, whoever knows its password.
    pub(super) fn of_name(&self, name: &str) -> Option<Principal> {
        let accounts = self.accounts.current();
        let account = accounts.get(name)?;
        Some(Principal {
            name: Some(name.into()),
            grants: Some(Arc::clone(&account.grants)),
            scopes: None,
        })
    }

    /// The hash of the password of an account.
    pub(super) fn hash_of(&self, name: &str) -> Option<String> {
        self.accounts
            .current()
            .get(name)
            .map(|account| account.hash.clone())
    }

    /// Whoever a token of the registry's own is of; nobody if the account is gone. What it may do is looked up anew.
    pub(super) fn with_token(&self, token: Token) -> Option<Principal> {
        let accounts = self.accounts.current();
        let grants = match &token.account {
            Some(name) => &accounts.get(name)?.grants,
            None => accounts.anonymous.as_ref()?,
        };
        Some(Principal {
            grants: Some(Arc::clone(grants)),
            name: token.account.map(Into::into),
            scopes: Some(token.scopes.into()),
        })
    }
}

/// The name and the password in an `Authorization` header (RFC 7617).
pub(super) fn credentials(header: &HeaderValue) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(shown(header, "basic")?).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// What an `Authorization` header of a scheme shows.
pub(super) fn shown<'a>(header: &'a HeaderValue, scheme: &str) -> Option<&'a str> {
    let (named, shown) = header.to_str().ok()?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| shown.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::credentials;

    #[test]
    fn a_password_may_hold_colons_and_a_name_may_not() {
        let header = HeaderValue::from_static("bAsIc YTpiOmM=");
        assert_eq!(credentials(&header), Some(("a".to_owned(), "b:c".to_owned())));
    }

    #[test]
    fn what_is_no_pair_is_no_credentials() {
        for header in ["Bearer YTpi", "Basic", "Basic !", "Basic YWI="] {
            assert_eq!(credentials(&HeaderValue::from_static(header)), None, "{header}");
        }
    }
}
