//! Digests and the hashing that they stand for (image spec: Descriptor, Digests).

use std::fmt;
use std::str::FromStr;

use assize_legacy::tarsum::{TarSumError, TarSumHasher, Version};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha512};

use super::NotARoute;

/// A hash algorithm that content can be addressed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Algorithm {
    /// SHA-256, which every registry supports.
    Sha256,
    /// SHA-512, which a registry may support.
    Sha512,
    /// A sum over the files of an archive, which registries of 2014 support.
    TarSum(Version),
}

impl Algorithm {
    const ALL: [Self; 5] = [
        Self::Sha256,
        Self::Sha512,
        Self::TarSum(Version::Zero),
        Self::TarSum(Version::One),
        Self::TarSum(Version::Development),
    ];

    /// Reads the name of an algorithm, as in `digest-algorithm=sha512`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// The name that stands before the colon of a digest.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::TarSum(Version::Zero) => "tarsum+sha256",
            Self::TarSum(Version::One) => "tarsum.v1+sha256",
            Self::TarSum(Version::Development) => "tarsum.dev+sha256",
        }
    }

    /// Whether a hash of it can be saved before it is finished: an upload may be opened for it.
    pub(crate) const fn is_resumable(self) -> bool {
        !matches!(self, Self::TarSum(_))
    }

    /// Those that an upload may be opened for.
    pub(crate) fn resumable() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|algorithm| algorithm.is_resumable())
    }

    /// The number of hex digits of its digests.
    const fn hex_length(self) -> usize {
        match self {
            Self::Sha256 | Self::TarSum(_) => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A digest of a supported algorithm, with lower-case hex digits in the right number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    text: String,
}

impl Digest {
    /// Reads a digest such as `sha256:e3b0…`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once(':')?;
        let algorithm = Algorithm::parse(name)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let valid = hex.len() == algorithm.hex_length() && hex.bytes().all(is_hex);
        valid.then(|| Self {
            algorithm,
            text: text.to_owned(),
        })
    }

    /// The digest of `bytes`.
    pub(crate) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm of the digest.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Digest {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        Self::parse(text).ok_or_else(|| NotARoute::new("a digest of a known algorithm", text))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A hash in progress.
#[derive(Clone)]
pub(crate) enum Hasher {
    /// SHA-256 in progress.
    Sha256(Sha256),
    /// SHA-512 in progress.
    Sha512(Sha512),
    /// A TarSum in progress, or why there will be none.
    TarSum(Version, Box<Result<TarSumHasher, TarSumError>>),
}

impl Hasher {
    /// Starts a hash over nothing.
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::TarSum(version) => Self::TarSum(version, Box::new(Ok(TarSumHasher::new(version)))),
        }
    }

    /// The algorithm of the hash.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
            Self::TarSum(version, _) => Algorithm::TarSum(*version),
        }
    }

    /// Adds `bytes` to the hash.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
            Self::TarSum(_, hash) => {
                if let Ok(summed) = hash.as_mut()
                    && let Err(error) = summed.update(bytes)
                {
                    **hash = Err(error);
                }
            }
        }
    }

    /// The state of the hash, from which [`Hasher::restore`] goes on; nothing if there is no going on.
    pub(crate) fn save(&self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.serialize().to_vec(),
            Self::Sha512(hash) => hash.serialize().to_vec(),
            Self::TarSum(..) => Vec::new(),
        }
    }

    /// A hash that goes on from a saved state; none if the bytes are no state of the algorithm.
    pub(crate) fn restore(algorithm: Algorithm, state: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Sha256 => restored(state).map(Self::Sha256),
            Algorithm::Sha512 => restored(state).map(Self::Sha512),
            Algorithm::TarSum(_) => None,
        }
    }

    /// Ends the hash. What has no TarSum gets a digest that is no well-formed one, so that nobody can have meant it.
    pub(crate) fn finish(self) -> Digest {
        let algorithm = self.algorithm();
        let hex = match self {
            Self::Sha256(hash) => to_hex(&hash.finalize()),
            Self::Sha512(hash) => to_hex(&hash.finalize()),
            Self::TarSum(_, hash) => {
                let text = match hash.and_then(TarSumHasher::finish) {
                    Ok(sum) => sum.as_str().to_owned(),
                    Err(error) => format!("{}: {error}", algorithm.as_str()),
                };
                return Digest { algorithm, text };
            }
        };
        Digest {
            algorithm,
            text: format!("{}:{hex}", algorithm.as_str()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hasher").field(&self.algorithm()).finish()
    }
}

fn restored<H: SerializableState>(state: &[u8]) -> Option<H> {
    H::deserialize(&SerializedState::<H>::try_from(state).ok()?).ok()
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Algorithm, Digest, Hasher};
    use crate::protocol::vectors;

    #[test]
    fn digests_are_judged_as_the_vectors_say() {
        vectors::judge("digests.toml", |text| Digest::parse(text).is_some());
    }

    #[test]
    fn content_has_the_digests_that_another_tool_computed() {
        for vector in vectors::read("content.toml").content {
            assert_eq!(
                Digest::of(Algorithm::Sha256, vector.text.as_bytes()).as_str(),
                vector.sha256
            );
            assert_eq!(
                Digest::of(Algorithm::Sha512, vector.text.as_bytes()).as_str(),
                vector.sha512
            );
        }
    }

    proptest! {
        #[test]
        fn a_digest_does_not_depend_on_how_the_content_is_cut_or_on_a_pause(
            content in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..300
        ) {
            let cut = cut.min(content.len());
            for algorithm in Algorithm::ALL {
                let mut hasher = Hasher::new(algorithm);
                hasher.update(&content[..cut]);
                if algorithm.is_resumable() {
                    hasher = Hasher::restore(algorithm, &hasher.save()).unwrap();
                }
                hasher.update(&content[cut..]);
                let digest = hasher.finish();
                prop_assert_eq!(&digest, &Digest::of(algorithm, &content));
                if algorithm.is_resumable() {
                    prop_assert_eq!(Digest::parse(digest.as_str()), Some(digest));
                }
            }
        }
    }
}
