//! The keys that signed tokens are checked with: certificates and public keys in PEM, or a JSON Web Key Set (RFC 7517).

use std::path::PathBuf;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde::Deserialize;
use serde_json::Value;

/// How many keys are trusted at most: a token that does not name its key is tried with all of them.
const MOST: usize = 64;

/// A kind of key: the algorithms by which it signs, and how it is told from others in DER.
struct KeyKind {
    algorithms: &'static [Algorithm],
    verification: &'static dyn VerificationAlgorithm,
    key: fn(&[u8]) -> DecodingKey,
}

const P256: KeyKind = KeyKind {
    algorithms: &[Algorithm::ES256],
    verification: &ECDSA_P256_SHA256_FIXED,
    key: DecodingKey::from_ec_der,
};
const P384: KeyKind = KeyKind {
    algorithms: &[Algorithm::ES384],
    verification: &ECDSA_P384_SHA384_FIXED,
    key: DecodingKey::from_ec_der,
};
const RSA: KeyKind = KeyKind {
    algorithms: &[
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ],
    verification: &RSA_PKCS1_2048_8192_SHA256,
    key: DecodingKey::from_rsa_der,
};
const ED25519_KEY: KeyKind = KeyKind {
    algorithms: &[Algorithm::EdDSA],
    verification: &ED25519,
    key: DecodingKey::from_ed_der,
};

/// Every kind, as it is told to whoever gives another one.
const KINDS: [KeyKind; 4] = [P256, P384, RSA, ED25519_KEY];
const KINDS_IN_WORDS: &str = "P-256, P-384, RSA of 2048 bits or more, and Ed25519";

/// A key, and the tokens that it may have signed.
struct TrustedKey {
    /// Its name in a set.
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Keys that are trusted.
#[derive(Default)]
pub(crate) struct TrustedKeys(Vec<TrustedKey>);

impl TrustedKeys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut keys = Vec::new();
        for file in files {
            let content = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let read = Self::parse(&content).map_err(|why| format!("{}: {why}", file.display()))?;
            keys.extend(read.0);
        }
        Ok(Self(keys))
    }

    /// Reads keys, in whichever of the two forms they are.
    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        let keys = if content.trim_ascii_start().starts_with(b"{") {
            of_set(content)
        } else {
            of_pem(content)
        }?;
        match keys.len() {
            0 => Err(format!(
                "there is no certificate, public key or key set in it with a key of a kind that is known here: {KINDS_IN_WORDS}"
            )),
            1..=MOST => Ok(Self(keys)),
            count => Err(format!(
                "there are {count} keys in it, and no more than {MOST} are trusted at once"
            )),
        }
    }

    /// Whether it may be that a token which begins with a header was signed by one that is not among these: it names it.
    pub(super) fn lack(&self, header: &Header) -> bool {
        let may_be_meant = |key: &TrustedKey| key.id.is_none() || key.id == header.kid;
        header.kid.is_some() && !self.0.iter().any(may_be_meant)
    }

    /// The keys by which a token may be signed that begins with a header: that of the name which it gives, or else all
    /// of the kind that its algorithm takes. The algorithm chooses among keys, and never what a key is used for.
    pub(super) fn that_may_have_signed(&self, header: &Header) -> impl Iterator<Item = &DecodingKey> {
        let is_named = |key: &&TrustedKey| key.id.is_some() && key.id == header.kid;
        let named = self.0.iter().find(is_named).map(|key| &key.id);
        let algorithm = header.alg;
        let fitting = self
            .0
            .iter()
            .filter(move |key| key.algorithms.contains(&algorithm) && named.is_none_or(|id| *id == key.id));
        fitting.map(|key| &key.key)
    }
}

impl std::fmt::Debug for TrustedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TrustedKeys({})", self.0.len())
    }
}

