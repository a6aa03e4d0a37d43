//! Whether a target can be used at all, asked before anything is claimed about it.

use super::RunSettings;
use super::territory::Names;
use crate::check::{describe, error_codes};
use crate::values::{Content, Maker};
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
#[derive(Clone, Debug, Default)]
pub(super) struct Manner {
    /// The least length of a chunk, where the registry announces one.
    pub(super) min_chunk: Option<u64>,
    /// The form of the names that it takes.
    pub(super) names: Names,
    /// A request below the base endpoint that it answered well, and the status.
    pub(super) good: Option<(Request, u16)>,
}

/// Finds out whether the target is a registry that can be asked.
pub(super) async fn examine(client: &Client, settings: &RunSettings) -> Result<Manner, Unusable> {
    let target = client.target().to_string();
    let asked = client.send(request(client, "GET", "/v2/")).await;
    let base = asked
        .outcome
        .as_ref()
        .map_err(|fault| unreachable(&target, fault))?;
    if base.status == 401 {
        return Err(refused(target, base, &asked));
    }
    if matches!(base.status, 429 | 502..=504) {
        return Err(Unusable::Unreachable {
            target,
            why: format!("GET /v2/ is answered with {}", describe::status(base)),
        });
    }
    let door = knock(client, settings).await;
    let opened = door.opened.outcome.as_ref();
    let opened = opened.map_err(|fault| unreachable(&target, fault))?;
    let is_registry = if base.status == 200 {
        !takes_anything(client, &door.repository, settings).await
    } else {
        speaks_like_a_registry(client, opened, &door.repository, settings).await
    };
    if !is_registry {
        return Err(Unusable::NoRegistry {
            target,
            base: describe::status(base),
        });
    }
    let is_open = opened.status == 202;
    if let Some(place) = opened.location().filter(|_| is_open) {
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
    Ok(Manner {
        min_chunk: announced,
        names: door.names,
        good: is_open.then(|| (request(client, "POST", &uploads(&door.repository)), opened.status)),
    })
}

/// The first upload that a run asks for.
struct Door {
    repository: String,
    names: Names,
    opened: Exchange,
}

/// Asks for an upload: in the repository that was given, or under names of each form until one is taken.
async fn knock(client: &Client, settings: &RunSettings) -> Door {
    let at = async |repository: String, names: Names| Door {
        opened: client.send(request(client, "POST", &uploads(&repository))).await,
        repository,
        names,
    };
    if let Some(given) = settings.repositories.first() {
        return at(given.clone(), Names::Long).await;
    }
    let first = at(Names::Long.name(&settings.run_id, "hello-0", "a"), Names::Long).await;
    if !matches!(first.opened.status(), Some(400 | 404)) {
        return first;
    }
    // Some registries take names of exactly one, or of exactly two, components.
    for names in Names::ALL {
        let door = at(names.name(&settings.run_id, "hello-0", "a"), names).await;
        if door.opened.status() == Some(202) {
            return door;
        }
    }
    first
}

fn uploads(repository: &str) -> String {
    format!("/v2/{repository}/blobs/uploads/")
}

/// Whether what nobody ever put there is found, whatever it is: then it is a web site, or a page in front.
async fn takes_anything(client: &Client, repository: &str, settings: &RunSettings) -> bool {
    let nothing = nothing(settings);
    let paths = [
        format!("/v2/{repository}/manifests/{}", nothing.tag()),
        format!("/v2/{repository}/blobs/{}", nothing.digest()),
        format!("/v2/{repository}/{}", nothing.tag()),
    ];
    for path in paths {
        let Ok(found) = ask(client, "GET", &path).await else {
            return false;
        };
        if !(200..300).contains(&found.status) {
            return false;
        }
    }
    true
}

/// Content that nobody has.
fn nothing(settings: &RunSettings) -> Content {
    Maker::new(settings.seed, &format!("{}:hello", settings.run_id)).random(64)
}

/// Whether something below `/v2/` answers as only a registry does.
async fn speaks_like_a_registry(
    client: &Client,
    opened: &Answer,
    repository: &str,
    settings: &RunSettings,
) -> bool {
    if opened.status == 202 && opened.headers.get("Location").is_some() {
        return !takes_anything(client, repository, settings).await;
    }
    let path = format!("/v2/{repository}/manifests/{}", nothing(settings).tag());
    let Ok(missing) = ask(client, "GET", &path).await else {
        return false;
    };
    let json = serde_json::from_slice(&missing.body).unwrap_or_default();
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
