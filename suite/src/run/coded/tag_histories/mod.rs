//! What many clients write to a few tags and read from them at once, and whether an order explains it.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::history::{Explained, ReadOrWrite, RegisterOperation, explain, shortest};
use super::tools::with_note;
use super::{Actor, Coded, NotReached};
use crate::cause::Cause;
use crate::judgement::Offer;
use crate::log::Evidence;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, Family, ImageShape, Maker};
use crate::wire::Exchange;

/// How many clients there are.
const CLIENTS: usize = 4;
/// How many tags they share.
const TAGS: usize = 2;
/// How many requests each of them sends.
const REQUESTS: usize = 24;
/// After so long no client begins another request: on a slow registry a shorter history is judged, and the search for
/// an order that explains it stays a matter of seconds.
const LONGEST: Duration = Duration::from_secs(5);
/// The length of what makes a manifest different from the others.
const NOTE: u64 = 32;

static EXPLAINED: CodedCheck = CodedCheck::new(
    "interop.tags-linearizable",
    "an order of all that was done to the tag explains every answer",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[Coded {
    scenario: CodedScenario {
        name: "pull/tags-of-many-clients",
        title: "What many clients do to a tag at once has an order that explains what each of them reads",
        needs: &["push"],
        weight: Weight::Usual,
        checks: &[&EXPLAINED],
    },
    follow: |actor| Box::pin(tags_of_many_clients(actor)),
}];

/// What a tag is on: the digest of a manifest, or nothing.
type TagValue = Option<String>;

/// What a client does next, and to which of the tags.
struct HistoryStep {
    tag: usize,
    request: TagRequest,
}

enum TagRequest {
    Put(Content),
    Get,
    Head,
    Delete,
}

/// What was done to a tag, and the exchange that did it.
struct Done {
    tag: usize,
    operation: RegisterOperation<TagValue>,
    exchange: Arc<Exchange>,
}

async fn tags_of_many_clients(actor: &mut Actor) -> Result<(), NotReached> {
    let mut maker = actor.maker();
    let image = maker.image(Family::Oci, &ImageShape::default());
    let tags: Vec<String> = (0..TAGS).map(|_| format!("shared-{}", maker.uuid())).collect();
    let actor = &*actor;
    let repository = actor.repository()?;
    actor.given(&repository, &image, &[]).await?;

    let mut walks: Vec<Vec<HistoryStep>> = (0..CLIENTS)
        .map(|_| walk(&mut maker, &image, &actor.offer("delete-tag")))
        .collect();
    let begin = Instant::now();
    let clients: Vec<HistoryClient<'_>> = (1..=CLIENTS)
        .map(|number| HistoryClient {
            actor,
            places: tags
                .iter()
                .map(|tag| format!("/v2/{repository}/manifests/{tag}"))
                .collect(),
            number,
            begin,
        })
        .collect();
    let mut done = Vec::new();
    for (tag, client) in (0..TAGS).zip(&clients) {
        let request = TagRequest::Put(with_note(&mut maker, &image, NOTE));
        let first = client.take(HistoryStep { tag, request }).await;
        // What a tag is on before it was pushed is not known: the repository may be one that is used again.
        let known = first.filter(|first| first.operation.answered.is_some());
        done.push(
            known.ok_or_else(|| {
                NotReached(Cause::Said("a manifest could not be pushed to a tag".to_owned()))
            })?,
        );
    }
    let walked = clients
        .iter()
        .map(|client| client.walk(walks.pop().unwrap_or_default()));
    done.extend(join_all(walked).await.into_iter().flatten());
    for (_, history) in by_tag(done) {
        judge(actor, &history);
    }
    Ok(())
}

/// What a client does, one after the other: drawn, but the same for the same seed.
fn walk(maker: &mut Maker, image: &Content, deletes: &Offer) -> Vec<HistoryStep> {
    (0..REQUESTS)
        .map(|_| {
            let drawn = maker.random(2).bytes();
            let request = match drawn[0] % 16 {
                0..6 => TagRequest::Put(with_note(maker, image, NOTE)),
                6..12 => TagRequest::Get,
                15 if matches!(deletes, Offer::Offered(_)) => TagRequest::Delete,
                _ => TagRequest::Head,
            };
            HistoryStep {
                tag: usize::from(drawn[1]) % TAGS,
                request,
            }
        })
        .collect()
}

/// One of the clients.
struct HistoryClient<'a> {
    actor: &'a Actor,
    /// The paths of the tags.
    places: Vec<String>,
    number: usize,
    /// When the history began.
    begin: Instant,
}

