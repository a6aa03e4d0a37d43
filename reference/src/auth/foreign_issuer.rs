//! An issuer elsewhere, whose tokens say who may do what here.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::decode_header;

use super::Principal;
use super::fetched_keys::{FetchedKeys, Patience};
use super::tokens::Expectation;
use super::trusted_keys::TrustedKeys;
use crate::config::{TokenName, TokenRealm, TrustedKeysSource};
use crate::operation::reloading::FromFiles;

/// By how many seconds the clock of another machine may differ, as docker-registry has it too.
const TOLERANCE: u64 = 60;

/// An issuer that is trusted.
#[derive(Debug)]
pub(crate) struct ForeignIssuer {
    /// Where it gives tokens.
    pub(super) realm: TokenRealm,
    keys: IssuerKeys,
    expectation: Expectation,
}

/// Its keys, and where they come from.
#[derive(Debug)]
enum IssuerKeys {
    InFile(FromFiles<TrustedKeys>),
    Published(Arc<FetchedKeys>),
}

impl fmt::Display for ForeignIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Expectation { issuer, service, .. } = &self.expectation;
        write!(
            f,
            "by tokens that {issuer} gives for {service} at {}, each for what it says",
            self.realm
        )
    }
}

impl ForeignIssuer {
    /// An issuer of a name, its keys, and the name by which it knows the registry.
    ///
    /// # Errors
    /// Says what is wrong with the keys.
    pub(super) fn open(
        realm: TokenRealm,
        issuer: TokenName,
        service: TokenName,
        keys: &TrustedKeysSource,
    ) -> Result<Self, String> {
        Ok(Self {
            realm,
            keys: match keys {
                TrustedKeysSource::File(file) => {
                    IssuerKeys::InFile(FromFiles::open(vec![file.clone()], TrustedKeys::read)?)
                }
                TrustedKeysSource::Url(url) => {
                    IssuerKeys::Published(Arc::new(FetchedKeys::new(url.clone(), Patience::default())?))
                }
            },
            expectation: Expectation {
                issuer,
                service,
                tolerance: TOLERANCE,
            },
        })
    }

    /// The name by which it knows the registry.
    pub(super) const fn service(&self) -> &TokenName {
        &self.expectation.service
    }

    /// Fetches the keys, where they are published.
    ///
    /// # Errors
    /// Says why there are none.
    pub(super) async fn begin(&self) -> Result<(), String> {
        match &self.keys {
            IssuerKeys::InFile(_) => Ok(()),
            IssuerKeys::Published(keys) => keys.begin().await,
        }
    }

    /// Reads or fetches the keys again.
    pub(super) fn reload(&self) {
        match &self.keys {
            IssuerKeys::InFile(keys) => keys.reload(),
            IssuerKeys::Published(keys) => keys.reload(),
        }
    }

    /// Reads the keys again if they have changed, or fetches them if they are old.
    pub(super) fn reload_if_changed(&self) {
        match &self.keys {
            IssuerKeys::InFile(keys) => keys.reload_if_changed(),
            IssuerKeys::Published(keys) => keys.reload_if_old(),
        }
    }

    /// Whoever has a token of it; nobody if it is not good here.
    pub(super) async fn with_token(&self, text: &str) -> Option<Principal> {
        let keys = match &self.keys {
            IssuerKeys::InFile(keys) => keys.current(),
            IssuerKeys::Published(keys) => keys.for_token(&decode_header(text).ok()?).await,
        };
        let token = self.expectation.read(text, &keys)?;
        Some(Principal {
            name: token.account.map(Into::into),
            grants: None,
            scopes: Some(token.scopes.into()),
        })
    }
}
