//! A run that changes nothing, and judges by what is there.

use std::collections::BTreeMap;

use assize::bundled::{Config, Running};
use assize::catalogue::Version;
use assize::cause::{Beyond, Cause};
use assize::judgement::{NotAsked, Verdict};
use assize::report::{Ruling, reason};
use assize::run::Access;
use assize::{Outcome, RunError};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::asked::{Asked, all, ruling, told, verdict, warnings};
use super::support::{Circumstance, Proxy, registry};

fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{digits}")
}

/// Who put into a registry what is there.
struct Owner<'a>(&'a Running);

impl Owner<'_> {
    async fn put(&self, path: &str, media_type: &str, bytes: &[u8]) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = |method: &str, target: &str, body: &[u8]| {
            let target = format!("{}{target}", self.0.url());
            let request = Request::builder().method(method).uri(target);
            let request = request.header("Content-Type", media_type);
            request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()
        };
        let method = if path.ends_with("/uploads/") {
            "POST"
        } else {
            "PUT"
        };
        let target = match method {
            "POST" => format!("{path}?digest={}", digest(bytes)),
            _ => path.to_owned(),
        };
        let answer = client.request(request(method, &target, bytes)).await.unwrap();
        assert_eq!(answer.status(), 201, "{method} {target}");
    }

    async fn blob(&self, repository: &str, bytes: &[u8]) -> serde_json::Value {
        let path = format!("/v2/{repository}/blobs/uploads/");
        self.put(&path, "application/octet-stream", bytes).await;
        json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": digest(bytes),
            "size": bytes.len(),
        })
    }

    async fn manifest(&self, repository: &str, tag: &str, manifest: &serde_json::Value) -> String {
        let bytes = manifest.to_string();
        let media_type = manifest["mediaType"].as_str().unwrap();
        let path = format!("/v2/{repository}/manifests/{tag}");
        self.put(&path, media_type, bytes.as_bytes()).await;
        digest(bytes.as_bytes())
    }

    /// An image with a long layer, under these tags, an index of it, and a signature that refers to it.
    async fn push(&self, repository: &str, tags: &[&str]) {
        let config = format!("{{\"note\":\"{}\"}}", "x".repeat(2000));
        let layer = "a layer of some length\n".repeat(20_000);
        let image = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.blob(repository, config.as_bytes()).await,
            "layers": [self.blob(repository, layer.as_bytes()).await],
        });
        let mut child = String::new();
        for tag in tags {
            child = self.manifest(repository, tag, &image).await;
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": child,
                "size": image.to_string().len(),
            }],
        });
        self.manifest(repository, "multi", &index).await;
        let signature = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.example.signature",
            "config": self.blob(repository, b"{}").await,
            "layers": [],
            "subject": index["manifests"][0],
        });
        self.manifest(repository, &digest(signature.to_string().as_bytes()), &signature)
            .await;
    }
}

async fn with_content(change: impl FnOnce(&mut Config)) -> Running {
    let registry = registry(change).await;
    Owner(&registry).push("team/app", &["v1", "v2", "latest"]).await;
    registry
}

fn reading(url: &str, images: &[&str]) -> Asked {
    let images = images.iter().map(|image| image.parse().unwrap()).collect();
    all(url).with(|settings| {
        settings.access = Access::Read(images);
        settings.narrowed = vec!["--read-only".to_owned()];
    })
}

