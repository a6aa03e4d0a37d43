//! What a client of 2014 is told instead of a schema 2 manifest: schema 1, as registries made it from the config of the
//! image (Docker: Image Manifest V2, Schema 1).

use serde::Deserialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use super::{Algorithm, Digest};

/// The layer of what changes no files: an empty archive, compressed. Schema 1 has a layer for everything.
pub(crate) const EMPTY_LAYER: [u8; 32] = [
    0x1f, 0x8b, 0x08, 0, 0, 0x09, 0x6e, 0x88, 0, 0xff, 0x62, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x58, 0,
    0x08, 0, 0, 0xff, 0xff, 0x2e, 0xaf, 0xb5, 0xef, 0, 0x04, 0, 0,
];

/// By how much schema 1 is indented.
const INDENT: &[u8] = b"   ";

/// As much of a schema 2 manifest as is told.
#[derive(Deserialize)]
struct Schema2 {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    digest: String,
}

/// One step in which an image was made, oldest first.
#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    created: Value,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    empty_layer: bool,
}

/// What is told of one step: the digest of its layer, and its image JSON.
struct ToldStep {
    layer: String,
    image: Value,
}

/// Makes schema 1 of a schema 2 manifest and its config; `None` if the config does not say how the image was made.
pub(crate) fn to_schema_1(name: &str, tag: &str, manifest: &[u8], config: &[u8]) -> Option<Vec<u8>> {
    let manifest: Schema2 = serde_json::from_slice(manifest).ok()?;
    let image: Map<String, Value> = serde_json::from_slice(config).ok()?;
    let steps: Vec<Step> = serde_json::from_value(image.get("history")?.clone()).ok()?;
    let mut layers = manifest.layers.into_iter().map(|layer| layer.digest);
    let mut told: Vec<ToldStep> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let layer = if step.empty_layer {
            Digest::of(Algorithm::Sha256, &EMPTY_LAYER).as_str().to_owned()
        } else {
            layers.next()?
        };
        let parent = told
            .last()
            .map_or("", |before| before.image["id"].as_str().unwrap_or_default());
        let whole = (at + 1 == steps.len()).then_some((&image, config));
        told.push(ToldStep {
            image: image_json(step, &layer, parent, whole)?,
            layer,
        });
    }
    if layers.next().is_some() || told.is_empty() {
        return None;
    }
    told.reverse();
    let layers = told.iter().map(|step| json!({"blobSum": step.layer}));
    let history = told
        .iter()
        .map(|step| json!({"v1Compatibility": step.image.to_string()}));
    written(&json!({
        "schemaVersion": 1,
        "name": name,
        "tag": tag,
        "architecture": image.get("architecture").cloned().unwrap_or_default(),
        "fsLayers": layers.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
    }))
}

/// Whether a manifest of schema 1 may name the layer of what changes no files, which no client has pushed.
pub(crate) fn names_the_empty_layer(schema_1: &[u8]) -> bool {
    let digest = Digest::of(Algorithm::Sha256, &EMPTY_LAYER);
    let digest = digest.as_str().as_bytes();
    schema_1.windows(digest.len()).any(|part| part == digest)
}

/// The image JSON of a step. That of the last holds the whole config.
fn image_json(
    step: &Step,
    layer: &str,
    parent: &str,
    whole: Option<(&Map<String, Value>, &[u8])>,
) -> Option<Value> {
    let (_, hex) = layer.split_once(':')?;
    let mut named = format!("{hex} {parent}").into_bytes();
    let mut image = Map::new();
    if let Some((config, bytes)) = whole {
        named.push(b' ');
        named.extend_from_slice(bytes);
        image.clone_from(config);
        image.retain(|member, _| member != "rootfs" && member != "history");
    }
    let id = Digest::of(Algorithm::Sha256, &named);
    let id = id.as_str().split_once(':')?.1;
    let mut add = |member: &str, value: Value| {
        if !value.is_null() && value != "" && value != false {
            image.insert(member.to_owned(), value);
        }
    };
    add("id", id.into());
    add("parent", parent.into());
    if whole.is_none() {
        add("comment", step.comment.as_str().into());
        add("created", step.created.clone());
        add("container_config", json!({"Cmd": [step.created_by]}));
        add("author", step.author.as_str().into());
    }
    add("throwaway", step.empty_layer.into());
    if whole.is_some() {
        image.sort_keys();
    }
    Some(Value::Object(image))
}

fn written(manifest: &Value) -> Option<Vec<u8>> {
    use serde::Serialize as _;
    let mut text = Vec::new();
    let mut writer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(INDENT));
    manifest.serialize(&mut writer).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use assize_legacy::signed::SignedManifest;

    use super::{EMPTY_LAYER, names_the_empty_layer, to_schema_1};
    use crate::protocol::{Algorithm, Digest};

    fn fixture(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/signed");
        std::fs::read(folder.join(name)).unwrap()
    }

    #[test]
    fn an_image_is_converted_as_a_registry_of_the_time_converts_it_byte_for_byte() {
        let converted = to_schema_1(
            "team/app",
            "v1",
            &fixture("manifest.v2.json"),
            &fixture("config.json"),
        );
        let signed = SignedManifest::verify(&fixture("ES256.json")).unwrap();
        assert_eq!(converted.as_deref(), Some(signed.payload()));
        assert!(names_the_empty_layer(signed.payload()));
    }

    #[test]
    fn the_empty_layer_has_the_digest_that_everybody_knows() {
        let digest = Digest::of(Algorithm::Sha256, &EMPTY_LAYER);
        assert_eq!(
            digest.as_str(),
            "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
        );
    }

    #[test]
    fn a_config_that_does_not_say_how_the_image_was_made_is_not_converted() {
        let manifest = fixture("manifest.v2.json");
        for config in [
            "{}",
            "[]",
            "x",
            "{\"history\":[]}",
            "{\"history\":[{\"created_by\":\"one\"}]}",
        ] {
            assert_eq!(
                to_schema_1("a", "b", &manifest, config.as_bytes()),
                None,
                "{config}"
            );
        }
    }
}