/// The keys of a text in PEM.
fn of_pem(content: &[u8]) -> Result<Vec<TrustedKey>, String> {
    let mut keys = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(content) {
        match section.map_err(|error| error.to_string())? {
            (SectionKind::Certificate, der) => keys.push(of_certificate(&der.into())?),
            (SectionKind::PublicKey, der) => keys.push(of_der(&der)?),
            (SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, _) => {
                return Err(PRIVATE.to_owned());
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// What is said of a key that is nobody's business but the issuer's.
const PRIVATE: &str = "there is a private key in it, with which its holder signs tokens; to check them takes the public key or the certificate";

fn of_certificate(der: &CertificateDer<'_>) -> Result<TrustedKey, String> {
    let certificate = webpki::EndEntityCert::try_from(der);
    let certificate = certificate.map_err(|error| format!("a certificate in it cannot be read: {error}"))?;
    of_der(&certificate.subject_public_key_info())
}

fn of_der(der: &[u8]) -> Result<TrustedKey, String> {
    let is_of_kind = |kind: &&KeyKind| ParsedPublicKey::new(kind.verification, der).is_ok();
    let kind = KINDS.iter().find(is_of_kind);
    let kind =
        kind.ok_or_else(|| format!("a key in it is of no kind that is known here: {KINDS_IN_WORDS}"))?;
    Ok(TrustedKey {
        id: None,
        algorithms: kind.algorithms.to_vec(),
        key: (kind.key)(der),
    })
}

/// The keys of a set. What is not for signatures, or not known here, is passed over (RFC 7517, section 5).
fn of_set(content: &[u8]) -> Result<Vec<TrustedKey>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(content).map_err(|error| format!("it is no key set: {error}"))?;
    if set.keys.iter().any(|key| key.get("d").is_some()) {
        return Err(PRIVATE.to_owned());
    }
    let keys = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value(key).ok());
    Ok(keys.filter_map(|key| of_jwk(&key)).collect())
}

fn of_jwk(jwk: &Jwk) -> Option<TrustedKey> {
    let kind = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => P256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => P384,
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => ED25519_KEY,
        // With a secret that both sides know, whoever checks a token could have signed it.
        _ => return None,
    };
    let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let mut algorithms = kind.algorithms.to_vec();
    if let Some(only) = jwk.common.key_algorithm {
        let only = only.to_string().parse::<Algorithm>();
        algorithms.retain(|algorithm| only.as_ref() == Ok(algorithm));
    }
    if !is_for_signatures || algorithms.is_empty() {
        return None;
    }
    Some(TrustedKey {
        id: jwk.common.key_id.clone(),
        algorithms,
        key: DecodingKey::from_jwk(jwk).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
        PKCS_RSA_SHA256, SignatureAlgorithm,
    };
    use serde_json::{Value, json};

    use super::{Jwk, TrustedKeys};

    /// How many of the keys of a text may have signed by an algorithm.
    fn fitting(content: &str, algorithm: Algorithm, id: Option<&str>) -> usize {
        let mut header = Header::new(algorithm);
        header.kid = id.map(str::to_owned);
        let keys = TrustedKeys::parse(content.as_bytes()).unwrap();
        keys.that_may_have_signed(&header).count()
    }

    fn pair(kind: &'static SignatureAlgorithm) -> KeyPair {
        KeyPair::generate_for(kind).unwrap()
    }

    fn certificate(pair: &KeyPair) -> String {
        CertificateParams::default().self_signed(pair).unwrap().pem()
    }

    fn set(keys: &[Value]) -> String {
        json!({ "keys": keys }).to_string()
    }

    /// A key of P-256 in JSON, with some members more.
    fn jwk(members: &Value) -> Value {
        let key = EncodingKey::from_ec_der(&pair(&PKCS_ECDSA_P256_SHA256).serialize_der());
        let mut jwk = json!(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap());
        let more = members.as_object().unwrap().clone();
        jwk.as_object_mut().unwrap().extend(more);
        jwk
    }

    #[test]
    fn keys_are_read_from_certificates_and_public_keys_and_each_is_for_its_algorithms() {
        for (kind, algorithm, another) in [
            (&PKCS_ECDSA_P256_SHA256, Algorithm::ES256, Algorithm::ES384),
            (&PKCS_ECDSA_P384_SHA384, Algorithm::ES384, Algorithm::ES256),
            (&PKCS_ED25519, Algorithm::EdDSA, Algorithm::ES256),
            (&PKCS_RSA_SHA256, Algorithm::RS256, Algorithm::HS256),
        ] {
            let pair = pair(kind);
            for text in [certificate(&pair), pair.public_key_pem()] {
                assert_eq!(fitting(&text, algorithm, None), 1, "{algorithm:?}");
                assert_eq!(fitting(&text, another, None), 0, "{algorithm:?}");
            }
        }
        let two = [pair(&PKCS_ECDSA_P256_SHA256), pair(&PKCS_ECDSA_P256_SHA256)];
        let both = format!("# two\n{}\n{}", certificate(&two[0]), two[1].public_key_pem());
        assert_eq!(fitting(&both, Algorithm::ES256, Some("whatever")), 2);
    }

    #[test]
    fn a_signature_is_checked_by_a_key_of_each_kind() {
        for (kind, algorithm) in [
            (&PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
            (&PKCS_ECDSA_P384_SHA384, Algorithm::ES384),
            (&PKCS_ED25519, Algorithm::EdDSA),
        ] {
            let pair = pair(kind);
            let der = pair.serialize_der();
            let key = match algorithm {
                Algorithm::EdDSA => EncodingKey::from_ed_der(&der),
                _ => EncodingKey::from_ec_der(&der),
            };
            let signed = encode(&Header::new(algorithm), &json!({}), &key).unwrap();
            let (message, signature) = signed.rsplit_once('.').unwrap();
            let keys = TrustedKeys::parse(certificate(&pair).as_bytes()).unwrap();
            let header = Header::new(algorithm);
            let mut fitting = keys.that_may_have_signed(&header);
            let is_good = |key| jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm);
            assert!(fitting.any(|key| is_good(key).unwrap()), "{algorithm:?}");
        }
    }

    #[test]
    fn of_a_set_what_is_for_signatures_is_taken_and_a_name_chooses() {
        let keys = [
            jwk(&json!({"kid": "one"})),
            jwk(&json!({"kid": "two", "use": "sig"})),
            jwk(&json!({"kid": "three", "use": "enc"})),
            jwk(&json!({"kid": "four", "alg": "ES384"})),
            json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "five"}),
            json!({"kty": "from the future"}),
        ];
        assert_eq!(fitting(&set(&keys), Algorithm::ES256, None), 2);
        assert_eq!(fitting(&set(&keys), Algorithm::ES256, Some("two")), 1);
        assert_eq!(fitting(&set(&keys), Algorithm::ES256, Some("unknown")), 2);
        for algorithm in [Algorithm::HS256, Algorithm::ES384, Algorithm::RS256] {
            assert_eq!(fitting(&set(&keys), algorithm, None), 0);
        }
    }

    #[test]
    fn what_holds_no_key_that_can_be_trusted_is_refused_in_words() {
        let secret = pair(&PKCS_ECDSA_P256_SHA256).serialize_pem();
        let secret_with_certificate = secret.clone() + &certificate(&pair(&PKCS_ECDSA_P256_SHA256));
        let oct = set(&[json!({"kty": "oct", "k": "c2VjcmV0"})]);
        let many = set(&(0..65).map(|_| jwk(&json!({}))).collect::<Vec<_>>());
        for (content, why) in [
            ("", "there is no certificate, public key or key set in it"),
            ("nonsense", "there is no certificate, public key or key set in it"),
            ("{}", "it is no key set"),
            (&oct, "there is no certificate, public key or key set in it"),
            (&secret, "there is a private key in it"),
            (&secret_with_certificate, "there is a private key in it"),
            (&set(&[jwk(&json!({"d": "AA"}))]), "there is a private key in it"),
            (&many, "there are 65 keys in it"),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                "is of no kind that is known here",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "a certificate in it cannot be read",
            ),
        ] {
            let error = TrustedKeys::parse(content.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
