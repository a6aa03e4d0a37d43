//! Content that scenarios push: made from the seed, so that the same seed makes the same bytes again.

use std::sync::Arc;

pub(crate) use assize_legacy::signed::MEDIA_TYPE as SIGNED_MANIFEST;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256, Sha512};

use super::{drawn, sums};
use crate::scenario::ast::Algorithm;
use crate::wire::Payload;

/// The media type of an OCI image manifest.
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI image index.
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of a Docker image manifest, schema 2.
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The media type of a Docker manifest list.
pub(crate) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const BYTES: &str = "application/octet-stream";

/// Some bytes, what they are called, and what they refer to.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The bytes.
    pub payload: Payload,
    /// The media type.
    pub media_type: String,
    /// The algorithm of the digest by which it is known.
    pub algorithm: Algorithm,
    /// Where it stands in a whole, if it was cut from one.
    pub place: Option<PartPosition>,
    /// The config of an image.
    pub config: Option<Arc<Content>>,
    /// The layers of an image, as blobs.
    pub layers: Vec<Arc<Content>>,
    /// The manifests that an index lists.
    pub children: Vec<Arc<Content>>,
    /// The length of a chunk, for content that is made to be pushed in chunks.
    pub chunk: u64,
    /// Where its tag comes from.
    pub tagged: Tagged,
}

/// Where the tag of a content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tagged {
    /// It is made of the content, for content that is pushed.
    Made,
    /// The content was found under it.
    Found(String),
    /// The content was found by its digest, and no tag is known.
    Unknown,
}

/// The place of a part in its whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartPosition {
    /// The position of its first byte.
    pub start: u64,
    /// The length of the whole.
    pub whole: u64,
}

impl Content {
    /// A blob of these bytes.
    pub(crate) fn blob(bytes: impl Into<Payload>) -> Content {
        Content::of_type(bytes, BYTES)
    }

    /// Bytes of a media type.
    pub(crate) fn of_type(bytes: impl Into<Payload>, media_type: &str) -> Content {
        Content {
            payload: bytes.into(),
            media_type: media_type.to_owned(),
            algorithm: Algorithm::Sha256,
            place: None,
            config: None,
            layers: Vec::new(),
            children: Vec::new(),
            chunk: u64::MAX,
            tagged: Tagged::Made,
        }
    }

    /// The length in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.payload.len()
    }

    /// The bytes, all of them in memory.
    pub(crate) fn bytes(&self) -> Bytes {
        self.payload.bytes()
    }

    /// The digest by which it is known.
    pub(crate) fn digest(&self) -> String {
        self.digest_by(self.algorithm)
    }

    /// Its digest by an algorithm.
    pub(crate) fn digest_by(&self, algorithm: Algorithm) -> String {
        match algorithm {
            // A signed manifest has the digest of what was signed.
            Algorithm::Sha256 if self.media_type == SIGNED_MANIFEST => match sums::payload(&self.bytes()) {
                Some(payload) => digest(algorithm, &payload),
                None => format!("sha256:{}", hex(&self.payload.sha256())),
            },
            Algorithm::Sha256 => format!("sha256:{}", hex(&self.payload.sha256())),
            Algorithm::Sha512 => format!("sha512:{}", hex(&self.payload.hashed::<Sha512>())),
            // What is no archive has no TarSum, and is known as everything else is.
            Algorithm::TarSum => {
                sums::tarsum(&self.payload).unwrap_or_else(|_| self.digest_by(Algorithm::Sha256))
            }
        }
    }

    /// The part from `start` up to `end`, which knows its place.
    pub(crate) fn part(&self, start: u64, end: u64) -> Content {
        let end = end.min(self.size());
        let start = start.min(end);
        let offset = self.place.map_or(0, |place| place.start);
        let whole = self.place.map_or(self.size(), |place| place.whole);
        Content {
            place: Some(PartPosition {
                start: offset + start,
                whole,
            }),
            chunk: self.chunk,
            ..Content::blob(self.payload.slice(start..end))
        }
    }

    /// Whether it is a manifest, by its media type.
    pub(crate) fn is_manifest(&self) -> bool {
        [
            OCI_MANIFEST,
            OCI_INDEX,
            DOCKER_MANIFEST,
            DOCKER_LIST,
            SIGNED_MANIFEST,
        ]
        .contains(&self.media_type.as_str())
    }

    /// The same content with other bytes; what it refers to stays.
    pub(crate) fn with_bytes(&self, bytes: Vec<u8>) -> Content {
        Content {
            payload: bytes.into(),
            place: None,
            ..self.clone()
        }
    }

    /// A descriptor of it.
    pub(crate) fn descriptor(&self) -> Json {
        json!({ "mediaType": self.media_type, "digest": self.digest(), "size": self.size() })
    }

    /// The tag that it is to be pushed under, different for every content.
    pub(crate) fn tag(&self) -> String {
        format!("t-{}", &hex(&self.payload.sha256())[..16])
    }

    /// The tag by which it can be asked for, if one is known.
    pub(crate) fn known_tag(&self) -> Option<String> {
        match &self.tagged {
            Tagged::Made => Some(self.tag()),
            Tagged::Found(tag) => Some(tag.clone()),
            Tagged::Unknown => None,
        }
    }
}

