//! Notifications: what others are told of what happens. What becomes of those who do not listen is in [`delivery`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delivery;
mod listener;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use assize_reference::{Action, BlobRedirect, Config, NotificationEndpoint};
use http::HeaderValue;
use listener::{Listener, PATIENCE, summary};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{IMAGE, INDEX, Registry, config, descriptor, location, sha256, text};

use tokio::time::timeout;

async fn registry(notify: impl Into<Vec<NotificationEndpoint>>) -> Registry {
    Registry::start(Config {
        notify: notify.into(),
        metrics: Some(([127, 0, 0, 1], 0).into()),
        ..config()
    })
    .await
}

/// The value of a metric of the endpoint; 0 if it is not there.
async fn metric(registry: &Registry, name: &str, labels: &str) -> u64 {
    let line = format!("registry_notifications_{name}{{endpoint=\"listener\"{labels}}} ");
    let text = registry.get(&registry.running.metrics_url().unwrap()).await;
    let text = text.text().await.unwrap();
    let value = text.lines().find_map(|found| found.strip_prefix(&line));
    value.map_or(0, |value| value.parse().unwrap())
}

/// Waits until a metric of the endpoint has at least a value.
async fn wait_for(registry: &Registry, name: &str, labels: &str, value: u64) {
    let reached = async {
        while metric(registry, name, labels).await < value {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(PATIENCE, reached).await.is_ok(), "{name} is not {value}");
}

/// Events with what is different each time taken out.
fn assert_events(name: &str, events: &[Value]) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[uuid]");
    settings.add_filter("\"[0-9a-f]{8}-[0-9]+\"", "\"[request]\"");
    settings.add_filter(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:[port]");
    settings.add_filter(
        r#""addr": "[^"]+:[0-9]+",(\s+"instanceID")"#,
        r#""addr": "[machine]:[port]",$1"#,
    );
    settings.add_filter(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z",
        "[timestamp]",
    );
    let text = serde_json::to_string_pretty(events).unwrap();
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[tokio::test]
async fn each_action_is_told() {
    let mut listener = Listener::willing().await;
    let registry = registry([listener.endpoint()]).await;
    let image = registry.push_image_blobs("a/b", "x").await;
    let digest = sha256(image.to_string().as_bytes());
    let layer = sha256(b"layer of x");
    let blob = format!("/v2/a/b/blobs/{layer}");
    for (method, place, expected) in [
        (Method::GET, blob.clone(), 200),
        (
            Method::POST,
            format!("/v2/c/blobs/uploads/?mount={layer}&from=a/b"),
            201,
        ),
        (Method::POST, format!("/v2/d/blobs/uploads/?mount={layer}"), 201),
    ] {
        assert_eq!(registry.send(method, &place).await.status(), expected);
    }
    let pushed = registry.put_manifest("a/b", "latest", &image).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    for (method, place, expected) in [
        (Method::GET, "/v2/a/b/manifests/latest".to_owned(), 200),
        (Method::GET, format!("/v2/a/b/manifests/{digest}"), 200),
        (Method::DELETE, "/v2/a/b/manifests/latest".to_owned(), 202),
        (Method::DELETE, format!("/v2/a/b/manifests/{digest}"), 202),
        (Method::DELETE, blob, 202),
    ] {
        let request = registry.request(method, &place).header("user-agent", "a test");
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    assert_events("each_action", &listener.events(11).await);
}

#[tokio::test]
async fn what_a_manifest_names_is_told_if_it_is_asked_for() {
    let mut listener = Listener::willing().await;
    let registry = Registry::start(Config {
        notify: vec![listener.endpoint()],
        notify_references: true,
        ..config()
    })
    .await;
    let digest = registry.push_image("a", "image", "x").await;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": IMAGE, "digest": digest, "size": 1}],
    });
    registry.put_manifest("a", "index", &index).await;
    let events = listener.events(4).await;
    let references = events.iter().map(|event| event["target"]["references"].clone());
    assert_eq!(
        references.collect::<Vec<_>>(),
        [
            Value::Null,
            Value::Null,
            json!([
                descriptor("application/vnd.oci.image.config.v1+json", b"config of x"),
                descriptor("application/vnd.oci.image.layer.v1.tar", b"layer of x"),
            ]),
            index["manifests"].clone(),
        ]
    );
}

#[tokio::test]
async fn a_push_under_several_tags_is_told_under_each() {
    let mut listener = Listener::willing().await;
    let registry = registry([listener.endpoint()]).await;
    let image = registry.push_image_blobs("a", "x").await;
    let digest = sha256(image.to_string().as_bytes());
    let reference = format!("{digest}?tag=one&tag=two");
    let pushed = registry.put_manifest("a", &reference, &image).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);
    let events = listener.events(4).await.split_off(2);
    assert_eq!(
        events.iter().map(summary).collect::<Vec<_>>(),
        ["push one", "push two"]
    );
    assert!(events.iter().all(|event| event["target"]["digest"] == digest));
}

