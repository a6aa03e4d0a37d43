//! Whether a target can be used at all, asked before anything is claimed about it.

use std::time::Duration;

use futures_util::future::join;

use super::found::{self, ExistingContent, NothingFound};
use super::patience::{self, Waited};
use super::territory::{Elsewhere, Names, OwnNames};
use super::unusable::PreflightError;
use super::{Access, RunSettings};
use crate::check::{describe, error_codes};
use crate::values::{Content, ImageName, Maker, json_of};
use crate::wire::{Account, Answer, Body, Client, Exchange, Fault, LoginSource, Request, Url, number};

/// The largest least length of a chunk that is followed, in bytes: storage asks for 5 MiB at worst, and several chunks of
/// it are in memory at once.
const LARGEST_CHUNK: u64 = 8 * 1024 * 1024;

/// What was learned of a registry before the first scenario.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    /// The least length of a chunk, where the registry announces one that can be followed.
    pub(super) min_chunk: Option<u64>,
    /// What the reader of a report has to know of it.
    pub(super) notes: Vec<String>,
    /// The form of the names that it takes.
    pub(super) names: Names,
    /// A request below the base endpoint that it answered well, and the status.
    pub(super) good: Option<(Request, u16)>,
    /// What is there already, where the run only reads.
    pub(super) found: ExistingContent,
    /// Whether a run that only reads may ask for what nobody has.
    pub(super) elsewhere: Elsewhere,
}

impl Learned {
    /// What an answer that opens an upload announces.
    fn of(opened: &Answer) -> Learned {
        let Some(said) = opened.headers.get("OCI-Chunk-Min-Length") else {
            return Learned::default();
        };
        match number(said, LARGEST_CHUNK) {
            Ok(least) => Learned {
                min_chunk: Some(least),
                ..Learned::default()
            },
            Err(error) => Learned {
                notes: vec![format!(
                    "chunks are shorter than the registry may want them: OCI-Chunk-Min-Length is `{}`, but {error}",
                    describe::short(said)
                )],
                ..Learned::default()
            },
        }
    }
}

/// What the base endpoint answers, if somebody who takes the credentials is there.
#[derive(Debug)]
pub(super) struct Base {
    answer: Answer,
    /// What the reader of a report has to know of how it came.
    notes: Vec<String>,
}

/// Asks the base endpoint, as often as a limit takes that can be borne.
pub(super) async fn reach(client: &Client) -> Result<Base, PreflightError> {
    let target = client.target().to_string();
    let waited = patience::send_and_count(client, request(client, "GET", "/v2/")).await;
    let asked = &waited.exchange;
    let base = asked.whole().map_err(|fault| unreachable(&target, fault))?;
    match base.status {
        401 => Err(refused(client, base, asked)),
        429 => Err(limits(target, base, &waited)),
        502..=504 => Err(PreflightError::Unreachable {
            target,
            why: format!("GET /v2/ is answered with {}", describe::status(base)),
        }),
        _ => Ok(Base {
            answer: base.clone(),
            notes: waited_for(&waited).into_iter().collect(),
        }),
    }
}

/// What is told of a limit that was over in time.
fn waited_for(waited: &Waited) -> Option<String> {
    let times = match waited.refusals {
        0 => return None,
        1 => "once".to_owned(),
        refusals => format!("{refusals} times"),
    };
    Some(format!(
        "the registry limits how often it may be asked: the first GET /v2/ was answered {times} with 429 and waited for, {}",
        seconds(waited.time)
    ))
}