impl HistoryClient<'_> {
    /// Takes steps, one after the other.
    async fn walk(&self, steps: Vec<HistoryStep>) -> Vec<Done> {
        let mut done = Vec::new();
        for step in steps {
            if self.begin.elapsed() > LONGEST {
                break;
            }
            done.extend(self.take(step).await);
        }
        done
    }

    /// Takes a step; nothing if it tells nothing.
    async fn take(&self, step: HistoryStep) -> Option<Done> {
        let place = self.actor.at(&self.places[step.tag]);
        let (method, content) = match &step.request {
            TagRequest::Put(manifest) => ("PUT", Some(manifest)),
            TagRequest::Get => ("GET", None),
            TagRequest::Head => ("HEAD", None),
            TagRequest::Delete => ("DELETE", None),
        };
        let asked = self.begin.elapsed();
        let exchange = self.actor.call(method, place, content).await;
        let answered = self.begin.elapsed();
        let (act, answered) = match told(&step.request, &exchange)? {
            Told::Happened(act) => (act, Some(answered)),
            Told::MayHappen(act) => (act, None),
        };
        let operation = RegisterOperation {
            client: self.number,
            act,
            asked,
            answered,
        };
        Some(Done {
            tag: step.tag,
            operation,
            exchange,
        })
    }
}

/// What an exchange tells of a tag.
enum Told {
    /// This was done before the answer came.
    Happened(ReadOrWrite<TagValue>),
    /// This may be done at any time, or never.
    MayHappen(ReadOrWrite<TagValue>),
}

/// What an exchange tells of its tag, if anything: not what was refused, nor a read that failed.
fn told(request: &TagRequest, exchange: &Exchange) -> Option<Told> {
    let answer = exchange.outcome.as_ref().ok();
    let status = answer.map(|answer| answer.status);
    let written = match request {
        TagRequest::Put(manifest) => Some(manifest.digest()),
        TagRequest::Delete => None,
        TagRequest::Get | TagRequest::Head => {
            return match (status?, request) {
                (200, TagRequest::Get) => Some(Some(answer?.body.digest())),
                (200, _) => Some(Some(answer?.headers.get("Docker-Content-Digest")?.to_owned())),
                (404, _) => Some(None),
                _ => None,
            }
            .map(|read| Told::Happened(ReadOrWrite::Read(read)));
        }
    };
    match status {
        Some(200..300) => Some(Told::Happened(ReadOrWrite::Write(written))),
        Some(404) if matches!(request, TagRequest::Delete) => Some(Told::Happened(ReadOrWrite::Read(None))),
        Some(429 | 500..) | None => Some(Told::MayHappen(ReadOrWrite::Write(written))),
        Some(_) => None,
    }
}

/// The history of each tag.
fn by_tag(done: Vec<Done>) -> BTreeMap<usize, Vec<Done>> {
    let mut histories: BTreeMap<usize, Vec<Done>> = BTreeMap::new();
    for done in done {
        histories.entry(done.tag).or_default().push(done);
    }
    // That nobody reads what nobody wrote is another requirement.
    for history in histories.values_mut() {
        let written: BTreeSet<String> = history.iter().filter_map(Done::written).collect();
        history.retain(|done| match &done.operation.act {
            ReadOrWrite::Read(Some(read)) => written.contains(read),
            ReadOrWrite::Read(None) | ReadOrWrite::Write(_) => true,
        });
    }
    histories
}

impl Done {
    fn written(&self) -> Option<String> {
        match &self.operation.act {
            ReadOrWrite::Write(value) => value.clone(),
            ReadOrWrite::Read(_) => None,
        }
    }
}

/// Judges the history of one tag, unless it is too long to tell.
fn judge(actor: &Actor, history: &[Done]) {
    let operations: Vec<RegisterOperation<TagValue>> =
        history.iter().map(|done| done.operation.clone()).collect();
    let (broken, evidence) = match explain(&operations) {
        Explained::Yes => (None, Evidence::Nothing),
        Explained::Undecided => return,
        Explained::No => {
            let piece: Vec<&Done> = shortest(&operations).into_iter().map(|at| &history[at]).collect();
            let exchanges = piece.iter().map(|done| done.exchange.clone()).collect();
            let told: Vec<(&RegisterOperation<TagValue>, &str)> = piece
                .iter()
                .map(|done| (&done.operation, &*done.exchange.request.method))
                .collect();
            (Some(words::of(&told)), Evidence::Exchanges(exchanges))
        }
    };
    actor.judge(&EXPLAINED, broken, evidence);
}
