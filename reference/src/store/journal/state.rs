//! The state of a store as entries: what a new journal begins with.

use redb::ReadableTable as _;
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::entry::{Entry, ManifestBytes, encode};
use crate::store::tables::View;

/// Tells the entries that make the state of a view, in an order in which they can be made.
pub(in crate::store) fn entries_of(
    view: &View,
    tell: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for row in view.repositories()?.iter()? {
        let (name, at) = row?;
        tell(Entry::Repository {
            name: name.value().to_owned(),
            at: at.value(),
        })?;
    }
    blobs_of(view, tell)?;
    manifests_of(view, tell)?;
    uploads_of(view, tell)
}

fn blobs_of(view: &View, tell: &mut dyn FnMut(Entry) -> Result<(), StoreError>) -> Result<(), StoreError> {
    for row in view.blobs()?.iter()? {
        let (digest, row) = row?;
        let (file, size) = row.value();
        tell(Entry::Blob {
            digest: digest.value().to_owned(),
            file: Uuid::from_u128(file),
            size,
        })?;
    }
    for row in view.links()?.iter()? {
        let (key, at) = row?;
        let (name, digest) = key.value();
        tell(Entry::Link {
            name: name.to_owned(),
            digest: digest.to_owned(),
            at: at.value(),
        })?;
    }
    for row in view.damaged()?.iter()? {
        let (digest, at) = row?;
        tell(Entry::Damaged {
            digest: digest.value().to_owned(),
            at: at.value(),
        })?;
    }
    Ok(())
}

fn manifests_of(
    view: &View,
    tell: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for row in view.manifests()?.iter()? {
        let (key, row) = row?;
        let ((name, digest), (at, media_type, bytes)) = (key.value(), row.value());
        tell(Entry::Manifest {
            name: name.to_owned(),
            digest: digest.to_owned(),
            at,
            media_type: media_type.to_owned(),
            content: ManifestBytes::new(bytes),
        })?;
    }
    for row in view.tags()?.iter()? {
        let (key, digest) = row?;
        let (name, tag) = key.value();
        tell(Entry::Tag {
            name: name.to_owned(),
            tag: tag.to_owned(),
            digest: digest.value().to_owned(),
        })?;
    }
    Ok(())
}

fn uploads_of(view: &View, tell: &mut dyn FnMut(Entry) -> Result<(), StoreError>) -> Result<(), StoreError> {
    for row in view.uploads()?.iter()? {
        let (id, row) = row?;
        let (name, algorithm, at) = row.value();
        tell(Entry::Upload {
            id: Uuid::from_u128(id.value()),
            name: name.to_owned(),
            algorithm: algorithm.to_owned(),
            at,
        })?;
    }
    let touched = view.touched()?;
    for row in view.checkpoints()?.iter()? {
        let (id, row) = row?;
        let (length, state) = row.value();
        tell(Entry::Checkpoint {
            id: Uuid::from_u128(id.value()),
            length,
            state: encode(state),
            at: touched.get(id.value())?.map_or(0, |at| at.value()),
        })?;
    }
    for row in view.ended()?.iter()? {
        tell(Entry::EndUpload {
            id: Uuid::from_u128(row?.0.value()),
        })?;
    }
    Ok(())
}
