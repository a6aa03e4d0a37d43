//! What a registry offers, and how it uses the freedom that the protocol leaves.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::BlobRedirect;

/// What happens to a manifest that names content the repository does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingContent {
    /// It is refused with MANIFEST_BLOB_UNKNOWN
    #[default]
    Refuse,
    /// It is accepted
    Accept,
}

/// The parts of the protocol that a registry may leave out, all offered unless switched off, and what is not of it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice of its own, named after what it refuses"
)]
pub struct Offer {
    /// Refuse every change
    #[arg(long, env = "ASSIZE_REFERENCE_READ_ONLY")]
    pub read_only: bool,

    /// Refuse the deletion of blobs
    #[arg(long, env = "ASSIZE_REFERENCE_NO_BLOB_DELETION")]
    pub no_blob_deletion: bool,

    /// Refuse the deletion of manifests
    #[arg(long, env = "ASSIZE_REFERENCE_NO_MANIFEST_DELETION")]
    pub no_manifest_deletion: bool,

    /// Refuse the deletion of tags
    #[arg(long, env = "ASSIZE_REFERENCE_NO_TAG_DELETION")]
    pub no_tag_deletion: bool,

    /// Answer every mount with an upload
    #[arg(long, env = "ASSIZE_REFERENCE_NO_MOUNT")]
    pub no_mount: bool,

    /// Mount only from a repository that the client names
    #[arg(long, env = "ASSIZE_REFERENCE_NO_ANONYMOUS_MOUNT")]
    pub no_anonymous_mount: bool,

    /// Answer a POST that carries a whole blob with an upload
    #[arg(long, env = "ASSIZE_REFERENCE_NO_SINGLE_POST")]
    pub no_single_post: bool,

    /// Leave out the referrers API
    #[arg(long, env = "ASSIZE_REFERENCE_NO_REFERRERS")]
    pub no_referrers: bool,

    /// List referrers without filtering them by artifactType
    #[arg(long, env = "ASSIZE_REFERENCE_NO_REFERRERS_FILTER")]
    pub no_referrers_filter: bool,

    /// Ignore tag parameters when a manifest is pushed by digest
    #[arg(long, env = "ASSIZE_REFERENCE_NO_TAG_PARAMETERS")]
    pub no_tag_parameters: bool,

    /// Leave out the list of repositories
    #[arg(long, env = "ASSIZE_REFERENCE_NO_CATALOG")]
    pub no_catalog: bool,

    /// Accept sha256 digests only
    #[arg(long, env = "ASSIZE_REFERENCE_NO_SHA512")]
    pub no_sha512: bool,

    /// Ignore Range headers of downloads
    #[arg(long, env = "ASSIZE_REFERENCE_NO_RANGES")]
    pub no_ranges: bool,

    /// What to do with a manifest that names content the repository does not have
    #[arg(long, env = "ASSIZE_REFERENCE_MISSING_CONTENT", value_enum, default_value_t)]
    pub missing_content: MissingContent,

    /// Redirect downloads of blobs to this base URL, which serves the same paths; `self` redirects them to
    /// signed URLs of the registry
    #[arg(long, env = "ASSIZE_REFERENCE_REDIRECT_BLOBS")]
    pub redirect_blobs: Option<BlobRedirect>,

    /// Take what registries of 2014 took as well: TarSum digests and signed manifests
    #[arg(long, env = "ASSIZE_REFERENCE_LEGACY")]
    pub legacy: bool,

    /// Text of a Warning header on every answer
    #[arg(long = "warning", env = "ASSIZE_REFERENCE_WARNINGS", value_delimiter = '\n')]
    pub warnings: Vec<String>,
}
