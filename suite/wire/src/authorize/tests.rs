//! Registries that want credentials, and token servers, good and bad.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::testing::{Server, client, patient, status};
use super::super::{Client, ClientSettings, Credentials, Exchange, Redirects, Shown, Shows, Url, curl};
use super::*;

const PASSWORD: &str = "hunter2";
const TOKEN: &str = "dG9rZW4tb2YtYWxpY2U";
/// `alice:hunter2`.
const BASIC: &str = "Authorization: Basic YWxpY2U6aHVudGVyMg==";

fn alice() -> Login {
    Login::Password {
        user: "alice".to_owned(),
        password: PASSWORD.into(),
    }
}

fn settings(target: &Url) -> ClientSettings {
    let bob = Login::Token("token-of-bob".into());
    ClientSettings {
        credentials: Credentials::none().with_default(alice()).with_named("bob", bob),
        ..patient(target)
    }
}

/// A registry that wants Basic.
async fn basic() -> Server {
    Server::serve(|request| match request.contains(BASIC) {
        true => status(200, ""),
        false => status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
    })
    .await
}

/// A token server that knows alice, and nobody with whom it is content if `anonymous`.
async fn tokens(anonymous: bool) -> Server {
    Server::serve(move |request| {
        if request.contains(BASIC) || anonymous && !request.contains("Authorization") {
            let body = format!("{{\"token\":\"{TOKEN}\",\"expires_in\":300}}");
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        } else {
            status(401, "")
        }
    })
    .await
}

/// A registry that wants a token of this server, the scope being the path.
async fn bearer(tokens: &Server) -> Server {
    let realm = tokens.url.with_target("/token");
    Server::serve(move |request| {
        let path = request.split(' ').nth(1).unwrap();
        match request.contains(&format!("Authorization: Bearer {TOKEN}\r\n")) {
            true => status(200, ""),
            false => status(
                401,
                &format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"reg\",scope=\"repository:{path}:pull\"\r\n"),
            ),
        }
    })
    .await
}

async fn get(client: &Client, path: &str, account: Account) -> Exchange {
    let mut request = Request::new("GET", client.target().with_target(path));
    request.account = account;
    client.send(request).await
}

fn outcome(exchange: &Exchange) -> (Result<u16, String>, Vec<u16>) {
    let status = exchange.outcome.as_ref().map(|answer| answer.status);
    let hops = exchange.hops.iter().map(|hop| hop.status).collect();
    (status.map_err(ToString::to_string), hops)
}

fn assert_no_secret(exchange: &Exchange) {
    let sent: Vec<(&str, &str)> = exchange.request.headers.iter().collect();
    let shown = format!(
        "{exchange:?} {sent:?} {}",
        curl(exchange, Shows::Answer, "t").unwrap()
    );
    for secret in [PASSWORD, TOKEN, "YWxpY2U6aHVudGVyMg", "token-of-bob"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn basic_is_answered_when_it_is_asked_for_and_from_then_on() {
    let registry = basic().await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let first = get(&client, "/v2/", Account::Default).await;
    assert_eq!(outcome(&first), (Ok(200), vec![401]));
    assert_eq!(
        first.request.headers.get("Authorization"),
        Some("Basic alice:<redacted>")
    );
    assert_no_secret(&first);
    let second = get(&client, "/v2/other", Account::Default).await;
    assert_eq!(outcome(&second), (Ok(200), vec![]));
    assert_eq!(client.requests(), 3);
    assert_eq!((first.number, second.number), (1, 2));
}

#[tokio::test]
async fn a_token_server_that_limits_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let tokens = Server::serve(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => status(429, "Retry-After: 0\r\n"),
        _ => {
            let body = format!("{{\"token\":\"{TOKEN}\"}}");
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
    })
    .await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let (came, _) = outcome(&get(&client, "/v2/", Account::Default).await);
    assert_eq!(came, Ok(200));
}

#[tokio::test]
async fn a_token_server_that_asks_for_too_long_a_wait_gives_no_token() {
    let tokens = Server::serve(|_| status(429, "Retry-After: 3600\r\n")).await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let (came, _) = outcome(&get(&client, "/v2/", Account::Default).await);
    assert!(came.is_err(), "{came:?}");
    assert_eq!(client.requests(), 2);
}

#[tokio::test]
async fn a_password_for_the_token_server_is_for_nothing_else_on_its_host() {
    let registry = Server::serve(|request| {
        let shows_token = request.contains(&format!("Authorization: Bearer {TOKEN}\r\n"));
        match (request.starts_with("GET /token"), shows_token) {
            (true, _) if request.contains(BASIC) => {
                let body = format!("{{\"token\":\"{TOKEN}\"}}");
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }
            (true, _) => status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
            (false, true) => status(200, ""),
            (false, false) => {
                let host = request
                    .split("Host: ")
                    .nth(1)
                    .unwrap()
                    .split("\r\n")
                    .next()
                    .unwrap();
                status(
                    401,
                    &format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\"\r\n"),
                )
            }
        }
    })
    .await;
    let client = Client::new(settings(&registry.url)).unwrap();
    for path in ["/v2/a/blobs/1", "/token?scope=x", "/v2/b/blobs/1"] {
        assert_eq!(
            outcome(&get(&client, path, Account::Default).await).0,
            Ok(200),
            "{path}"
        );
    }
    let heard = registry.heard();
    let passwords = heard.iter().filter(|request| request.contains(BASIC));
    assert!(passwords.clone().count() > 0);
    for request in passwords {
        assert!(request.starts_with("GET /token"), "{request}");
    }
}

