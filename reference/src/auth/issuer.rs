//! The registry as an issuer of tokens, for itself and for others that trust its key (Docker: Token Authentication
//! Implementation).

use std::path::Path;

use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scopes::Scope;
use super::signature::now;
use super::signing_key::{ALGORITHM, KeySource, SigningKey};
use super::tokens::{Expectation, Token};
use super::trusted_keys::TrustedKeys;
use crate::config::TokenName;

/// For how many seconds a token is good.
pub(crate) const LIFETIME: u64 = 300;

/// Issues tokens, and knows its own.
#[derive(Debug)]
pub(crate) struct Issuer {
    key: SigningKey,
    keys: TrustedKeys,
    expectation: Expectation,
}

/// What a token says.
#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: u64,
    nbf: u64,
    iat: u64,
    jti: Uuid,
    access: &'a [Scope],
}

impl Issuer {
    /// An issuer of a name, whose own service has a name too; its key is in the file that is given, or beside the store.
    ///
    /// # Errors
    /// Says what is wrong with the key.
    pub(super) fn open(
        issuer: TokenName,
        service: TokenName,
        given: Option<&Path>,
        store: Option<&Path>,
    ) -> Result<Self, String> {
        let key = KeySource::of(given, store).open()?;
        Ok(Self {
            keys: TrustedKeys::parse(key.certificates_in_pem().as_bytes())?,
            key,
            expectation: Expectation {
                issuer,
                service,
                // It is the same clock.
                tolerance: 0,
            },
        })
    }

    /// The name of the registry among those for which tokens are issued.
    pub(super) const fn service(&self) -> &TokenName {
        &self.expectation.service
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.expectation.issuer.as_str()
    }

    /// What it signs with.
    pub(super) const fn signing_key(&self) -> &EncodingKey {
        &self.key.key
    }

    /// What its signatures are checked with.
    pub(super) const fn keys(&self) -> &TrustedKeys {
        &self.keys
    }

    /// A token of somebody for a service; for the registry itself if none is named.
    pub(super) fn issue(
        &self,
        account: Option<&str>,
        service: Option<&str>,
        access: &[Scope],
    ) -> Option<String> {
        let now = now();
        let claims = IssuedClaims {
            iss: self.name(),
            sub: account.unwrap_or_default(),
            aud: service.unwrap_or(self.service().as_str()),
            exp: now + LIFETIME,
            nbf: now,
            iat: now,
            jti: Uuid::new_v4(),
            access,
        };
        let mut header = Header::new(ALGORITHM);
        header.kid.clone_from(&self.key.public.common.key_id);
        header.x5c = Some(self.key.chain());
        encode(&header, &claims, self.signing_key())
            .inspect_err(|error| tracing::error!(%error, "no token can be signed"))
            .ok()
    }

    /// What a token says that was issued here, for this registry, and is still good.
    pub(super) fn read(&self, text: &str) -> Option<Token> {
        self.expectation.read(text, &self.keys)
    }

    /// What its tokens say.
    #[cfg(any(test, fuzzing))]
    pub(super) const fn expectation(&self) -> &Expectation {
        &self.expectation
    }

    /// The keys that others check its tokens with, as a JSON Web Key Set.
    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [self.key.public] })
    }

    /// Its certificate in PEM, for others that trust certificates.
    pub(crate) fn certificate(&self) -> String {
        self.key.certificates_in_pem()
    }
}