/// The digest of `bytes` by `algorithm`, as text; of what was read before it is known what it is, by SHA-256.
pub(crate) fn digest(algorithm: Algorithm, bytes: &[u8]) -> String {
    match algorithm {
        Algorithm::Sha256 | Algorithm::TarSum => format!("sha256:{}", hex(&Sha256::digest(bytes))),
        Algorithm::Sha512 => format!("sha512:{}", hex(&Sha512::digest(bytes))),
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A source of content, fixed by a seed and a label: equal labels make equal content.
pub(crate) struct Maker {
    rng: ChaCha8Rng,
}

impl Maker {
    /// The maker for `label` under `seed`.
    pub(crate) fn new(seed: u64, label: &str) -> Maker {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(label.as_bytes());
        Maker {
            rng: ChaCha8Rng::from_seed(hash.finalize().into()),
        }
    }

    /// Text of `size` bytes that nobody else has. A short one is drawn at random, so that a reader can paste it; a longer
    /// one counts behind a mark that is, so that one command of shell makes it.
    pub(crate) fn random(&mut self, size: u64) -> Content {
        Content::blob(drawn::text(&mut self.rng, size))
    }

    /// Random text in `count` chunks of `chunk` bytes, the last one shorter.
    pub(crate) fn chunks(&mut self, count: u32, chunk: u64) -> Content {
        let whole = chunk.saturating_mul(u64::from(count.saturating_sub(1)));
        let size = whole.saturating_add(chunk / 2 + 1);
        Content {
            chunk,
            ..self.random(size)
        }
    }

    /// A fresh UUID, version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0u8; 16];
        self.rng.fill(&mut bytes[..]);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex(&bytes);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }

    /// As many different tags, in no order, of upper and lower case, digits and the marks that a tag may have.
    pub(crate) fn tags(&mut self, count: u32) -> Vec<String> {
        const HEADS: [&str; 6] = ["v1.", "V1.", "_", "a-", "B-", "0"];
        let mut tags: Vec<String> = (0..count)
            .map(|n| format!("{}{n}", HEADS[n as usize % HEADS.len()]))
            .collect();
        for end in (1..tags.len()).rev() {
            tags.swap(end, self.rng.random_range(0..=end));
        }
        tags
    }

    /// An image: its config, its layers, and the manifest that names them.
    pub(crate) fn image(&mut self, family: Family, shape: &ImageShape) -> Content {
        let layers = shape
            .layers
            .clone()
            .unwrap_or_else(|| vec![Arc::new(self.layer(family))]);
        let config = shape
            .config
            .clone()
            .unwrap_or_else(|| Arc::new(self.config(family, &layers)));
        let config = match &shape.config_type {
            Some(config_type) => Arc::new(Content {
                media_type: config_type.clone(),
                ..(*config).clone()
            }),
            None => config,
        };
        let mut manifest = Map::new();
        manifest.insert("schemaVersion".into(), json!(2));
        manifest.insert("mediaType".into(), json!(family.manifest()));
        shape.announce(&mut manifest);
        manifest.insert("config".into(), config.descriptor());
        let named: Vec<Json> = layers.iter().map(|layer| family.layer(layer)).collect();
        manifest.insert("layers".into(), json!(named));
        shape.attach(&mut manifest);
        Content {
            config: Some(config),
            layers,
            ..written(manifest, family.manifest())
        }
    }

    /// An index of `children`, each for a platform of its own.
    pub(crate) fn index(
        &mut self,
        family: Family,
        children: Vec<Arc<Content>>,
        shape: &ImageShape,
    ) -> Content {
        const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];
        let mut manifest = Map::new();
        manifest.insert("schemaVersion".into(), json!(2));
        manifest.insert("mediaType".into(), json!(family.index()));
        shape.announce(&mut manifest);
        let named: Vec<Json> = children
            .iter()
            .enumerate()
            .map(|(at, child)| {
                let mut descriptor = child.descriptor();
                descriptor["platform"] =
                    json!({ "architecture": ARCHITECTURES[at % ARCHITECTURES.len()], "os": "linux" });
                descriptor
            })
            .collect();
        manifest.insert("manifests".into(), json!(named));
        shape.attach(&mut manifest);
        if children.is_empty() && shape.annotations.is_none() {
            manifest.insert("annotations".into(), json!({ "org.example.assize": self.uuid() }));
        }
        Content {
            children,
            ..written(manifest, family.index())
        }
    }

    fn layer(&mut self, family: Family) -> Content {
        let text = self.random(900);
        Content::of_type(text.payload, family.layer_type())
    }

    fn config(&mut self, family: Family, layers: &[Arc<Content>]) -> Content {
        let diff_ids: Vec<String> = layers
            .iter()
            .map(|layer| layer.digest_by(Algorithm::Sha256))
            .collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Labels": { "org.example.assize": self.uuid() } },
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        Content::of_type(config.to_string().into_bytes(), family.config_type())
    }
}

