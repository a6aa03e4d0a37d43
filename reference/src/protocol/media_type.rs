//! The media types of manifests (image spec: Media Types; Docker: Image Manifest V2, Schema 2 and Schema 1).

use assize_legacy::signed::{MEDIA_TYPE, SignedManifest, UNSIGNED_MEDIA_TYPE};

use super::{Algorithm, Digest};

/// The media type of an image index, which is also that of a referrers list.
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// A kind of manifest that the registry understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ManifestType {
    /// An OCI image manifest.
    OciImage,
    /// An OCI image index.
    OciIndex,
    /// A Docker image manifest, schema 2.
    DockerImage,
    /// A Docker manifest list.
    DockerList,
    /// A Docker manifest, schema 1, which holds its own signature.
    DockerSigned,
}

impl ManifestType {
    const ALL: [Self; 5] = [
        Self::OciImage,
        Self::OciIndex,
        Self::DockerImage,
        Self::DockerList,
        Self::DockerSigned,
    ];

    /// Reads a `Content-Type` or a `mediaType`: letter case and parameters do not matter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(UNSIGNED_MEDIA_TYPE) {
            return Some(Self::DockerSigned);
        }
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(essence))
    }

    /// The media type as it is registered.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OciImage => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => INDEX_TYPE,
            Self::DockerImage => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
            Self::DockerSigned => MEDIA_TYPE,
        }
    }

    /// The digest of a manifest of this kind: that of its bytes, or of what was signed of them.
    pub(crate) fn digest(self, algorithm: Algorithm, bytes: &[u8]) -> Digest {
        match self {
            Self::DockerSigned => {
                let signed = SignedManifest::verify(bytes);
                Digest::of(algorithm, signed.as_ref().map_or(bytes, SignedManifest::payload))
            }
            _ => Digest::of(algorithm, bytes),
        }
    }

    /// Whether the manifest lists other manifests.
    pub(crate) const fn is_index(self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }

    /// Whether the manifest follows the OCI image specification, the only one that knows a `subject`.
    pub(crate) const fn is_oci(self) -> bool {
        matches!(self, Self::OciImage | Self::OciIndex)
    }
}

/// Whether a layer of this type may be missing from the registry (image spec: Non-Distributable Layers).
pub(crate) fn is_nondistributable(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar")
}

#[cfg(test)]
mod tests {
    use super::ManifestType;

    #[test]
    fn letter_case_and_parameters_do_not_matter() {
        let written = "Application/Vnd.Oci.Image.Manifest.V1+Json ; charset=utf-8";
        assert_eq!(ManifestType::parse(written), Some(ManifestType::OciImage));
    }

    #[test]
    fn other_media_types_are_no_manifests() {
        assert_eq!(ManifestType::parse("application/json"), None);
        assert_eq!(ManifestType::parse(""), None);
    }
}
