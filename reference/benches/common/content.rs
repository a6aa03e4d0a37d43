//! What is pushed: random bytes with their digests.

use sha2::{Digest as _, Sha256};

/// The media type of the manifests that are pushed.
pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Bytes and their digest.
pub(crate) struct Blob {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: String,
}

impl Blob {
    /// A blob of these bytes.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes);
        let hex = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let digest = format!("sha256:{hex}");
        Self { bytes, digest }
    }
}

/// The manifest of an image.
pub(crate) fn manifest(config: &Blob, layers: &[Blob]) -> Blob {
    let layer = |layer| descriptor("application/vnd.oci.image.layer.v1.tar", layer);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    Blob::new(manifest.to_string().into_bytes())
}

/// How a manifest names a blob.
pub(crate) fn descriptor(media_type: &str, blob: &Blob) -> serde_json::Value {
    serde_json::json!({"mediaType": media_type, "digest": blob.digest, "size": blob.bytes.len()})
}

/// Numbers that repeat for the same seed (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.draw().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
