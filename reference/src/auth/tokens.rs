//! Tokens as they are shown: JSON Web Tokens of one issuer, for one service, signed by a key that is trusted
//! (Docker: Token Authentication Implementation).

use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, TokenData, Validation, decode, decode_header};
use serde::Deserialize;

use super::scopes::{Scope, or_null};
use super::trusted_keys::TrustedKeys;
use crate::config::TokenName;

/// What a token says that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Whose it is; nobody's in particular if there is none.
    pub(super) account: Option<String>,
    /// What it is good for.
    pub(super) scopes: Vec<Scope>,
}

/// The claims that say what a token is good for; the others say whether it is.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default, deserialize_with = "or_null")]
    access: Vec<Scope>,
}

/// What tokens have to say to be good here, whoever signed them.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    /// Who is to have issued them.
    pub(super) issuer: TokenName,
    /// For whom they are to be.
    pub(super) service: TokenName,
    /// By how many seconds the clocks of the issuer and of the registry may differ.
    pub(super) tolerance: u64,
}

impl Expectation {
    /// What a token says, if it is good and one of the keys has signed it.
    pub(super) fn read(&self, text: &str, keys: &TrustedKeys) -> Option<Token> {
        self.decode(text, keys)
            .inspect_err(|error| tracing::debug!(%error, "a token was refused"))
            .ok()
    }

    fn decode(&self, text: &str, keys: &TrustedKeys) -> JwtResult<Token> {
        let header = decode_header(text)?;
        let mut outcome: JwtResult<TokenData<Claims>> = Err(ErrorKind::InvalidAlgorithm.into());
        for key in keys.that_may_have_signed(&header) {
            outcome = decode::<Claims>(text, key, &self.validation(header.alg));
            if outcome.is_ok() {
                break;
            }
        }
        let claims = outcome?.claims;
        Ok(Token {
            account: claims.sub.filter(|name| !name.is_empty()),
            scopes: claims.access,
        })
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.tolerance;
        validation.validate_nbf = true;
        validation.set_issuer(&[self.issuer.as_str()]);
        validation.set_audience(&[self.service.as_str()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
    use serde_json::{Value, json};

    use super::{Expectation, Token};
    use crate::auth::Scope;
    use crate::auth::signature::now;
    use crate::auth::trusted_keys::TrustedKeys;

    /// A key of an issuer, and what is known of it elsewhere.
    struct Signer {
        pair: KeyPair,
        keys: TrustedKeys,
    }

    impl Signer {
        fn new() -> Self {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let keys = TrustedKeys::parse(pair.public_key_pem().as_bytes()).unwrap();
            Self { pair, keys }
        }

        fn sign(&self, header: &Header, claims: &Value) -> String {
            encode(
                header,
                claims,
                &EncodingKey::from_ec_der(&self.pair.serialize_der()),
            )
            .unwrap()
        }
    }

    fn expectation() -> Expectation {
        Expectation {
            issuer: "auth.example.com".parse().unwrap(),
            service: "registry.example.com".parse().unwrap(),
            tolerance: 60,
        }
    }

    fn header() -> Header {
        Header::new(Algorithm::ES256)
    }

    /// The claims of a token that is good, with these members in the place of its own; a `null` takes one away.
    fn claims(others: &Value) -> Value {
        let mut claims = json!({
            "iss": "auth.example.com",
            "sub": "alice",
            "aud": "registry.example.com",
            "exp": now() + 300,
            "nbf": now(),
            "iat": now(),
            "jti": "1",
            "access": [{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}],
        });
        let members = claims.as_object_mut().unwrap();
        for (name, value) in others.as_object().unwrap().clone() {
            match value {
                Value::Null => drop(members.remove(&name)),
                value => drop(members.insert(name, value)),
            }
        }
        claims
    }

    #[test]
    fn a_token_of_docker_s_form_says_whose_it_is_and_what_it_is_good_for() {
        let signer = Signer::new();
        let read =
            |others: Value| expectation().read(&signer.sign(&header(), &claims(&others)), &signer.keys);
        let scopes = vec![Scope::parse("repository:team/app:pull,push").unwrap()];
        let account = Some("alice".to_owned());
        assert_eq!(read(json!({})), Some(Token { account, scopes }));
        assert_eq!(read(json!({"sub": ""})).unwrap().account, None);
        assert_eq!(read(json!({"sub": null})).unwrap().account, None);
        assert_eq!(read(json!({"access": null})).unwrap().scopes, []);
        let other = json!({"aud": ["elsewhere", "registry.example.com"], "access": [{"type": "repository", "name": "a", "class": "x", "actions": null}]});
        let scopes = read(other).unwrap().scopes;
        assert_eq!(scopes, [Scope::parse("repository:a:").unwrap()]);
    }

    #[test]
    fn a_token_that_is_not_for_here_or_not_for_now_is_not_good() {
        let signer = Signer::new();
        let read =
            |others: Value| expectation().read(&signer.sign(&header(), &claims(&others)), &signer.keys);
        for others in [
            json!({"iss": "elsewhere.example.com"}),
            json!({"iss": null}),
            json!({"aud": "elsewhere.example.com"}),
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"exp": now() - 90}),
            json!({"exp": null}),
            json!({"exp": "never"}),
            json!({"nbf": now() + 90}),
            json!({"access": "everything"}),
        ] {
            assert_eq!(read(others.clone()), None, "{others}");
        }
        // Clocks differ.
        for others in [
            json!({"exp": now() - 30}),
            json!({"nbf": now() + 30}),
            json!({"nbf": null}),
        ] {
            assert!(read(others.clone()).is_some(), "{others}");
        }
    }

    #[test]
    fn no_token_says_by_itself_how_or_with_what_it_is_checked() {
        let (signer, other) = (Signer::new(), Signer::new());
        let good = signer.sign(&header(), &claims(&json!({})));
        assert!(expectation().read(&good, &signer.keys).is_some());
        let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("no token");
        };
        // {"alg":"none","typ":"JWT"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        let public = signer.pair.subject_public_key_info();
        let by_secret = |secret: &[u8]| {
            let key = EncodingKey::from_secret(secret).unwrap();
            encode(&Header::new(Algorithm::HS256), &claims(&json!({})), &key).unwrap()
        };
        let mut named = header();
        named.jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(
            &EncodingKey::from_ec_der(&other.pair.serialize_der()),
            Algorithm::ES256,
        )
        .ok();
        named.jku = Some("https://elsewhere.example.com/keys".to_owned());
        let mut critical = header();
        critical.crit = Some(vec!["exp".to_owned()]);
        for forged in [
            format!("{none}.{body}."),
            format!("{none}.{body}.{signature}"),
            format!("{head}.{body}."),
            format!("{head}.{body}"),
            other.sign(&header(), &claims(&json!({}))),
            other.sign(&named, &claims(&json!({}))),
            signer.sign(&critical, &claims(&json!({}))),
            by_secret(signer.pair.public_key_pem().as_bytes()),
            by_secret(&public),
            by_secret(signer.pair.public_key_raw()),
        ] {
            assert_eq!(expectation().read(&forged, &signer.keys), None, "{forged}");
        }
    }
}
