//! The registry as `oci-client` sees it, a client that nobody here wrote: without TLS and with it.
//!
//! It has no call that deletes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use assize_reference::{Config, Running, serve};
use oci_client::client::{
    Certificate, CertificateEncoding, ClientConfig, ClientProtocol, ImageData, ImageLayer,
};
use oci_client::manifest::{
    IMAGE_LAYER_MEDIA_TYPE, ImageIndexEntry, OciDescriptor, OciImageIndex, OciImageManifest, OciManifest,
    Platform,
};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, client};
use rcgen::CertifiedKey;
use serde_json::json;
use support::{IMAGE, INDEX, config, sha256};
use tempfile::TempDir;

/// The client sends chunks of 4 MiB.
const MORE_THAN_A_CHUNK: usize = 5 << 20;

const ANYONE: RegistryAuth = RegistryAuth::Anonymous;

/// A registry and the client that reaches it.
struct Reached {
    registry: Running,
    client: Client,
    _certificate: Option<TempDir>,
}

/// A registry without TLS, and one with a certificate that its client is told to trust.
async fn plain_and_encrypted() -> [Reached; 2] {
    let folder = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (
        folder.path().join("certificate.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let encrypted = Config {
        tls_certificate: Some(certificate),
        tls_key: Some(key),
        ..config()
    };
    let trusted = Certificate {
        encoding: CertificateEncoding::Der,
        data: cert.der().to_vec(),
    };
    [
        Reached {
            registry: serve(config()).await.unwrap(),
            client: client(ClientProtocol::Http, Vec::new()),
            _certificate: None,
        },
        Reached {
            registry: serve(encrypted).await.unwrap(),
            client: client(ClientProtocol::Https, vec![trusted]),
            _certificate: Some(folder),
        },
    ]
}

fn client(protocol: ClientProtocol, trusted: Vec<Certificate>) -> Client {
    Client::new(ClientConfig {
        protocol,
        tls_certs_only: trusted,
        ..ClientConfig::default()
    })
}

impl Reached {
    fn tagged(&self, name: &str, tag: &str) -> Reference {
        let registry = self.registry.address().to_string();
        Reference::with_tag(registry, name.to_owned(), tag.to_owned())
    }

    fn by_digest(&self, name: &str, digest: &str) -> Reference {
        let registry = self.registry.address().to_string();
        Reference::with_digest(registry, name.to_owned(), digest.to_owned())
    }

    /// Pushes an image of one small layer for a platform; returns its entry in an index.
    async fn push_image(&self, name: &str, tag: &str, architecture: &str) -> ImageIndexEntry {
        self.push_layer(name, tag, architecture, architecture.into())
            .await
    }

    async fn push_layer(
        &self,
        name: &str,
        tag: &str,
        architecture: &str,
        content: Vec<u8>,
    ) -> ImageIndexEntry {
        let image = self.tagged(name, tag);
        let layer = ImageLayer::oci_v1(content, None);
        let image_config = json!({
            "architecture": architecture,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [sha256(&layer.data)]},
        });
        let image_config = client::Config::oci_v1(image_config.to_string(), None);
        let layers = [layer];
        let pushed = self.client.push(&image, &layers, image_config, &ANYONE, None);
        let place = pushed.await.unwrap().manifest_url;
        assert!(place.starts_with(&self.registry.url()), "{place}");
        let (bytes, digest) = self
            .client
            .pull_manifest_raw(&image, &ANYONE, &[IMAGE])
            .await
            .unwrap();
        assert_eq!(sha256(&bytes), digest);
        ImageIndexEntry {
            media_type: IMAGE.to_owned(),
            digest,
            size: bytes.len().try_into().unwrap(),
            platform: Some(
                serde_json::from_value::<Platform>(json!({"architecture": architecture, "os": "linux"}))
                    .unwrap(),
            ),
            annotations: None,
            artifact_type: None,
        }
    }

    async fn pull(&self, image: &Reference) -> ImageData {
        let accepted = vec![IMAGE_LAYER_MEDIA_TYPE];
        self.client.pull(image, &ANYONE, accepted).await.unwrap()
    }
}

fn digests(entries: &[ImageIndexEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.digest.as_str()).collect()
}

#[tokio::test]
async fn an_image_is_pulled_as_it_was_pushed() {
    for reached in plain_and_encrypted().await {
        let content = b"content"
            .iter()
            .copied()
            .cycle()
            .take(MORE_THAN_A_CHUNK)
            .collect::<Vec<_>>();
        let pushed = reached
            .push_layer("team/app", "v1", "amd64", content.clone())
            .await;
        for image in [
            reached.tagged("team/app", "v1"),
            reached.by_digest("team/app", &pushed.digest),
        ] {
            let pulled = reached.pull(&image).await;
            assert_eq!(pulled.digest.as_ref(), Some(&pushed.digest));
            assert_eq!(pulled.layers[0].data, content);
        }
        let image = reached.tagged("team/app", "v1");
        let inspected = reached
            .client
            .fetch_manifest_digest(&image, &ANYONE)
            .await
            .unwrap();
        assert_eq!(inspected, pushed.digest);
    }
}

