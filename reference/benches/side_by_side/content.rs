//! What is pushed: random bytes with their digests.

use std::time::{SystemTime, UNIX_EPOCH};

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

/// What all servers hold and are sent.
pub(crate) struct Content {
    pub(crate) large: Blob,
    pub(crate) small: Blob,
    pub(crate) config: Blob,
    pub(crate) manifest: Blob,
}

impl Content {
    /// Content with a large blob of so many bytes.
    pub(crate) fn new(size: usize) -> Self {
        let mut random = Random(7);
        let small = Blob::new(random.bytes(64 * 1024));
        let config = Blob::new(random.bytes(4 * 1024));
        Self {
            large: Blob::new(random.bytes(size)),
            manifest: manifest(&config, &small),
            small,
            config,
        }
    }
}

/// The manifest of an image.
pub(crate) fn manifest(config: &Blob, layer: &Blob) -> Blob {
    let descriptor = |media_type: &str, blob: &Blob| serde_json::json!({"mediaType": media_type, "digest": blob.digest, "size": blob.bytes.len()});
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    Blob::new(manifest.to_string().into_bytes())
}

/// Numbers that repeat for the same seed (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Numbers that were never drawn before.
    pub(crate) fn from_the_clock() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self(u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap())
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.draw() % limit as u64).unwrap()
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