#[tokio::test]
async fn what_is_refused_or_only_looked_at_is_not_told() {
    let mut listener = Listener::willing().await;
    let registry = registry([listener.endpoint()]).await;
    let digest = registry.push_image("a", "t", "x").await;
    let blob = format!("/v2/a/blobs/{}", sha256(b"layer of x"));
    assert_eq!(listener.summaries(3).await[2], "push t");

    let image = support::image("not", "there");
    let refused = registry.put_manifest("a", "u", &image).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let upload = registry.open_upload("a").await;
    let refused = registry.close(&upload, &sha256(b"other"), b"content").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    for place in [
        &blob,
        "/v2/a/manifests/t",
        &upload,
        "/v2/a/tags/list",
        "/v2/_catalog",
    ] {
        assert!(registry.head(place).await.status().is_success());
    }
    for (method, place) in [
        (Method::GET, format!("/v2/a/manifests/{}", sha256(b"unknown"))),
        (Method::GET, format!("/v2/b/blobs/{}", sha256(b"layer of x"))),
        (Method::DELETE, format!("/v2/a/blobs/{}", sha256(b"unknown"))),
        (Method::DELETE, "/v2/a/manifests/unknown".to_owned()),
    ] {
        assert_eq!(
            registry.send(method, &place).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    let unmounted = format!("/v2/b/blobs/uploads/?mount={}&from=a", sha256(b"unknown"));
    let opened = registry.send(Method::POST, &unmounted).await;
    assert_eq!(opened.status(), StatusCode::ACCEPTED);
    for (place, tag) in [("/v2/a/manifests/t", &digest), (&blob, &sha256(b"layer of x"))] {
        let request = registry.request(Method::GET, place);
        let unchanged = request.header("if-none-match", format!("\"{tag}\"")).send();
        assert_eq!(unchanged.await.unwrap().status(), StatusCode::NOT_MODIFIED);
    }
    assert_eq!(registry.delete(&upload).await.status(), StatusCode::NO_CONTENT);

    assert_eq!(registry.delete(&blob).await.status(), StatusCode::ACCEPTED);
    let expected = format!("delete {}", sha256(b"layer of x"));
    assert_eq!(listener.summaries(1).await, [expected]);
}

#[tokio::test]
async fn a_pull_by_redirect_is_told_once_with_the_name_of_whoever_pulls() {
    let mut listener = Listener::willing().await;
    let accounts = tempfile::NamedTempFile::new().unwrap();
    let line = format!("jane:{} pull,push **\n", bcrypt::hash("secret", 4).unwrap());
    std::fs::write(accounts.path(), line).unwrap();
    let mut config = Config {
        notify: vec![listener.endpoint()],
        accounts: Some(accounts.path().to_owned()),
        ..config()
    };
    config.offer.redirect_blobs = Some(BlobRedirect::Itself);
    let registry = Registry::start(config).await;
    let as_jane = |method, place: &str| {
        let request = registry.request(method, place);
        request.basic_auth("jane", Some("secret"))
    };
    let digest = sha256(b"content");
    let push = as_jane(Method::POST, &format!("/v2/a/blobs/uploads/?digest={digest}"));
    assert_eq!(
        push.body("content").send().await.unwrap().status(),
        StatusCode::CREATED
    );
    let pull = as_jane(Method::GET, &format!("/v2/a/blobs/{digest}"));
    let pull = pull.send().await.unwrap();
    assert_eq!(pull.status(), StatusCode::TEMPORARY_REDIRECT);
    let followed = registry.get(&location(&pull)).await;
    assert_eq!(followed.text().await.unwrap(), "content");
    registry.running.shutdown().await;
    let mut told = Vec::new();
    while let Ok(message) = listener.messages.try_recv() {
        told.extend(message.events());
    }
    let told = told.iter().map(|event| (&event["action"], &event["actor"]));
    let jane = json!({"name": "jane"});
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(&json!("push"), &jane), (&json!("pull"), &jane)]
    );
}

