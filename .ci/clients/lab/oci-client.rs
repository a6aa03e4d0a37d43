//! oci-client for Rust in the laboratory: one workflow.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use serde_json::Value;

const ANYONE: &RegistryAuth = &RegistryAuth::Anonymous;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ARTIFACT: &str = "application/vnd.example.a";

type Done = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match workflow().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn workflow() -> Done {
    let client = Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    });
    let (registry, name) = (env::var("REGISTRY")?, env::var("REPO")?);
    let image = Reference::with_tag(registry.clone(), name.clone(), "v1".to_owned());
    match env::args().nth(1).unwrap_or_default().as_str() {
        "push" => push(&client, &image).await,
        "pull" => pull(&client, &image).await,
        "tags" => tags(&client, &image).await,
        "copy" => {
            let copy = Reference::with_tag(registry, format!("{name}/copy"), "v1".to_owned());
            copy_to(&client, &image, &copy).await
        }
        "refer" => {
            let subject = Reference::with_digest(registry.clone(), name.clone(), env::var("DIGEST")?);
            let artifact = Reference::with_tag(registry, name, "artifact".to_owned());
            refer(&client, &subject, &artifact).await
        }
        other => Err(format!("there is no workflow {other}").into()),
    }
}

/// A blob of the image to push.
fn blob(digest: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let path = PathBuf::from(env::var("IMAGE")?).join("blobs");
    Ok(fs::read(path.join(digest.replace(':', "/")))?)
}

async fn push(client: &Client, image: &Reference) -> Done {
    let index = fs::read(PathBuf::from(env::var("IMAGE")?).join("index.json"))?;
    let index: Value = serde_json::from_slice(&index)?;
    let digest = index["manifests"][0]["digest"].as_str().unwrap_or_default();
    let manifest: OciImageManifest = serde_json::from_slice(&blob(digest)?)?;
    let mut layers = Vec::new();
    for layer in &manifest.layers {
        layers.push(ImageLayer::new(
            blob(&layer.digest)?,
            layer.media_type.clone(),
            None,
        ));
    }
    let config = Config::new(
        blob(&manifest.config.digest)?,
        manifest.config.media_type.clone(),
        None,
    );
    client
        .push(image, &layers, config, ANYONE, Some(manifest))
        .await?;
    Ok(())
}

async fn pull(client: &Client, image: &Reference) -> Done {
    let out = PathBuf::from(env::var("OUT")?);
    let pulled = client.pull(image, ANYONE, vec![LAYER]).await?;
    fs::create_dir(&out)?;
    for layer in pulled.layers {
        fs::write(out.join(layer.sha256_digest().replace(':', "-")), &layer.data)?;
    }
    Ok(())
}

/// The client asks for one page; whoever calls it asks for what follows the last tag, until nothing new comes.
async fn tags(client: &Client, image: &Reference) -> Done {
    let (mut listed, mut known): (Vec<String>, BTreeSet<String>) = Default::default();
    loop {
        let page = client
            .list_tags(image, ANYONE, None, listed.last().map(String::as_str))
            .await?
            .tags;
        let before = known.len();
        known.extend(page.iter().cloned());
        if known.len() == before {
            break;
        }
        listed.extend(page);
    }
    println!("{}", listed.join("\n"));
    Ok(())
}

async fn copy_to(client: &Client, image: &Reference, copy: &Reference) -> Done {
    let (bytes, _) = client.pull_manifest_raw(image, ANYONE, &[MANIFEST]).await?;
    let manifest: OciImageManifest = serde_json::from_slice(&bytes)?;
    for part in manifest.layers.iter().chain([&manifest.config]) {
        // No registry has to mount; whoever calls the client goes on by pushing.
        if client.mount_blob(copy, image, &part.digest).await.is_err() {
            let mut content = Vec::new();
            client.pull_blob(image, part, &mut content).await?;
            client.push_blob(copy, content, &part.digest).await?;
        }
    }
    client.push_manifest_raw(copy, bytes, MANIFEST.parse()?).await?;
    Ok(())
}

async fn refer(client: &Client, subject: &Reference, artifact: &Reference) -> Done {
    let (bytes, digest) = client.pull_manifest_raw(subject, ANYONE, &[MANIFEST]).await?;
    let layers = [ImageLayer::new(b"artifact\n".to_vec(), ARTIFACT.to_owned(), None)];
    let config = Config::new(
        b"{}".to_vec(),
        "application/vnd.oci.empty.v1+json".to_owned(),
        None,
    );
    let mut manifest = OciImageManifest::build(&layers, &config, None);
    manifest.artifact_type = Some(ARTIFACT.to_owned());
    manifest.subject = Some(OciDescriptor {
        media_type: MANIFEST.to_owned(),
        digest,
        size: bytes.len().try_into()?,
        ..OciDescriptor::default()
    });
    client
        .push(artifact, &layers, config, ANYONE, Some(manifest))
        .await?;
    for entry in client.pull_referrers(subject, None).await?.manifests {
        println!("{}", entry.digest);
    }
    Ok(())
}