#[tokio::test]
async fn a_refused_password_is_not_sent_twice() {
    let registry = Server::serve(|_| status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n")).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    assert_eq!(
        outcome(&get(&client, "/a", Account::Default).await),
        (Ok(401), vec![401])
    );
    assert_eq!(
        outcome(&get(&client, "/b", Account::Default).await),
        (Ok(401), vec![])
    );
}

#[tokio::test]
async fn nobody_and_those_with_a_line_of_their_own_see_the_401() {
    let registry = basic().await;
    let client = Client::new(settings(&registry.url)).unwrap();
    assert_eq!(
        outcome(&get(&client, "/", Account::Nobody).await),
        (Ok(401), vec![])
    );
    let mut request = Request::new("GET", registry.url.with_target("/"));
    request.headers.append("authorization", "Basic bm9ib2R5Ondyb25n");
    assert_eq!(outcome(&client.send(request).await), (Ok(401), vec![]));
    assert!(!registry.heard().concat().contains(BASIC));
}

#[tokio::test]
async fn an_unknown_account_is_a_fault() {
    let registry = basic().await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let exchange = get(&client, "/", Account::Named("carol".to_owned())).await;
    let expected = "no credentials are given for the account `carol`".to_owned();
    assert_eq!(outcome(&exchange), (Err(expected), vec![]));
    assert_eq!(client.requests(), 0);
}

#[tokio::test]
async fn a_token_is_fetched_for_the_scopes_of_the_challenge_and_kept() {
    let tokens = tokens(false).await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let first = get(&client, "/v2/a/tags/list", Account::Default).await;
    assert_eq!(outcome(&first), (Ok(200), vec![401, 200]));
    assert_eq!(
        first.request.headers.get("Authorization"),
        Some("Bearer <redacted>")
    );
    assert_no_secret(&first);
    let asked = tokens.heard().concat();
    assert!(
        asked.starts_with("GET /token?service=reg&scope=repository:/v2/a/tags/list:pull HTTP/1.1\r\n"),
        "{asked}"
    );
    let again = get(&client, "/v2/a/tags/list", Account::Default).await;
    assert_eq!(outcome(&again), (Ok(200), vec![]));
    let other = get(&client, "/v2/b/tags/list", Account::Default).await;
    assert_eq!(outcome(&other), (Ok(200), vec![401, 200]));
    assert!(
        !registry.heard().concat().contains(BASIC),
        "the password is for the token server only"
    );
}