fn written(manifest: Map<String, Json>, media_type: &str) -> Content {
    Content::of_type(Json::Object(manifest).to_string().into_bytes(), media_type)
}

/// The two families of media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// The OCI image specification.
    Oci,
    /// Docker's schema 2.
    Docker,
}

impl Family {
    fn manifest(self) -> &'static str {
        match self {
            Family::Oci => OCI_MANIFEST,
            Family::Docker => DOCKER_MANIFEST,
        }
    }

    fn index(self) -> &'static str {
        match self {
            Family::Oci => OCI_INDEX,
            Family::Docker => DOCKER_LIST,
        }
    }

    fn config_type(self) -> &'static str {
        match self {
            Family::Oci => OCI_CONFIG,
            Family::Docker => DOCKER_CONFIG,
        }
    }

    fn layer_type(self) -> &'static str {
        match self {
            Family::Oci => OCI_LAYER,
            Family::Docker => DOCKER_LAYER,
        }
    }

    fn layer(self, layer: &Content) -> Json {
        let mut descriptor = layer.descriptor();
        if layer.media_type == BYTES {
            descriptor["mediaType"] = json!(self.layer_type());
        }
        descriptor
    }
}

/// What an image or an index is to look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageShape {
    /// The artifact type.
    pub artifact_type: Option<String>,
    /// The manifest it refers to.
    pub subject: Option<Arc<Content>>,
    /// The layers; one of its own if `None`.
    pub layers: Option<Vec<Arc<Content>>>,
    /// The config; one of its own if `None`.
    pub config: Option<Arc<Content>>,
    /// The media type of the config.
    pub config_type: Option<String>,
    /// The annotations.
    pub annotations: Option<Map<String, Json>>,
}

impl ImageShape {
    fn announce(&self, manifest: &mut Map<String, Json>) {
        if let Some(artifact_type) = &self.artifact_type {
            manifest.insert("artifactType".into(), json!(artifact_type));
        }
    }

    fn attach(&self, manifest: &mut Map<String, Json>) {
        if let Some(subject) = &self.subject {
            manifest.insert("subject".into(), subject.descriptor());
        }
        if let Some(annotations) = &self.annotations {
            manifest.insert("annotations".into(), Json::Object(annotations.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_label_make_the_same_bytes() {
        let make = |seed, label| Maker::new(seed, label).random(100).digest();
        assert_eq!(make(7, "a"), make(7, "a"));
        assert_ne!(make(7, "a"), make(7, "b"));
        assert_ne!(make(7, "a"), make(8, "a"));
    }

    #[test]
    fn a_part_knows_its_place_in_the_whole() {
        let blob = Maker::new(1, "blob").chunks(3, 100);
        let second = blob.part(100, 200);
        assert_eq!(
            second.place,
            Some(PartPosition {
                start: 100,
                whole: 251
            })
        );
        assert_eq!(
            second.part(10, 20).place,
            Some(PartPosition {
                start: 110,
                whole: 251
            })
        );
    }

    #[test]
    fn tags_are_different_and_as_many_as_asked() {
        let tags: std::collections::BTreeSet<String> = Maker::new(1, "tags").tags(250).into_iter().collect();
        assert_eq!(tags.len(), 250);
    }

    #[test]
    fn an_image_names_its_config_and_layers_and_carries_them() {
        let image = Maker::new(1, "image").image(Family::Oci, &ImageShape::default());
        let manifest: Json = serde_json::from_slice(&image.bytes()).unwrap();
        assert_eq!(
            manifest["config"]["digest"],
            json!(image.config.unwrap().digest())
        );
        assert_eq!(manifest["layers"][0]["digest"], json!(image.layers[0].digest()));
    }
}
