//! Who may do what.
//!
//! Without a file of accounts everyone may do everything. With one, a request is made by the account whose
//! name and password it carries, or by nobody in particular; what nobody may do is answered with a
//! challenge, and what the account may not do with a refusal.

mod accounts;
mod passwords;
mod signature;

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method};

use crate::error::{Failure, Fault};
use crate::protocol::Name;
use crate::reloading::FromFiles;
use crate::routes::Route;

pub(crate) use accounts::Right;
use accounts::{Accounts, Grants};
use passwords::Passwords;
pub(crate) use signature::Signer;

/// What a client without the right to do something is asked for (RFC 7617).
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Assize reference registry\", charset=\"UTF-8\"");

/// Who makes a request.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// The account; none for everyone who gives no name.
    pub(crate) name: Option<Arc<str>>,
    /// What they may do; none for everything.
    grants: Option<Arc<Grants>>,
}

impl Principal {
    /// Whoever has a signed URL, which is its own permission.
    pub(crate) const fn bearer_of_a_signed_url() -> Self {
        Self {
            name: None,
            grants: None,
        }
    }

    /// Whether they may do something in a repository.
    pub(crate) fn may(&self, right: Right, name: &Name) -> bool {
        self.grants
            .as_ref()
            .is_none_or(|grants| grants.allow(right, name))
    }

    /// Whether they may do something in all repositories.
    pub(crate) fn may_everywhere(&self, right: Right) -> bool {
        self.grants
            .as_ref()
            .is_none_or(|grants| grants.allow_everywhere(right))
    }

    /// Refuses what they may not do.
    ///
    /// # Errors
    /// Asks someone without a name for one, and tells an account that it has not the right.
    pub(crate) fn authorize(&self, method: &Method, route: &Route) -> Result<(), Failure> {
        let is_safe = method == Method::GET || method == Method::HEAD;
        let is_allowed = match route {
            // Clients ask here whether they have to say who they are.
            Route::Base => self.grants.is_none() || self.name.is_some(),
            Route::Catalog => self.may_everywhere(Right::Pull),
            Route::Uploads(name) | Route::Upload(name, _) => self.may(Right::Push, name),
            Route::Blob(name, _) | Route::Manifest(name, _) if method == Method::DELETE => {
                self.may(Right::Delete, name)
            }
            Route::Manifest(name, _) if !is_safe => self.may(Right::Push, name),
            Route::Blob(name, _)
            | Route::Manifest(name, _)
            | Route::Tags(name)
            | Route::Referrers(name, _) => self.may(Right::Pull, name),
        };
        match &self.name {
            _ if is_allowed => Ok(()),
            None => Err(challenge()),
            Some(_) => Err(Fault::Denied.into()),
        }
    }
}

/// Finds out who makes a request.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The accounts; none if everyone may do everything.
    accounts: Option<FromFiles<Accounts>>,
    passwords: Passwords,
}

impl Gate {
    /// A gate for the accounts of a file, or for everyone.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, String> {
        let accounts = file.map(|file| FromFiles::open(vec![file], Accounts::read));
        Ok(Self {
            accounts: accounts.transpose()?,
            passwords: Passwords::new(),
        })
    }

    /// The file of accounts.
    pub(crate) const fn file(&self) -> Option<&FromFiles<Accounts>> {
        self.accounts.as_ref()
    }

    /// Finds out who makes a request, before anything else about it is told.
    ///
    /// # Errors
    /// Asks for a name and a password if those given are wrong, or if nothing may be done without.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Principal, Failure> {
        let Some(accounts) = &self.accounts else {
            return Ok(Principal {
                name: None,
                grants: None,
            });
        };
        let accounts = accounts.current();
        let Some(header) = headers.get(AUTHORIZATION) else {
            return match &accounts.anonymous {
                Some(grants) => Ok(Principal {
                    name: None,
                    grants: Some(Arc::clone(grants)),
                }),
                None => Err(challenge()),
            };
        };
        let (name, password) = credentials(header).ok_or_else(challenge)?;
        let account = accounts.get(&name);
        let hash = account.map(|account| account.hash.as_str());
        let is_right = self.passwords.verify(&name, &password, hash).await;
        match account {
            Some(account) if is_right => Ok(Principal {
                name: Some(name.into()),
                grants: Some(Arc::clone(&account.grants)),
            }),
            _ => Err(challenge()),
        }
    }
}

/// Asks who is there.
fn challenge() -> Failure {
    Failure::from(Fault::Unauthorized).with_header(WWW_AUTHENTICATE, CHALLENGE)
}

/// The name and the password in an `Authorization` header (RFC 7617).
fn credentials(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
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
