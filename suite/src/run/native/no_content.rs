//! What stands behind the headers of an answer that has no content: nothing.

use std::time::Duration;

use super::tools::NOWHERE;
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Family, ImageShape};
use crate::run::world::World;
use crate::wire::{Answer, Rest, Transcript};

/// How long to listen for bytes that should not come.
const SILENCE: Duration = Duration::from_millis(150);

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[
    Native {
        declared: Declared {
            name: "http/nothing-behind-head",
            title: "Nothing comes behind the headers of an answer to HEAD",
            needs: &["push"],
            cites: &["head.no-content"],
        },
        follow: |world| Box::pin(nothing_behind_head(world)),
    },
    Native {
        declared: Declared {
            name: "http/nothing-behind-204",
            title: "Nothing comes behind the headers of a 204",
            needs: &["push"],
            cites: &["http.204-no-length"],
        },
        follow: |world| Box::pin(nothing_behind_204(world)),
    },
    Native {
        declared: Declared {
            name: "http/nothing-behind-304",
            title: "Nothing comes behind the headers of a 304, and no other length is announced",
            needs: &["push"],
            cites: &["cond.304-no-content"],
        },
        follow: |world| Box::pin(nothing_behind_304(world)),
    },
];

async fn nothing_behind_head(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let image = world.maker().image(Family::Oci, &ImageShape::default());
    world.given(&repository, &image, &[image.tag()]).await?;
    let layer = image
        .layers
        .first()
        .map(|layer| layer.digest())
        .unwrap_or_default();
    let asked = [
        ("manifest", format!("manifests/{}", image.tag())),
        ("missing manifest", "manifests/missing".to_owned()),
        ("blob", format!("blobs/{layer}")),
        ("missing blob", format!("blobs/{NOWHERE}")),
    ];
    for (row, path) in asked {
        world.row = Some(row.to_owned());
        let target = format!("/v2/{repository}/{path}");
        let seen = heard(world, "HEAD", &target, &[("Accept", "*/*")]).await?;
        judge_silence(world, "head.no-content", line!(), &seen);
    }
    Ok(())
}

async fn nothing_behind_204(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let place = world.open(&repository).await?;
    let target = world.line_for(&place)?;
    for method in ["GET", "DELETE"] {
        world.row = Some(method.to_owned());
        let seen = heard(world, method, &target, &[]).await?;
        if seen.answer.status == 204 {
            judge_silence(world, "http.204-no-length", line!(), &seen);
        }
    }
    Ok(())
}

async fn nothing_behind_304(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let image = world.maker().image(Family::Oci, &ImageShape::default());
    world.given(&repository, &image, &[image.tag()]).await?;
    let layer = image
        .layers
        .first()
        .map(|layer| layer.digest())
        .unwrap_or_default();
    let asked = [
        ("manifest", format!("manifests/{}", image.tag())),
        ("blob", format!("blobs/{layer}")),
    ];
    for (row, path) in asked {
        world.row = Some(row.to_owned());
        let target = format!("/v2/{repository}/{path}");
        let whole = world.call("GET", world.at(&target), None).await;
        let Ok(answer) = &whole.outcome else { continue };
        let Some(tag) = answer.headers.get("ETag") else {
            continue;
        };
        let lines = [("Accept", "*/*"), ("If-None-Match", tag)];
        let seen = heard(world, "GET", &target, &lines).await?;
        if seen.answer.status != 304 {
            continue;
        }
        judge_silence(world, "cond.304-no-content", line!(), &seen);
        let length = answer.body.len().to_string();
        let told = seen.answer.headers.get("Content-Length");
        let judged = Judged {
            id: "cond.304-no-content",
            line: line!(),
            asked: "no Content-Length, or that of the 200",
            broken: told
                .filter(|told| *told != length)
                .map(|told| format!("Content-Length: {told}, where the 200 has {length} bytes")),
        };
        world.judge_raw(judged, &seen.transcript);
    }
    Ok(())
}

/// An answer that was read by hand, and what came behind it.
struct Heard {
    answer: Answer,
    rest: Rest,
    transcript: Transcript,
}

async fn heard(
    world: &World,
    method: &str,
    target: &str,
    lines: &[(&str, &str)],
) -> Result<Heard, NotReached> {
    let mut connection = world.begin(method, target, lines).await?;
    let answer = connection.answer(method).await?;
    let rest = connection.rest(SILENCE).await;
    Ok(Heard {
        answer,
        rest,
        transcript: connection.transcript(),
    })
}

fn judge_silence(world: &World, id: &str, line: u32, seen: &Heard) {
    let bytes = &seen.rest.bytes;
    let judged = Judged {
        id,
        line,
        asked: "no content",
        broken: (!bytes.is_empty()).then(|| format!("{} bytes behind the headers", bytes.len())),
    };
    world.judge_raw(judged, &seen.transcript);
}
