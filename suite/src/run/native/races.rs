//! Many clients at one thing: one tag, one offset of an upload.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::{join, join_all};

use super::tools::{chunk, status, succeeded, with_note};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::answer::json_of;
use crate::run::content::{Content, Family, ImageShape, digest};
use crate::run::describe;
use crate::run::request::{location, plain};
use crate::run::world::World;
use crate::scenario::ast::Algorithm;
use crate::wire::{Answer, Exchange};

/// How many write at once.
const WRITERS: usize = 16;
/// How many read meanwhile.
const READERS: usize = 4;
/// The most reads of one reader.
const READS: usize = 200;

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "security/one-tag-at-once",
            title: "A tag that many move at once is on one of their manifests, whole, for every reader",
            needs: &["push"],
            cites: &["security.concurrent-tag-put"],
        },
        follow: |world| Box::pin(one_tag_at_once(world)),
    },
    Native {
        declared: Declared {
            name: "push/one-offset-at-once",
            title: "Of chunks sent at once for one offset one is taken at most",
            needs: &["push"],
            cites: &["push.chunk.concurrent-same-offset"],
        },
        follow: |world| Box::pin(one_offset_at_once(world)),
    },
];

/// The tag that all of them move.
const TAG: &str = "moving";

async fn one_tag_at_once(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let images = images_of_all_sizes(world);
    for image in &images {
        world.given(&repository, image, &[]).await?;
    }
    if let Some(first) = images.first() {
        world.given(&repository, first, &[TAG.to_owned()]).await?;
    }
    let known: BTreeSet<Bytes> = images.iter().map(|image| image.bytes.clone()).collect();
    let place = world.at(&format!("/v2/{repository}/manifests/{TAG}"));
    let writing = AtomicUsize::new(images.len());
    let writers = join_all(images.iter().map(|image| async {
        let written = world.call("PUT", place.clone(), Some(image)).await;
        writing.fetch_sub(1, Ordering::Relaxed);
        written
    }));
    let readers = join_all((0..READERS).map(|reader| {
        let (world, place, known, writing) = (&*world, &place, &known, &writing);
        async move {
            for _ in 0..READS {
                let method = if reader == 0 { "HEAD" } else { "GET" };
                let read = world.call(method, place.clone(), None).await;
                judge_read(world, &read, known);
                if writing.load(Ordering::Relaxed) == 0 {
                    break;
                }
            }
        }
    }));
    let (written, _) = join(writers, readers).await;
    if !written.iter().any(|put| succeeded(put)) {
        return Err(NotReached(
            "none of the manifests could be pushed to the tag".to_owned(),
        ));
    }
    agreement(world, &repository, &known).await;
    Ok(())
}

/// Images whose manifests differ in length, so that a mixture of two shows.
fn images_of_all_sizes(world: &mut World) -> Vec<Content> {
    let mut maker = world.maker();
    let config_and_layers = maker.image(Family::Oci, &ImageShape::default());
    (1..=WRITERS as u64)
        .map(|number| with_note(&mut maker, &config_and_layers, 200 * number))
        .collect()
}

/// A reader sees one of the manifests, whole, under its own digest.
fn judge_read(world: &World, read: &Arc<Exchange>, known: &BTreeSet<Bytes>) {
    let judged = Judged {
        id: "security.concurrent-tag-put",
        line: line!(),
        asked: "one of the manifests, whole, under its own digest",
        broken: match &read.outcome {
            Ok(answer) if answer.status == 200 && read.request.method == "HEAD" => {
                head_of_none(answer, known)
            }
            Ok(answer) if answer.status == 200 => mixture(answer, known),
            _ => Some(describe::exchange(read)),
        },
    };
    world.judge_exchange(judged, read);
}

fn mixture(answer: &Answer, known: &BTreeSet<Bytes>) -> Option<String> {
    let own = answer.body.digest();
    if !known.iter().any(|manifest| answer.body.is(manifest)) {
        return Some(format!(
            "{} bytes that are none of the manifests",
            answer.body.len()
        ));
    }
    let told = answer.headers.get("Docker-Content-Digest")?;
    (told != own).then(|| format!("Docker-Content-Digest: {told} on the manifest {own}"))
}