/// Whatever a run does that only reads, in preflight, in probes, in scenarios and behind them, it sends nothing that could
/// change anything.
async fn changes_nothing(registry: &Running, images: &[&str]) -> Outcome {
    let proxy = Proxy::before(&registry.url(), Circumstance::Nothing).await;
    let outcome = reading(&proxy.url(), images).outcome().await.unwrap();
    let mut others: BTreeMap<String, usize> = proxy.methods();
    let read = [others.remove("GET"), others.remove("HEAD")];
    assert_eq!(others, BTreeMap::new());
    assert!(read.iter().all(Option::is_some), "{read:?}");
    assert_eq!(ruling(&outcome), Ruling::NothingBroken, "{}", told(&outcome));
    assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_named_is_judged_and_nothing_is_changed() {
    let registry = with_content(|_| {}).await;
    let outcome = changes_nothing(&registry, &["team/app:v1", "team/app:multi"]).await;
    for id in [
        "pull.manifest.get-by-tag-200",
        "pull.manifest.body-expected",
        "pull.blob.get-200",
        "pull.blob.404-unknown",
        "pull.manifest.404-unknown-repository",
        "pull.manifest.accept-no-conversion-by-digest",
        "head.blob.content-length",
        "range.206-body",
        "range.resume-assembles-blob",
        "discovery.tags.complete",
        "discovery.tags.n-bounds",
        "referrers.empty-list",
        "referrers.lists-image",
        "errors.json-shape",
    ] {
        assert_eq!(*verdict(&outcome, id), Verdict::Held, "{id}");
    }
    assert_eq!(
        *verdict(&outcome, "push.session.post-202"),
        Verdict::NotAsked(NotAsked::Beyond(Beyond::ReadOnly))
    );
    let text = outcome.report(assize::report::Format::Text).unwrap();
    let said = text.lines().find(|line| line.starts_with("nothing was written"));
    insta::assert_snapshot!(said.unwrap(), @"nothing was written, so only a part could be judged: 44 of 52 MUST of pull, 23 of 58 MUST of discovery");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_docker_s_api_nothing_is_found_either_where_every_change_is_refused() {
    let registry = with_content(|_| {}).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::ReadOnly).await;
    let asked = reading(&proxy.url(), &["team/app:v1", "team/app:multi"]);
    let outcome = asked
        .with(|settings| settings.version = Version::Docker)
        .outcome()
        .await
        .unwrap();
    assert_eq!(ruling(&outcome), Ruling::NothingBroken, "{}", told(&outcome));
    assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
    assert_eq!(*verdict(&outcome, "pull.manifest.get-by-tag-200"), Verdict::Held);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_catalogue_leads_to_what_is_there() {
    let registry = with_content(|_| {}).await;
    let outcome = changes_nothing(&registry, &[]).await;
    assert_eq!(*verdict(&outcome, "pull.manifest.get-by-tag-200"), Verdict::Held);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_limit_what_is_there_is_found_as_well() {
    let registry = with_content(|_| {}).await;
    for images in [&["team/app:v1", "team/app:multi"][..], &[]] {
        let proxy = Proxy::before(&registry.url(), Circumstance::Limited(2)).await;
        let mut asked = reading(&proxy.url(), images);
        asked.only = vec!["pull/*".to_owned()];
        let outcome = asked.outcome().await.unwrap();
        assert_eq!(warnings(&outcome), "", "{}", told(&outcome));
        assert_eq!(*verdict(&outcome, "pull.manifest.get-by-tag-200"), Verdict::Held);
    }
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_by_its_digest_alone_is_asked_for_by_no_tag() {
    let registry = with_content(|_| {}).await;
    let bytes = bytes_of(&registry, "/v2/team/app/manifests/v1").await;
    let outcome = changes_nothing(&registry, &[&format!("team/app@{}", digest(&bytes))]).await;
    assert_eq!(
        *verdict(&outcome, "pull.manifest.get-by-tag-200"),
        Verdict::NoOccasion
    );
    assert_eq!(
        *verdict(&outcome, "pull.manifest.get-by-digest-200"),
        Verdict::Held
    );
    registry.shutdown().await;
}

async fn bytes_of(registry: &Running, path: &str) -> Bytes {
    use http_body_util::BodyExt as _;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let uri = format!("{}{path}", registry.url());
    let request = Request::get(uri).header("Accept", "*/*");
    let answer = client
        .request(request.body(Full::new(Bytes::new())).unwrap())
        .await;
    answer.unwrap().into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_there_ends_the_run_before_it_begins() {
    let registry = with_content(|_| {}).await;
    let missing = reading(&registry.url(), &["team/app:v9"]).outcome().await;
    let said = missing.map(|_| ()).unwrap_err().to_string();
    assert!(said.starts_with("team/app:v9 cannot be read from"), "{said}");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_shows_nothing_has_to_be_told_what_to_read() {
    let registry = registry(|_| {}).await;
    let nothing = reading(&registry.url(), &[]).outcome().await;
    let said = match nothing {
        Err(error @ RunError::Unusable(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(said.contains("name one with --image NAME:TAG"), "{said}");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_pushed_all_that_needs_content_is_not_reached_for_that_one_reason() {
    let registry = registry(|_| {}).await;
    let proxy = Proxy::before(&registry.url(), Circumstance::ReadOnly).await;
    let outcome = all(&proxy.url()).outcome().await.unwrap();
    for id in [
        "pull.blob.get-200",
        "range.206-body",
        "discovery.tags.json-shape",
        "referrers.body-is-index",
        "security.list-does-not-leak",
    ] {
        let kept_from_it = Verdict::NotReached(Cause::NothingToRead);
        assert_eq!(*verdict(&outcome, id), kept_from_it, "{id}");
    }
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_too_long_to_be_read_is_said_to_be_no_such_blob() {
    let registry = registry(|_| {}).await;
    let owner = Owner(&registry);
    let image = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": owner.blob("team/large", b"{}").await,
        "layers": [owner.blob("team/large", &vec![0; 3 * 1024 * 1024]).await],
    });
    owner.manifest("team/large", "v1", &image).await;
    let outcome = reading(&registry.url(), &["team/large:v1"])
        .outcome()
        .await
        .unwrap();
    let why = reason(verdict(&outcome, "range.206-body")).unwrap_or_default();
    insta::assert_snapshot!(why, @"no blob of 1000 bytes or more, and 2 MiB at most, to be found there");
    registry.shutdown().await;
}
