//! Who may do what.
//!
//! Without a file of accounts everyone may do everything. With one, a request is made by the account whose
//! name and password it carries, or whose token, or by nobody in particular; what nobody may do is answered
//! with a challenge, and what the account may not do with a refusal.

mod accounts;
mod challenge;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod login_queue;
mod passwords;
mod required_access;
mod signature;
mod tokens;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::http::error::{Failure, Fault};
use crate::operation::reloading::FromFiles;

pub(crate) use accounts::Right;
use accounts::{Accounts, Grants};
pub(crate) use challenge::Challenge;
use passwords::{Hash, Passwords};
pub(crate) use required_access::RequiredAccess;
pub(crate) use signature::Signer;
use tokens::Tokens;
pub(crate) use tokens::{LIFETIME, Scope, Token};

/// Who makes a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Principal {
    /// The account; none for everyone who gives no name.
    pub(crate) name: Option<Arc<str>>,
    /// What they may do; none for everything.
    grants: Option<Arc<Grants>>,
    /// What the token is good for that they have shown; none if they have shown none.
    scopes: Option<Arc<[Scope]>>,
}

impl Principal {
    /// Somebody who may do everything: whoever has a signed URL, which is its own permission, or everyone.
    pub(crate) fn unlimited() -> Self {
        Self::default()
    }

    /// Whether they may do something.
    pub(crate) fn may(&self, need: &RequiredAccess) -> bool {
        self.is_granted(need) && self.is_covered(need)
    }

    /// Refuses what they may not do.
    ///
    /// # Errors
    /// Asks someone without a name for one and someone with a token for a better one, and tells an account
    /// that it has not the right.
    pub(crate) fn authorize(&self, needs: &[RequiredAccess], challenge: &Challenge) -> Result<(), Failure> {
        let is_granted = needs.first().is_none_or(|need| self.is_granted(need));
        // No token is good for what is not granted: to ask for one would lead nowhere.
        let mut granted = needs.iter().filter(|need| self.is_granted(need));
        let is_covered = granted.all(|need| self.is_covered(need));
        match &self.name {
            _ if is_granted && is_covered => Ok(()),
            Some(_) if !is_granted => Err(Fault::Denied.into()),
            _ => Err(challenge.ask()),
        }
    }

    fn is_granted(&self, need: &RequiredAccess) -> bool {
        self.grants.as_ref().is_none_or(|grants| match need {
            RequiredAccess::ToBeKnown => self.name.is_some() || self.scopes.is_some(),
            RequiredAccess::In(right, name) => grants.allow(*right, name),
            RequiredAccess::ToReadAll => grants.allow_everywhere(Right::Pull),
        })
    }

    fn is_covered(&self, need: &RequiredAccess) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| {
            *need == RequiredAccess::ToBeKnown || scopes.iter().any(|scope| scope.covers(need))
        })
    }
}

/// Finds out who makes a request.
#[derive(Debug)]
pub(crate) struct Authenticator {
    /// The accounts; none if everyone may do everything.
    accounts: Option<FromFiles<Accounts>>,
    passwords: Passwords,
    tokens: Tokens,
}

impl Authenticator {
    /// One for the accounts of a file, or for everyone.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, String> {
        let accounts = file.map(|file| FromFiles::open(vec![file], Accounts::read));
        Ok(Self {
            accounts: accounts.transpose()?,
            passwords: Passwords::new(),
            tokens: Tokens::new(),
        })
    }

    /// The file of accounts.
    pub(crate) const fn file(&self) -> Option<&FromFiles<Accounts>> {
        self.accounts.as_ref()
    }

    /// Finds out who makes a request, before anything else about it is told.
    ///
    /// # Errors
    /// Asks for what the challenge says if what is shown is wrong, or if nothing may be done without.
    pub(crate) async fn identify(
        &self,
        headers: &HeaderMap,
        client: IpAddr,
        challenge: &Challenge,
    ) -> Result<Principal, Failure> {
        let Some(accounts) = &self.accounts else {
            return Ok(Principal::unlimited());
        };
        let accounts = accounts.current();
        let found = match (headers.get(AUTHORIZATION), challenge) {
            (None, _) => accounts.anonymous.clone().map(|grants| Principal {
                grants: Some(grants),
                ..Principal::default()
            }),
            (Some(header), Challenge::Password) => self.with_password(&accounts, header, client).await?,
            (Some(header), Challenge::Token { .. }) => self.with_token(&accounts, header),
        };
        found.ok_or_else(|| challenge.ask())
    }

    /// A token for scopes, for whoever asks.
    pub(crate) fn token(&self, principal: &Principal, scopes: Vec<Scope>) -> Option<String> {
        let account = principal.name.as_deref().map(str::to_owned);
        self.tokens.print(&Token::new(account, scopes))
    }

    /// Whoever has the password of an account; nobody if it is wrong.
    async fn with_password(
        &self,
        accounts: &Accounts,
        header: &HeaderValue,
        client: IpAddr,
    ) -> Result<Option<Principal>, Failure> {
        let Some((name, password)) = credentials(header) else {
            return Ok(None);
        };
        let account = accounts.get(&name);
        let hash = match account {
            Some(account) => Hash::Of(&account.hash),
            None => Hash::OfNobody(accounts.cost_for_nobody(&name)),
        };
        let verified = self.passwords.verify(&name, &password, hash, client).await;
        // Soon: a hash takes no longer than a second or two.
        let is_right = verified.map_err(|_| Failure::from(Fault::TooManyRequests).retry_after(1))?;
        Ok(account.filter(|_| is_right).map(|account| Principal {
            name: Some(name.into()),
            grants: Some(Arc::clone(&account.grants)),
            scopes: None,
        }))
    }

    fn with_token(&self, accounts: &Accounts, header: &HeaderValue) -> Option<Principal> {
        let token = self.tokens.read(shown(header, "bearer")?)?;
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
fn credentials(header: &HeaderValue) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(shown(header, "basic")?).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// What an `Authorization` header of a scheme shows.
fn shown<'a>(header: &'a HeaderValue, scheme: &str) -> Option<&'a str> {
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
