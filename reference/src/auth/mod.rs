//! Who may do what.
//!
//! Without a file of accounts everyone may do everything. With one, a request is made by the account whose
//! name and password it carries, or whose token, or by nobody in particular; what nobody may do is answered
//! with a challenge, and what the account may not do with a refusal. Where another server issues the tokens, they
//! alone say who may do what.

mod accounts;
mod challenge;
mod fetched_keys;
mod foreign_issuer;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod issuer;
mod login_queue;
mod logins;
mod passwords;
mod refresh_tokens;
mod required_access;
mod scopes;
mod signature;
mod signing_key;
mod token_form;
mod tokens;
mod trusted_keys;

use std::net::IpAddr;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};

use crate::config::{Config, Gate};
use crate::http::error::{Failure, Fault};
use crate::http::routes::Route;

use accounts::Grants;
pub(crate) use accounts::Right;
pub(crate) use challenge::Challenge;
use challenge::Shown;
use foreign_issuer::ForeignIssuer;
pub(crate) use issuer::{Issuer, LIFETIME};
use logins::{Logins, shown};
pub(crate) use required_access::RequiredAccess;
pub(crate) use scopes::Scope;
pub(crate) use signature::Signer;
use token_form::{Access, Grant};
pub(crate) use token_form::{GrantRefusal, TokenForm};

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

    /// Somebody who has not said who they are, and may do nothing.
    pub(crate) fn nobody() -> Self {
        Self {
            grants: Some(Arc::default()),
            ..Self::default()
        }
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
            _ if self.scopes.is_some() => Err(challenge.ask(Shown::Insufficient)),
            _ => Err(challenge.ask(Shown::Nothing)),
        }
    }

    /// What of scopes they may be given in a token.
    fn granted(&self, scopes: Vec<Scope>) -> Vec<Scope> {
        match &self.grants {
            Some(grants) => scopes
                .into_iter()
                .filter_map(|scope| scope.within(grants))
                .collect(),
            None => scopes,
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
pub(crate) enum Authenticator {
    /// Everyone may do everything.
    Open,
    /// By the passwords of accounts.
    Passwords(Logins),
    /// By tokens that the registry issues to accounts.
    OwnTokens(Logins, Box<Issuer>),
    /// By tokens that another issues.
    ForeignTokens(ForeignIssuer),
}

impl Authenticator {
    /// The one that is configured.
    ///
    /// # Errors
    /// Says what is wrong with the configuration, or with a file that it names.
    pub(crate) fn open(config: &Config) -> Result<Self, String> {
        Ok(match config.gate()? {
            Gate::Open => Self::Open,
            Gate::Passwords { accounts } => Self::Passwords(Logins::open(accounts.to_owned())?),
            Gate::OwnTokens { accounts, issuer } => {
                let service = config.token_service.clone();
                let (key, store) = (config.token_signing_key.as_deref(), config.store.as_deref());
                let issuer = Issuer::open(issuer.clone(), service, key, store)?;
                Self::OwnTokens(Logins::open(accounts.to_owned())?, Box::new(issuer))
            }
            Gate::ForeignTokens { realm, issuer, keys } => {
                let service = config.token_service.clone();
                Self::ForeignTokens(ForeignIssuer::open(realm.clone(), issuer.clone(), service, keys)?)
            }
        })
    }

    /// Fetches what is not on this machine.
    ///
    /// # Errors
    /// Says why it is not to be had.
    pub(crate) async fn begin(&self) -> Result<(), String> {
        match self {
            Self::Open | Self::Passwords(_) | Self::OwnTokens(..) => Ok(()),
            Self::ForeignTokens(issuer) => issuer.begin().await,
        }
    }

    /// Reads accounts and keys again.
    pub(crate) fn reload(&self) {
        match self {
            Self::Open => {}
            Self::Passwords(logins) | Self::OwnTokens(logins, _) => logins.accounts.reload(),
            Self::ForeignTokens(issuer) => issuer.reload(),
        }
    }

    /// Reads accounts and keys again if they have changed.
    pub(crate) fn reload_if_changed(&self) {
        match self {
            Self::Open => {}
            Self::Passwords(logins) | Self::OwnTokens(logins, _) => logins.accounts.reload_if_changed(),
            Self::ForeignTokens(issuer) => issuer.reload_if_changed(),
        }
    }

    /// Who may do what at a URL, in a sentence.
    pub(crate) fn welcome(&self, url: &str) -> String {
        match self {
            Self::Open => {
                "everyone may pull, push and delete; --accounts FILE says who may do what".to_owned()
            }
            Self::Passwords(logins) => format!("by password: {}", logins.accounts.current()),
            Self::OwnTokens(logins, _) => format!(
                "by tokens from {url}/token, which others check with {url}/token/certificate or {url}/token/keys: {}",
                logins.accounts.current()
            ),
            Self::ForeignTokens(issuer) => issuer.to_string(),
        }
    }

    /// The issuer of tokens, if the registry is one.
    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        match self {
            Self::OwnTokens(_, issuer) => Some(issuer),
            Self::Open | Self::Passwords(_) | Self::ForeignTokens(_) => None,
        }
    }

    /// What a client is asked for that needs some rights; `token_url` is where the registry issues tokens itself.
    pub(crate) fn challenge(
        &self,
        route: Option<&Route>,
        needs: &[RequiredAccess],
        token_url: impl FnOnce() -> String,
    ) -> Challenge {
        match self {
            Self::Open | Self::Passwords(_) => Challenge::Password,
            Self::OwnTokens(..) if route == Some(&Route::Token) => Challenge::Password,
            Self::OwnTokens(_, issuer) => Challenge::for_token(token_url(), issuer.service().clone(), needs),
            Self::ForeignTokens(issuer) => {
                Challenge::for_token(issuer.realm.to_string(), issuer.service().clone(), needs)
            }
        }
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
        let header = headers.get(AUTHORIZATION);
        let token = header.and_then(|header| shown(header, "bearer"));
        let found = match (self, header, challenge) {
            (Self::Open, ..) => return Ok(Principal::unlimited()),
            (Self::Passwords(logins) | Self::OwnTokens(logins, _), None, _) => logins.anonymous(),
            (Self::Passwords(logins) | Self::OwnTokens(logins, _), Some(header), Challenge::Password) => {
                logins.with_password(header, client).await?
            }
            (Self::OwnTokens(logins, issuer), Some(_), Challenge::Token { .. }) => {
                let token = token.and_then(|text| issuer.read(text));
                token.and_then(|token| logins.with_token(token))
            }
            (Self::ForeignTokens(issuer), ..) => match token {
                Some(text) => issuer.with_token(text).await,
                None => None,
            },
            // They never ask for a token.
            (Self::Passwords(_), Some(_), Challenge::Token { .. }) => None,
        };
        let shown = if token.is_some() {
            Shown::Invalid
        } else {
            Shown::Nothing
        };
        found.ok_or_else(|| challenge.ask(shown))
    }
}

/// What a client is given for a form.
#[derive(Debug)]
pub(crate) struct GrantedTokens {
    /// The token that it shows to the service.
    pub(crate) access_token: String,
    /// What that is good for.
    pub(crate) scopes: Vec<Scope>,
    /// What it shows here in the place of the password from now on, if it wants to.
    pub(crate) refresh_token: Option<String>,
}

impl Authenticator {
    /// What a client is given for a form; or why it is given nothing.
    ///
    /// # Errors
    /// Fails where no tokens are issued, or none can be signed, and asks a client to come back that has too many logins waiting.
    pub(crate) async fn grant(
        &self,
        form: TokenForm,
        client: IpAddr,
    ) -> Result<Result<GrantedTokens, GrantRefusal>, Failure> {
        let Self::OwnTokens(logins, issuer) = self else {
            return Err(Fault::RouteUnknown.into());
        };
        let service = form.service.as_str();
        let known = match &form.grant {
            Grant::Password { name, password } => logins.verify(name, password, client).await?,
            Grant::RefreshToken(token) => issuer
                .read_for_refreshing(token, service, |name| logins.hash_of(name))
                .and_then(|name| logins.of_name(&name)),
        };
        let Some(principal) = known else {
            return Ok(Err(GrantRefusal::InvalidGrant));
        };
        let refresh_token = match (form.grant, form.access) {
            (Grant::RefreshToken(token), _) => Some(token),
            (Grant::Password { .. }, Access::Offline) => self.refresh_token(&principal, Some(service)),
            (Grant::Password { .. }, Access::Online) => None,
        };
        let scopes = principal.granted(form.scopes);
        let access_token = issuer.issue(principal.name.as_deref(), Some(service), &scopes);
        Ok(Ok(GrantedTokens {
            access_token: access_token.ok_or(Failure::bare(StatusCode::INTERNAL_SERVER_ERROR))?,
            scopes,
            refresh_token,
        }))
    }

    /// A token with which an account gets others for a service without its password; the registry itself if none is
    /// named. There is none for those who give no name.
    pub(crate) fn refresh_token(&self, of: &Principal, service: Option<&str>) -> Option<String> {
        let Self::OwnTokens(logins, issuer) = self else {
            return None;
        };
        let name = of.name.as_deref()?;
        let service = service.unwrap_or(issuer.service().as_str());
        issuer.issue_for_refreshing(name, &logins.hash_of(name)?, service)
    }
}

impl Issuer {
    /// A token of whoever asks: for what of the scopes they may do, for a service, or for the registry itself.
    pub(crate) fn token(
        &self,
        asking: &Principal,
        service: Option<&str>,
        scopes: Vec<Scope>,
    ) -> Option<String> {
        self.issue(asking.name.as_deref(), service, &asking.granted(scopes))
    }
}
