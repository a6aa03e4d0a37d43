//! By what content of 2014 is known: what was signed of a manifest, and the TarSum of an archive.

use assize_legacy::signed::SignedManifest;
use assize_legacy::tarsum::{TarSumError, TarSumHasher, Version};

use crate::wire::Payload;

/// What was signed of a manifest that holds its signature; `None` if it is not signed as it says.
pub(crate) fn payload(manifest: &[u8]) -> Option<Vec<u8>> {
    let signed = SignedManifest::verify(manifest).ok()?;
    Some(signed.payload().to_vec())
}

/// The TarSum of an archive.
pub(super) fn tarsum(archive: &Payload) -> Result<String, TarSumError> {
    let mut hasher = TarSumHasher::new(Version::One);
    hasher.update(&archive.bytes())?;
    Ok(hasher.finish()?.to_string())
}
