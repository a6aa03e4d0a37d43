//! An issuer elsewhere, whose tokens say who may do what here.

use std::fmt;
use std::path::PathBuf;

use super::Principal;
use super::tokens::Expectation;
use super::trusted_keys::TrustedKeys;
use crate::config::{TokenName, TokenRealm};
use crate::operation::reloading::FromFiles;

/// By how many seconds the clock of another machine may differ, as docker-registry has it too.
const TOLERANCE: u64 = 60;

/// An issuer that is trusted.
#[derive(Debug)]
pub(crate) struct ForeignIssuer {
    /// Where it gives tokens.
    pub(super) realm: TokenRealm,
    pub(super) keys: FromFiles<TrustedKeys>,
    expectation: Expectation,
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
    /// An issuer of a name, whose keys are in a file, and the name by which it knows the registry.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub(super) fn open(
        realm: TokenRealm,
        issuer: TokenName,
        service: TokenName,
        keys: PathBuf,
    ) -> Result<Self, String> {
        Ok(Self {
            realm,
            keys: FromFiles::open(vec![keys], TrustedKeys::read)?,
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

    /// Whoever has a token of it; nobody if it is not good here.
    pub(super) fn with_token(&self, text: &str) -> Option<Principal> {
        let token = self.expectation.read(text, &self.keys.current())?;
        Some(Principal {
            name: token.account.map(Into::into),
            grants: None,
            scopes: Some(token.scopes.into()),
        })
    }
}
