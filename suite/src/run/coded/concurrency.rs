//! Many clients at one thing: one tag, one offset of an upload.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{join, join_all};

use super::tools::{chunk, succeeded, with_note};
use super::{Actor, Coded, NotReached};
use crate::cause::Cause;
use crate::check::describe;
use crate::run::interpret::requests::plain;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, Family, ImageShape, json_of};
use crate::wire::{Answer, Exchange};

/// How many write at once.
const WRITERS: usize = 16;
/// How many read meanwhile.
const READERS: usize = 4;
/// The most reads of one reader.
const READS: usize = 200;

static ONE_OF_THE_MANIFESTS: CodedCheck = CodedCheck::new(
    "security.concurrent-tag-put",
    "one of the manifests, whole, under its own digest",
    line!(),
);
static SAME_BY_DIGEST: CodedCheck = CodedCheck::new(
    "security.concurrent-tag-put",
    "the same manifest by its digest",
    line!(),
);
static ONCE_IN_THE_LIST: CodedCheck =
    CodedCheck::new("security.concurrent-tag-put", "the tag once in the list", line!());
static ONE_CHUNK_TAKEN: CodedCheck = CodedCheck::new(
    "push.chunk.concurrent-same-offset",
    "one chunk is taken at most",
    line!(),
);
static BLOB_OF_THAT_CHUNK: CodedCheck = CodedCheck::new(
    "push.chunk.concurrent-same-offset",
    "the blob is made of the chunk that was taken",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "security/one-tag-at-once",
            title: "A tag that many move at once is on one of their manifests, whole, for every reader",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&ONE_OF_THE_MANIFESTS, &SAME_BY_DIGEST, &ONCE_IN_THE_LIST],
        },
        follow: |actor| Box::pin(one_tag_at_once(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "push/one-offset-at-once",
            title: "Of chunks sent at once for one offset one is taken at most",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&ONE_CHUNK_TAKEN, &BLOB_OF_THAT_CHUNK],
        },
        follow: |actor| Box::pin(one_offset_at_once(actor)),
    },
];

/// The tag that all of them move.
const TAG: &str = "moving";

async fn one_tag_at_once(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let images = images_of_all_sizes(actor);
    actor.given_all(&repository, &images).await?;
    if let Some(first) = images.first() {
        actor.given(&repository, first, &[TAG.to_owned()]).await?;
    }
    let known: Vec<Content> = images.clone();
    let place = actor.at(&format!("/v2/{repository}/manifests/{TAG}"));
    let writing = AtomicUsize::new(images.len());
    let writers = join_all(images.iter().map(|image| async {
        let written = actor.call("PUT", place.clone(), Some(image)).await;
        writing.fetch_sub(1, Ordering::Relaxed);
        written
    }));
    let readers = join_all((0..READERS).map(|reader| {
        let (actor, place, known, writing) = (&*actor, &place, &known, &writing);
        async move {
            for _ in 0..READS {
                let method = if reader == 0 { "HEAD" } else { "GET" };
                let read = actor.call(method, place.clone(), None).await;
                judge_read(actor, &read, known);
                if writing.load(Ordering::Relaxed) == 0 {
                    break;
                }
            }
        }
    }));
    let (written, _) = join(writers, readers).await;
    if !written.iter().any(|put| succeeded(put)) {
        return Err(NotReached(Cause::Said(
            "none of the manifests could be pushed to the tag".to_owned(),
        )));
    }
    agreement(actor, &repository, &known).await;
    Ok(())
}

/// Images whose manifests differ in length, so that a mixture of two shows.
fn images_of_all_sizes(actor: &mut Actor) -> Vec<Content> {
    let mut maker = actor.maker();
    let config_and_layers = maker.image(Family::Oci, &ImageShape::default());
    (1..=WRITERS as u64)
        .map(|number| with_note(&mut maker, &config_and_layers, 200 * number))
        .collect()
}

/// A reader sees one of the manifests, whole, under its own digest.
fn judge_read(actor: &Actor, read: &Arc<Exchange>, known: &[Content]) {
    actor.judge(
        &ONE_OF_THE_MANIFESTS,
        match &read.outcome {
            Ok(answer) if answer.status == 200 && read.request.method == "HEAD" => {
                head_of_none(answer, known)
            }
            Ok(answer) if answer.status == 200 => mixture(answer, known),
            _ => Some(describe::exchange(read)),
        },
        read,
    );
}

fn mixture(answer: &Answer, known: &[Content]) -> Option<String> {
    let own = answer.body.digest();
    if !known.iter().any(|manifest| answer.body.is(&manifest.payload)) {
        return Some(format!(
            "{} bytes that are none of the manifests",
            answer.body.len()
        ));
    }
    let told = answer.headers.get("Docker-Content-Digest")?;
    (told != own).then(|| format!("Docker-Content-Digest: {told} on the manifest {own}"))
}

