//! The names of header lines: the same in small letters, in capital ones, and in a mixture.

use std::sync::Arc;

use serde_json::Value as Json;

use super::tools::{chunk, succeeded};
use super::{Actor, Coded, NotReached};
use crate::check::describe;
use crate::run::interpret::requests::plain;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::{Content, Family, ImageShape, OCI_MANIFEST};
use crate::wire::{Answer, Exchange, Letters, Request};

/// The letters that are no different from the usual ones.
const LETTERS: [Letters; 3] = [Letters::Small, Letters::Capital, Letters::Mixed];

static AS_IN_USUAL_LETTERS: CodedCheck = CodedCheck::new(
    "http.header-names-case-insensitive",
    "the same as in the usual letters",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[Coded {
    scenario: CodedScenario {
        name: "http/header-names",
        title: "The names of header lines are understood in any letters",
        needs: &["push"],
        weight: Weight::Usual,
        checks: &[&AS_IN_USUAL_LETTERS],
    },
    follow: |actor| Box::pin(header_names(actor)),
}];

/// A header line on which the answer to a request depends.
#[derive(Clone, Copy)]
enum TestedHeader {
    Accept,
    Range,
    IfNoneMatch,
    ContentType,
    ContentRange,
}

impl TestedHeader {
    const ALL: [TestedHeader; 5] = [
        TestedHeader::Accept,
        TestedHeader::Range,
        TestedHeader::IfNoneMatch,
        TestedHeader::ContentType,
        TestedHeader::ContentRange,
    ];

    fn name(self) -> &'static str {
        match self {
            TestedHeader::Accept => "Accept",
            TestedHeader::Range => "Range",
            TestedHeader::IfNoneMatch => "If-None-Match",
            TestedHeader::ContentType => "Content-Type",
            TestedHeader::ContentRange => "Content-Range",
        }
    }
}

/// What is there to be read, and where.
struct Stage {
    repository: String,
    image: Content,
    blob: Content,
}

async fn header_names(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let image = actor.maker().image(Family::Oci, &ImageShape::default());
    let blob = actor.maker().random(2000);
    actor.given(&repository, &image, &[image.tag()]).await?;
    actor.given(&repository, &blob, &[]).await?;
    let stage = Stage {
        repository,
        image,
        blob,
    };
    for line in TestedHeader::ALL {
        actor.no_row();
        let Some(usual) = asked(actor, &stage, line, Letters::Usual).await? else {
            continue;
        };
        if usual.status().is_none_or(|status| status == 429 || status >= 500) {
            continue;
        }
        for letters in LETTERS {
            actor.row(format!("{} in {letters}", line.name()));
            let Some(odd) = asked(actor, &stage, line, letters).await? else {
                continue;
            };
            let (wanted, got) = (in_short(&usual), in_short(&odd));
            let broken = (got != wanted).then(|| format!("{got}; in the usual letters {wanted}"));
            actor.judge(&AS_IN_USUAL_LETTERS, broken, &odd);
        }
    }
    Ok(())
}

/// Asks what depends on a line, its name and all others in these letters; nothing where there is nothing to ask.
async fn asked(
    actor: &mut Actor,
    stage: &Stage,
    line: TestedHeader,
    letters: Letters,
) -> Result<Option<Arc<Exchange>>, NotReached> {
    let (image, repository) = (&stage.image, &stage.repository);
    let tagged = actor.at(&format!("/v2/{repository}/manifests/{}", image.tag()));
    let mut request = match line {
        TestedHeader::Accept => {
            let mut request = plain("GET", tagged, None);
            request.headers.set("Accept", OCI_MANIFEST);
            request
        }
        TestedHeader::Range => {
            let place = actor.blob_at(repository, &stage.blob.digest());
            let mut request = plain("GET", place, None);
            request.headers.set("Range", "bytes=100-199");
            request
        }
        TestedHeader::IfNoneMatch => {
            let read = actor.call("GET", tagged.clone(), None).await;
            let Some(etag) = header(&read, "ETag") else {
                return Ok(None);
            };
            let mut request = plain("GET", tagged, None);
            request.headers.set("If-None-Match", &etag);
            request
        }
        TestedHeader::ContentType => return Ok(pushed(actor, stage, letters).await),
        TestedHeader::ContentRange => out_of_order(actor, repository).await?,
    };
    request.letters = letters;
    Ok(Some(actor.send(request).await))
}

/// Pushes a manifest whose type only the header tells: as what it is read, or why it was not taken.
async fn pushed(actor: &mut Actor, stage: &Stage, letters: Letters) -> Option<Arc<Exchange>> {
    let note = actor.maker().uuid();
    let manifest = without_type(&stage.image, &note);
    let path = format!("/v2/{}/manifests/{}", stage.repository, manifest.digest());
    let place = actor.at(&path);
    let mut request = plain("PUT", place.clone(), Some(&manifest));
    request.letters = letters;
    let sent = actor.send(request).await;
    if !succeeded(&sent) {
        return Some(sent);
    }
    let read = actor.call("GET", place, None).await;
    // That what was pushed can be read at once is another requirement.
    succeeded(&read).then_some(read)
}

/// The same image, another manifest, which does not say what it is.
fn without_type(image: &Content, note: &str) -> Content {
    let mut json: Json = serde_json::from_slice(&image.bytes()).unwrap_or_default();
    if let Some(manifest) = json.as_object_mut() {
        manifest.remove("mediaType");
        manifest.insert(
            "annotations".to_owned(),
            serde_json::json!({ "org.example.note": note }),
        );
    }
    image.with_bytes(json.to_string().into_bytes())
}

/// A chunk that is not the first of its upload, as its `Content-Range` alone tells.
async fn out_of_order(actor: &mut Actor, repository: &str) -> Result<Request, NotReached> {
    let blob = actor.maker().chunks(2, actor.chunk_size());
    let place = actor.open(repository).await?;
    Ok(chunk(place, &blob.part(blob.chunk, blob.size())))
}

fn header(exchange: &Exchange, name: &str) -> Option<String> {
    let answer = exchange.outcome.as_ref().ok()?;
    answer.headers.get(name).map(str::to_owned)
}

/// The status of an answer, and what of it depends on the lines of its request.
fn in_short(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Ok(answer) if (200..300).contains(&answer.status) => {
            let told = ["Content-Range", "Content-Type"].map(|name| told(answer, name));
            let length = match exchange.request.method.as_str() {
                "GET" => format!(", {} bytes", answer.body.len()),
                _ => String::new(),
            };
            format!("{}{}{length}", describe::status(answer), told.concat())
        }
        Ok(answer) => describe::status(answer),
        Err(fault) => fault.to_string(),
    }
}

fn told(answer: &Answer, name: &str) -> String {
    let line = answer.headers.get(name);
    line.map_or_else(String::new, |value| format!(", {name}: {value}"))
}
