//! Accounts: what each may do, and what somebody without one is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use assize_reference::{Authentication, Config};
use reqwest::{Method, Response, StatusCode};
use support::{Registry, codes, config, image, sha256, text};
use tempfile::NamedTempFile;

/// A registry with accounts; the password of each is its name.
struct Guarded {
    registry: Registry,
    file: NamedTempFile,
}

fn line(name: &str, rights: &str) -> String {
    format!("{name}:{} {rights}\n", bcrypt::hash(name, 4).unwrap())
}

impl Guarded {
    async fn start(extra: &str) -> Self {
        Self::start_with(Authentication::Password, extra).await
    }

    async fn start_with(authentication: Authentication, extra: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        let accounts = [
            line("writer", ""),
            line("reader", "pull **"),
            line("stranger", "pull,push,delete elsewhere/**"),
            extra.to_owned(),
        ];
        std::fs::write(file.path(), accounts.concat()).unwrap();
        let registry = Registry::start(Config {
            accounts: Some(file.path().to_owned()),
            authentication,
            ..config()
        })
        .await;
        Self { registry, file }
    }

    async fn send(&self, account: Option<&str>, method: Method, place: &str, body: &str) -> Response {
        let request = self.registry.request(method, place).body(body.to_owned());
        let request = match account {
            Some(name) => request.basic_auth(name, Some(name)),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn status(&self, account: Option<&str>, method: Method, place: &str) -> StatusCode {
        self.send(account, method, place, "").await.status()
    }

    /// A token for an account, or for nobody in particular.
    async fn token(&self, account: Option<&str>, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| format!("&scope={scope}"));
        let place = format!("/token?service=assize-reference{}", scopes.collect::<String>());
        let given = self.send(account, Method::GET, &place, "").await;
        assert_eq!(given.status(), StatusCode::OK);
        let given: serde_json::Value = given.json().await.unwrap();
        assert_eq!(given["token"], given["access_token"]);
        given["token"].as_str().unwrap().to_owned()
    }

    async fn show(&self, token: &str, method: Method, place: &str) -> Response {
        let request = self.registry.request(method, place).bearer_auth(token);
        request.send().await.unwrap()
    }

    /// Pushes a blob as the writer; returns its place.
    async fn push(&self, name: &str, content: &str) -> String {
        let digest = sha256(content.as_bytes());
        let place = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let pushed = self.send(Some("writer"), Method::POST, &place, content).await;
        assert_eq!(pushed.status(), StatusCode::CREATED);
        format!("/v2/{name}/blobs/{digest}")
    }
}

#[tokio::test]
async fn every_request_without_an_account_is_asked_for_one() {
    let guarded = Guarded::start("").await;
    let blob = guarded.push("a", "content").await;
    let opened = guarded
        .send(Some("writer"), Method::POST, "/v2/a/blobs/uploads/", "")
        .await;
    let upload = text(opened.headers(), "location");
    for (method, place) in [
        (Method::GET, "/v2/"),
        (Method::GET, "/v2/_catalog"),
        (Method::GET, "/v2/a/tags/list"),
        (Method::GET, "/v2/a/nonsense"),
        (Method::GET, blob.as_str()),
        (Method::DELETE, &blob),
        (Method::POST, "/v2/a/blobs/uploads/"),
        (Method::GET, &upload),
        (Method::PATCH, &upload),
        (Method::PUT, &upload),
        (Method::DELETE, &upload),
    ] {
        let refused = guarded.send(None, method.clone(), place, "").await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{method} {place}");
        let challenge = text(refused.headers(), "www-authenticate");
        assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
        assert_eq!(codes(refused).await, ["UNAUTHORIZED"]);
    }
    assert_eq!(
        guarded.status(Some("writer"), Method::GET, &upload).await,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_the_same() {
    let guarded = Guarded::start("").await;
    for (name, password) in [("writer", "wrong"), ("nobody", "nobody")] {
        let request = guarded
            .registry
            .request(Method::GET, "/v2/")
            .basic_auth(name, Some(password));
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(refused.headers().contains_key("www-authenticate"));
    }
    assert_eq!(
        guarded.status(Some("writer"), Method::GET, "/v2/").await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_reader_reads_and_changes_nothing() {
    let guarded = Guarded::start("").await;
    let blob = guarded.push("a", "content").await;
    assert_eq!(
        guarded.status(Some("reader"), Method::GET, &blob).await,
        StatusCode::OK
    );
    assert_eq!(
        guarded.status(Some("reader"), Method::GET, "/v2/_catalog").await,
        StatusCode::OK
    );
    for (method, place) in [
        (Method::POST, "/v2/a/blobs/uploads/"),
        (Method::PUT, "/v2/a/manifests/t"),
        (Method::DELETE, &blob),
    ] {
        let refused = guarded.send(Some("reader"), method, place, "").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(codes(refused).await, ["DENIED"]);
    }
    assert_eq!(
        guarded.status(Some("reader"), Method::GET, &blob).await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_stranger_gets_nothing_out_of_a_repository_by_mounting() {
    let guarded = Guarded::start("").await;
    let blob = guarded.push("a", "secret").await;
    assert_eq!(
        guarded.status(Some("stranger"), Method::GET, &blob).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        guarded
            .status(Some("stranger"), Method::GET, "/v2/_catalog")
            .await,
        StatusCode::FORBIDDEN
    );
    let digest = sha256(b"secret");
    for from in ["&from=a", ""] {
        let place = format!("/v2/elsewhere/x/blobs/uploads/?mount={digest}{from}");
        let opened = guarded.status(Some("stranger"), Method::POST, &place).await;
        assert_eq!(opened, StatusCode::ACCEPTED, "{from:?}");
    }
    let own = format!("/v2/elsewhere/x/blobs/{digest}");
    assert_eq!(
        guarded.status(Some("stranger"), Method::GET, &own).await,
        StatusCode::NOT_FOUND
    );
    let place = format!("/v2/b/blobs/uploads/?mount={digest}&from=a");
    assert_eq!(
        guarded.status(Some("writer"), Method::POST, &place).await,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn what_everyone_may_do_needs_no_account() {
    let guarded = Guarded::start("anonymous pull public/**\n").await;
    let open = guarded.push("public/a", "content").await;
    let closed = guarded.push("private", "content").await;
    assert_eq!(guarded.status(None, Method::GET, &open).await, StatusCode::OK);
    assert_eq!(
        guarded.status(None, Method::GET, &closed).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        guarded.status(None, Method::DELETE, &open).await,
        StatusCode::UNAUTHORIZED
    );
    // A client that pushes learns here that it needs an account.
    assert_eq!(
        guarded.status(None, Method::GET, "/v2/").await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn accounts_follow_their_file() {
    let guarded = Guarded::start("").await;
    assert_eq!(
        guarded.status(Some("writer"), Method::GET, "/v2/").await,
        StatusCode::OK
    );
    std::fs::write(guarded.file.path(), line("late", "")).unwrap();
    guarded.registry.running.reload();
    assert_eq!(
        guarded.status(Some("writer"), Method::GET, "/v2/").await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        guarded.status(Some("late"), Method::GET, "/v2/").await,
        StatusCode::OK
    );
    let pushed = guarded
        .send(
            Some("late"),
            Method::PUT,
            "/v2/a/manifests/t",
            &image("c", "l").to_string(),
        )
        .await;
    assert_eq!(
        codes(pushed).await,
        ["MANIFEST_BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN"]
    );
}

/// A place to open an upload, and what a client is told to ask a token for there.
const UPLOADS: (&str, &str) = ("/v2/a/blobs/uploads/", "repository:a:pull,push");

#[tokio::test]
async fn a_challenge_says_where_tokens_are_given_and_for_what() {
    let guarded = Guarded::start_with(Authentication::Token, "").await;
    let realm = format!("realm=\"{}/token\"", guarded.registry.running.url());
    let digest = sha256(b"x");
    let mount = format!("/v2/a/blobs/uploads/?mount={digest}&from=b");
    for (method, place, scope) in [
        (Method::GET, "/v2/", ""),
        (Method::GET, "/v2/a/tags/list", "repository:a:pull"),
        (Method::POST, UPLOADS.0, UPLOADS.1),
        (Method::DELETE, "/v2/a/manifests/t", "repository:a:delete"),
        (Method::GET, "/v2/_catalog", "registry:catalog:*"),
        (Method::POST, &mount, "repository:a:pull,push repository:b:pull"),
    ] {
        let refused = guarded.send(None, method, place, "").await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let challenge = text(refused.headers(), "www-authenticate");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains(&realm),
            "{challenge}"
        );
        let named = challenge
            .split_once("scope=\"")
            .map_or("", |(_, scope)| scope.trim_end_matches('"'));
        assert_eq!(named, scope, "{place}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_as_far_as_its_account_goes() {
    let guarded = Guarded::start_with(Authentication::Token, "").await;
    let ask = |account, scopes| guarded.token(Some(account), scopes);
    let list = "/v2/a/tags/list";
    let expect = async |token: &str, method: Method, place: &str, status: u16| {
        let answer = guarded.show(token, method, place).await;
        assert_eq!(answer.status(), status, "{place}");
    };
    let both = ask("writer", &["repository:a:pull,push", "repository:b:pull"]).await;
    expect(&both, Method::POST, UPLOADS.0, 202).await;
    // There is no such repository: whoever hears that has been let in.
    expect(&both, Method::GET, "/v2/b/tags/list", 404).await;
    expect(&both, Method::POST, "/v2/b/blobs/uploads/", 401).await;
    expect(&both, Method::DELETE, "/v2/a/manifests/t", 401).await;
    expect(&both, Method::GET, "/v2/", 200).await;
    let odd = ask(
        "writer",
        &["nonsense", "repository:a:pull", "repository:unknown/x:pull"],
    )
    .await;
    expect(&odd, Method::GET, list, 404).await;
    // No better token would help.
    let reader = ask("reader", &["repository:a:pull,push"]).await;
    expect(&reader, Method::GET, list, 404).await;
    expect(&reader, Method::POST, UPLOADS.0, 403).await;
    expect("forged.token", Method::GET, list, 401).await;
    assert_eq!(
        guarded.status(Some("writer"), Method::GET, list).await,
        StatusCode::UNAUTHORIZED,
        "a password is for the token server"
    );
}

#[tokio::test]
async fn the_token_endpoint_says_to_everybody_which_methods_it_has() {
    let guarded = Guarded::start_with(Authentication::Token, "").await;
    for account in [None, Some("reader"), Some("nobody")] {
        let refused = guarded
            .send(account, Method::PUT, "/token", "grant_type=password")
            .await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{account:?}");
        assert_eq!(text(refused.headers(), "allow"), "GET, HEAD, POST");
    }
}

#[tokio::test]
async fn tokens_are_given_for_a_password_and_to_nobody_where_nobody_may_do_something() {
    let closed = Guarded::start_with(Authentication::Token, "").await;
    let refused = closed.send(None, Method::GET, "/token", "").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(text(refused.headers(), "www-authenticate").starts_with("Basic "));
    let open = Guarded::start_with(Authentication::Token, "anonymous pull a\n").await;
    let token = open.token(None, &["repository:a:pull,push"]).await;
    assert_eq!(
        open.show(&token, Method::GET, "/v2/").await.status(),
        StatusCode::OK
    );
    let refused = open.show(&token, Method::POST, UPLOADS.0).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let without = Guarded::start("").await;
    assert_eq!(
        without.status(Some("writer"), Method::GET, "/token").await,
        StatusCode::NOT_FOUND
    );
}
