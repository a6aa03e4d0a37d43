//! What a hostile client sends: manifests that exhaust a parser, credentials that should not come back.

use http_auth::basic::encode_credentials;

use super::tools::{NOWHERE, status};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Content, OCI_MANIFEST};
use crate::run::describe;
use crate::run::request::plain;
use crate::run::world::World;
use crate::wire::{Account, Answer, Exchange, Redirects};

/// How deep the arrays are nested.
const DEPTH: usize = 100_000;
/// How many layers a manifest lists.
const LAYERS: usize = 100_000;
/// How long a string is.
const STRING: usize = 3 * 1024 * 1024;

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "security/deep-manifests",
            title: "A manifest that exhausts a parser is taken or refused, and the registry goes on",
            needs: &["push"],
            cites: &["security.deep-json"],
        },
        follow: |world| Box::pin(deep_manifests(world)),
    },
    Native {
        declared: Declared {
            name: "security/credentials-not-repeated",
            title: "No answer repeats the credentials that came with a request",
            needs: &[],
            cites: &["security.no-credential-echo"],
        },
        follow: |world| Box::pin(credentials_not_repeated(world)),
    },
];

async fn deep_manifests(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let config = world.maker().random(100);
    world.given(&repository, &config, &[]).await?;
    let of = |layers: &str, more: &str| {
        let config = config.descriptor();
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":{layers}{more}}}"#
        );
        Content::of_type(text, OCI_MANIFEST)
    };
    let nested = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let listed = format!("[{}{{}}]", "{},".repeat(LAYERS - 1));
    let asked = [
        (
            "nested arrays",
            of("[]", &format!(r#","org.example.deep":{nested}"#)),
        ),
        ("nested layers", of(&nested, "")),
        ("a hundred thousand layers", of(&listed, "")),
        (
            "a long string",
            of("[]", &format!(r#","org.example.long":"{}""#, "x".repeat(STRING))),
        ),
        (
            "a long name",
            of("[]", &format!(r#","{}":1"#, "x".repeat(STRING))),
        ),
    ];
    for (row, manifest) in asked {
        world.row = Some(row.to_owned());
        let place = world.at(&format!("/v2/{repository}/manifests/{}", manifest.digest()));
        let sent = world.call("PUT", place, Some(&manifest)).await;
        let fine =
            status(&sent).is_some_and(|status| (200..300).contains(&status) || (400..500).contains(&status));
        let judged = Judged {
            id: "security.deep-json",
            line: line!(),
            asked: "2xx or 4xx",
            broken: (!fine).then(|| describe::exchange(&sent)),
        };
        world.judge_exchange(judged, &sent);
        let next = world.blob_at(&repository, &config.digest());
        let next = world.call("GET", next, None).await;
        let judged = Judged {
            id: "security.deep-json",
            line: line!(),
            asked: "the next request is answered",
            broken: (status(&next) != Some(200)).then(|| describe::exchange(&next)),
        };
        world.judge_exchange(judged, &next);
    }
    Ok(())
}

async fn credentials_not_repeated(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let password = world.maker().uuid();
    let token = world.maker().uuid();
    let basic = encode_credentials("assize", &password);
    let pair = basic.trim_start_matches("Basic ").to_owned();
    let shown = [
        ("a password", basic, vec![password, pair]),
        ("a token", format!("Bearer {token}"), vec![token]),
    ];
    let asked = [
        ("GET", "/v2/".to_owned()),
        ("GET", "/v2/_catalog".to_owned()),
        ("GET", format!("/v2/{repository}/tags/list")),
        ("GET", format!("/v2/{repository}/manifests/missing")),
        ("GET", format!("/v2/{repository}/blobs/{NOWHERE}")),
        ("GET", format!("/v2/{repository}/blobs/sha256:short")),
        ("GET", "/v2/UPPER/manifests/latest".to_owned()),
        ("GET", "/nowhere".to_owned()),
        ("POST", format!("/v2/{repository}/blobs/uploads/")),
        ("PUT", format!("/v2/{repository}/manifests/none")),
        ("DELETE", format!("/v2/{repository}/manifests/missing")),
    ];
    for (row, authorization, secrets) in &shown {
        world.row = Some((*row).to_owned());
        for (method, path) in &asked {
            let mut request = plain(method, world.at(path), None);
            request.headers.set("Authorization", authorization);
            request.account = Account::Nobody;
            request.redirects = Redirects::Stop;
            let answered = world.send(request).await;
            let judged = Judged {
                id: "security.no-credential-echo",
                line: line!(),
                asked: "an answer without the credentials of the request",
                broken: repeated(&answered, secrets),
            };
            world.judge_exchange(judged, &answered);
        }
    }
    Ok(())
}

/// Where an answer repeats one of these.
fn repeated(exchange: &Exchange, secrets: &[String]) -> Option<String> {
    let answer = exchange.outcome.as_ref().ok()?;
    let place = secrets.iter().find_map(|secret| place_of(answer, secret))?;
    Some(format!("they came back in {place}"))
}

fn place_of(answer: &Answer, secret: &str) -> Option<String> {
    let line = answer.headers.iter().find(|(_, value)| value.contains(secret));
    if let Some((name, _)) = line {
        return Some(name.to_owned());
    }
    let body = answer.body.bytes();
    let body = String::from_utf8_lossy(&body);
    body.contains(secret).then(|| "the body".to_owned())
}
