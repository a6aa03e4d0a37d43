//! Named profiles: for each choice that a registry may make, a registry that makes it.

use std::num::NonZeroUsize;

use super::{BlobRedirect, Config, Location, MissingContent, Offer};

/// The number of entries on a small page.
const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// A name, and what it changes of a configuration.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Profile {
    /// The name, as it is given on the command line.
    pub name: &'static str,
    /// What is different, in words.
    pub summary: &'static str,
    /// Makes the changes.
    pub apply: fn(Config) -> Config,
}

/// Declares profiles that change the offer or the limits.
macro_rules! profiles {
    ($($name:literal $summary:literal { $($part:ident $(. $field:ident)? = $value:expr),* })*) => {
        &[$(Profile {
            name: $name,
            summary: $summary,
            apply: |mut config| { $(config.$part$(.$field)? = $value;)* config },
        },)*]
    };
}

/// Every profile.
pub const PROFILES: &[Profile] = profiles! {
    "full" "offers everything" { offer = Offer::default() }
    "read-only" "refuses every change" { offer.read_only = true }
    "no-deletion" "deletes nothing" {
        offer.no_blob_deletion = true, offer.no_manifest_deletion = true, offer.no_tag_deletion = true
    }
    "no-blob-deletion" "deletes no blobs" { offer.no_blob_deletion = true }
    "no-manifest-deletion" "deletes no manifests" { offer.no_manifest_deletion = true }
    "no-tag-deletion" "deletes tags only with their manifest" { offer.no_tag_deletion = true }
    "no-mount" "answers every mount with an upload" { offer.no_mount = true }
    "no-anonymous-mount" "mounts only from a repository that is named" { offer.no_anonymous_mount = true }
    "no-single-post" "answers a POST with a blob with an upload" { offer.no_single_post = true }
    "no-referrers" "leaves out the referrers API" { offer.no_referrers = true }
    "no-referrers-filter" "lists referrers unfiltered" { offer.no_referrers_filter = true }
    "no-tag-parameters" "ignores tag parameters of a push by digest" { offer.no_tag_parameters = true }
    "no-catalog" "leaves out the list of repositories" { offer.no_catalog = true }
    "no-sha512" "accepts sha256 only" { offer.no_sha512 = true }
    "no-ranges" "ignores Range" { offer.no_ranges = true }
    "legacy" "takes what registries of 2014 took as well" { offer.legacy = true }
    "redirects" "redirects downloads of blobs to signed URLs" {
        offer.redirect_blobs = Some(BlobRedirect::Itself)
    }
    "sparse" "accepts manifests whose content is missing" { offer.missing_content = MissingContent::Accept }
    "warnings" "sends warnings" {
        offer.warnings = vec!["This registry is for trying things out.".to_owned(), "It says \"hello\".".to_owned()]
    }
    "chunk-min-length" "wants chunks of 64 KiB" { limits.chunk_min_length = 64 * 1024 }
    "small-manifests" "accepts manifests of 4 MiB and no more" { limits.manifest_size = 4 * 1024 * 1024 }
    "small-blobs" "accepts blobs of 16 MiB and no more" { limits.blob_size = 16 * 1024 * 1024 }
    "small-pages" "sends lists in pages of two" { limits.page_size = TWO, limits.referrers_page_size = TWO }
    "few-tag-parameters" "accepts ten tag parameters" { limits.tag_parameters = 10 }
    "absolute-locations" "prints URLs with scheme and host" { location = Location::Absolute }
    "rate-limit" "admits 20 requests a second" { limits.request_rate = 20 }
};

/// The profile of a name.
#[must_use]
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}
