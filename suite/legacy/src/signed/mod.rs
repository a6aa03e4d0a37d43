//! Signed manifests: schema 1, with signatures in the manifest itself.
//!
//! A signed manifest is a manifest with one more member, `signatures`, at its end. What was signed, the payload, is the
//! text without that member, byte for byte: each signature says how long the beginning is that it has in common with the
//! text, and what comes behind that. The digest of the manifest is that of its payload, and the payload alone says what
//! the manifest is.

mod content;
mod key;
mod sign;

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use content::{Content, ContentError};
pub use key::{KeyError, SignatureAlgorithm};
pub use sign::{SigningError, SigningKey};

use key::PublicKey;

/// The media type of a signed manifest.
pub const MEDIA_TYPE: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// The media type of a manifest of schema 1 that need not be signed.
pub const UNSIGNED_MEDIA_TYPE: &str = "application/vnd.docker.distribution.manifest.v1+json";

/// A manifest that is signed as it says, by whatever keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedManifest {
    payload: Vec<u8>,
    key_ids: Vec<String>,
}

/// Why bytes are no signed manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It is no JSON object.
    #[error("it is no JSON object: {0}")]
    NotAnObject(String),
    /// It has no member `signatures`.
    #[error("it is not signed: it has no member `signatures`")]
    NotSigned,
    /// The list of signatures is none, or empty.
    #[error("it is not signed: `signatures` is no list with a signature in it")]
    NoSignature,
    /// A signature does not have the form of one.
    #[error("signature {0} does not have the form of one: {1}")]
    Form(usize, String),
    /// The signatures are over different payloads.
    #[error("the signatures do not agree on what they sign")]
    Disagreement,
    /// The payload is said to be longer than the text.
    #[error("what is signed is said to have more bytes than there are")]
    TooLong,
    /// The manifest says something that is not in the payload.
    #[error("it says something besides what is signed")]
    Unsigned,
    /// A key cannot be used.
    #[error("the key of signature {0}: {1}")]
    Key(usize, KeyError),
    /// A signature was made over something else, or with another key.
    #[error("signature {0} is not one of this manifest by its key")]
    Wrong(usize),
}

/// One signature, as it is written.
#[derive(Deserialize)]
struct Signature {
    header: Signer,
    signature: String,
    protected: String,
}

/// Who signed, and how.
#[derive(Deserialize)]
struct Signer {
    #[serde(default)]
    jwk: Option<Value>,
    #[serde(default)]
    x5c: Vec<String>,
    alg: String,
}

/// What a signature says about what it signs.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Format {
    format_length: usize,
    format_tail: String,
}

impl SignedManifest {
    /// Reads a signed manifest and verifies every signature of it.
    ///
    /// # Errors
    /// Says why it is none.
    pub fn verify(text: &[u8]) -> Result<Self, Unverified> {
        let MemberNames(names) =
            serde_json::from_slice(text).map_err(|error| Unverified::NotAnObject(error.to_string()))?;
        let mut outer: Map<String, Value> =
            serde_json::from_slice(text).map_err(|error| Unverified::NotAnObject(error.to_string()))?;
        let signatures = match outer.remove("signatures").ok_or(Unverified::NotSigned)? {
            Value::Array(signatures) if !signatures.is_empty() => signatures,
            _ => return Err(Unverified::NoSignature),
        };
        let form = |at: usize| move |error: serde_json::Error| Unverified::Form(at, error.to_string());
        let signatures = signatures.into_iter().enumerate();
        let signatures = signatures.map(|(at, one)| serde_json::from_value(one).map_err(form(at)));
        let signatures = signatures.collect::<Result<Vec<Signature>, _>>()?;
        let payload = payload(text, &signatures)?;
        // Of two members of one name, one of them unsigned, readers choose differently.
        if names.len() != outer.len() + 1 || serde_json::from_slice::<Map<_, _>>(&payload).ok() != Some(outer)
        {
            return Err(Unverified::Unsigned);
        }
        let signers = signatures.iter().enumerate();
        let key_ids = signers.map(|(at, signature)| signature.verify(at, &payload));
        Ok(Self {
            key_ids: key_ids.collect::<Result<_, _>>()?,
            payload,
        })
    }

    /// What was signed: the manifest without its signatures. Its digest is the digest of the manifest.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Who signed, each by the name of their key.
    #[must_use]
    pub fn key_ids(&self) -> &[String] {
        &self.key_ids
    }
}

/// The names of the members of an object, those that come twice as well.
struct MemberNames(Vec<String>);

impl<'de> Deserialize<'de> for MemberNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MemberNamesVisitor)
    }
}

struct MemberNamesVisitor;

impl<'de> Visitor<'de> for MemberNamesVisitor {
    type Value = MemberNames;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<MemberNames, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = access.next_entry::<String, IgnoredAny>()? {
            names.push(name);
        }
        Ok(MemberNames(names))
    }
}

/// What all signatures say that they sign.
fn payload(text: &[u8], signatures: &[Signature]) -> Result<Vec<u8>, Unverified> {
    let formats = signatures.iter().enumerate();
    let formats = formats.map(|(at, signature)| signature.format().map_err(|why| Unverified::Form(at, why)));
    let formats = formats.collect::<Result<Vec<_>, _>>()?;
    let (first, others) = formats.split_first().ok_or(Unverified::NoSignature)?;
    if others.iter().any(|other| other != first) {
        return Err(Unverified::Disagreement);
    }
    let beginning = text.get(..first.format_length).ok_or(Unverified::TooLong)?;
    let tail = BASE64_URL.decode(&first.format_tail);
    let tail = tail.map_err(|error| Unverified::Form(0, error.to_string()))?;
    Ok([beginning, &tail].concat())
}

impl Signature {
    /// What it says about what it signs.
    fn format(&self) -> Result<Format, String> {
        let protected = BASE64_URL
            .decode(&self.protected)
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&protected).map_err(|error| error.to_string())
    }

    /// Verifies that it signs the payload; returns the name of its key.
    fn verify(&self, at: usize, payload: &[u8]) -> Result<String, Unverified> {
        let form = |why: String| Unverified::Form(at, why);
        let key = |error| Unverified::Key(at, error);
        let public = match (self.header.x5c.first(), &self.header.jwk) {
            (Some(certificate), _) => {
                let der = BASE64_STANDARD
                    .decode(certificate)
                    .map_err(|error| form(error.to_string()))?;
                PublicKey::of_certificate(&der)
            }
            (None, Some(jwk)) => PublicKey::of_jwk(jwk),
            (None, None) => Err(KeyError::Missing),
        };
        let public = public.map_err(key)?;
        let signature = BASE64_URL
            .decode(&self.signature)
            .map_err(|error| form(error.to_string()))?;
        let signed = format!("{}.{}", self.protected, BASE64_URL.encode(payload));
        if public
            .verifies(&self.header.alg, signed.as_bytes(), &signature)
            .map_err(key)?
        {
            Ok(public.id())
        } else {
            Err(Unverified::Wrong(at))
        }
    }
}
