//! Refresh tokens: what an account shows in the place of its password to get tokens (Docker: Token Authentication using
//! OAuth2).
//!
//! They are signed and nowhere kept: one is good for its service until the account gets another password, or is gone. Nobody
//! takes one for a token that says what may be done, since another issuer has issued it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::issuer::Issuer;
use super::signature::now;
use super::signing_key::ALGORITHM;

/// What stands behind the name of the issuer in those tokens: no name of an issuer has a blank in it.
const ISSUER: &str = " for refreshing";

/// What such a token says.
#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    jti: Uuid,
    /// Which password the account had.
    password: String,
}

impl Issuer {
    /// A token with which an account of this name and hash gets others for a service.
    pub(super) fn issue_for_refreshing(&self, account: &str, hash: &str, service: &str) -> Option<String> {
        let claims = RefreshClaims {
            iss: self.issuer_for_refreshing(),
            sub: account.to_owned(),
            aud: service.to_owned(),
            iat: now(),
            jti: Uuid::new_v4(),
            password: fingerprint(hash),
        };
        encode(&Header::new(ALGORITHM), &claims, self.signing_key())
            .inspect_err(|error| tracing::error!(%error, "no refresh token can be signed"))
            .ok()
    }

    /// The name of the account whose token for a service this is, if its password is still that of the hash which
    /// is looked up by that name.
    pub(super) fn read_for_refreshing(
        &self,
        text: &str,
        service: &str,
        hash_of: impl FnOnce(&str) -> Option<String>,
    ) -> Option<String> {
        let mut validation = Validation::new(ALGORITHM);
        validation.validate_exp = false;
        validation.set_issuer(&[self.issuer_for_refreshing()]);
        validation.set_audience(&[service]);
        validation.set_required_spec_claims(&["iss", "aud", "sub"]);
        let header = decode_header(text).ok()?;
        let mut keys = self.keys().that_may_have_signed(&header);
        let claims = keys
            .find_map(|key| decode::<RefreshClaims>(text, key, &validation).ok())?
            .claims;
        let is_current = hash_of(&claims.sub).is_some_and(|hash| fingerprint(&hash) == claims.password);
        is_current.then_some(claims.sub)
    }

    fn issuer_for_refreshing(&self) -> String {
        format!("{}{ISSUER}", self.name())
    }
}

/// What tells a hash of a password from others: the salt in it is as hard to guess as the digest.
fn fingerprint(hash: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(hash))
}

#[cfg(test)]
mod tests {
    use super::Issuer;
    use crate::auth::Scope;

    fn issuer() -> Issuer {
        let name = || "assize".parse().unwrap();
        Issuer::open(name(), name(), None, None).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_service_as_long_as_the_password_stays() {
        let issuer = issuer();
        let token = issuer.issue_for_refreshing("alice", "$2y$10$one", "r").unwrap();
        let read = |service: &str, hash: Option<&str>| {
            issuer.read_for_refreshing(&token, service, |name| {
                assert_eq!(name, "alice");
                hash.map(str::to_owned)
            })
        };
        assert_eq!(read("r", Some("$2y$10$one")).as_deref(), Some("alice"));
        assert_eq!(read("other", Some("$2y$10$one")), None);
        assert_eq!(read("r", Some("$2y$10$two")), None);
        assert_eq!(read("r", None), None);
        let of_another = super::tests::issuer();
        assert_eq!(
            of_another.read_for_refreshing(&token, "r", |_| Some("$2y$10$one".to_owned())),
            None
        );
    }

    #[test]
    fn nobody_takes_the_one_kind_of_token_for_the_other() {
        let issuer = issuer();
        let refreshing = issuer.issue_for_refreshing("alice", "hash", "assize").unwrap();
        assert_eq!(issuer.read(&refreshing), None);
        let scopes: Vec<Scope> = Vec::new();
        let access = issuer.issue(Some("alice"), None, &scopes).unwrap();
        assert_eq!(
            issuer.read_for_refreshing(&access, "assize", |_| Some("hash".to_owned())),
            None
        );
    }
}
