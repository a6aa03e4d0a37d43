//! Tokens: those that the registry issues, for itself and for others, and those of another issuer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use assize_reference::{Authentication, Config, TrustedKeysSource, serve};
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
        token_trusted_keys: Some(TrustedKeysSource::File(keys)),
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

/// What the token server answers to a form.
async fn post(issuer: &Registry, form: &str) -> (u16, Value) {
    let request = issuer.request(Method::POST, "/token").body(form.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.unwrap();
    assert_eq!(text(answer.headers(), "cache-control"), "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_form_is_answered_with_a_token_and_offline_with_one_that_gets_more() {
    let folder = folder();
    let registry = Registry::start(issuing(&folder)).await;
    let asked = "service=assize-reference&client_id=me&scope=repository:a:pull,push+repository:b:delete";
    let by_password =
        |name: &str, more: &str| format!("grant_type=password&username={name}&password={name}&{asked}{more}");
    let (status, given) = post(&registry, &by_password("reader", "")).await;
    assert_eq!((status, &given["scope"]), (200, &json!("repository:a:pull")));
    assert_eq!(
        (&given["expires_in"], given.get("refresh_token")),
        (&json!(300), None)
    );
    let token = given["access_token"].as_str().unwrap();
    assert_eq!(
        show(&registry, token, Method::GET, "/v2/a/tags/list")
            .await
            .status(),
        404
    );

    let (_, given) = post(&registry, &by_password("writer", "&access_type=offline")).await;
    let refreshing = given["refresh_token"].as_str().unwrap().to_owned();
    let by_token = format!("grant_type=refresh_token&refresh_token={refreshing}&{asked}");
    let (status, given) = post(&registry, &by_token).await;
    assert_eq!((status, &given["refresh_token"]), (200, &json!(refreshing)));
    assert_eq!(given["scope"], "repository:a:pull,push repository:b:delete");
    let token = given["access_token"].as_str().unwrap();
    assert_eq!(show(&registry, token, Method::POST, UPLOADS).await.status(), 202);
    // It says nothing to the registry itself.
    assert_eq!(
        show(&registry, &refreshing, Method::GET, "/v2/").await.status(),
        401
    );
    let elsewhere = by_token.replace("service=assize-reference", "service=other");
    assert_eq!(post(&registry, &elsewhere).await.1["error"], "invalid_grant");

    std::fs::write(
        folder.path().join("accounts"),
        format!("writer:{}\n", bcrypt::hash("another", 4).unwrap()),
    )
    .unwrap();
    registry.running.reload();
    assert_eq!(post(&registry, &by_token).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn whoever_asks_by_get_is_given_a_token_that_gets_more_if_they_want_one_and_have_a_name() {
    let folder = folder();
    let registry = Registry::start(issuing(&folder)).await;
    let given = async |account: Option<&str>, query: &str| -> Value {
        let request = registry.request(Method::GET, &format!("/token?service=assize-reference&{query}"));
        let request = match account {
            Some(name) => request.basic_auth(name, Some(name)),
            None => request,
        };
        request.send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(given(Some("writer"), "").await.get("refresh_token"), None);
    assert_eq!(
        given(Some("writer"), "offline_token=false")
            .await
            .get("refresh_token"),
        None
    );
    assert_eq!(given(None, "offline_token=true").await.get("refresh_token"), None);
    let given = given(Some("writer"), "offline_token=true").await;
    let refreshing = given["refresh_token"].as_str().unwrap();
    let form =
        format!("grant_type=refresh_token&refresh_token={refreshing}&service=assize-reference&client_id=me");
    assert_eq!(post(&registry, &form).await.0, 200);
}

#[tokio::test]
async fn a_form_that_cannot_be_answered_is_refused_in_the_words_of_oauth() {
    let folder = folder();
    let registry = Registry::start(issuing(&folder)).await;
    let rest = "service=assize-reference&client_id=me";
    for (form, error) in [
        (
            format!("grant_type=password&username=writer&password=wrong&{rest}"),
            "invalid_grant",
        ),
        (
            format!("grant_type=password&username=nobody&password=nobody&{rest}"),
            "invalid_grant",
        ),
        (
            format!("grant_type=refresh_token&refresh_token=made-up&{rest}"),
            "invalid_grant",
        ),
        (
            format!("grant_type=authorization_code&code=x&{rest}"),
            "unsupported_grant_type",
        ),
        (
            "grant_type=password&username=writer&password=writer&client_id=me".to_owned(),
            "invalid_request",
        ),
        (
            format!("grant_type=password&{rest}&scope={}", "x".repeat(70_000)),
            "invalid_request",
        ),
    ] {
        let (status, answer) = post(&registry, &form).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{answer}");
    }
    let no_form = registry
        .request(Method::POST, "/token")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(no_form.status(), 400);
    let by_password = Registry::start(Config {
        authentication: Authentication::Password,
        ..issuing(&folder)
    })
    .await;
    let nothing = by_password.send(Method::POST, "/token").await;
    assert_eq!(nothing.status(), 404);
}

#[tokio::test]
async fn keys_that_are_published_are_fetched_and_new_ones_found() {
    let folder = folder();
    let issuer = Registry::start(issuing(&folder)).await;
    let published = |issuer: &Registry| {
        let url = format!("{}/token/keys", issuer.running.url());
        Config {
            token_trusted_keys: Some(url.parse().unwrap()),
            ..trusting(issuer, "r", PathBuf::new())
        }
    };
    let registry = Registry::start(published(&issuer)).await;
    let token = token(&issuer, Some("writer"), "service=r&scope=repository:a:pull,push").await;
    assert_eq!(show(&registry, &token, Method::POST, UPLOADS).await.status(), 202);
    let refused = show(&registry, "a.b.c", Method::POST, UPLOADS).await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn published_keys_whose_certificate_nobody_vouches_for_are_not_taken() {
    let folder = folder();
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    std::fs::write(&chain, certificate.cert.pem()).unwrap();
    std::fs::write(&key, certificate.signing_key.serialize_pem()).unwrap();
    let issuer = Registry::start(Config {
        tls_certificate: Some(chain),
        tls_key: Some(key),
        ..issuing(&folder)
    })
    .await;
    let url = format!("{}/token/keys", issuer.running.url());
    let config = Config {
        token_trusted_keys: Some(url.parse().unwrap()),
        ..trusting(&issuer, "r", PathBuf::new())
    };
    let error = serve(config).await.unwrap_err().to_string();
    assert!(error.contains(&url) && error.contains("certificate"), "{error}");
}
