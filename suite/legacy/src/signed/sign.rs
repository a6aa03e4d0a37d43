//! The signing of a manifest.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::key::{PublicKey, SignatureAlgorithm};

/// By how much every level of a signed manifest is indented.
const INDENT: &str = "   ";

/// A key that manifests are signed with.
#[derive(Debug)]
pub struct SigningKey {
    algorithm: SignatureAlgorithm,
    pair: Pair,
    /// The certificates that are shown in place of the key, its own first.
    certificates: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// Why a manifest was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// There is no key, or it does not sign.
    #[error("the key cannot be made, or does not sign")]
    Key,
    /// What is to be signed is no JSON object with a member, or has signatures already.
    #[error("what is signed is a JSON object with members, and `signatures` is none of them")]
    Payload,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// The system has no random numbers for it.
    pub fn generate(algorithm: SignatureAlgorithm) -> Result<Self, SigningError> {
        let pair = match ecdsa(algorithm) {
            Some(signing) => EcdsaKeyPair::generate(signing).map(Pair::Ec),
            None => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(Box::new(pair))),
        };
        Ok(Self {
            algorithm,
            pair: pair.map_err(|_| SigningError::Key)?,
            certificates: Vec::new(),
        })
    }

    /// A key in PKCS #8, with certificates that are shown in its place, in DER, its own first.
    ///
    /// # Errors
    /// It is no key for the algorithm.
    pub fn with_certificates(
        algorithm: SignatureAlgorithm,
        pkcs8: &[u8],
        certificates: Vec<Vec<u8>>,
    ) -> Result<Self, SigningError> {
        let pair = match ecdsa(algorithm) {
            Some(signing) => EcdsaKeyPair::from_pkcs8(signing, pkcs8).map(Pair::Ec),
            None => RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Pair::Rsa(Box::new(pair))),
        };
        Ok(Self {
            algorithm,
            pair: pair.map_err(|_| SigningError::Key)?,
            certificates,
        })
    }

    /// Signs a manifest: what comes out is its text with one more member, which says when it was signed.
    ///
    /// # Errors
    /// It is nothing that can be signed.
    pub fn sign(&self, payload: &[u8], now: OffsetDateTime) -> Result<Vec<u8>, SigningError> {
        let members: Map<String, Value> =
            serde_json::from_slice(payload).map_err(|_| SigningError::Payload)?;
        if members.is_empty() || members.contains_key("signatures") {
            return Err(SigningError::Payload);
        }
        let end = payload
            .iter()
            .rposition(|byte| *byte == b'}')
            .ok_or(SigningError::Payload)?;
        let last = payload[..end]
            .iter()
            .rposition(|byte| !byte.is_ascii_whitespace());
        let (beginning, tail) = payload.split_at(last.ok_or(SigningError::Payload)? + 1);
        let now = now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339);
        let protected = json!({
            "formatLength": beginning.len(),
            "formatTail": BASE64_URL.encode(tail),
            "time": now.map_err(|_| SigningError::Payload)?,
        });
        let protected = BASE64_URL.encode(protected.to_string());
        let signature = self.signature(&format!("{protected}.{}", BASE64_URL.encode(payload)))?;
        let signatures = json!([{
            "header": self.header()?,
            "signature": BASE64_URL.encode(signature),
            "protected": protected,
        }]);
        let is_indented = payload.starts_with(b"{\n");
        Ok([beginning, member(&signatures, is_indented)?.as_bytes()].concat())
    }

    fn signature(&self, text: &str) -> Result<Vec<u8>, SigningError> {
        let (random, text) = (SystemRandom::new(), text.as_bytes());
        match &self.pair {
            Pair::Ec(pair) => pair
                .sign(&random, text)
                .map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature);
                signed.map(|()| signature)
            }
        }
        .map_err(|_| SigningError::Key)
    }

    /// Who signs, by a key or by certificates, and how.
    fn header(&self) -> Result<Value, SigningError> {
        let (algorithm, _) = names(self.algorithm);
        if !self.certificates.is_empty() {
            let certificates = self.certificates.iter().map(|der| BASE64_STANDARD.encode(der));
            return Ok(json!({"alg": algorithm, "x5c": certificates.collect::<Vec<_>>()}));
        }
        let mut jwk = self.jwk();
        let id = PublicKey::of_jwk(&Value::Object(jwk.clone()))
            .map_err(|_| SigningError::Key)?
            .id();
        jwk.insert("kid".to_owned(), id.into());
        jwk.sort_keys();
        Ok(json!({"jwk": jwk, "alg": algorithm}))
    }

    /// The public key.
    fn jwk(&self) -> Map<String, Value> {
        let encoded = |bytes: &[u8]| Value::from(BASE64_URL.encode(bytes));
        let members = match &self.pair {
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at((point.len() - 1) / 2);
                let (_, curve) = names(self.algorithm);
                vec![
                    ("kty", "EC".into()),
                    ("crv", curve.into()),
                    ("x", encoded(x)),
                    ("y", encoded(y)),
                ]
            }
            Pair::Rsa(pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                let numbers = [("n", n), ("e", e)];
                let numbers =
                    numbers.map(|(name, number)| (name, encoded(number.big_endian_without_leading_zero())));
                [("kty", "RSA".into())].into_iter().chain(numbers).collect()
            }
        };
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// How an algorithm and the curve of it are called.
const fn names(algorithm: SignatureAlgorithm) -> (&'static str, &'static str) {
    match algorithm {
        SignatureAlgorithm::Es256 => ("ES256", "P-256"),
        SignatureAlgorithm::Es384 => ("ES384", "P-384"),
        SignatureAlgorithm::Es512 => ("ES512", "P-521"),
        SignatureAlgorithm::Rs256 => ("RS256", ""),
    }
}

/// How keys of an algorithm sign, if they are such of a curve.
fn ecdsa(algorithm: SignatureAlgorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        SignatureAlgorithm::Es256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        SignatureAlgorithm::Es384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        SignatureAlgorithm::Es512 => Some(&ECDSA_P521_SHA512_FIXED_SIGNING),
        SignatureAlgorithm::Rs256 => None,
    }
}

/// The member behind the others, and the end of the manifest, in the look of what stands before it.
fn member(signatures: &Value, is_indented: bool) -> Result<String, SigningError> {
    if !is_indented {
        return Ok(format!(",\"signatures\":{signatures}}}"));
    }
    let mut text = Vec::new();
    let mut writer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(INDENT.as_bytes()));
    signatures
        .serialize(&mut writer)
        .map_err(|_| SigningError::Payload)?;
    let text = String::from_utf8(text).map_err(|_| SigningError::Payload)?;
    let text = text.replace('\n', &format!("\n{INDENT}"));
    Ok(format!(",\n{INDENT}\"signatures\": {text}\n}}"))
}
