//! What stands behind the headers of an answer that has no content: nothing.

use std::time::Duration;

use futures_util::future::join_all;

use super::tools::NOWHERE;
use super::{Actor, Coded, NotReached};
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Family, ImageShape};
use crate::wire::{Answer, Rest, Transcript, Url};

/// How long to listen for bytes that should not come: they follow a head at once, in its packet or the next, and a dozen
/// checks wait for so long.
const SILENCE: Duration = Duration::from_millis(150);

static NOTHING_BEHIND_HEAD: CodedCheck = CodedCheck::new("head.no-content", "no content", line!());
static NOTHING_BEHIND_204: CodedCheck = CodedCheck::new("http.204-no-length", "no content", line!());
static NOTHING_BEHIND_304: CodedCheck = CodedCheck::new("cond.304-no-content", "no content", line!());
static LENGTH_OF_304: CodedCheck = CodedCheck::new(
    "cond.304-no-content",
    "no Content-Length, or that of the 200",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "http/nothing-behind-head",
            title: "Nothing comes behind the headers of an answer to HEAD",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&NOTHING_BEHIND_HEAD],
        },
        follow: |actor| Box::pin(nothing_behind_head(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "http/nothing-behind-204",
            title: "Nothing comes behind the headers of a 204",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&NOTHING_BEHIND_204],
        },
        follow: |actor| Box::pin(nothing_behind_204(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "http/nothing-behind-304",
            title: "Nothing comes behind the headers of a 304, and no other length is announced",
            needs: &["push"],
            weight: Weight::Usual,
            checks: &[&NOTHING_BEHIND_304, &LENGTH_OF_304],
        },
        follow: |actor| Box::pin(nothing_behind_304(actor)),
    },
];

async fn nothing_behind_head(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let image = actor.maker().image(Family::Oci, &ImageShape::default());
    actor.given(&repository, &image, &[image.tag()]).await?;
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
    let each = asked.map(|(row, path)| {
        let (actor, place) = (actor.beside(row), actor.at(&format!("/v2/{repository}/{path}")));
        async move {
            let seen = heard(&actor, "HEAD", &place, &[("Accept", "*/*")]).await?;
            judge_silence(&actor, &NOTHING_BEHIND_HEAD, &seen);
            Ok(())
        }
    });
    join_all(each).await.into_iter().collect()
}

async fn nothing_behind_204(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let place = actor.open(&repository).await?;
    for method in ["GET", "DELETE"] {
        actor.row(method);
        let seen = heard(actor, method, &place, &[]).await?;
        if seen.answer.status == 204 {
            judge_silence(actor, &NOTHING_BEHIND_204, &seen);
        }
    }
    Ok(())
}

async fn nothing_behind_304(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let image = actor.maker().image(Family::Oci, &ImageShape::default());
    actor.given(&repository, &image, &[image.tag()]).await?;
    let layer = image
        .layers
        .first()
        .map(|layer| layer.digest())
        .unwrap_or_default();
    let asked = [
        ("manifest", format!("manifests/{}", image.tag())),
        ("blob", format!("blobs/{layer}")),
    ];
    let each = asked.map(|(row, path)| {
        let (actor, place) = (actor.beside(row), actor.at(&format!("/v2/{repository}/{path}")));
        async move { nothing_behind_304_of(&actor, &place).await }
    });
    join_all(each).await.into_iter().collect()
}

async fn nothing_behind_304_of(actor: &Actor, place: &Url) -> Result<(), NotReached> {
    let whole = actor.call("GET", place.clone(), None).await;
    let Ok(answer) = &whole.outcome else { return Ok(()) };
    let Some(tag) = answer.headers.get("ETag") else {
        return Ok(());
    };
    let lines = [("Accept", "*/*"), ("If-None-Match", tag)];
    let seen = heard(actor, "GET", place, &lines).await?;
    if seen.answer.status != 304 {
        return Ok(());
    }
    judge_silence(actor, &NOTHING_BEHIND_304, &seen);
    let length = answer.body.len();
    let told = seen.answer.headers.get("Content-Length");
    actor.judge(
        &LENGTH_OF_304,
        told.filter(|told| told.parse() != Ok(length))
            .map(|told| format!("Content-Length: {told}, where the 200 has {length} bytes")),
        &seen.transcript,
    );
    Ok(())
}

/// An answer that was read by hand, and what came behind it.
struct Heard {
    answer: Answer,
    rest: Rest,
    transcript: Transcript,
}

async fn heard(actor: &Actor, method: &str, url: &Url, lines: &[(&str, &str)]) -> Result<Heard, NotReached> {
    let mut connection = actor.begin(method, url, lines).await?;
    let answer = connection.answer(method).await?;
    let rest = actor.aside(connection.rest(SILENCE)).await;
    Ok(Heard {
        answer,
        rest,
        transcript: connection.transcript(),
    })
}

fn judge_silence(actor: &Actor, check: &'static CodedCheck, seen: &Heard) {
    let bytes = &seen.rest.bytes;
    let broken = (!bytes.is_empty()).then(|| format!("{} bytes behind the headers", bytes.len()));
    actor.judge(check, broken, &seen.transcript);
}
