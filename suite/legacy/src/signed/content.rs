//! What a manifest of schema 1 says.

use serde::Deserialize;

/// What a manifest of schema 1 says, as far as registries read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The repository that it is meant for.
    pub name: String,
    /// The tag that it is meant for.
    pub tag: String,
    /// The platform.
    pub architecture: String,
    /// The digests of the layers, the topmost first.
    pub layers: Vec<String>,
    /// The image JSON of each layer.
    pub history: Vec<String>,
}

/// Why a text is no manifest of schema 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is no JSON, or lacks a member.
    #[error("{0}")]
    Json(String),
    /// It is of another schema.
    #[error("schemaVersion is {0}, not 1")]
    Schema(u64),
    /// It has no layer, or not as many as images.
    #[error(
        "fsLayers has {layers} entries and history has {history}; both have one for each layer, and at least one"
    )]
    Lengths {
        /// How many layers it has.
        layers: usize,
        /// How many images it has.
        history: usize,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u64,
    name: String,
    tag: String,
    #[serde(default)]
    architecture: String,
    fs_layers: Vec<Layer>,
    history: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    blob_sum: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "v1Compatibility")]
    json: String,
}

impl Content {
    /// Reads a manifest, signed or not.
    ///
    /// # Errors
    /// Says why it is no manifest of schema 1.
    pub fn read(text: &[u8]) -> Result<Self, ContentError> {
        let written: Written =
            serde_json::from_slice(text).map_err(|error| ContentError::Json(error.to_string()))?;
        if written.schema_version != 1 {
            return Err(ContentError::Schema(written.schema_version));
        }
        let (layers, history) = (written.fs_layers.len(), written.history.len());
        if layers == 0 || layers != history {
            return Err(ContentError::Lengths { layers, history });
        }
        Ok(Self {
            name: written.name,
            tag: written.tag,
            architecture: written.architecture,
            layers: written
                .fs_layers
                .into_iter()
                .map(|layer| layer.blob_sum)
                .collect(),
            history: written.history.into_iter().map(|image| image.json).collect(),
        })
    }
}
