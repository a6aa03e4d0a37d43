//! TarSum: a digest over the files of a tar archive, whatever their order and the padding between them.
//!
//! Of each file a SHA-256 is made over its header and its content; the sums of all files, sorted, make the digest
//! `tarsum.v1+sha256:…`.
//!
//! Sparse files are refused ([`TarError::Sparse`]). Docker's own reader summed them with their holes filled with zeros. Its
//! writer never made any, so no layer of Docker's holds one, while a header of 512 bytes can claim a hole of exabytes, and
//! whoever sums that is busy for as long as the sender likes.

mod archive;
mod error;
mod hasher;
mod header;
mod records;

use std::fmt;
use std::str::FromStr;

pub use error::TarError;
pub use hasher::{TarSumError, TarSumHasher};

/// How the header of a file is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The first one, which counts the time of a file and no extended attributes.
    Zero,
    /// The one of registries.
    One,
    /// The one in development, which never came to differ from [`Version::One`].
    Development,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 3] = [Self::Zero, Self::One, Self::Development];

    /// What stands before the `+` of a digest.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Zero => "tarsum",
            Self::One => "tarsum.v1",
            Self::Development => "tarsum.dev",
        }
    }
}

/// A digest such as `tarsum.v1+sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TarSum {
    version: Version,
    text: String,
}

/// A text that is no TarSum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATarSum {
    /// It does not begin with a version.
    #[error("a TarSum begins with tarsum+, tarsum.v1+ or tarsum.dev+")]
    Version,
    /// It names another algorithm than SHA-256, with which alone registries compare.
    #[error("a TarSum of a registry is made with sha256")]
    Algorithm,
    /// It ends otherwise than in 64 hexadecimal digits.
    #[error("a TarSum ends in 64 hexadecimal digits of lower case")]
    Digits,
}

/// How many digits a SHA-256 has.
const DIGITS: usize = 64;

impl TarSum {
    fn new(version: Version, digits: &str) -> Self {
        Self {
            version,
            text: format!("{}+sha256:{digits}", version.label()),
        }
    }

    /// How the header of a file was written down.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The digest as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for TarSum {
    type Err = NotATarSum;

    fn from_str(text: &str) -> Result<Self, NotATarSum> {
        let (label, sum) = text.split_once('+').ok_or(NotATarSum::Version)?;
        let version = Version::ALL.into_iter().find(|version| version.label() == label);
        let version = version.ok_or(NotATarSum::Version)?;
        let digits = sum.strip_prefix("sha256:").ok_or(NotATarSum::Algorithm)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS || !digits.bytes().all(is_digit) {
            return Err(NotATarSum::Digits);
        }
        Ok(Self::new(version, digits))
    }
}

impl fmt::Display for TarSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotATarSum, TarSum, Version};

    #[test]
    fn a_tarsum_is_a_version_an_algorithm_and_64_digits() {
        let digits = "0123456789abcdef".repeat(4);
        for version in Version::ALL {
            let text = format!("{}+sha256:{digits}", version.label());
            let sum: TarSum = text.parse().unwrap();
            assert_eq!((sum.version(), sum.to_string()), (version, text));
        }
        for (text, why) in [
            (format!("sha256:{digits}"), NotATarSum::Version),
            (format!("tarsum.v2+sha256:{digits}"), NotATarSum::Version),
            (format!("Tarsum+sha256:{digits}"), NotATarSum::Version),
            (format!("tarsum.v1+sha512:{digits}"), NotATarSum::Algorithm),
            (format!("tarsum.v1+{digits}"), NotATarSum::Algorithm),
            (format!("tarsum.v1+sha256:{}", &digits[1..]), NotATarSum::Digits),
            (
                format!("tarsum.v1+sha256:{}", digits.to_uppercase()),
                NotATarSum::Digits,
            ),
        ] {
            assert_eq!(text.parse::<TarSum>(), Err(why), "{text}");
        }
    }
}
