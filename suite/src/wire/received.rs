//! The body of an answer: its length and its digest, and the bytes as far as they are kept.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The body of an answer.
#[derive(Clone)]
pub struct Received {
    length: u64,
    sha256: [u8; 32],
    kept: Bytes,
}

impl Received {
    /// A body of which only this beginning is kept.
    pub fn part(length: u64, sha256: [u8; 32], kept: Bytes) -> Received {
        Received { length, sha256, kept }
    }

    /// How many bytes came.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether no byte came.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The SHA-256 of all bytes that came.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The SHA-256 of all bytes that came, as `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> String {
        let digits = self.sha256.iter().map(|byte| format!("{byte:02x}"));
        format!("sha256:{}", digits.collect::<String>())
    }

    /// What is kept of it: everything, or the beginning.
    pub fn bytes(&self) -> Bytes {
        self.kept.clone()
    }

    /// The same, borrowed.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Whether what is kept is everything.
    pub fn is_whole(&self) -> bool {
        self.kept.len() as u64 == self.length
    }

    /// Whether exactly these bytes came, be they kept or not.
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.length == bytes.len() as u64 && self.sha256 == <[u8; 32]>::from(Sha256::digest(bytes))
    }
}

impl PartialEq for Received {
    fn eq(&self, other: &Received) -> bool {
        (self.length, self.sha256) == (other.length, other.sha256)
    }
}

impl Eq for Received {}

impl fmt::Debug for Received {
    /// Leaves the bytes out: they may be many, and those of a token server are a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

impl<T: Into<Bytes>> From<T> for Received {
    /// A body that is kept whole.
    fn from(bytes: T) -> Received {
        let kept = bytes.into();
        Received {
            length: kept.len() as u64,
            sha256: Sha256::digest(&kept).into(),
            kept,
        }
    }
}
