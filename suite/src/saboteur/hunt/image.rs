//! An image that a client pushes and pulls, and where it came to.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::saboteur::deviations::gzipped;
use crate::scenario::ast::Algorithm;
use crate::values::{Maker, OCI_INDEX, OCI_MANIFEST, digest};
use crate::wire::{Body, Client, Request};

/// An image of two layers.
#[derive(Clone, Debug)]
pub struct SampleImage {
    manifest: Vec<u8>,
    /// Config and layers, each with its digest.
    blobs: Vec<(String, Vec<u8>)>,
    layers: Vec<String>,
}

impl SampleImage {
    /// The image of a seed.
    pub fn new(seed: u64) -> SampleImage {
        let mut maker = Maker::new(seed, "hunt");
        let archives = [maker.archive().bytes(), maker.archive().bytes()];
        let layers: Vec<Vec<u8>> = archives.iter().map(|archive| gzipped(archive)).collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": archives.each_ref().map(|archive| sha256(archive))},
        });
        let config = config.to_string().into_bytes();
        let layer = |layer: &Vec<u8>| described("application/vnd.oci.image.layer.v1.tar+gzip", layer);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(layer).collect::<Vec<Json>>(),
        });
        SampleImage {
            manifest: manifest.to_string().into_bytes(),
            layers: layers.iter().map(|layer| sha256(layer)).collect(),
            blobs: layers
                .into_iter()
                .chain([config])
                .map(|blob| (sha256(&blob), blob))
                .collect(),
        }
    }

    /// The digest of its manifest.
    pub fn digest(&self) -> String {
        sha256(&self.manifest)
    }

    /// Writes it into a folder as an OCI layout, under the name `v1`.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write_layout(&self, folder: &Path) -> io::Result<()> {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs)?;
        for (digest, blob) in &self.blobs {
            fs::write(blobs.join(hex(digest)), blob)?;
        }
        fs::write(blobs.join(hex(&self.digest())), &self.manifest)?;
        let mut entry = described(OCI_MANIFEST, &self.manifest);
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]});
        fs::write(folder.join("index.json"), index.to_string())?;
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    /// Pushes it under these tags.
    pub async fn push(&self, client: &Client, repository: &str, tags: &[&str]) {
        let target = client.target();
        for (digest, blob) in &self.blobs {
            let url = target.below_mount(&format!("/v2/{repository}/blobs/uploads/?digest={digest}"));
            let mut request = Request::new("POST", url);
            request.headers.set("Content-Type", "application/octet-stream");
            request.body = Body::Sized(blob.clone().into());
            client.send(request).await;
        }
        for tag in tags {
            let url = target.below_mount(&format!("/v2/{repository}/manifests/{tag}"));
            let mut request = Request::new("PUT", url);
            request.headers.set("Content-Type", OCI_MANIFEST);
            request.body = Body::Sized(self.manifest.clone().into());
            client.send(request).await;
        }
    }

    /// Whether the tag `v1` of a repository is a manifest that names its layers, all of what it names being there as its
    /// digest says.
    pub async fn is_in(&self, client: &Client, repository: &str) -> bool {
        let read = async |what: String| {
            let mut request = Request::new(
                "GET",
                client.target().below_mount(&format!("/v2/{repository}/{what}")),
            );
            request.headers.set("Accept", "*/*");
            let answer = client.send(request).await.outcome.ok()?;
            (answer.status == 200).then(|| answer.body.clone())
        };
        let Some(manifest) = read("manifests/v1".to_owned()).await.and_then(|body| body.json()) else {
            return false;
        };
        let layers = manifest["layers"].as_array().into_iter().flatten();
        let named: Vec<&str> = layers
            .chain([&manifest["config"]])
            .filter_map(|descriptor| descriptor["digest"].as_str())
            .collect();
        for name in &named {
            let is_whole = read(format!("blobs/{name}"))
                .await
                .is_some_and(|body| body.digest() == **name);
            if !is_whole {
                return false;
            }
        }
        self.layers.iter().all(|layer| named.contains(&layer.as_str()))
    }

    /// Whether some file in a folder, or below it, holds each of its layers.
    ///
    /// # Errors
    /// Something there cannot be read.
    pub fn is_below(&self, folder: &Path) -> io::Result<bool> {
        let mut missing: Vec<&String> = self.layers.iter().collect();
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                for entry in fs::read_dir(path)? {
                    open.push(entry?.path());
                }
            } else if path.is_file() {
                let found = sha256(&fs::read(path)?);
                missing.retain(|layer| **layer != found);
            }
        }
        Ok(missing.is_empty())
    }
}

fn described(media_type: &str, content: &[u8]) -> Json {
    json!({"mediaType": media_type, "digest": sha256(content), "size": content.len()})
}

fn sha256(content: &[u8]) -> String {
    digest(Algorithm::Sha256, content)
}

/// What stands behind the colon of a digest.
fn hex(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, hex)| hex)
}

#[cfg(test)]
mod tests {
    use super::SampleImage;

    #[test]
    fn the_layers_of_an_image_are_found_below_the_folder_that_it_is_written_to() {
        let (image, folder) = (SampleImage::new(1), tempfile::tempdir().unwrap());
        assert!(!image.is_below(folder.path()).unwrap());
        image.write_layout(&folder.path().join("image")).unwrap();
        assert!(image.is_below(folder.path()).unwrap());
        assert!(!SampleImage::new(2).is_below(folder.path()).unwrap());
    }
}
