//! The keys of signatures: read from JSON or from a certificate, named, and used.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use data_encoding::BASE32;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is neither a key nor a certificate.
    #[error("there is neither a jwk nor an x5c")]
    Missing,
    /// The key is not of a known form.
    #[error("it is neither an EC key of P-256, P-384 or P-521 nor an RSA key")]
    Unknown,
    /// The certificate is none.
    #[error("the certificate cannot be read")]
    Certificate,
    /// The key does not have the name that it says it has.
    #[error("its kid is not the one that follows from the key")]
    Name,
    /// A signature by such an algorithm cannot be made with the key.
    #[error("{0} is not an algorithm for it")]
    Algorithm(String),
}

/// An algorithm of signatures, by its name in JSON Web Algorithms (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// ECDSA with P-521 and SHA-512.
    Es512,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
}

/// A curve: how it is called, its object identifier in DER, and how long a coordinate is.
struct Curve {
    name: &'static str,
    identifier: &'static [u8],
    coordinate: usize,
    algorithm: &'static str,
    verification: &'static dyn VerificationAlgorithm,
}

const CURVES: [Curve; 3] = [
    Curve {
        name: "P-256",
        identifier: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        coordinate: 32,
        algorithm: "ES256",
        verification: &ECDSA_P256_SHA256_FIXED,
    },
    Curve {
        name: "P-384",
        identifier: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        coordinate: 48,
        algorithm: "ES384",
        verification: &ECDSA_P384_SHA384_FIXED,
    },
    Curve {
        name: "P-521",
        identifier: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        coordinate: 66,
        algorithm: "ES512",
        verification: &ECDSA_P521_SHA512_FIXED,
    },
];

/// The object identifiers of keys: `id-ecPublicKey` and `rsaEncryption`.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The tags of DER that keys are made of.
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const NULL: u8 = 0x05;
const IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// A public key.
pub(super) struct PublicKey {
    /// SubjectPublicKeyInfo in DER (RFC 5280).
    der: Vec<u8>,
    kind: Kind,
}

enum Kind {
    Ec { curve: &'static Curve, point: Vec<u8> },
    Rsa,
}

impl PublicKey {
    /// Reads the key of a certificate. Who signed the certificate is another matter.
    pub(super) fn of_certificate(der: &[u8]) -> Result<Self, KeyError> {
        let der = der.into();
        let certificate = webpki::EndEntityCert::try_from(&der).map_err(|_| KeyError::Certificate)?;
        Self::of_der(certificate.subject_public_key_info().to_vec())
    }

    /// Reads a key in DER.
    fn of_der(der: Vec<u8>) -> Result<Self, KeyError> {
        for curve in &CURVES {
            let length = 1 + 2 * curve.coordinate;
            let point = der.len().checked_sub(length).map(|start| der[start..].to_vec());
            if let Some(point) = point.filter(|point| ec_key(curve, point) == der) {
                let kind = Kind::Ec { curve, point };
                return Ok(Self { der, kind });
            }
        }
        let is_rsa = der.windows(RSA.len()).any(|part| part == RSA);
        is_rsa
            .then_some(Self { der, kind: Kind::Rsa })
            .ok_or(KeyError::Unknown)
    }

    /// Reads a key in JSON (RFC 7517), which may say its name.
    pub(super) fn of_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let text = |member: &str| jwk.get(member).and_then(Value::as_str);
        let bytes = |member: &str| text(member).and_then(|text| BASE64_URL.decode(text).ok());
        let key = match (text("kty"), bytes("x"), bytes("y"), bytes("n"), bytes("e")) {
            (Some("EC"), Some(x), Some(y), ..) => {
                let curve = CURVES.iter().find(|curve| Some(curve.name) == text("crv"));
                let curve = curve.ok_or(KeyError::Unknown)?;
                if x.len() != curve.coordinate || y.len() != curve.coordinate {
                    return Err(KeyError::Unknown);
                }
                let point = [[4].as_slice(), &x, &y].concat();
                Self {
                    der: ec_key(curve, &point),
                    kind: Kind::Ec { curve, point },
                }
            }
            (Some("RSA"), _, _, Some(n), Some(e)) => Self {
                der: rsa_key(&n, &e),
                kind: Kind::Rsa,
            },
            _ => return Err(KeyError::Unknown),
        };
        match jwk.get("kid") {
            Some(name) if *name != key.id() => Err(KeyError::Name),
            _ => Ok(key),
        }
    }

    /// The name that follows from the key.
    pub(super) fn id(&self) -> String {
        let digest = Sha256::digest(&self.der);
        let text = BASE32.encode(&digest[..30]);
        let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(":")
    }

    /// Whether a signature by an algorithm is one of this key over a text.
    pub(super) fn verifies(&self, algorithm: &str, text: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        let (verification, key): (&'static dyn VerificationAlgorithm, &[u8]) = match (&self.kind, algorithm) {
            (Kind::Ec { curve, point }, algorithm) if algorithm == curve.algorithm => {
                (curve.verification, point)
            }
            (Kind::Rsa, "RS256") => (&RSA_PKCS1_2048_8192_SHA256, &self.der),
            (Kind::Rsa, "RS384") => (&RSA_PKCS1_2048_8192_SHA384, &self.der),
            (Kind::Rsa, "RS512") => (&RSA_PKCS1_2048_8192_SHA512, &self.der),
            _ => return Err(KeyError::Algorithm(algorithm.to_owned())),
        };
        Ok(UnparsedPublicKey::new(verification, key)
            .verify(text, signature)
            .is_ok())
    }
}

/// An EC key in DER.
fn ec_key(curve: &Curve, point: &[u8]) -> Vec<u8> {
    let algorithm = [der(IDENTIFIER, EC), der(IDENTIFIER, curve.identifier)].concat();
    public_key(&algorithm, point)
}

/// An RSA key in DER.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = [der(IDENTIFIER, RSA), der(NULL, &[])].concat();
    let numbers = [integer(modulus), integer(exponent)].concat();
    public_key(&algorithm, &der(SEQUENCE, &numbers))
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = [&[0], key].concat();
    der(SEQUENCE, &[der(SEQUENCE, algorithm), der(BITS, &bits)].concat())
}

/// A number that is not negative: without zeros at its beginning, but for one that keeps it from being so.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = &bytes[start..];
    match bytes.first() {
        Some(first) if first & 0x80 == 0 => der(INTEGER, bytes),
        _ => der(INTEGER, &[&[0], bytes].concat()),
    }
}

/// A value in DER: its tag, its length, and itself.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length = &length[length
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(length.len() - 1)..];
    let mut whole = vec![tag];
    if value.len() >= 0x80 {
        // At most eight bytes.
        whole.push(0x80 | length.len().to_le_bytes()[0]);
    }
    whole.extend(length);
    whole.extend(value);
    whole
}
