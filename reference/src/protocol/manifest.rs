//! Manifests: as much of their content as a registry has to understand (image spec: Image Manifest,
//! Image Index; Docker: Image Manifest V2, Schema 2).

use std::collections::BTreeSet;

use assize_legacy::signed::{Content, SignedManifest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::media_type::is_nondistributable;
use super::{Digest, ManifestType};

/// A manifest, understood.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// What kind of manifest it is.
    pub(crate) kind: ManifestType,
    /// The content that has to be in the repository already.
    pub(crate) required: BTreeSet<ReferencedContent>,
    /// Other content that it names: layers that need not be distributed.
    pub(crate) optional: BTreeSet<ReferencedContent>,
    /// The manifest that it refers to.
    pub(crate) subject: Option<Digest>,
    /// What a referrers list shows as its type.
    pub(crate) artifact_type: Option<String>,
    /// What a referrers list shows as its annotations.
    pub(crate) annotations: Option<Map<String, Value>>,
}

/// Content that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReferencedContent {
    /// A config or a layer.
    Blob(Digest),
    /// An entry of an index.
    Manifest(Digest),
}

impl ReferencedContent {
    /// The digest of the content.
    pub(crate) const fn digest(&self) -> &Digest {
        match self {
            Self::Blob(digest) | Self::Manifest(digest) => digest,
        }
    }
}

/// The descriptor of a manifest in a referrers list (spec: Listing Referrers).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferrerDescriptor<'a> {
    media_type: &'static str,
    size: usize,
    digest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a Map<String, Value>>,
}

impl Manifest {
    /// Reads a manifest; `content_type` is what the client calls it, if it says.
    ///
    /// # Errors
    /// Says in words what is wrong with the manifest.
    pub(crate) fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, String> {
        if content_type.and_then(ManifestType::parse) == Some(ManifestType::DockerSigned) {
            return Self::parse_signed(bytes);
        }
        let written: ManifestJson = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let kind = kind_of(&written, content_type)?;
        if written.schema_version != 2 {
            return Err(format!("schemaVersion is {}, not 2", written.schema_version));
        }
        let mut targets = Vec::new();
        if kind.is_index() {
            let children = written
                .manifests
                .as_ref()
                .ok_or("an index has a list of manifests")?;
            for child in children {
                targets.push((ReferencedContent::Manifest(child.digest()?), true));
            }
        } else {
            let config = written.config.as_ref().ok_or("an image manifest has a config")?;
            targets.push((ReferencedContent::Blob(config.digest()?), true));
            for layer in written.layers.iter().flatten() {
                targets.push((
                    ReferencedContent::Blob(layer.digest()?),
                    !is_nondistributable(&layer.media_type),
                ));
            }
        }
        let pick = |wanted: bool| {
            let picked = targets.iter().filter(|(_, required)| *required == wanted);
            picked.map(|(target, _)| target.clone()).collect::<BTreeSet<_>>()
        };
        let subject = match &written.subject {
            Some(subject) if kind.is_oci() => Some(subject.digest()?),
            _ => None,
        };
        Ok(Self {
            kind,
            required: pick(true),
            optional: pick(false),
            subject,
            artifact_type: artifact_type(&written),
            annotations: written.annotations,
        })
    }

    /// Reads a manifest that holds its own signature. What is not signed says nothing.
    fn parse_signed(bytes: &[u8]) -> Result<Self, String> {
        let signed = SignedManifest::verify(bytes).map_err(|error| error.to_string())?;
        let content = Content::read(signed.payload()).map_err(|error| error.to_string())?;
        let layers = content.layers.iter().map(|layer| {
            let digest = Digest::parse(layer).ok_or_else(|| format!("{layer:?} is not a digest"))?;
            Ok(ReferencedContent::Blob(digest))
        });
        Ok(Self {
            kind: ManifestType::DockerSigned,
            required: layers.collect::<Result<_, String>>()?,
            optional: BTreeSet::new(),
            subject: None,
            artifact_type: None,
            annotations: None,
        })
    }

    /// All content that it names.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &ReferencedContent> {
        self.required.iter().chain(&self.optional)
    }

    /// The entry of this manifest in a referrers list.
    pub(crate) fn referrer_descriptor(&self, digest: &Digest, size: usize) -> String {
        let descriptor = ReferrerDescriptor {
            media_type: self.kind.as_str(),
            size,
            digest: digest.as_str(),
            artifact_type: self.artifact_type.as_deref(),
            annotations: self.annotations.as_ref(),
        };
        // Strings, numbers and a map with string keys: nothing here fails to serialize.
        serde_json::to_string(&descriptor).unwrap_or_default()
    }
}

/// The members of a manifest that matter here; all others are kept but not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestJson {
    schema_version: u64,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<Map<String, Value>>,
}