/// A limit that is not over in time.
fn limits(target: String, base: &Answer, waited: &Waited) -> PreflightError {
    let asks = base.headers.get("Retry-After");
    PreflightError::Limits {
        target,
        status: describe::status(base),
        asks: asks.map_or(String::new(), |wait| {
            format!(" and Retry-After: {}", describe::short(wait))
        }),
        waited: match waited.refusals {
            0 => String::new(),
            _ => format!(", also after a wait of {}", seconds(waited.time)),
        },
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Finds out whether the target is a registry that can be asked, unless somebody stops the run before that is known.
pub(super) async fn examine(client: &Client, settings: &RunSettings) -> Result<Learned, PreflightError> {
    tokio::select! {
        learned = learn(client, settings) => learned,
        () = settings.stop.stopped() => Err(PreflightError::Stopped {
            target: client.target().to_string(),
        }),
    }
}

async fn learn(client: &Client, settings: &RunSettings) -> Result<Learned, PreflightError> {
    let base = reach(client).await?;
    // A registry says of any path that nothing is there in words of its own: below a wrong one, too.
    if base.answer.status == 404 && !client.target().mount().is_empty() {
        return Err(no_registry(client, &base.answer));
    }
    match &settings.access {
        Access::Write => examine_by_upload(client, settings, base).await,
        Access::Read(named) => examine_by_reading(client, settings, base, named).await,
    }
}

/// Finds out whether the target is a registry without changing anything, and what is there to be read.
async fn examine_by_reading(
    client: &Client,
    settings: &RunSettings,
    Base { answer: base, notes }: Base,
    named: &[ImageName],
) -> Result<Learned, PreflightError> {
    let repository = first_repository(settings);
    let is_registry = if base.status == 200 {
        !takes_anything(client, &repository, settings).await
    } else {
        says_that_nothing_is_there(client, &repository, settings).await
    };
    if !is_registry {
        return Err(no_registry(client, &base));
    }
    let found = found::look(client, settings, named)
        .await
        .map_err(|nothing| nothing_found(client, nothing))?;
    let path = format!("/v2/{repository}/manifests/{}", nothing(settings).tag());
    let elsewhere = match ask(client, "GET", &path).await {
        Ok(answer) if !matches!(answer.status, 401 | 403) => Elsewhere::Open,
        _ => Elsewhere::Closed,
    };
    Ok(Learned {
        elsewhere,
        good: found.first(client).map(|request| (request, 200)),
        found,
        notes,
        ..Learned::default()
    })
}

/// The repository that is asked of first: the one that was given, or a new one.
fn first_repository(settings: &RunSettings) -> String {
    let given = settings.repositories.first().cloned();
    given.unwrap_or_else(|| first_name(settings, Names::Long))
}

fn first_name(settings: &RunSettings, names: Names) -> String {
    OwnNames::of(settings, names).name("hello-0", "a")
}

fn nothing_found(client: &Client, nothing: NothingFound) -> PreflightError {
    let target = client.target().to_string();
    match nothing {
        NothingFound::NoImage { image, why } => PreflightError::NoImage {
            target,
            image: image.to_string(),
            why,
        },
        NothingFound::Anywhere => PreflightError::NothingToRead { target },
    }
}

fn no_registry(client: &Client, base: &Answer) -> PreflightError {
    let path = client.target().mount().trim_start_matches('/');
    PreflightError::NoRegistry {
        target: client.target().to_string(),
        base: describe::status(base),
        instead: match path {
            "" => String::new(),
            path => format!("; if {path} is a repository: give the host alone, and --repository {path}"),
        },
    }
}

/// Finds out whether the target is a registry that can be asked, by an upload that is opened and cancelled.
async fn examine_by_upload(
    client: &Client,
    settings: &RunSettings,
    Base {
        answer: base,
        mut notes,
    }: Base,
) -> Result<Learned, PreflightError> {
    let target = client.target().to_string();
    let nothing_there = async {
        let repository = first_repository(settings);
        base.status == 200 && !takes_anything(client, &repository, settings).await
    };
    let (first_upload, tells_what_is_missing) = join(ask_for_upload(client, settings), nothing_there).await;
    let opened = first_upload.opened.outcome.as_ref();
    let opened = opened.map_err(|fault| unreachable(&target, fault))?;
    let is_registry = if base.status == 200 {
        tells_what_is_missing
    } else {
        speaks_like_a_registry(client, opened, &first_upload.repository, settings).await
    };
    if !is_registry {
        return Err(no_registry(client, &base));
    }
    let is_open = opened.status == 202;
    if let Some(place) = opened.location().filter(|_| is_open) {
        let cancelled = Request {
            url: place.clone(),
            ..request(client, "DELETE", "/")
        };
        let cancelled = patience::send(client, cancelled).await;
        if leads_beside(client, &place) && cancelled.status() == Some(404) {
            return Err(PreflightError::LeadsBeside {
                target,
                place: place.to_string(),
                mount: client.target().mount().to_owned(),
            });
        }
    }
    let announced = Learned::of(opened);
    notes.extend(announced.notes);
    Ok(Learned {
        min_chunk: announced.min_chunk,
        notes,
        names: first_upload.names,
        good: is_open.then(|| {
            (
                request(client, "POST", &uploads(&first_upload.repository)),
                opened.status,
            )
        }),
        ..Learned::default()
    })
}

/// Whether a place of the API lies beside the path that the API was to be below.
fn leads_beside(client: &Client, place: &Url) -> bool {
    place.origin() == client.target().origin() && place.path_below_mount().is_none()
}

/// The first upload that a run asks for.
struct FirstUpload {
    repository: String,
    names: Names,
    opened: Exchange,
}

/// Asks for an upload: in the repository that was given, or under names of each form until one is taken.
async fn ask_for_upload(client: &Client, settings: &RunSettings) -> FirstUpload {
    let at = async |repository: String, names: Names| FirstUpload {
        opened: patience::send(client, request(client, "POST", &uploads(&repository))).await,
        repository,
        names,
    };
    if let Some(given) = settings.repositories.first() {
        return at(given.clone(), Names::Long).await;
    }
    let first = at(first_name(settings, Names::Long), Names::Long).await;
    if !matches!(first.opened.status(), Some(400 | 404 | 405)) {
        return first;
    }
    // Some registries take names of exactly one, or of exactly two, components; the router of some reads a longer one as
    // the path of something else, which has no POST.
    for names in Names::ALL {
        let first_upload = at(first_name(settings, names), names).await;
        if first_upload.opened.status() == Some(202) {
            return first_upload;
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
    says_that_nothing_is_there(client, repository, settings).await
}

/// Whether a manifest that nobody ever put there is refused as only a registry does.
async fn says_that_nothing_is_there(client: &Client, repository: &str, settings: &RunSettings) -> bool {
    let path = format!("/v2/{repository}/manifests/{}", nothing(settings).tag());
    let Ok(missing) = ask(client, "GET", &path).await else {
        return false;
    };
    let json = json_of(&missing).unwrap_or_default();
    missing.status == 404 && !error_codes(&json).is_empty()
}

/// A 401 that came although credentials were tried is a refusal of them.
fn refused(client: &Client, base: &Answer, asked: &Exchange) -> PreflightError {
    let target = client.target().to_string();
    let lines: Vec<&str> = base.headers.all("WWW-Authenticate").collect();
    // Without an account, what was shown is a token that anybody gets.
    let showed = client.has(&Account::Default) && asked.hops.iter().any(|hop| hop.status == 401);
    if showed {
        PreflightError::RefusesCredentials {
            target,
            why: describe::status(base),
        }
    } else {
        PreflightError::WantsCredentials {
            target,
            challenge: describe::header("WWW-Authenticate", &lines),
            looked: match client.login_source() {
                LoginSource::LookedFor(places) if !places.is_empty() => {
                    format!("; there are none for it in {}", places.join(", "))
                }
                _ => String::new(),
            },
        }
    }
}

fn unreachable(target: &str, fault: &Fault) -> PreflightError {
    match fault {
        Fault::Credentials(why) => PreflightError::RefusesCredentials {
            target: target.to_owned(),
            why: why.clone(),
        },
        _ => PreflightError::Unreachable {
            target: target.to_owned(),
            why: fault.to_string(),
        },
    }
}

async fn ask(client: &Client, method: &str, path: &str) -> Result<Answer, Fault> {
    let exchange = patience::send(client, request(client, method, path)).await;
    exchange.whole().cloned().map_err(Clone::clone)
}

fn request(client: &Client, method: &str, path: &str) -> Request {
    let body = if method == "POST" {
        Body::Sized("".into())
    } else {
        Body::None
    };
    Request {
        body,
        ..Request::new(method, client.target().below_mount(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(said: &str) -> Learned {
        Learned::of(&Answer {
            url: Url::parse("http://registry.example").unwrap(),
            status: 202,
            headers: [("OCI-Chunk-Min-Length", said)].into_iter().collect(),
            body: "".into(),
            cut: None,
        })
    }

    #[test]
    fn a_least_length_of_chunks_is_followed_as_far_as_it_can_be() {
        let five = announced("5242880");
        assert_eq!((five.min_chunk, five.notes.len()), (Some(5_242_880), 0));
        assert_eq!(announced("8388608").min_chunk, Some(LARGEST_CHUNK));
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        for said in [
            "8388609",
            "18446744073709551615",
            "99999999999999999999",
            "-1",
            "1e9",
            "",
        ] {
            let learned = announced(said);
            assert_eq!((learned.min_chunk, learned.notes.len()), (None, 1), "{said}");
            assert!(learned.notes[0].contains(&format!("is `{said}`, but it is ")));
        }
    }
}
