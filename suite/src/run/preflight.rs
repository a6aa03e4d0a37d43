//! Whether a target can be used at all, asked before anything is claimed about it.

use crate::check::{describe, error_codes};
use crate::values::Maker;
use crate::wire::{Answer, Body, Client, Exchange, Fault, Request};

/// Why a target cannot be used. Nothing else is claimed about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Nobody answers there.
    #[error("{target} cannot be reached: {why}")]
    Unreachable {
        /// The target.
        target: String,
        /// What went wrong.
        why: String,
    },
    /// It wants credentials, and there are none.
    #[error(
        "{target} asks for credentials ({challenge}): give them in ASSIZE_USER and ASSIZE_PASSWORD, or in ASSIZE_TOKEN"
    )]
    WantsCredentials {
        /// The target.
        target: String,
        /// How it asked.
        challenge: String,
    },
    /// It refuses the credentials that there are.
    #[error("{target} refuses the credentials that were given: {why}")]
    RefusesCredentials {
        /// The target.
        target: String,
        /// What it answered.
        why: String,
    },
    /// Whatever is there speaks HTTP, but not the protocol of registries.
    #[error(
        "{target} is no registry: GET /v2/ answered {base}, and nothing else below /v2/ answers like one"
    )]
    NoRegistry {
        /// The target.
        target: String,
        /// What the base endpoint answered.
        base: String,
    },
}

/// What was learned of a registry before the first scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The least length of a chunk, where the registry announces one.
    pub min_chunk: Option<u64>,
}

/// Finds out whether the target is a registry that can be asked.
pub async fn examine(client: &Client, seed: u64) -> Result<Manner, Unusable> {
    let target = client.target().to_string();
    let asked = client.send(request(client, "GET", "/v2/")).await;
    let base = asked
        .outcome
        .as_ref()
        .map_err(|fault| unreachable(&target, fault))?;
    if base.status == 401 {
        return Err(refused(target, base, &asked));
    }
    let repository = format!("assize/{seed:x}/hello-0/a");
    let opened = ask(client, "POST", &format!("/v2/{repository}/blobs/uploads/")).await;
    let opened = opened.map_err(|fault| unreachable(&target, &fault))?;
    if base.status != 200 && !speaks_like_a_registry(client, &opened, seed).await {
        return Err(Unusable::NoRegistry {
            target,
            base: describe::status(base),
        });
    }
    if let Some(place) = opened.location().filter(|_| opened.status == 202) {
        client
            .send(Request {
                url: place,
                ..request(client, "DELETE", "/")
            })
            .await;
    }
    let announced = opened
        .headers
        .get("OCI-Chunk-Min-Length")
        .and_then(|text| text.trim().parse().ok());
    Ok(Manner { min_chunk: announced })
}

/// Whether something below `/v2/` answers as only a registry does.
async fn speaks_like_a_registry(client: &Client, opened: &Answer, seed: u64) -> bool {
    if opened.status == 202 && opened.headers.get("Location").is_some() {
        return true;
    }
    let tag = Maker::new(seed, "hello").random(8).tag();
    let path = format!("/v2/assize/{seed:x}/hello-0/a/manifests/{tag}");
    let Ok(missing) = ask(client, "GET", &path).await else {
        return false;
    };
    let json = serde_json::from_slice(&missing.body.bytes()).unwrap_or_default();
    missing.status == 404 && !error_codes(&json).is_empty()
}

/// A 401 that came although credentials were tried is a refusal of them.
fn refused(target: String, base: &Answer, asked: &Exchange) -> Unusable {
    let lines: Vec<&str> = base.headers.all("WWW-Authenticate").collect();
    if asked.hops.iter().any(|hop| hop.status == 401) {
        Unusable::RefusesCredentials {
            target,
            why: describe::status(base),
        }
    } else {
        Unusable::WantsCredentials {
            target,
            challenge: describe::header("WWW-Authenticate", &lines),
        }
    }
}

fn unreachable(target: &str, fault: &Fault) -> Unusable {
    match fault {
        Fault::Credentials(why) => Unusable::RefusesCredentials {
            target: target.to_owned(),
            why: why.clone(),
        },
        _ => Unusable::Unreachable {
            target: target.to_owned(),
            why: fault.to_string(),
        },
    }
}

async fn ask(client: &Client, method: &str, path: &str) -> Result<Answer, Fault> {
    client.send(request(client, method, path)).await.outcome
}

fn request(client: &Client, method: &str, path: &str) -> Request {
    let body = if method == "POST" {
        Body::Sized(bytes::Bytes::new())
    } else {
        Body::None
    };
    Request {
        body,
        ..Request::new(method, client.target().with_target(path))
    }
}
