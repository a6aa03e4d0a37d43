//! Tokens: those that the registry issues, for itself and for others, and those of another issuer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use assize_reference::{Authentication, Config};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::{Registry, config, text};
use tempfile::TempDir;

/// A folder for the files of a registry, with accounts in it; the password of each is its name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let line = |name: &str, rights: &str| format!("{name}:{} {rights}\n", bcrypt::hash(name, 4).unwrap());
    let accounts = [
        line("writer", ""),
        line("reader", "pull **"),
        "anonymous pull public/**\n".to_owned(),
    ];
    std::fs::write(folder.path().join("accounts"), accounts.concat()).unwrap();
    folder
}

/// A registry that issues tokens to the accounts in a folder.
fn issuing(folder: &TempDir) -> Config {
    Config {
        accounts: Some(folder.path().join("accounts")),
        authentication: Authentication::Token,
        ..config()
    }
}

/// A registry that takes the tokens of another one, as the registry of this name, by the keys in a file.
fn trusting(issuer: &Registry, service: &str, keys: PathBuf) -> Config {
    Config {
        authentication: Authentication::Token,
        token_realm: Some(format!("{}/token", issuer.running.url()).parse().unwrap()),
        token_issuer: Some("assize-reference".parse().unwrap()),
        token_service: service.parse().unwrap(),
        token_trusted_keys: Some(keys),
        ..config()
    }
}

async fn token(issuer: &Registry, account: Option<&str>, query: &str) -> String {
    let request = issuer.request(Method::GET, &format!("/token?{query}"));
    let request = match account {
        Some(name) => request.basic_auth(name, Some(name)),
        None => request,
    };
    let given: Value = request.send().await.unwrap().json().await.unwrap();
    given["token"].as_str().unwrap().to_owned()
}

async fn show(registry: &Registry, token: &str, method: Method, place: &str) -> Response {
    let request = registry.request(method, place).bearer_auth(token);
    request.send().await.unwrap()
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

const UPLOADS: &str = "/v2/a/blobs/uploads/";

#[tokio::test]
async fn a_token_says_who_may_do_what_where_and_how_long() {
    let folder = folder();
    let registry = Registry::start(issuing(&folder)).await;
    let asked = "scope=repository:a:pull,push&scope=repository:b:delete%20registry:catalog:*";
    let token = token(&registry, Some("reader"), asked).await;
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("ES256")));
    let keys: Value = registry.get("/token/keys").await.json().await.unwrap();
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
    assert_eq!(keys["keys"][0].get("d"), None);
    let certificate = registry.get("/token/certificate").await;
    assert_eq!(
        text(certificate.headers(), "content-type"),
        "application/pem-certificate-chain"
    );
    let certificate = certificate
        .text()
        .await
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect::<String>();
    assert_eq!(header["x5c"], json!([certificate]));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("assize-reference"), &json!("reader"))
    );
    assert_eq!(claims["aud"], "assize-reference");
    let time = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!((time("exp") - time("iat"), time("nbf")), (300, time("iat")));
    assert!(claims["jti"].is_string());
    assert_eq!(
        claims["access"],
        json!([
            {"type": "repository", "name": "a", "actions": ["pull"]},
            {"type": "registry", "name": "catalog", "actions": ["*"]},
        ])
    );
}

#[tokio::test]
async fn what_checks_tokens_is_there_for_everybody_where_tokens_are_issued() {
    let folder = folder();
    let by_password = Registry::start(Config {
        authentication: Authentication::Password,
        ..issuing(&folder)
    })
    .await;
    let issuing = Registry::start(issuing(&folder)).await;
    for place in ["/token/keys", "/token/certificate"] {
        assert_eq!(issuing.get(place).await.status(), 200);
        assert_eq!(by_password.get(place).await.status(), 404);
        assert_eq!(issuing.delete(place).await.status(), 405);
    }
}

