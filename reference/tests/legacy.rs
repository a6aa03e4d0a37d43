//! What registries of 2014 took as well: TarSum digests and signed manifests, with `--legacy` and not without it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use assize_legacy::signed::{MEDIA_TYPE, SignatureAlgorithm, SignedManifest, SigningKey};
use assize_legacy::tarsum::{TarSumHasher, Version};
use assize_reference::Config;
use assize_reference::routes::{Route, UrlBuilder};
use http::uri::Scheme;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use support::{Registry, codes, config, location, sha256, text};
use time::OffsetDateTime;

fn legacy() -> Config {
    let mut config = config();
    config.offer.legacy = true;
    config
}

/// An archive of no files, of two blocks and whatever comes behind.
fn archive(behind: &str) -> Vec<u8> {
    [[0; 1024].as_slice(), behind.as_bytes()].concat()
}

fn tarsum(archive: &[u8]) -> String {
    let mut hasher = TarSumHasher::new(Version::One);
    hasher.update(archive).unwrap();
    hasher.finish().unwrap().to_string()
}

#[tokio::test]
async fn a_layer_is_pushed_and_pulled_by_its_tarsum() {
    let registry = Registry::start(legacy()).await;
    let layer = archive("");
    let digest = tarsum(&layer);
    let place = format!("/v2/a/blobs/{digest}");
    assert_eq!(registry.head(&place).await.status(), StatusCode::NOT_FOUND);
    let upload = registry.open_upload("a").await;
    let pushed = registry.close(&upload, &digest, &layer).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    assert_eq!(location(&pushed), place);
    let pulled = registry.get(&place).await;
    assert_eq!(text(pulled.headers(), "docker-content-digest"), digest);
    assert_eq!(pulled.bytes().await.unwrap(), layer);
    let single = format!("/v2/b/blobs/uploads/?digest={digest}");
    let single = registry.request(Method::POST, &single).body(layer).send().await;
    assert_eq!(single.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_does_not_have_the_tarsum_is_refused() {
    let registry = Registry::start(legacy()).await;
    let other = format!("tarsum.v1+sha256:{}", "0".repeat(64));
    for content in [
        archive(""),
        b"no archive at all, but longer than nothing".repeat(20),
    ] {
        let upload = registry.open_upload("a").await;
        let refused = registry.close(&upload, &other, &content).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(codes(refused).await, ["DIGEST_INVALID"]);
    }
    let upload = registry.open_upload("a").await;
    let unsupported = format!("tarsum.v2+sha256:{}", "0".repeat(64));
    let refused = registry.close(&upload, &unsupported, &archive("")).await;
    assert_eq!(codes(refused).await, ["DIGEST_INVALID"]);
}

#[tokio::test]
async fn the_size_that_a_client_says_is_the_size_that_a_blob_has() {
    let registry = Registry::start(legacy()).await;
    let content = b"0123456789";
    let digest = sha256(content);
    for (size, status) in [
        ("size=10", StatusCode::CREATED),
        ("length=10", StatusCode::CREATED),
        ("size=9", StatusCode::BAD_REQUEST),
        ("length=x", StatusCode::BAD_REQUEST),
    ] {
        let upload = registry.open_upload("a").await;
        let closed = registry
            .close(&upload, &format!("{digest}&{size}"), content)
            .await;
        assert_eq!(closed.status(), status, "{size}");
        if status == StatusCode::BAD_REQUEST {
            assert_eq!(codes(closed).await, ["SIZE_INVALID"]);
        }
    }
}

/// A manifest of schema 1 for `a:v1`.
fn manifest(layers: &[&str]) -> Value {
    let layer = |digest: &&str| json!({"blobSum": digest});
    let image = |_| json!({"v1Compatibility": "{\"id\":\"1\"}"});
    json!({
        "schemaVersion": 1, "name": "a", "tag": "v1", "architecture": "amd64",
        "fsLayers": layers.iter().map(layer).collect::<Vec<_>>(),
        "history": layers.iter().map(image).collect::<Vec<_>>(),
    })
}

fn signed(manifest: &Value) -> Vec<u8> {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).unwrap();
    let payload = serde_json::to_vec_pretty(manifest).unwrap();
    key.sign(&payload, OffsetDateTime::UNIX_EPOCH).unwrap()
}

async fn put(registry: &Registry, tag: &str, manifest: Vec<u8>) -> Response {
    let request = registry.request(Method::PUT, &format!("/v2/a/manifests/{tag}"));
    let request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(manifest);
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_signed_manifest_is_pushed_pulled_and_deleted_and_its_digest_is_that_of_what_was_signed() {
    let registry = Registry::start(legacy()).await;
    let (by_sum, by_digest) = (archive("one"), registry.push_blob("a", b"two").await);
    let upload = registry.open_upload("a").await;
    registry.close(&upload, &tarsum(&by_sum), &by_sum).await;
    let manifest = signed(&manifest(&[&tarsum(&by_sum), &by_digest]));
    let digest = sha256(SignedManifest::verify(&manifest).unwrap().payload());
    let pushed = put(&registry, "v1", manifest.clone()).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    assert_eq!(text(pushed.headers(), "docker-content-digest"), digest);
    for reference in ["v1", &digest] {
        let pulled = registry.get(&format!("/v2/a/manifests/{reference}")).await;
        assert_eq!(text(pulled.headers(), "content-type"), MEDIA_TYPE);
        assert_eq!(text(pulled.headers(), "docker-content-digest"), digest);
        assert_eq!(pulled.bytes().await.unwrap(), manifest);
    }
    assert_eq!(
        registry.delete("/v2/a/manifests/v1").await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.get("/v2/a/manifests/v1").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        put(&registry, &digest, manifest).await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn all_that_is_wrong_with_a_signed_manifest_is_said_in_one_answer() {
    let registry = Registry::start(legacy()).await;
    let unknown = sha256(b"unknown");
    let mut wrong: Value = serde_json::from_slice(&signed(&manifest(&[&unknown, "asdf", &unknown]))).unwrap();
    wrong["name"] = "b".into();
    let refused = put(&registry, "v2", wrong.to_string().into_bytes()).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let body: Value = refused.json().await.unwrap();
    let errors = body["errors"].as_array().unwrap();
    let codes: Vec<&str> = errors
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect();
    let expected = [
        "MANIFEST_UNVERIFIED",
        "NAME_INVALID",
        "TAG_INVALID",
        "BLOB_UNKNOWN",
        "DIGEST_INVALID",
        "BLOB_UNKNOWN",
    ];
    assert_eq!(codes, expected);
    assert_eq!(errors[3]["detail"], json!({"blobSum": unknown}));
    assert_eq!(errors[4]["detail"], json!({"blobSum": "asdf"}));
}

#[tokio::test]
async fn a_manifest_that_is_not_signed_is_unverified() {
    let registry = Registry::start(legacy()).await;
    let layer = registry.push_blob("a", b"layer").await;
    let plain = manifest(&[&layer]);
    let mut none = plain.clone();
    none["signatures"] = json!([]);
    let mut more: Value = serde_json::from_slice(&signed(&plain)).unwrap();
    more["more"] = 1.into();
    for manifest in [plain, none, more] {
        let refused = put(&registry, "v1", manifest.to_string().into_bytes()).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(codes(refused).await, ["MANIFEST_UNVERIFIED"]);
    }
    let none = put(&registry, "v1", b"no manifest".to_vec()).await;
    assert_eq!(codes(none).await, ["MANIFEST_INVALID"]);
}

#[tokio::test]
async fn an_old_client_gets_an_image_of_schema_2_as_schema_1() {
    let registry = Registry::start(legacy()).await;
    let layer = registry.push_blob("a", b"layer").await;
    let image = json!({
        "architecture": "amd64", "os": "linux",
        "history": [{"created_by": "add"}, {"created_by": "set", "empty_layer": true}],
    });
    let image = image.to_string();
    registry.push_blob("a", image.as_bytes()).await;
    let descriptor = |media_type: &str, digest: &str, size: usize| json!({"mediaType": format!("application/vnd.docker.{media_type}"), "digest": digest, "size": size});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": descriptor("container.image.v1+json", &sha256(image.as_bytes()), image.len()),
        "layers": [descriptor("image.rootfs.diff.tar.gzip", &layer, 5)],
    });
    registry.put_manifest("a", "v1", &manifest).await;
    let get = async |accept: &str| {
        let request = registry.request(Method::GET, "/v2/a/manifests/v1");
        request.header(ACCEPT, accept).send().await.unwrap()
    };
    let converted = get(MEDIA_TYPE).await;
    assert_eq!(text(converted.headers(), "content-type"), MEDIA_TYPE);
    let digest = text(converted.headers(), "docker-content-digest");
    let signed = SignedManifest::verify(&converted.bytes().await.unwrap()).unwrap();
    assert_eq!(sha256(signed.payload()), digest);
    let schema_1: Value = serde_json::from_slice(signed.payload()).unwrap();
    let layers = schema_1["fsLayers"].as_array().unwrap();
    assert_eq!(layers[1]["blobSum"], layer);
    for layer in layers {
        let place = format!("/v2/a/blobs/{}", layer["blobSum"].as_str().unwrap());
        assert_eq!(registry.get(&place).await.status(), StatusCode::OK, "{place}");
    }
    for accept in [
        "*/*",
        &format!("{MEDIA_TYPE}, application/vnd.docker.distribution.manifest.v2+json"),
    ] {
        assert_eq!(get(accept).await.json::<Value>().await.unwrap(), manifest);
    }
}

#[tokio::test]
async fn without_legacy_nothing_of_it_is_taken() {
    let registry = Registry::plain().await;
    let layer = archive("");
    let upload = registry.open_upload("a").await;
    let refused = registry.close(&upload, &tarsum(&layer), &layer).await;
    assert_eq!(codes(refused).await, ["DIGEST_INVALID"]);
    let layer = registry.push_blob("a", b"layer").await;
    let refused = put(&registry, "v1", signed(&manifest(&[&layer]))).await;
    assert_eq!(codes(refused).await, ["MANIFEST_INVALID"]);
    let pushed = registry
        .close(
            &registry.open_upload("a").await,
            &format!("{}&size=9", sha256(b"x")),
            b"x",
        )
        .await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_stored_of_it_is_found_whole_by_the_audit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Config {
        store: Some(folder.path().to_owned()),
        ..legacy()
    };
    let registry = Registry::start(store).await;
    let layer = archive("one");
    registry
        .close(&registry.open_upload("a").await, &tarsum(&layer), &layer)
        .await;
    let pushed = put(&registry, "v1", signed(&manifest(&[&tarsum(&layer)]))).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    registry.running.shutdown().await;
    let audit = assize_reference::check(folder.path(), assize_reference::Check::Look).unwrap();
    assert!(audit.faults.is_empty(), "{audit}");
}

#[tokio::test]
async fn a_client_names_what_it_asks_for_by_the_routes_of_the_registry() {
    let registry = Registry::start(legacy()).await;
    let layer = archive("");
    let upload = registry.open_upload("team/app").await;
    let pushed = registry.close(&upload, &tarsum(&layer), &layer).await;
    let place: Route = location(&pushed).parse().unwrap();
    let named = Route::Blob("team/app".parse().unwrap(), tarsum(&layer).parse().unwrap());
    assert_eq!((place.kind(), &place), ("blob", &named));
    assert_eq!(registry.get(&named.to_string()).await.status(), StatusCode::OK);
    for text in ["/v3/", "/v2/UPPER/tags/list", "/v2/a/blobs/asdf"] {
        assert!(text.parse::<Route>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_client_builds_urls_from_a_base_url_and_from_headers() {
    let registry = Registry::start(legacy()).await;
    let base = UrlBuilder::under(&registry.running.url().parse().unwrap());
    let tags = Route::Tags("team/app".parse().unwrap());
    registry.push_image("team/app", "v1", "seed").await;
    let query = [("n", "1"), ("last", "a&b")];
    let listed = registry.get(&base.url_with_query(&tags, &query)).await;
    assert_eq!(listed.json::<Value>().await.unwrap()["tags"], json!(["v1"]));
    let mut headers = HeaderMap::new();
    let host = registry.running.address().to_string();
    headers.insert(HOST, host.parse().unwrap());
    let seen = UrlBuilder::of_request(&Scheme::HTTP, &headers);
    assert_eq!(seen, base);
}
