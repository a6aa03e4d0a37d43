//! The nouns of the protocol: each is parsed once, when it comes in, and is well-formed ever after.

use std::fmt;
use std::str::FromStr;

mod chunk;
mod conversion;
mod digest;
mod manifest;
mod media_type;
mod name;
mod not_a_route;
mod query;
mod range;
mod tag;
mod validator;

pub(crate) use chunk::ChunkRange;
pub(crate) use conversion::{EMPTY_LAYER, names_the_empty_layer, to_schema_1};
pub use digest::Digest;
pub(crate) use digest::{Algorithm, Hasher};
pub(crate) use manifest::{Manifest, ReferencedContent};
pub(crate) use media_type::{INDEX_TYPE, ManifestType};
pub use name::Name;
pub use not_a_route::NotARoute;
pub(crate) use query::Query;
pub(crate) use range::{Selection, Span, select};
pub use tag::Tag;
pub(crate) use validator::{Condition, IfRange, TagList, entity_tag};

/// What a manifest is asked for by: `<tag-or-digest>` (spec: Pulling manifests).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The name of a tag, which may move.
    Tag(Tag),
    /// The digest of the manifest itself.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = NotARoute;

    /// A colon makes a reference a digest: no tag has one.
    fn from_str(text: &str) -> Result<Self, NotARoute> {
        if text.contains(':') {
            text.parse().map(Self::Digest)
        } else {
            text.parse().map(Self::Tag)
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
pub(crate) mod vectors;