fn head_of_none(answer: &Answer, known: &BTreeSet<Bytes>) -> Option<String> {
    let told = answer.headers.get("Docker-Content-Digest")?;
    let manifest = known
        .iter()
        .find(|bytes| digest(Algorithm::Sha256, bytes) == told);
    let Some(manifest) = manifest else {
        return Some(format!(
            "Docker-Content-Digest: {told}, which is none of the manifests"
        ));
    };
    let length = answer.headers.get("Content-Length")?;
    (length != manifest.len().to_string()).then(|| {
        format!(
            "Content-Length: {length} for a manifest of {} bytes",
            manifest.len()
        )
    })
}

/// At the end the tag, the manifest under its digest, and the tag list agree.
async fn agreement(world: &World, repository: &str, known: &BTreeSet<Bytes>) {
    let read = world
        .call(
            "GET",
            world.at(&format!("/v2/{repository}/manifests/{TAG}")),
            None,
        )
        .await;
    judge_read(world, &read, known);
    let Some(answer) = read.outcome.as_ref().ok().filter(|answer| answer.status == 200) else {
        return;
    };
    let own = answer.body.digest();
    let again = world
        .call(
            "GET",
            world.at(&format!("/v2/{repository}/manifests/{own}")),
            None,
        )
        .await;
    let same = matches!(&again.outcome, Ok(other) if other.status == 200 && other.body == answer.body);
    let judged = Judged {
        id: "security.concurrent-tag-put",
        line: line!(),
        asked: "the same manifest by its digest",
        broken: (!same).then(|| describe::exchange(&again)),
    };
    world.judge_exchange(judged, &again);
    let list = world
        .call("GET", world.at(&format!("/v2/{repository}/tags/list")), None)
        .await;
    let Some(answer) = list.outcome.as_ref().ok().filter(|answer| answer.status == 200) else {
        return;
    };
    let json: serde_json::Value = json_of(answer).unwrap_or_default();
    let times = json["tags"]
        .as_array()
        .map_or(0, |tags| tags.iter().filter(|tag| **tag == TAG).count());
    let judged = Judged {
        id: "security.concurrent-tag-put",
        line: line!(),
        asked: "the tag once in the list",
        broken: (times != 1).then(|| format!("{times} times")),
    };
    world.judge_exchange(judged, &list);
}

async fn one_offset_at_once(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let size = world.shared.chunk;
    let place = world.open(&repository).await?;
    let mut maker = world.maker();
    let chunks: Vec<Content> = (0..WRITERS).map(|_| maker.random(size)).collect();
    let sent = chunks.iter().map(|part| {
        let whole = part.part(0, part.bytes.len());
        world.send(chunk(place.clone(), &whole))
    });
    let sent = join_all(sent).await;
    let taken: Vec<(&Content, &Arc<Exchange>)> = chunks
        .iter()
        .zip(&sent)
        .filter(|(_, exchange)| succeeded(exchange))
        .collect();
    let (Some((winner, last)), Some(any)) = (taken.last(), sent.last()) else {
        return Err(NotReached(
            sent.first()
                .map_or_else(String::new, |first| describe::exchange(first)),
        ));
    };
    let judged = Judged {
        id: "push.chunk.concurrent-same-offset",
        line: line!(),
        asked: "one chunk is taken at most",
        broken: (taken.len() > 1).then(|| format!("{} of {WRITERS} chunks were taken", taken.len())),
    };
    world.judge_exchange(judged, if taken.len() > 1 { last } else { any });
    if taken.len() > 1 {
        return Ok(());
    }
    let Some(place) = location(last) else {
        return Ok(());
    };
    let place = place.join_query(&format!("digest={}", winner.digest()));
    let closed = world.send(plain("PUT", place, None)).await;
    let (shown, broken) = if status(&closed) == Some(201) {
        world.unlike(&repository, winner).await
    } else {
        let why = describe::exchange(&closed);
        (closed, Some(why))
    };
    let judged = Judged {
        id: "push.chunk.concurrent-same-offset",
        line: line!(),
        asked: "the blob is made of the chunk that was taken",
        broken,
    };
    world.judge_exchange(judged, &shown);
    Ok(())
}