#[tokio::test]
async fn a_token_is_good_after_a_restart_if_the_key_is_kept_with_the_store() {
    let folder = folder();
    let store = Some(folder.path().join("store"));
    let durable = || Config {
        store: store.clone(),
        ..issuing(&folder)
    };
    let registry = Registry::start(durable()).await;
    let token = token(&registry, Some("writer"), "scope=repository:a:pull,push").await;
    registry.running.shutdown().await;
    let registry = Registry::start(durable()).await;
    assert_eq!(show(&registry, &token, Method::POST, UPLOADS).await.status(), 202);
    let other = Registry::start(issuing(&folder)).await;
    let refused = show(&other, &token, Method::POST, UPLOADS).await;
    assert_eq!(refused.status(), 401);
    assert!(text(refused.headers(), "www-authenticate").ends_with(",error=\"invalid_token\""));
}

#[tokio::test]
async fn a_registry_takes_the_tokens_of_another_for_what_they_say() {
    let folder = folder();
    let issuer = Registry::start(issuing(&folder)).await;
    for place in ["/token/keys", "/token/certificate"] {
        let keys = folder.path().join("keys");
        std::fs::write(&keys, issuer.get(place).await.bytes().await.unwrap()).unwrap();
        let registry = Registry::start(trusting(&issuer, "registry.example.com", keys)).await;

        let challenge = registry.send(Method::POST, UPLOADS).await;
        assert_eq!(challenge.status(), 401);
        let realm = format!("{}/token", issuer.running.url());
        assert_eq!(
            text(challenge.headers(), "www-authenticate"),
            format!(
                "Bearer realm=\"{realm}\",service=\"registry.example.com\",scope=\"repository:a:pull,push\""
            )
        );
        let asked = "service=registry.example.com&scope=repository:a:pull,push";
        let writing = token(&issuer, Some("writer"), asked).await;
        assert_eq!(
            show(&registry, &writing, Method::POST, UPLOADS).await.status(),
            202
        );
        assert_eq!(show(&registry, &writing, Method::GET, "/v2/").await.status(), 200);
        let reading = token(&issuer, Some("reader"), asked).await;
        let refused = show(&registry, &reading, Method::POST, UPLOADS).await;
        assert_eq!(refused.status(), 401);
        assert!(text(refused.headers(), "www-authenticate").ends_with(",error=\"insufficient_scope\""));
        assert_eq!(
            show(&registry, &reading, Method::GET, "/v2/a/tags/list")
                .await
                .status(),
            404
        );

        let of_nobody = token(
            &issuer,
            None,
            "service=registry.example.com&scope=repository:public/a:pull,push",
        )
        .await;
        assert_eq!(
            show(&registry, &of_nobody, Method::GET, "/v2/public/a/tags/list")
                .await
                .status(),
            404
        );
        assert_eq!(
            show(&registry, &of_nobody, Method::POST, "/v2/public/a/blobs/uploads/")
                .await
                .status(),
            401
        );

        let for_itself = token(&issuer, Some("writer"), "scope=repository:a:pull,push").await;
        assert_eq!(
            show(&registry, &for_itself, Method::POST, UPLOADS).await.status(),
            401
        );
        assert_eq!(show(&issuer, &writing, Method::POST, UPLOADS).await.status(), 401);
        // It is no issuer itself.
        assert_eq!(
            show(&registry, &writing, Method::GET, "/token").await.status(),
            404
        );
        assert_eq!(registry.get("/token/keys").await.status(), 404);
    }
}

#[tokio::test]
async fn keys_that_are_trusted_follow_their_file() {
    let folder = folder();
    let (old, new) = (
        Registry::start(issuing(&folder)).await,
        Registry::start(issuing(&folder)).await,
    );
    let keys = folder.path().join("keys");
    let trust = async |issuer: &Registry| {
        std::fs::write(&keys, issuer.get("/token/keys").await.bytes().await.unwrap()).unwrap();
    };
    trust(&old).await;
    let registry = Registry::start(trusting(&old, "r", keys.clone())).await;
    let status = async |issuer: &Registry| {
        let token = token(issuer, Some("writer"), "service=r").await;
        show(&registry, &token, Method::GET, "/v2/")
            .await
            .status()
            .as_u16()
    };
    assert_eq!((status(&old).await, status(&new).await), (200, 401));
    trust(&new).await;
    registry.running.reload();
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
    std::fs::write(&keys, "nonsense").unwrap();
    registry.running.reload();
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
}
