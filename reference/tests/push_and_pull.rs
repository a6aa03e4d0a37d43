//! Pushing and pulling, as the specification describes it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{IMAGE, INDEX, Registry, codes, config, descriptor, image, location, sha256, sha512, text};

#[tokio::test]
async fn the_base_endpoint_says_that_this_is_a_registry() {
    let registry = Registry::plain().await;
    let answer = registry.get("/v2/").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(text(answer.headers(), "content-type"), "application/json");
    assert_eq!(answer.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn a_blob_is_pushed_in_every_way_and_pulled_as_it_was() {
    let registry = Registry::plain().await;
    let whole = b"0123456789".as_slice();
    let digest = sha256(whole);
    let blob = |name: &str| format!("/v2/{name}/blobs/{digest}");

    let upload = registry.open_upload("put").await;
    let pushed = registry.close(&upload, &digest, whole).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    assert_eq!(location(&pushed), blob("put"));

    let single = registry.request(Method::POST, &format!("/v2/post/blobs/uploads/?digest={digest}"));
    assert_eq!(
        single.body(whole).send().await.unwrap().status(),
        StatusCode::CREATED
    );

    let upload = registry.open_upload("chunks").await;
    for (range, chunk, so_far) in [("0-3", &whole[..4], "0-3"), ("4-7", &whole[4..8], "0-7")] {
        let answer = registry.patch(&upload, Some(range), chunk).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(text(answer.headers(), "range"), so_far);
    }
    assert_eq!(
        registry.close(&upload, &digest, &whole[8..]).await.status(),
        StatusCode::CREATED
    );

    let upload = registry.open_upload("stream").await;
    assert_eq!(
        registry.patch(&upload, None, &whole[..5]).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.patch(&upload, None, &whole[5..]).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.close(&upload, &digest, b"").await.status(),
        StatusCode::CREATED
    );

    let mount = format!("/v2/mount/blobs/uploads/?mount={digest}&from=put");
    assert_eq!(
        registry.send(Method::POST, &mount).await.status(),
        StatusCode::CREATED
    );

    for name in ["put", "post", "chunks", "stream", "mount"] {
        let answer = registry.get(&blob(name)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert_eq!(text(answer.headers(), "docker-content-digest"), digest);
        assert_eq!(answer.bytes().await.unwrap(), whole);
        let head = registry.head(&blob(name)).await;
        assert_eq!(text(head.headers(), "content-length"), "10");
    }
    assert_eq!(
        registry.get(&blob("elsewhere")).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on() {
    let registry = Registry::plain().await;
    let upload = registry.open_upload("a").await;
    assert_eq!(
        registry.patch(&upload, Some("0-3"), b"0123").await.status(),
        StatusCode::ACCEPTED
    );
    for (range, chunk) in [("8-9", b"89".as_slice()), ("0-3", b"0123"), ("2-5", b"2345")] {
        let refused = registry.patch(&upload, Some(range), chunk).await;
        assert_eq!(refused.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(text(refused.headers(), "range"), "0-3");
        assert_eq!(codes(refused).await, ["BLOB_UPLOAD_INVALID"]);
    }
    for (range, chunk, status) in [
        ("4-9", b"4".as_slice(), StatusCode::BAD_REQUEST),
        ("4-4", b"456", StatusCode::BAD_REQUEST),
        ("x", b"4", StatusCode::RANGE_NOT_SATISFIABLE),
        ("4-", b"4", StatusCode::RANGE_NOT_SATISFIABLE),
    ] {
        assert_eq!(
            registry.patch(&upload, Some(range), chunk).await.status(),
            status,
            "{range}"
        );
    }
    let status = registry.get(&upload).await;
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    assert_eq!(text(status.headers(), "range"), "0-3");
    assert!(!status.headers().contains_key("content-length"));
    assert_eq!(
        registry.close(&upload, &sha256(b"012345"), b"45").await.status(),
        StatusCode::CREATED
    );
    assert_eq!(codes(registry.get(&upload).await).await, ["BLOB_UPLOAD_UNKNOWN"]);
}

#[tokio::test]
async fn content_without_its_digest_is_refused_and_the_upload_can_be_closed_rightly() {
    let registry = Registry::plain().await;
    let upload = registry.open_upload("a").await;
    registry.patch(&upload, None, b"right").await;
    for wrong in [
        sha256(b"wrong"),
        sha512(b"wrong"),
        "sha256:x".into(),
        "md5:900150983cd24fb0d6963f7d28e17f72".into(),
    ] {
        let refused = registry.close(&upload, &wrong, b"").await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(codes(refused).await, ["DIGEST_INVALID"]);
    }
    assert_eq!(
        registry
            .get(&format!("/v2/a/blobs/{}", sha256(b"right")))
            .await
            .status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        registry.close(&upload, &sha256(b"right"), b"").await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn an_upload_for_one_algorithm_ends_well_with_a_digest_of_the_other() {
    let registry = Registry::plain().await;
    for (query, digest) in [
        ("", sha512(b"content")),
        ("?digest-algorithm=sha512", sha256(b"content")),
    ] {
        let opened = registry
            .send(Method::POST, &format!("/v2/a/blobs/uploads/{query}"))
            .await;
        let upload = location(&opened);
        registry.patch(&upload, None, b"con").await;
        assert_eq!(
            registry.close(&upload, &digest, b"tent").await.status(),
            StatusCode::CREATED
        );
        assert_eq!(
            registry
                .get(&format!("/v2/a/blobs/{digest}"))
                .await
                .text()
                .await
                .unwrap(),
            "content"
        );
    }
    let refused = registry
        .send(Method::POST, "/v2/a/blobs/uploads/?digest-algorithm=md4")
        .await;
    assert_eq!(codes(refused).await, ["DIGEST_INVALID"]);
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository_and_can_be_cancelled() {
    let registry = Registry::plain().await;
    let upload = registry.open_upload("a").await;
    let elsewhere = upload.replace("/v2/a/", "/v2/b/");
    assert_eq!(registry.get(&elsewhere).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        registry.close(&elsewhere, &sha256(b"x"), b"x").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(registry.delete(&upload).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(registry.delete(&upload).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        registry.close(&upload, &sha256(b"x"), b"x").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_mounted_blob_does_not_depend_on_its_source() {
    let registry = Registry::plain().await;
    let digest = registry.push_blob("source", b"shared").await;
    let mount = |query: String| format!("/v2/target/blobs/uploads/?{query}");
    for query in [
        format!("mount={}&from=source", sha256(b"other")),
        format!("mount={digest}&from=unknown"),
        format!("mount={digest}&from=UPPER/../x"),
    ] {
        assert_eq!(
            registry.send(Method::POST, &mount(query)).await.status(),
            StatusCode::ACCEPTED
        );
    }
    let mounted = registry
        .send(Method::POST, &mount(format!("mount={digest}")))
        .await;
    assert_eq!(mounted.status(), StatusCode::CREATED);
    assert_eq!(text(mounted.headers(), "docker-content-digest"), digest);
    assert_eq!(
        registry
            .delete(&format!("/v2/source/blobs/{digest}"))
            .await
            .status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.get(&format!("/v2/source/blobs/{digest}")).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        registry
            .get(&format!("/v2/target/blobs/{digest}"))
            .await
            .text()
            .await
            .unwrap(),
        "shared"
    );
}

#[tokio::test]
async fn a_large_blob_is_whole() {
    let registry = Registry::plain().await;
    let content = (0..5_000_001_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect::<Vec<_>>();
    let digest = registry.push_blob("a", &content).await;
    let blob = format!("/v2/a/blobs/{digest}");
    assert!(registry.get(&blob).await.bytes().await.unwrap() == content);
    let part = registry
        .request(Method::GET, &blob)
        .header("range", "bytes=1000000-4999999")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        text(part.headers(), "content-range"),
        "bytes 1000000-4999999/5000001"
    );
    assert!(part.bytes().await.unwrap() == content[1_000_000..5_000_000]);
}

#[tokio::test]
async fn a_manifest_is_stored_byte_for_byte_under_its_digest_and_its_tags() {
    let registry = Registry::plain().await;
    let compact = registry.push_image_blobs("a", "one").await;
    let bytes = format!("{}\r\n", serde_json::to_string_pretty(&compact).unwrap());
    let digest = sha256(bytes.as_bytes());
    let put = |reference: String| {
        let request = registry.request(Method::PUT, &format!("/v2/a/manifests/{reference}"));
        request
            .header("content-type", format!("{IMAGE}; charset=utf-8"))
            .body(bytes.clone())
            .send()
    };
    let by_tag = put("latest".into()).await.unwrap();
    assert_eq!(by_tag.status(), StatusCode::CREATED);
    assert_eq!(text(by_tag.headers(), "docker-content-digest"), digest);
    assert!(!by_tag.headers().contains_key("oci-subject"));
    let by_digest = put(format!("{digest}?tag=1&tag=1.2&tag=latest")).await.unwrap();
    assert_eq!(text(by_digest.headers(), "oci-tag"), "1, 1.2, latest");
    for reference in ["latest", "1", "1.2", &digest] {
        let pulled = registry.get(&format!("/v2/a/manifests/{reference}")).await;
        assert_eq!(pulled.status(), StatusCode::OK);
        assert_eq!(text(pulled.headers(), "content-type"), IMAGE);
        assert_eq!(pulled.text().await.unwrap(), bytes);
    }
    let refused = put(format!("{digest}?tag=fine&tag=-bad")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let tags: Value = registry.get("/v2/a/tags/list").await.json().await.unwrap();
    assert_eq!(tags, json!({"name": "a", "tags": ["1", "1.2", "latest"]}));
}

#[tokio::test]
async fn every_missing_piece_of_a_manifest_is_an_error_of_its_own() {
    let registry = Registry::plain().await;
    let mut manifest = image("config", "one");
    manifest["layers"]
        .as_array_mut()
        .unwrap()
        .push(descriptor("a/b", b"two"));
    let refused = registry.put_manifest("a", "t", &manifest).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(codes(refused).await, ["MANIFEST_BLOB_UNKNOWN"; 3]);
    assert_eq!(
        registry.get("/v2/a/tags/list").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_index_lists_manifests_of_its_repository() {
    let registry = Registry::plain().await;
    let child = registry.push_image_blobs("a", "child").await;
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [descriptor(IMAGE, child.to_string().as_bytes())],
    });
    assert_eq!(
        codes(registry.put_manifest("a", "i", &index).await).await,
        ["MANIFEST_BLOB_UNKNOWN"]
    );
    registry.put_manifest("a", "child", &child).await;
    assert_eq!(
        registry.put_manifest("a", "i", &index).await.status(),
        StatusCode::CREATED
    );
    assert_eq!(
        text(registry.get("/v2/a/manifests/i").await.headers(), "content-type"),
        INDEX
    );
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let registry = Registry::plain().await;
    for body in ["", "{", "null", "[]", "\"x\""] {
        let request = registry
            .request(Method::PUT, "/v2/a/manifests/t")
            .header("content-type", IMAGE);
        assert_eq!(
            codes(request.body(body).send().await.unwrap()).await,
            ["MANIFEST_INVALID"]
        );
    }
    let wrong_digest = format!("/v2/a/manifests/{}", sha256(b"other"));
    let request = registry
        .request(Method::PUT, &wrong_digest)
        .header("content-type", IMAGE)
        .body("{}");
    assert_eq!(codes(request.send().await.unwrap()).await, ["DIGEST_INVALID"]);
}

#[tokio::test]
async fn a_manifest_of_four_mebibytes_is_accepted_and_one_above_the_limit_is_not() {
    let mut small = config();
    small.limits.manifest_size = 5_000_000;
    let registry = Registry::start(small).await;
    let mut manifest = registry.push_image_blobs("a", "big").await;
    manifest["annotations"] = json!({"fill": "x".repeat(4_194_304)});
    assert_eq!(
        registry.put_manifest("a", "big", &manifest).await.status(),
        StatusCode::CREATED
    );
    assert_eq!(
        registry.get("/v2/a/manifests/big").await.text().await.unwrap(),
        manifest.to_string()
    );
    manifest["annotations"] = json!({"fill": "x".repeat(5_000_000)});
    let refused = registry.put_manifest("a", "bigger", &manifest).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_refused_upload_is_answered_even_if_the_client_goes_on_sending() {
    let registry = Registry::plain().await;
    let unknown = "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000";
    let answer = registry.close(unknown, &sha256(b"x"), &vec![0; 20_000_000]).await;
    assert_eq!(codes(answer).await, ["BLOB_UPLOAD_UNKNOWN"]);
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::OK);
}