#[tokio::test]
async fn an_index_leads_to_the_image_of_each_platform() {
    for reached in plain_and_encrypted().await {
        let manifests = vec![
            reached.push_image("team/app", "amd64", "amd64").await,
            reached.push_image("team/app", "arm64", "arm64").await,
        ];
        let index = OciImageIndex {
            schema_version: 2,
            media_type: Some(INDEX.to_owned()),
            manifests: manifests.clone(),
            artifact_type: None,
            annotations: None,
        };
        let image = reached.tagged("team/app", "v1");
        reached
            .client
            .push_manifest_list(&image, &ANYONE, index)
            .await
            .unwrap();
        let (pulled, _) = reached.client.pull_manifest(&image, &ANYONE).await.unwrap();
        let OciManifest::ImageIndex(pulled) = pulled else {
            unreachable!("an index became an image");
        };
        assert_eq!(digests(&pulled.manifests), digests(&manifests));
        for entry in manifests {
            let image = reached.by_digest("team/app", &entry.digest);
            assert_eq!(reached.pull(&image).await.digest, Some(entry.digest));
        }
    }
}

#[tokio::test]
async fn tags_and_repositories_are_listed_in_pages() {
    for reached in plain_and_encrypted().await {
        for tag in ["v1", "v2", "v3"] {
            reached.push_image("team/app", tag, tag).await;
        }
        let image = reached.tagged("team/app", "v1");
        let tags = async |n, last| {
            reached
                .client
                .list_tags(&image, &ANYONE, n, last)
                .await
                .unwrap()
                .tags
        };
        assert_eq!(tags(None, None).await, ["v1", "v2", "v3"]);
        assert_eq!(tags(Some(2), None).await, ["v1", "v2"]);
        assert_eq!(tags(Some(2), Some("v2")).await, ["v3"]);
        let catalog = reached.client.catalog(&image, &ANYONE, None, None).await.unwrap();
        assert_eq!(catalog.repositories, ["team/app"]);
    }
}

#[tokio::test]
async fn an_image_is_copied_by_mounting_its_blobs() {
    for reached in plain_and_encrypted().await {
        let pushed = reached.push_image("team/app", "v1", "amd64").await;
        let source = reached.by_digest("team/app", &pushed.digest);
        let copy = reached.tagged("team/copy", "v1");
        let (manifest, _) = reached
            .client
            .pull_image_manifest(&source, &ANYONE)
            .await
            .unwrap();
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            assert!(!reached.client.blob_exists(&copy, &blob.digest).await.unwrap());
            reached
                .client
                .mount_blob(&copy, &source, &blob.digest)
                .await
                .unwrap();
            assert!(reached.client.blob_exists(&copy, &blob.digest).await.unwrap());
        }
        reached
            .client
            .push_manifest(&copy, &OciManifest::Image(manifest))
            .await
            .unwrap();
        assert_eq!(reached.pull(&copy).await.digest, Some(pushed.digest));
    }
}

#[tokio::test]
async fn what_refers_to_an_image_is_found() {
    for reached in plain_and_encrypted().await {
        let subject = reached.push_image("team/app", "v1", "amd64").await;
        let image = reached.by_digest("team/app", &subject.digest);
        let (mut signature, _) = reached.client.pull_image_manifest(&image, &ANYONE).await.unwrap();
        signature.artifact_type = Some("application/vnd.example.signature".to_owned());
        signature.subject = Some(OciDescriptor {
            media_type: subject.media_type,
            digest: subject.digest,
            size: subject.size,
            ..OciDescriptor::default()
        });
        push(&reached, "signature", signature).await;
        let found = async |kind| {
            reached
                .client
                .pull_referrers(&image, kind)
                .await
                .unwrap()
                .manifests
        };
        assert_eq!(found(None).await.len(), 1);
        assert_eq!(found(Some("application/vnd.example.signature")).await.len(), 1);
        assert_eq!(found(Some("application/vnd.example.sbom")).await.len(), 0);
    }
}

async fn push(reached: &Reached, tag: &str, manifest: OciImageManifest) {
    let place = reached.tagged("team/app", tag);
    reached
        .client
        .push_manifest(&place, &OciManifest::Image(manifest))
        .await
        .unwrap();
}