#[tokio::test]
async fn a_token_server_elsewhere_is_shown_the_password_where_it_asks_and_nothing_beside_it_is() {
    let tokens = Server::serve(|request| match request.contains(BASIC) {
        true => status(200, ""),
        false => status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
    })
    .await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let ask = async |path: &str, account: Account| {
        let mut request = Request::new("GET", tokens.url.with_target(path));
        request.account = account;
        outcome(&client.send(request).await)
    };
    // Nobody has named it yet.
    assert_eq!(ask("/token?scope=x", Account::Default).await, (Ok(401), vec![]));
    get(&client, "/v2/", Account::Default).await;
    assert_eq!(
        ask("/token?scope=x", Account::Default).await,
        (Ok(200), vec![401])
    );
    assert_eq!(ask("/token?scope=x", Account::Nobody).await, (Ok(401), vec![]));
    assert_eq!(ask("/token/other", Account::Default).await, (Ok(401), vec![]));
    assert!(!registry.heard().concat().contains(BASIC));
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_replaced() {
    let tokens = tokens(false).await;
    let realm = tokens.url.with_target("/token");
    let mut served = 0;
    let registry = Server::serve(move |request| {
        served += i32::from(request.contains("Bearer"));
        let good = request.contains("Bearer") && served != 2;
        match good {
            true => status(200, ""),
            false => status(401, &format!("WWW-Authenticate: Bearer realm=\"{realm}\"\r\n")),
        }
    })
    .await;
    let client = Client::new(settings(&registry.url)).unwrap();
    assert_eq!(
        outcome(&get(&client, "/", Account::Default).await),
        (Ok(200), vec![401, 200])
    );
    assert_eq!(
        outcome(&get(&client, "/", Account::Default).await),
        (Ok(200), vec![401, 200])
    );
    assert_eq!(
        outcome(&get(&client, "/", Account::Default).await),
        (Ok(200), vec![])
    );
}

#[tokio::test]
async fn a_token_made_elsewhere_is_used_as_it_is() {
    let tokens = tokens(false).await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let exchange = get(&client, "/", Account::Named("bob".to_owned())).await;
    assert_eq!(outcome(&exchange), (Ok(401), vec![401]));
    assert!(registry.heard()[1].contains("Authorization: Bearer token-of-bob\r\n"));
    assert_eq!(tokens.heard().len(), 0);
    assert_no_secret(&exchange);
}

#[tokio::test]
async fn without_an_account_a_token_is_asked_for_anonymously() {
    for (anonymous, expected) in [(true, (Ok(200), vec![401, 200])), (false, (Ok(401), vec![401]))] {
        let tokens = tokens(anonymous).await;
        let registry = bearer(&tokens).await;
        let exchange = get(&client(&registry.url), "/", Account::Default).await;
        assert_eq!(outcome(&exchange), expected);
    }
}

#[tokio::test]
async fn a_token_server_that_fails_is_named() {
    let broken = Server::serve(|_| status(500, "")).await;
    let registry = bearer(&broken).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let exchange = get(&client, "/", Account::Default).await;
    let expected = format!(
        "the token server {} answers 500, not a token",
        broken.url.origin()
    );
    assert_eq!(outcome(&exchange), (Err(expected), vec![401, 500]));
    assert_no_secret(&exchange);
}

#[tokio::test]
async fn neither_password_nor_token_follows_a_redirect_to_another_server() {
    let cdn = Server::serve(|_| status(401, "WWW-Authenticate: Basic realm=\"x\"\r\n")).await;
    let place = cdn.url.with_target("/blob");
    let registry = Server::serve(move |request| match request.contains(BASIC) {
        true => status(307, &format!("Location: {place}\r\n")),
        false => status(401, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
    })
    .await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let exchange = get(&client, "/", Account::Default).await;
    assert_eq!(outcome(&exchange), (Ok(401), vec![401, 307]));
    assert_eq!(
        exchange.outcome.as_ref().unwrap().url,
        cdn.url.with_target("/blob")
    );
    assert_eq!(exchange.request.url, registry.url.with_target("/"));
    assert!(!cdn.heard().concat().contains("Authorization"));
    let mut request = Request::new("GET", registry.url.with_target("/"));
    request.redirects = Redirects::Stop;
    assert_eq!(outcome(&client.send(request).await), (Ok(307), vec![]));
}

#[tokio::test]
async fn a_token_can_be_had_for_the_asking() {
    let tokens = tokens(false).await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let token = client
        .token("repository:a:pull repository:b:push", &Account::Default)
        .await;
    assert_eq!(token.as_deref(), Ok(TOKEN));
    assert!(registry.heard()[0].starts_with("GET /v2/ HTTP/1.1\r\n"));
    assert!(tokens.heard()[0].contains("?service=reg&scope=repository:a:pull&scope=repository:b:push "));
    let nobody = client
        .token("repository:a:pull", &Account::Nobody)
        .await
        .unwrap_err();
    assert!(
        nobody
            .to_string()
            .ends_with("does not accept the credentials (401)"),
        "{nobody}"
    );
    let bob = client
        .token("repository:a:pull", &Account::Named("bob".to_owned()))
        .await;
    assert_eq!(bob.as_deref(), Ok("token-of-bob"));
    let plain = basic().await;
    let fault = Client::new(settings(&plain.url))
        .unwrap()
        .token("x", &Account::Default)
        .await
        .unwrap_err();
    let expected = format!(
        "the registry names no token server: {}/v2/ answers 401 without a Bearer challenge",
        plain.url
    );
    assert_eq!(fault.to_string(), expected);
}

#[test]
fn nothing_secret_is_printed_of_settings() {
    let settings = settings(&Url::parse("http://h").unwrap());
    let shown = format!("{settings:?} {:?}", Client::new(settings.clone()).unwrap());
    assert!(
        !shown.contains(PASSWORD) && !shown.contains("token-of-bob"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_post_with_a_query_may_want_more_than_the_last_one() {
    let tokens = tokens(false).await;
    let registry = bearer(&tokens).await;
    let client = Client::new(settings(&registry.url)).unwrap();
    let post = async |path: &str| {
        let request = Request::new("POST", registry.url.with_target(path));
        outcome(&client.send(request).await)
    };
    assert_eq!(post("/v2/a/blobs/uploads/").await, (Ok(200), vec![401, 200]));
    assert_eq!(post("/v2/a/blobs/uploads/").await, (Ok(200), vec![]));
    let mount = "/v2/a/blobs/uploads/?mount=sha256:0&from=b";
    assert_eq!(post(mount).await, (Ok(200), vec![401, 200]));
    assert_eq!(
        post(mount).await,
        (Ok(200), vec![401]),
        "the challenge is asked for, the token is kept"
    );
}

/// A token server of OAuth2: it takes a form, gives a new refresh token with each token, and takes each but once.
async fn oauth2() -> Server {
    let mut round = 0;
    Server::serve(move |request| {
        let form = request.split("\r\n\r\n").nth(1).unwrap();
        let shown = format!("grant_type=refresh_token&refresh_token=renewed-{round}&");
        let by_password = form.starts_with("grant_type=password&username=alice&password=hunter2&");
        if !request.starts_with("POST /token HTTP/1.1\r\n") {
            return status(405, "Allow: POST\r\n");
        }
        if !form.starts_with(&shown) && !by_password {
            return "HTTP/1.1 400 Bad Request\r\nContent-Length: 25\r\n\r\n{\"error\":\"invalid_grant\"}"
                .to_owned();
        }
        round += 1;
        let body = format!("{{\"access_token\":\"{TOKEN}\",\"refresh_token\":\"renewed-{round}\"}}");
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
    .await
}

async fn with_login(registry: &Server, login: Login) -> Client {
    Client::new(ClientSettings {
        credentials: Credentials::none().with_default(login),
        ..patient(&registry.url)
    })
    .unwrap()
}

#[tokio::test]
async fn a_refresh_token_is_for_the_token_server_and_gives_way_to_the_next() {
    let tokens = oauth2().await;
    let registry = bearer(&tokens).await;
    let client = with_login(&registry, Login::RefreshToken("renewed-0".into())).await;
    for path in ["/v2/a/tags/list", "/v2/b/tags/list", "/v2/c/tags/list"] {
        let exchange = get(&client, path, Account::Default).await;
        assert_eq!(outcome(&exchange), (Ok(200), vec![401, 200]), "{path}");
        assert_eq!(
            exchange.pass.as_ref().map(|pass| &pass.shown),
            Some(&Shown::RefreshToken)
        );
        assert_no_secret(&exchange);
    }
    assert!(!registry.heard().concat().contains("renewed"));
    let forms = tokens.heard();
    assert_eq!(forms.len(), 3);
    assert!(
        forms[1].contains("&service=reg&scope=repository:/v2/b/tags/list:pull"),
        "{}",
        forms[1]
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_is_told() {
    let tokens = oauth2().await;
    let registry = bearer(&tokens).await;
    let client = with_login(&registry, Login::RefreshToken("stale".into())).await;
    let exchange = get(&client, "/", Account::Default).await;
    let expected = format!(
        "the token server {} does not accept the credentials (400)",
        tokens.url.origin()
    );
    assert_eq!(outcome(&exchange), (Err(expected), vec![401, 400]));
    let plain = basic().await;
    let client = with_login(&plain, Login::RefreshToken("renewed-0".into())).await;
    assert_eq!(
        outcome(&get(&client, "/", Account::Default).await),
        (Ok(401), vec![])
    );
    assert!(!plain.heard().concat().contains("renewed"));
}

#[tokio::test]
async fn a_token_server_without_get_takes_the_password_in_a_form() {
    let tokens = oauth2().await;
    let registry = bearer(&tokens).await;
    let client = with_login(&registry, alice()).await;
    let exchange = get(&client, "/", Account::Default).await;
    assert_eq!(outcome(&exchange), (Ok(200), vec![401, 405, 200]));
    let shown = exchange.pass.as_ref().map(|pass| pass.shown.clone());
    let user = "alice".to_owned();
    assert_eq!(shown, Some(Shown::PasswordInForm { user }));
    assert_no_secret(&exchange);
}

#[tokio::test]
async fn a_form_with_a_secret_is_not_sent_on() {
    let elsewhere = Server::serve(|_| status(200, "")).await;
    let place = elsewhere.url.with_target("/token");
    let tokens = Server::serve(move |_| status(307, &format!("Location: {place}\r\n"))).await;
    let registry = bearer(&tokens).await;
    let client = with_login(&registry, Login::RefreshToken("renewed-0".into())).await;
    let exchange = get(&client, "/", Account::Default).await;
    let expected = format!(
        "the token server {} answers 307, not a token",
        tokens.url.origin()
    );
    assert_eq!(outcome(&exchange), (Err(expected), vec![401, 307]));
    assert_eq!(elsewhere.heard().len(), 0);
}