#[tokio::test]
async fn an_event_names_the_place_as_clients_know_it() {
    let mut listener = Listener::willing().await;
    let registry = Registry::start(Config {
        notify: vec![listener.endpoint()],
        base_url: Some("https://registry.example.org/r".parse().unwrap()),
        trusted_proxies: vec![std::net::Ipv4Addr::LOCALHOST.into()],
        ..config()
    })
    .await;
    let digest = sha256(b"content");
    let push = registry.request(Method::POST, &format!("/v2/a/blobs/uploads/?digest={digest}"));
    let push = push.header("x-forwarded-for", "192.0.2.7").body("content");
    assert_eq!(push.send().await.unwrap().status(), StatusCode::CREATED);
    let event = listener.events(1).await.remove(0);
    assert_eq!(
        event["target"]["url"],
        format!("https://registry.example.org/r/v2/a/blobs/{digest}")
    );
    assert_eq!(event["request"]["addr"], "192.0.2.7");
}

#[tokio::test]
async fn a_message_has_its_type_and_the_configured_headers() {
    let mut listener = Listener::willing().await;
    let mut endpoint = listener.endpoint();
    let headers = &mut endpoint.headers;
    headers.insert("authorization", HeaderValue::from_static("Bearer secret"));
    headers.append("x-more", HeaderValue::from_static("one"));
    headers.append("x-more", HeaderValue::from_static("two"));
    let registry = registry([endpoint]).await;
    registry.push_blob("a", b"content").await;
    let headers = listener.message().await.headers;
    assert_eq!(
        text(&headers, "content-type"),
        "application/vnd.docker.distribution.events.v2+json"
    );
    assert_eq!(text(&headers, "authorization"), "Bearer secret");
    assert_eq!(
        headers.get_all("x-more").iter().collect::<Vec<_>>(),
        ["one", "two"]
    );
}

#[tokio::test]
async fn each_endpoint_is_told_what_it_does_not_ignore() {
    let (mut all, mut pushes) = (Listener::willing().await, Listener::willing().await);
    let (mut manifests, nobody) = (Listener::willing().await, Listener::willing().await);
    let named = |listener: &Listener, name: &str| NotificationEndpoint {
        name: name.to_owned(),
        ..listener.endpoint()
    };
    let mut endpoints = [
        named(&all, "all"),
        named(&pushes, "pushes"),
        named(&manifests, "manifests"),
        named(&nobody, "nobody"),
    ];
    endpoints[1].ignore.actions = vec![Action::Pull, Action::Delete];
    endpoints[2].ignore.media_types = vec!["application/octet-stream".to_owned()];
    endpoints[3].disabled = true;
    let registry = registry(endpoints).await;
    let digest = registry.push_image("a", "t", "x").await;
    registry.get("/v2/a/manifests/t").await;
    registry.delete(&format!("/v2/a/manifests/{digest}")).await;
    registry.running.shutdown().await;
    let blobs = [b"config of x".as_slice(), b"layer of x"].map(|blob| format!("push {}", sha256(blob)));
    let deleted = format!("delete {digest}");
    let told = [blobs[0].as_str(), &blobs[1], "push t", "pull t", &deleted];
    assert_eq!(all.summaries(5).await, told);
    assert_eq!(pushes.summaries(3).await, told[..3]);
    assert_eq!(manifests.summaries(3).await, told[2..]);
    for mut listener in [all, pushes, manifests, nobody] {
        assert!(listener.messages.try_recv().is_err());
    }
}
