//! Archives and manifests that nobody would make: they are read or refused, in whatever pieces they come.

use crate::signed::{Content, SignedManifest};
use crate::tarsum::{TarSum, TarSumError, TarSumHasher, Version};

/// A target, with its name.
type Target = (&'static str, fn(&[u8]));

/// Each target.
pub const TARGETS: &[Target] = &[("archive", archive), ("signed", signed)];

/// An archive, behind a byte that says how many of its bytes come at once: that makes no difference.
fn archive(input: &[u8]) {
    let Some((piece, archive)) = input.split_first() else {
        return;
    };
    let piece = usize::from(*piece).max(1);
    assert_eq!(summed(archive, piece), summed(archive, archive.len().max(1)));
}

fn summed(archive: &[u8], piece: usize) -> Result<TarSum, TarSumError> {
    let mut hasher = TarSumHasher::new(Version::Zero);
    for piece in archive.chunks(piece) {
        hasher.update(piece)?;
    }
    hasher.finish()
}

/// A signed manifest: what it says is in what was signed.
fn signed(input: &[u8]) {
    if let Ok(manifest) = SignedManifest::verify(input) {
        assert!(!manifest.key_ids().is_empty());
        assert_eq!(
            Content::read(manifest.payload()).ok(),
            Content::read(input).ok(),
            "the text says something else than what was signed"
        );
    }
}

#[cfg(test)]
#[test]
fn no_input_breaks_anything() {
    assize_fuzz::hold("legacy", TARGETS);
}
