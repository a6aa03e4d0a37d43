//! The nouns of the protocol: each is parsed once, when it comes in, and is well-formed ever after.

mod chunk;
mod digest;
mod manifest;
mod media_type;
mod name;
mod query;
mod range;
mod tag;
mod validator;

pub(crate) use chunk::ChunkRange;
pub(crate) use digest::{Algorithm, Digest, Hasher};
pub(crate) use manifest::{Manifest, ReferencedContent};
pub(crate) use media_type::{INDEX_TYPE, ManifestType};
pub(crate) use name::Name;
pub(crate) use query::Query;
pub(crate) use range::{Selection, Span, select};
pub(crate) use tag::Tag;
pub(crate) use validator::{Condition, IfRange, TagList, entity_tag};

/// What a manifest is asked for by: `<tag-or-digest>` (spec: Pulling manifests).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// The name of a tag, which may move.
    Tag(Tag),
    /// The digest of the manifest itself.
    Digest(Digest),
}

#[cfg(test)]
pub(crate) mod vectors;