fn head_of_none(answer: &Answer, known: &[Content]) -> Option<String> {
    let told = answer.headers.get("Docker-Content-Digest")?;
    let manifest = known.iter().find(|manifest| manifest.digest() == told);
    let Some(manifest) = manifest else {
        return Some(format!(
            "Docker-Content-Digest: {told}, which is none of the manifests"
        ));
    };
    let length = answer.headers.get("Content-Length")?;
    (length.parse() != Ok(manifest.size())).then(|| {
        format!(
            "Content-Length: {length} for a manifest of {} bytes",
            manifest.size()
        )
    })
}

/// At the end the tag, the manifest under its digest, and the tag list agree.
async fn agreement(actor: &Actor, repository: &str, known: &[Content]) {
    let read = actor
        .call(
            "GET",
            actor.at(&format!("/v2/{repository}/manifests/{TAG}")),
            None,
        )
        .await;
    judge_read(actor, &read, known);
    let Some(answer) = read.outcome.as_ref().ok().filter(|answer| answer.status == 200) else {
        return;
    };
    let own = answer.body.digest();
    let again = actor
        .call(
            "GET",
            actor.at(&format!("/v2/{repository}/manifests/{own}")),
            None,
        )
        .await;
    let same = matches!(&again.outcome, Ok(other) if other.status == 200 && other.body == answer.body);
    actor.judge(
        &SAME_BY_DIGEST,
        (!same).then(|| describe::exchange(&again)),
        &again,
    );
    let list = actor
        .call("GET", actor.at(&format!("/v2/{repository}/tags/list")), None)
        .await;
    let Some(answer) = list.outcome.as_ref().ok().filter(|answer| answer.status == 200) else {
        return;
    };
    let json: serde_json::Value = json_of(answer).unwrap_or_default();
    let times = json["tags"]
        .as_array()
        .map_or(0, |tags| tags.iter().filter(|tag| **tag == TAG).count());
    actor.judge(
        &ONCE_IN_THE_LIST,
        (times != 1).then(|| format!("{times} times")),
        &list,
    );
}

/// Where a chunk is taken that comes again later, those that come at once are taken as well, and nothing is learnt of them.
async fn refuses_what_comes_again(
    actor: &Actor,
    repository: &str,
    content: &Content,
) -> Result<(), NotReached> {
    let whole = content.part(0, content.size());
    let place = actor.open(repository).await?;
    let first = actor.send(chunk(place, &whole)).await;
    let Some(place) = first.upload_address().filter(|_| succeeded(&first)) else {
        return Err(NotReached(Cause::Came(first)));
    };
    let again = actor.send(chunk(place, &whole)).await;
    if succeeded(&again) {
        return Err(NotReached(Cause::Came(again)));
    }
    Ok(())
}

async fn one_offset_at_once(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let size = actor.chunk_size();
    let mut maker = actor.maker();
    refuses_what_comes_again(actor, &repository, &maker.random(size)).await?;
    let place = actor.open(&repository).await?;
    let chunks: Vec<Content> = (0..WRITERS).map(|_| maker.random(size)).collect();
    let sent = chunks.iter().map(|part| {
        let whole = part.part(0, part.size());
        actor.send(chunk(place.clone(), &whole))
    });
    let sent = join_all(sent).await;
    let taken: Vec<(&Content, &Arc<Exchange>)> = chunks
        .iter()
        .zip(&sent)
        .filter(|(_, exchange)| succeeded(exchange))
        .collect();
    let (Some((winner, last)), Some(any)) = (taken.last(), sent.last()) else {
        let cause = sent
            .first()
            .map_or(Cause::NothingSent, |first| Cause::Came(first.clone()));
        return Err(NotReached(cause));
    };
    actor.judge(
        &ONE_CHUNK_TAKEN,
        (taken.len() > 1).then(|| format!("{} of {WRITERS} chunks were taken", taken.len())),
        if taken.len() > 1 { last } else { any },
    );
    if taken.len() > 1 {
        return Ok(());
    }
    let Some(place) = last.upload_address() else {
        return Ok(());
    };
    let place = place.join_query(&format!("digest={}", winner.digest()));
    let closed = actor.send(plain("PUT", place, None)).await;
    let (shown, broken) = if closed.status() == Some(201) {
        actor.unlike(&repository, winner).await
    } else {
        let why = describe::exchange(&closed);
        (closed, Some(why))
    };
    actor.judge(&BLOB_OF_THAT_CHUNK, broken, &shown);
    Ok(())
}
