//! Content of 2014: archives that are known by their TarSum, and signed manifests.

use std::sync::Arc;

use assize_legacy::signed::{MEDIA_TYPE, SignatureAlgorithm, SigningError, SigningKey};
use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use super::content::{Content, Maker};
use crate::scenario::ast::Algorithm;

/// How long a file of an archive is.
const FILE: u64 = 300;

/// The length of a header of an archive, and of what it is padded to.
const BLOCK: usize = 512;

impl Maker {
    /// A layer of 2014: an archive of two files, known by its TarSum.
    pub(crate) fn archive(&mut self) -> Content {
        let mut archive = Vec::new();
        for name in ["etc/motd", "hello"] {
            let file = self.random(FILE).bytes();
            archive.extend(header(name, file.len()));
            archive.extend_from_slice(&file);
            archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        }
        archive.extend([0; 2 * BLOCK]);
        Content {
            algorithm: Algorithm::TarSum,
            ..Content::blob(archive)
        }
    }

    /// A manifest of schema 1 for a tag of a repository, signed with a new key.
    pub(crate) fn signed(
        &mut self,
        name: &str,
        tag: &str,
        layers: Option<Vec<Arc<Content>>>,
    ) -> Result<Content, SigningError> {
        let layers = layers.unwrap_or_else(|| vec![Arc::new(self.archive())]);
        let named = layers.iter().map(|layer| json!({ "blobSum": layer.digest() }));
        let images = layers.iter().map(|layer| {
            let sha256 = layer.digest_by(Algorithm::Sha256);
            let id = sha256.split_once(':').map_or("", |(_, hex)| hex);
            json!({ "v1Compatibility": json!({ "id": id }).to_string() })
        });
        let manifest = json!({
            "schemaVersion": 1,
            "name": name,
            "tag": tag,
            "architecture": "amd64",
            "fsLayers": named.collect::<Vec<Json>>(),
            "history": images.collect::<Vec<Json>>(),
        });
        let key = SigningKey::generate(SignatureAlgorithm::Es256)?;
        let signed = key.sign(manifest.to_string().as_bytes(), OffsetDateTime::now_utc())?;
        Ok(Content {
            layers,
            ..Content::of_type(signed, MEDIA_TYPE)
        })
    }
}

/// The header of a file, as POSIX has it.
fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, "12422037660");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    block[154] = 0;
    block
}

#[cfg(test)]
mod tests {
    use super::Maker;
    use crate::values::{Content, payload};

    #[test]
    fn what_is_made_of_2014_is_what_it_says() {
        let mut maker = Maker::new(1, "test");
        let layer = maker.archive();
        assert!(
            layer.digest().starts_with("tarsum.v1+sha256:"),
            "{}",
            layer.digest()
        );
        let manifest = maker.signed("a/b", "v1", None).unwrap();
        let signed = payload(&manifest.bytes()).unwrap();
        assert_eq!(manifest.digest(), Content::blob(signed).digest());
    }
}