/// A descriptor: all three members are required (image spec: Properties).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    #[serde(rename = "size")]
    _size: u64,
}

impl Descriptor {
    fn digest(&self) -> Result<Digest, String> {
        Digest::parse(&self.digest).ok_or_else(|| format!("{:?} is not a digest", self.digest))
    }
}

/// Settles the kind: the `Content-Type` says it, and a `mediaType` in the manifest must agree.
fn kind_of(written: &ManifestJson, content_type: Option<&str>) -> Result<ManifestType, String> {
    let understand = |text: &str| {
        ManifestType::parse(text).ok_or_else(|| format!("{text:?} is not the media type of a manifest"))
    };
    let declared = content_type.map(understand).transpose()?;
    let member = written
        .media_type
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(understand)
        .transpose()?;
    match (declared, member) {
        (Some(declared), Some(member)) if declared != member => Err(format!(
            "Content-Type is {} but mediaType is {}",
            declared.as_str(),
            member.as_str()
        )),
        (Some(kind), _) | (None, Some(kind)) => Ok(kind),
        (None, None) => Err("neither Content-Type nor mediaType says what the manifest is".to_owned()),
    }
}

/// The `artifactType` of the manifest; an image manifest without one is of the type of its config.
fn artifact_type(written: &ManifestJson) -> Option<String> {
    let own = written.artifact_type.as_ref().filter(|text| !text.is_empty());
    own.or_else(|| written.config.as_ref().map(|config| &config.media_type))
        .cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Manifest, ReferencedContent};
    use crate::protocol::{Algorithm, Digest, ManifestType};

    fn digest(content: &str) -> Digest {
        Digest::of(Algorithm::Sha256, content.as_bytes())
    }

    fn descriptor(media_type: &str, content: &str) -> Value {
        json!({"mediaType": media_type, "digest": digest(content).as_str(), "size": content.len()})
    }

    fn image() -> Value {
        json!({
            "schemaVersion": 2,
            "mediaType": ManifestType::OciImage.as_str(),
            "config": descriptor("application/vnd.example.config", "config"),
            "layers": [
                descriptor("application/vnd.oci.image.layer.v1.tar", "layer"),
                descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "foreign"),
            ],
        })
    }

    fn parse(manifest: &Value, content_type: Option<&str>) -> Result<Manifest, String> {
        Manifest::parse(manifest.to_string().as_bytes(), content_type)
    }

    #[test]
    fn an_image_requires_its_config_and_its_distributable_layers() {
        let manifest = parse(&image(), None).unwrap();
        let required = [
            ReferencedContent::Blob(digest("config")),
            ReferencedContent::Blob(digest("layer")),
        ];
        assert_eq!(manifest.required, required.into());
        assert_eq!(
            manifest.optional,
            [ReferencedContent::Blob(digest("foreign"))].into()
        );
    }

    #[test]
    fn an_image_without_artifact_type_has_that_of_its_config() {
        let mut written = image();
        for absent in [Value::Null, json!("")] {
            written["artifactType"] = absent;
            let manifest = parse(&written, None).unwrap();
            assert_eq!(
                manifest.artifact_type.as_deref(),
                Some("application/vnd.example.config")
            );
        }
        written["artifactType"] = json!("application/vnd.example");
        assert_eq!(
            parse(&written, None).unwrap().artifact_type.as_deref(),
            Some("application/vnd.example")
        );
    }

    #[test]
    fn an_index_without_artifact_type_has_none() {
        let index = json!({"schemaVersion": 2, "manifests": [], "subject": descriptor("a/b", "subject")});
        let manifest = parse(&index, Some(ManifestType::OciIndex.as_str())).unwrap();
        assert_eq!(manifest.subject, Some(digest("subject")));
        assert!(
            !manifest
                .referrer_descriptor(&digest("x"), 1)
                .contains("artifactType")
        );
    }

    #[test]
    fn a_type_that_contradicts_the_content_is_refused() {
        assert!(parse(&image(), Some(ManifestType::OciIndex.as_str())).is_err());
        assert!(parse(&image(), Some("text/plain")).is_err());
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let oci = Some(ManifestType::OciImage.as_str());
        for bytes in [
            "",
            "{",
            "null",
            "[]",
            "\"x\"",
            "{}",
            "\u{0}\u{1}",
            "{\"schemaVersion\":2}",
        ] {
            assert!(Manifest::parse(bytes.as_bytes(), oci).is_err(), "{bytes:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(Manifest::parse(deep.as_bytes(), oci).is_err());
    }

    #[test]
    fn a_malformed_subject_is_refused() {
        for subject in [json!({}), json!({"mediaType": "a/b", "digest": "x", "size": 1})] {
            let mut written = image();
            written["subject"] = subject;
            assert!(parse(&written, None).is_err());
        }
    }
}
