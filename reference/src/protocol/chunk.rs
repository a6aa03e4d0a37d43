//! The `Content-Range` of an uploaded chunk (spec: Pushing a blob in chunks).

/// The place of a chunk in its blob: `first-last`, inclusive on both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkRange {
    /// The offset of the first byte.
    pub(crate) first: u64,
    /// The number of bytes.
    pub(crate) length: u64,
}

impl ChunkRange {
    /// Reads `^[0-9]+-[0-9]+$`, with the last byte not before the first.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (position(first)?, position(last)?);
        let length = last.checked_sub(first)?.checked_add(1)?;
        Some(Self { first, length })
    }
}

/// Reads a byte position, which has digits only: no sign and no blank.
fn position(digits: &str) -> Option<u64> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ChunkRange;
    use crate::protocol::vectors;

    #[test]
    fn chunk_ranges_are_judged_as_the_vectors_say() {
        vectors::judge("chunk-ranges.toml", |text| ChunkRange::parse(text).is_some());
    }

    proptest! {
        #[test]
        fn a_chunk_range_says_where_and_how_long(first in 0..u64::MAX / 2, length in 1..u64::MAX / 2) {
            let text = format!("{first}-{}", first + length - 1);
            prop_assert_eq!(ChunkRange::parse(&text), Some(ChunkRange { first, length }));
        }
    }
}
