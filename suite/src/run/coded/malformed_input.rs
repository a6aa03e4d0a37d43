//! What a hostile client sends: manifests that exhaust a parser, credentials that should not come back.

use http_auth::basic::encode_credentials;

use super::tools::NOWHERE;
use super::{Actor, Coded, NotReached};
use crate::cause::{Beyond, Cause};
use crate::check::describe;
use crate::run::interpret::requests::plain;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, OCI_MANIFEST};
use crate::wire::{Account, Answer, Exchange, Payload, Redirects};

/// How deep the arrays are nested.
const DEPTH: usize = 100_000;
/// How many layers a manifest lists: hundreds of times those of an image. A registry that looks for each of them is busy
/// for half a second on a machine of its own, and for many times as long where it shares one.
const LAYERS: usize = 5_000;
/// How long a string is.
const STRING: u64 = 3 * 1024 * 1024;

static TAKEN_OR_REFUSED: CodedCheck = CodedCheck::new("security.deep-json", "2xx or 4xx", line!());
static NEXT_IS_ANSWERED: CodedCheck =
    CodedCheck::new("security.deep-json", "the next request is answered", line!());
static NO_CREDENTIALS: CodedCheck = CodedCheck::new(
    "security.no-credential-echo",
    "an answer without the credentials of the request",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "security/deep-manifests",
            title: "A manifest that exhausts a parser is taken or refused, and the registry goes on",
            needs: &["push"],
            weight: Weight::Heavy,
            checks: &[&TAKEN_OR_REFUSED, &NEXT_IS_ANSWERED],
        },
        follow: |actor| Box::pin(deep_manifests(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "security/credentials-not-repeated",
            title: "No answer repeats the credentials that came with a request",
            needs: &[],
            weight: Weight::Usual,
            checks: &[&NO_CREDENTIALS],
        },
        follow: |actor| Box::pin(credentials_not_repeated(actor)),
    },
];

async fn deep_manifests(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let config = actor.maker().random(100);
    actor.given(&repository, &config, &[]).await?;
    let of = |layers: &str, [before, long, behind]: [Payload; 3]| {
        let config = config.descriptor();
        let head = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":{layers}"#
        );
        let text = [head.into(), before, long, behind, "}".into()];
        Content::of_type(Payload::joined(&text), OCI_MANIFEST)
    };
    let nothing = || ["", "", ""].map(Payload::from);
    let long = || Payload::repeated(b'x', STRING);
    let nested = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let listed = format!("[{}{{}}]", "{},".repeat(LAYERS - 1));
    let asked = [
        (
            "nested arrays",
            of(
                "[]",
                [r#","org.example.deep":"#.into(), nested.clone().into(), "".into()],
            ),
        ),
        ("nested layers", of(&nested, nothing())),
        ("five thousand layers", of(&listed, nothing())),
        (
            "a long string",
            of("[]", [r#","org.example.long":""#.into(), long(), r#"""#.into()]),
        ),
        ("a long name", of("[]", [r#",""#.into(), long(), r#"":1"#.into()])),
    ];
    for (row, manifest) in asked {
        actor.row(row);
        let place = actor.at(&format!("/v2/{repository}/manifests/{}", manifest.digest()));
        let sent = actor.call("PUT", place, Some(&manifest)).await;
        let fine = sent
            .status()
            .is_some_and(|status| (200..300).contains(&status) || (400..500).contains(&status));
        actor.judge(
            &TAKEN_OR_REFUSED,
            (!fine).then(|| describe::exchange(&sent)),
            &sent,
        );
        let next = actor.blob_at(&repository, &config.digest());
        let next = actor.call("GET", next, None).await;
        actor.judge(
            &NEXT_IS_ANSWERED,
            (next.status() != Some(200)).then(|| describe::exchange(&next)),
            &next,
        );
    }
    Ok(())
}

async fn credentials_not_repeated(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let password = actor.maker().uuid();
    let token = actor.maker().uuid();
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
        actor.row(*row);
        for (method, path) in &asked {
            match actor.stay_within(method, &actor.at(path)) {
                Err(NotReached(Cause::Beyond(Beyond::Ended))) => return Ok(()),
                Err(_) => continue,
                Ok(()) => {}
            }
            let mut request = plain(method, actor.at(path), None);
            request.headers.set("Authorization", authorization);
            request.account = Account::Nobody;
            request.redirects = Redirects::Stop;
            let answered = actor.send(request).await;
            actor.judge(&NO_CREDENTIALS, repeated(&answered, secrets), &answered);
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
