//! Signed manifests, which registries of 2014 took and gave (Docker: Image Manifest V2, Schema 1).

use assize_legacy::signed::{Content, MEDIA_TYPE, SignedManifest, UNSIGNED_MEDIA_TYPE, Unverified};
use bytes::Bytes;
use http::header::ACCEPT;
use serde_json::json;
use time::OffsetDateTime;

use crate::api::context::Context;
use crate::http::error::{Failure, Fault};
use crate::protocol::{
    Algorithm, Digest, EMPTY_LAYER, Manifest, ManifestType, Name, Reference, ReferencedContent,
    names_the_empty_layer, to_schema_1,
};
use crate::store::{BLOCK, StoreError, StoredManifest};

/// The largest config that is read to convert an image.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;

/// Refuses a signed manifest that is not signed as it says, that is meant for another place, or that names layers which are
/// not there: with everything that is wrong, in one answer.
pub(super) async fn check(
    context: &Context,
    name: &Name,
    reference: &Reference,
    bytes: &[u8],
) -> Result<(), Failure> {
    if !context.offer().legacy {
        let why = "signed manifests are not taken any more";
        return Err(Failure::with_detail(Fault::ManifestInvalid, why));
    }
    let verified = SignedManifest::verify(bytes);
    if let Err(Unverified::NotAnObject(why)) = &verified {
        return Err(Failure::with_detail(Fault::ManifestInvalid, why.as_str()));
    }
    let said = verified.as_ref().map_or(bytes, SignedManifest::payload);
    let content = Content::read(said);
    let content = content.map_err(|error| Failure::with_detail(Fault::ManifestInvalid, error.to_string()))?;
    let mut wrong = Vec::new();
    if let Err(why) = verified {
        wrong.push(Failure::with_detail(Fault::ManifestUnverified, why.to_string()));
    }
    if content.name != name.as_str() {
        wrong.push(Failure::with_detail(
            Fault::ManifestNameInvalid,
            json!({"name": content.name}),
        ));
    }
    if let Reference::Tag(tag) = reference
        && content.tag != tag.as_str()
    {
        wrong.push(Failure::with_detail(
            Fault::TagInvalid,
            json!({"tag": content.tag}),
        ));
    }
    for layer in &content.layers {
        wrong.extend(missing(context, name, layer).await?);
    }
    let mut wrong = wrong.into_iter();
    match wrong.next() {
        Some(first) => Err(Failure::together(first, wrong)),
        None => Ok(()),
    }
}

/// What is wrong with a layer, if something is.
async fn missing(context: &Context, name: &Name, layer: &str) -> Result<Option<Failure>, Failure> {
    let detail = json!({"blobSum": layer});
    let Some(digest) = Digest::parse(layer) else {
        return Ok(Some(Failure::with_detail(Fault::DigestInvalid, detail)));
    };
    match context.store().blob_size(name, &digest).await {
        Ok(_) => Ok(None),
        Err(StoreError::BlobUnknown | StoreError::RepositoryUnknown) => {
            Ok(Some(Failure::with_detail(Fault::LayerUnknown, detail)))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What a client of 2014 gets for an image of schema 2 that it asks for by a tag: schema 1, if it asks for that and does not
/// take schema 2.
pub(super) async fn for_old_clients(
    context: &Context,
    name: &Name,
    reference: &Reference,
    stored: StoredManifest,
) -> Result<StoredManifest, Failure> {
    let (Some(key), Reference::Tag(tag)) = (context.manifest_key(), reference) else {
        return Ok(stored);
    };
    if ManifestType::parse(&stored.media_type) != Some(ManifestType::DockerImage)
        || !asks_for_schema_1(context)
    {
        return Ok(stored);
    }
    let Some(config) = config_of(context, name, &stored).await? else {
        return Ok(stored);
    };
    let Some(payload) = to_schema_1(name.as_str(), tag.as_str(), &stored.bytes, &config) else {
        return Ok(stored);
    };
    let Ok(signed) = key.sign(&payload, OffsetDateTime::now_utc()) else {
        return Ok(stored);
    };
    if names_the_empty_layer(&payload) {
        keep_the_empty_layer(context, name).await?;
    }
    Ok(StoredManifest {
        digest: Digest::of(Algorithm::Sha256, &payload),
        media_type: MEDIA_TYPE.to_owned(),
        bytes: signed.into(),
    })
}

/// Whether a client takes schema 1, and no schema 2.
fn asks_for_schema_1(context: &Context) -> bool {
    let accepted = context.header(ACCEPT).unwrap_or_default();
    let types = accepted
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    let mut is_schema_1 = false;
    for media_type in types {
        match media_type {
            MEDIA_TYPE | UNSIGNED_MEDIA_TYPE => is_schema_1 = true,
            "*/*" | "application/*" => return false,
            other if other == ManifestType::DockerImage.as_str() => return false,
            _ => {}
        }
    }
    is_schema_1
}

/// The config of an image, if there is one of a size to be read.
async fn config_of(
    context: &Context,
    name: &Name,
    stored: &StoredManifest,
) -> Result<Option<Vec<u8>>, Failure> {
    let Ok(manifest) = Manifest::parse(&stored.bytes, Some(&stored.media_type)) else {
        return Ok(None);
    };
    let config = serde_json::from_slice::<serde_json::Value>(&stored.bytes).ok();
    let config = config.and_then(|manifest| Digest::parse(manifest["config"]["digest"].as_str()?));
    let is_there = |config: &Digest| {
        manifest
            .required
            .contains(&ReferencedContent::Blob(config.clone()))
    };
    let Some(config) = config.filter(is_there) else {
        return Ok(None);
    };
    let size = match context.store().blob_size(name, &config).await {
        Ok(size) if size <= LARGEST_CONFIG => size,
        Ok(_) | Err(StoreError::BlobUnknown) => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    let blob = context.store().open_blob(name, &config).await?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size {
        let read = bytes.len() as u64;
        let length = usize::try_from(size - read).unwrap_or(BLOCK);
        let (part, _) = blob.proving(read, length.min(BLOCK), None).await?;
        bytes.extend_from_slice(&part);
    }
    Ok(Some(bytes))
}

/// Makes sure that the layer of what changes no files can be pulled: no client has pushed it.
async fn keep_the_empty_layer(context: &Context, name: &Name) -> Result<(), Failure> {
    let digest = Digest::of(Algorithm::Sha256, &EMPTY_LAYER);
    if context.store().blob_size(name, &digest).await.is_ok() {
        return Ok(());
    }
    let mut upload = context.store().receive(name, digest.algorithm())?;
    upload.add(Bytes::from_static(&EMPTY_LAYER)).await?;
    Ok(context.store().finish_upload(upload, &digest).await?)
}
