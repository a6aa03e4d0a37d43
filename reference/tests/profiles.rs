//! Every permitted choice, made.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use assize_reference::{PROFILES, profile};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Registry, codes, config, descriptor, image, location, sha256, sha512, text};

/// A registry as a profile makes it.
async fn with(name: &str) -> Registry {
    Registry::start((profile(name).unwrap().apply)(config())).await
}

#[tokio::test]
async fn every_profile_is_a_registry_that_can_be_pulled_from() {
    for profile in PROFILES {
        let registry = with(profile.name).await;
        assert_eq!(
            registry.get("/v2/").await.status(),
            StatusCode::OK,
            "{}",
            profile.name
        );
        let place = format!("/v2/a/blobs/{}", sha256(b"x"));
        assert_eq!(
            registry.get(&place).await.status(),
            StatusCode::NOT_FOUND,
            "{}",
            profile.name
        );
        registry.running.shutdown().await;
    }
}

#[tokio::test]
async fn a_refused_change_is_405_and_changes_nothing() {
    let registry = with("read-only").await;
    let upload = registry.send(Method::POST, "/v2/a/blobs/uploads/").await;
    assert_eq!(upload.status(), StatusCode::METHOD_NOT_ALLOWED);
    let push = registry.put_manifest("a", "t", &image("c", "l")).await;
    assert_eq!(push.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(text(push.headers(), "allow"), "GET, HEAD");

    for (name, refused) in [
        ("no-deletion", vec!["tag", "manifest", "blob"]),
        ("no-tag-deletion", vec!["tag"]),
        ("no-manifest-deletion", vec!["manifest"]),
        ("no-blob-deletion", vec!["blob"]),
    ] {
        let registry = with(name).await;
        let manifest = registry.push_image("a", "t", "x").await;
        for (kind, place) in [
            ("tag", "/v2/a/manifests/t".to_owned()),
            ("manifest", format!("/v2/a/manifests/{manifest}")),
            ("blob", format!("/v2/a/blobs/{}", sha256(b"layer of x"))),
        ] {
            let answer = registry.delete(&place).await;
            if refused.contains(&kind) {
                assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{name} {kind}");
                assert!(!text(answer.headers(), "allow").contains("DELETE"));
                assert_eq!(codes(answer).await, ["UNSUPPORTED"]);
                assert_eq!(
                    registry.get(&place).await.status(),
                    StatusCode::OK,
                    "{name} {kind}"
                );
            } else {
                assert_eq!(answer.status(), StatusCode::ACCEPTED, "{name} {kind}");
            }
        }
    }
}

#[tokio::test]
async fn a_mount_or_a_single_post_that_is_not_offered_opens_an_upload() {
    let digest = sha256(b"content");
    for (name, place) in [
        ("no-mount", format!("/v2/b/blobs/uploads/?mount={digest}&from=a")),
        (
            "no-anonymous-mount",
            format!("/v2/b/blobs/uploads/?mount={digest}"),
        ),
        ("no-single-post", format!("/v2/b/blobs/uploads/?digest={digest}")),
    ] {
        let registry = with(name).await;
        registry.push_blob("a", b"content").await;
        let opened = registry
            .request(Method::POST, &place)
            .body("content")
            .send()
            .await
            .unwrap();
        assert_eq!(opened.status(), StatusCode::ACCEPTED, "{name}");
        let closed = registry.close(&location(&opened), &digest, b"content").await;
        assert_eq!(closed.status(), StatusCode::CREATED, "{name}");
    }
    let named = with("no-anonymous-mount").await;
    named.push_blob("a", b"content").await;
    let mounted = named
        .send(
            Method::POST,
            &format!("/v2/b/blobs/uploads/?mount={digest}&from=a"),
        )
        .await;
    assert_eq!(mounted.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn without_the_referrers_api_a_subject_is_not_processed() {
    let registry = with("no-referrers").await;
    let mut referrer = registry.push_image_blobs("a", "x").await;
    referrer["subject"] = descriptor("a/b", b"subject");
    let pushed = registry.put_manifest("a", "t", &referrer).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    assert!(!pushed.headers().contains_key("oci-subject"));
    let place = format!("/v2/a/referrers/{}?artifactType=a/b", sha256(b"subject"));
    assert_eq!(registry.get(&place).await.status(), StatusCode::NOT_FOUND);

    let unfiltered = with("no-referrers-filter").await.get(&place).await;
    assert!(!unfiltered.headers().contains_key("oci-filters-applied"));
}

#[tokio::test]
async fn a_chunk_below_the_minimum_can_only_be_the_last() {
    let registry = with("chunk-min-length").await;
    let opened = registry.send(Method::POST, "/v2/a/blobs/uploads/").await;
    assert_eq!(text(opened.headers(), "oci-chunk-min-length"), "65536");
    let (upload, full) = (location(&opened), vec![7; 65536]);
    assert_eq!(
        registry.patch(&upload, Some("0-65535"), &full).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.patch(&upload, Some("65536-65536"), b"x").await.status(),
        StatusCode::ACCEPTED
    );
    let refused = registry.patch(&upload, Some("65537-65537"), b"y").await;
    assert_eq!(codes(refused).await, ["SIZE_INVALID"]);
    let whole = [full, b"x".to_vec()].concat();
    assert_eq!(
        registry.close(&upload, &sha256(&whole), b"").await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn what_is_not_offered_otherwise_is_left_out_cleanly() {
    let registry = with("no-sha512").await;
    let upload = registry.open_upload("a").await;
    assert_eq!(
        codes(registry.close(&upload, &sha512(b"x"), b"x").await).await,
        ["DIGEST_INVALID"]
    );
    let opened = registry
        .send(Method::POST, "/v2/a/blobs/uploads/?digest-algorithm=sha512")
        .await;
    assert_eq!(opened.status(), StatusCode::BAD_REQUEST);

    assert_eq!(
        with("no-catalog").await.get("/v2/_catalog").await.status(),
        StatusCode::NOT_FOUND
    );

    let registry = with("no-ranges").await;
    let blob = format!("/v2/a/blobs/{}", registry.push_blob("a", b"content").await);
    let whole = registry
        .request(Method::GET, &blob)
        .header("range", "bytes=0-1")
        .send()
        .await
        .unwrap();
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(text(whole.headers(), "accept-ranges"), "none");

    let registry = with("no-tag-parameters").await;
    let manifest = registry.push_image_blobs("a", "x").await;
    let reference = format!("{}?tag=t", sha256(manifest.to_string().as_bytes()));
    let pushed = registry.put_manifest("a", &reference, &manifest).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    assert!(!pushed.headers().contains_key("oci-tag"));
    assert_eq!(
        registry.get("/v2/a/manifests/t").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn limits_are_kept() {
    let registry = with("few-tag-parameters").await;
    let manifest = registry.push_image_blobs("a", "x").await;
    let digest = sha256(manifest.to_string().as_bytes());
    let query = |count: usize| {
        (0..count)
            .map(|tag| format!("tag=t{tag}"))
            .collect::<Vec<_>>()
            .join("&")
    };
    let refused = registry
        .put_manifest("a", &format!("{digest}?{}", query(11)), &manifest)
        .await;
    assert_eq!(refused.status(), StatusCode::URI_TOO_LONG);
    assert_eq!(
        registry.get(&format!("/v2/a/manifests/{digest}")).await.status(),
        StatusCode::NOT_FOUND
    );
    let accepted = registry
        .put_manifest("a", &format!("{digest}?{}", query(10)), &manifest)
        .await;
    assert_eq!(accepted.status(), StatusCode::CREATED);

    let registry = with("sparse").await;
    let sparse = registry.put_manifest("a", "t", &image("missing", "too")).await;
    assert_eq!(sparse.status(), StatusCode::CREATED);

    let registry = with("rate-limit").await;
    let mut refused = registry.get("/v2/").await;
    for _ in 0..40 {
        if refused.status() == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        refused = registry.get("/v2/").await;
    }
    assert_eq!(text(refused.headers(), "retry-after"), "1");
    assert_eq!(codes(refused).await, ["TOOMANYREQUESTS"]);
}

#[tokio::test]
async fn every_answer_carries_the_warnings() {
    let registry = with("warnings").await;
    let answer = registry.get("/v2/a/tags/list").await;
    let warnings = answer
        .headers()
        .get_all("warning")
        .iter()
        .map(|warning| warning.to_str().unwrap());
    let expected = [
        "299 - \"This registry is for trying things out.\"",
        "299 - \"It says \\\"hello\\\".\"",
    ];
    assert_eq!(warnings.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn urls_may_be_absolute_and_blobs_may_be_elsewhere() {
    let registry = with("absolute-locations").await;
    let opened = registry.send(Method::POST, "/v2/a/blobs/uploads/").await;
    assert!(location(&opened).starts_with(&format!("{}/v2/a/blobs/uploads/", registry.running.url())));
    let closed = registry.close(&location(&opened), &sha256(b"x"), b"x").await;
    assert_eq!(registry.get(&location(&closed)).await.status(), StatusCode::OK);

    let mut elsewhere = config();
    elsewhere.offer.redirect_blobs = Some("https://blobs.example.com/store/".parse().unwrap());
    let registry = Registry::start(elsewhere).await;
    let digest = registry.push_blob("a", b"content").await;
    let redirected = registry.get(&format!("/v2/a/blobs/{digest}")).await;
    assert_eq!(redirected.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(
        location(&redirected),
        format!("https://blobs.example.com/store/v2/a/blobs/{digest}")
    );
}

#[tokio::test]
async fn a_list_in_small_pages_is_complete() {
    let registry = with("small-pages").await;
    let manifest = registry.push_image_blobs("a", "x").await;
    for tag in ["a", "b", "c"] {
        registry.put_manifest("a", tag, &manifest).await;
    }
    let first = registry.get("/v2/a/tags/list?n=100").await;
    assert_eq!(
        text(first.headers(), "link"),
        "</v2/a/tags/list?last=b&n=2>; rel=\"next\""
    );
    let list: Value = first.json().await.unwrap();
    assert_eq!(list["tags"], json!(["a", "b"]));
}

#[tokio::test]
async fn a_blob_can_be_redirected_to_the_registry_itself() {
    let registry = with("redirects").await;
    let digest = registry.push_blob("a", b"content").await;
    let redirected = registry.get(&format!("/v2/a/blobs/{digest}")).await;
    assert_eq!(redirected.status(), StatusCode::TEMPORARY_REDIRECT);
    let signed = location(&redirected);
    assert_eq!(registry.get(&signed).await.text().await.unwrap(), "content");
    let forged = signed.replace("expires=", "expires=9");
    assert_eq!(
        registry.get(&forged).await.status(),
        StatusCode::TEMPORARY_REDIRECT
    );
}
