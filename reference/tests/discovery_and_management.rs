//! Listing and deleting, as the specification describes it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{INDEX, Registry, codes, config, descriptor, sha256, text};

/// Follows `Link` from page to page; returns what `entries` finds on each.
async fn walk(registry: &Registry, first: &str, entries: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(place) = next {
        let page = registry.get(&place).await;
        assert_eq!(page.status(), StatusCode::OK);
        let link = text(page.headers(), "link");
        next = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .map(str::to_owned);
        pages.push(entries(&page.json().await.unwrap()));
    }
    pages
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn tags_are_listed_in_order_page_by_page() {
    let registry = Registry::plain().await;
    let manifest = registry.push_image_blobs("a", "x").await;
    for tag in ["b", "A", "10", "9", "_x", "a"] {
        registry.put_manifest("a", tag, &manifest).await;
    }
    registry.push_image("ab", "other", "y").await;
    let tags = |value: &Value| strings(&value["tags"]);
    let all = ["10", "9", "A", "_x", "a", "b"];
    assert_eq!(walk(&registry, "/v2/a/tags/list", tags).await, [all]);
    assert_eq!(
        walk(&registry, "/v2/a/tags/list?n=4", tags).await,
        [&all[..4], &all[4..]]
    );
    assert_eq!(
        walk(&registry, "/v2/a/tags/list?n=3&last=9", tags).await,
        [&all[2..5], &all[5..]]
    );
    assert_eq!(walk(&registry, "/v2/a/tags/list?last=B", tags).await, [&all[3..]]);
    assert_eq!(walk(&registry, "/v2/a/tags/list?last=b", tags).await, [[""; 0]]);
    assert_eq!(walk(&registry, "/v2/a/tags/list?n=0", tags).await, [[""; 0]]);
    assert_eq!(
        walk(&registry, "/v2/a/tags/list?n=99999999999999999999", tags).await,
        [all]
    );
    for n in ["-1", "abc", "1.5", ""] {
        let refused = registry.get(&format!("/v2/a/tags/list?n={n}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        codes(registry.get("/v2/unknown/tags/list").await).await,
        ["NAME_UNKNOWN"]
    );
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list_and_an_open_upload_makes_no_repository() {
    let registry = Registry::plain().await;
    registry.open_upload("a").await;
    assert_eq!(
        codes(registry.get("/v2/a/tags/list").await).await,
        ["NAME_UNKNOWN"]
    );
    registry.push_blob("a", b"x").await;
    let list: Value = registry.get("/v2/a/tags/list").await.json().await.unwrap();
    assert_eq!(list, json!({"name": "a", "tags": []}));
}

#[tokio::test]
async fn repositories_are_listed_page_by_page() {
    let registry = Registry::plain().await;
    for name in ["b", "a/b", "a"] {
        registry.push_blob(name, b"x").await;
    }
    let names = |value: &Value| strings(&value["repositories"]);
    assert_eq!(walk(&registry, "/v2/_catalog", names).await, [["a", "a/b", "b"]]);
    assert_eq!(
        walk(&registry, "/v2/_catalog?n=2", names).await,
        [vec!["a", "a/b"], vec!["b"]]
    );
}

#[tokio::test]
async fn referrers_are_listed_with_type_and_annotations_at_once() {
    let registry = Registry::plain().await;
    let subject = sha256(b"a subject that is never pushed");
    let place = format!("/v2/a/referrers/{subject}");
    let empty = registry.get(&place).await;
    assert_eq!(empty.status(), StatusCode::OK);
    assert_eq!(text(empty.headers(), "content-type"), INDEX);
    let empty: Value = empty.json().await.unwrap();
    assert_eq!(
        empty,
        json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    );

    let mut referrer = registry.push_image_blobs("a", "x").await;
    referrer["subject"] = descriptor("a/b", b"a subject that is never pushed");
    referrer["annotations"] = json!({"z": "1", "a": "2"});
    let pushed = registry.put_manifest("a", "tag", &referrer).await;
    assert_eq!(text(pushed.headers(), "oci-subject"), subject);
    let bytes = referrer.to_string();
    let expected = json!({
        "mediaType": referrer["mediaType"], "size": bytes.len(), "digest": sha256(bytes.as_bytes()),
        "artifactType": "application/vnd.oci.image.config.v1+json", "annotations": {"z": "1", "a": "2"},
    });
    registry.put_manifest("a", "tag2", &referrer).await;
    let list: Value = registry.get(&place).await.json().await.unwrap();
    assert_eq!(list["manifests"], json!([expected]));
    assert_eq!(
        registry.delete("/v2/a/manifests/tag").await.status(),
        StatusCode::ACCEPTED
    );
    let digest = sha256(bytes.as_bytes());
    registry.delete(&format!("/v2/a/manifests/{digest}")).await;
    let list: Value = registry.get(&place).await.json().await.unwrap();
    assert_eq!(list["manifests"], json!([]));
    assert_eq!(
        codes(registry.get("/v2/a/referrers/sha256:x").await).await,
        ["DIGEST_INVALID"]
    );
}

#[tokio::test]
async fn referrers_are_filtered_and_paged() {
    let mut small = config();
    small.limits.referrers_page_size = 2.try_into().unwrap();
    let registry = Registry::start(small).await;
    let mut referrer = registry.push_image_blobs("a", "x").await;
    referrer["subject"] = descriptor("a/b", b"subject");
    for number in 0..6 {
        referrer["artifactType"] = json!(if number % 2 == 0 {
            "example/even+json"
        } else {
            "example/odd"
        });
        referrer["annotations"] = json!({"number": number.to_string()});
        registry.put_manifest("a", &format!("t{number}"), &referrer).await;
    }
    let subject = sha256(b"subject");
    let types = |value: &Value| {
        let manifests = value["manifests"].as_array().unwrap();
        manifests
            .iter()
            .map(|entry| entry["artifactType"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = walk(&registry, &format!("/v2/a/referrers/{subject}"), types).await;
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    let filtered = format!("/v2/a/referrers/{subject}?artifactType=example%2Feven%2Bjson");
    let even = "example/even+json".to_owned();
    assert_eq!(
        walk(&registry, &filtered, types).await,
        [vec![even.clone(), even.clone()], vec![even]]
    );
    let answer = registry.get(&filtered).await;
    assert_eq!(text(answer.headers(), "oci-filters-applied"), "artifactType");
    let none = registry
        .get(&format!("/v2/a/referrers/{subject}?artifactType=none/such"))
        .await;
    assert_eq!(text(none.headers(), "oci-filters-applied"), "artifactType");
    assert_eq!(none.json::<Value>().await.unwrap()["manifests"], json!([]));
}

#[tokio::test]
async fn deleting_a_manifest_takes_its_tags_with_it_and_nothing_else() {
    let registry = Registry::plain().await;
    let digest = registry.push_image("a", "one", "x").await;
    registry.push_image("a", "two", "x").await;
    registry.push_image("a", "other", "y").await;
    registry.push_image("b", "one", "x").await;
    let manifest = |name: &str, reference: &str| format!("/v2/{name}/manifests/{reference}");
    assert_eq!(
        registry.delete(&manifest("a", &digest)).await.status(),
        StatusCode::ACCEPTED
    );
    for reference in ["one", "two", &digest] {
        assert_eq!(
            codes(registry.get(&manifest("a", reference)).await).await,
            ["MANIFEST_UNKNOWN"]
        );
        assert_eq!(
            registry.head(&manifest("a", reference)).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(
        registry.delete(&manifest("a", &digest)).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        codes(registry.delete(&manifest("unknown", &digest)).await).await,
        ["NAME_UNKNOWN"]
    );
    let tags: Value = registry.get("/v2/a/tags/list").await.json().await.unwrap();
    assert_eq!(tags["tags"], json!(["other"]));
    assert_eq!(registry.get(&manifest("b", "one")).await.status(), StatusCode::OK);
    registry.push_image("a", "one", "x").await;
    assert_eq!(registry.get(&manifest("a", "one")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_moved_tag_leaves_the_old_manifest_and_its_deletion_leaves_the_new_one() {
    let registry = Registry::plain().await;
    let old = registry.push_image("a", "t", "old").await;
    let new = registry.push_image("a", "t", "new").await;
    let tag = registry.head("/v2/a/manifests/t").await;
    assert_eq!(text(tag.headers(), "docker-content-digest"), new);
    assert_eq!(
        registry.delete(&format!("/v2/a/manifests/{old}")).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(registry.get("/v2/a/manifests/t").await.status(), StatusCode::OK);
    assert_eq!(
        registry.delete("/v2/a/manifests/t").await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        registry.delete("/v2/a/manifests/t").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        registry.get(&format!("/v2/a/manifests/{new}")).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_change_is_made_only_if_its_precondition_holds() {
    let registry = Registry::plain().await;
    let digest = registry.push_image("a", "t", "one").await;
    let other = registry.push_image_blobs("a", "two").await;
    let put = |tag: &str, header: &'static str, value: String| {
        let request = registry
            .request(Method::PUT, &format!("/v2/a/manifests/{tag}"))
            .header(header, value);
        let request = request.header("content-type", other["mediaType"].as_str().unwrap());
        request.body(other.to_string()).send()
    };
    for (header, value) in [
        ("if-match", "\"other\"".to_owned()),
        ("if-match", format!("W/\"{digest}\"")),
        ("if-none-match", "*".into()),
    ] {
        assert_eq!(
            put("t", header, value).await.unwrap().status(),
            StatusCode::PRECONDITION_FAILED
        );
    }
    assert_eq!(
        put("new", "if-match", "*".into()).await.unwrap().status(),
        StatusCode::PRECONDITION_FAILED
    );
    let delete = registry
        .request(Method::DELETE, "/v2/a/manifests/t")
        .header("if-match", "\"other\"");
    assert_eq!(
        delete.send().await.unwrap().status(),
        StatusCode::PRECONDITION_FAILED
    );
    let tag = registry.head("/v2/a/manifests/t").await;
    assert_eq!(text(tag.headers(), "etag"), format!("\"{digest}\""));
    assert_eq!(
        put("t", "if-match", format!("\"{digest}\""))
            .await
            .unwrap()
            .status(),
        StatusCode::CREATED
    );
    assert_eq!(
        put("new", "if-none-match", "*".into()).await.unwrap().status(),
        StatusCode::CREATED
    );
}
