//! The names of header lines: the same in small letters, in capital ones, and in a mixture.

use std::sync::Arc;

use serde_json::Value as Json;

use super::tools::{chunk, status, succeeded};
use super::{Judged, Native, NotReached};
use crate::plan::Declared;
use crate::run::content::{Content, Family, ImageShape, OCI_MANIFEST};
use crate::run::describe;
use crate::run::request::plain;
use crate::run::world::World;
use crate::wire::{Answer, Exchange, Letters, Request};

/// The letters that are no different from the usual ones.
const LETTERS: [Letters; 3] = [Letters::Small, Letters::Capital, Letters::Mixed];

/// The scenarios.
pub(super) const SCENARIOS: &[Native] = &[Native {
    declared: Declared {
        name: "http/header-names",
        title: "The names of header lines are understood in any letters",
        needs: &["push"],
        cites: &["http.header-names-case-insensitive"],
    },
    follow: |world| Box::pin(header_names(world)),
}];

/// A header line on which the answer to a request depends.
#[derive(Clone, Copy)]
enum Line {
    Accept,
    Range,
    IfNoneMatch,
    ContentType,
    ContentRange,
}

impl Line {
    const ALL: [Line; 5] = [
        Line::Accept,
        Line::Range,
        Line::IfNoneMatch,
        Line::ContentType,
        Line::ContentRange,
    ];

    fn name(self) -> &'static str {
        match self {
            Line::Accept => "Accept",
            Line::Range => "Range",
            Line::IfNoneMatch => "If-None-Match",
            Line::ContentType => "Content-Type",
            Line::ContentRange => "Content-Range",
        }
    }
}

/// What is there to be read, and where.
struct Stage {
    repository: String,
    image: Content,
    blob: Content,
}

async fn header_names(world: &mut World) -> Result<(), NotReached> {
    let repository = world.repository()?;
    let image = world.maker().image(Family::Oci, &ImageShape::default());
    let blob = world.maker().random(2000);
    world.given(&repository, &image, &[image.tag()]).await?;
    world.given(&repository, &blob, &[]).await?;
    let stage = Stage {
        repository,
        image,
        blob,
    };
    for line in Line::ALL {
        world.row = None;
        let Some(usual) = asked(world, &stage, line, Letters::AsWritten).await? else {
            continue;
        };
        if status(&usual).is_none_or(|status| status == 429 || status >= 500) {
            continue;
        }
        for letters in LETTERS {
            world.row = Some(format!("{} in {letters}", line.name()));
            let Some(odd) = asked(world, &stage, line, letters).await? else {
                continue;
            };
            let (wanted, got) = (in_short(&usual), in_short(&odd));
            let judged = Judged {
                id: "http.header-names-case-insensitive",
                line: line!(),
                asked: &format!("as in the usual letters: {wanted}"),
                broken: (got != wanted).then_some(got),
            };
            world.judge_exchange(judged, &odd);
        }
    }
    Ok(())
}

/// Asks what depends on a line, its name and all others in these letters; nothing where there is nothing to ask.
async fn asked(
    world: &mut World,
    stage: &Stage,
    line: Line,
    letters: Letters,
) -> Result<Option<Arc<Exchange>>, NotReached> {
    let (image, repository) = (&stage.image, &stage.repository);
    let tagged = world.at(&format!("/v2/{repository}/manifests/{}", image.tag()));
    let mut request = match line {
        Line::Accept => {
            let mut request = plain("GET", tagged, None);
            request.headers.set("Accept", OCI_MANIFEST);
            request
        }
        Line::Range => {
            let place = world.blob_at(repository, &stage.blob.digest());
            let mut request = plain("GET", place, None);
            request.headers.set("Range", "bytes=100-199");
            request
        }
        Line::IfNoneMatch => {
            let read = world.call("GET", tagged.clone(), None).await;
            let Some(etag) = header(&read, "ETag") else {
                return Ok(None);
            };
            let mut request = plain("GET", tagged, None);
            request.headers.set("If-None-Match", &etag);
            request
        }
        Line::ContentType => return Ok(pushed(world, stage, letters).await),
        Line::ContentRange => out_of_order(world, repository).await?,
    };
    request.letters = letters;
    Ok(Some(world.send(request).await))
}

/// Pushes a manifest whose type only the header tells: as what it is read, or why it was not taken.
async fn pushed(world: &mut World, stage: &Stage, letters: Letters) -> Option<Arc<Exchange>> {
    let note = world.maker().uuid();
    let manifest = without_type(&stage.image, &note);
    let path = format!("/v2/{}/manifests/{}", stage.repository, manifest.digest());
    let place = world.at(&path);
    let mut request = plain("PUT", place.clone(), Some(&manifest));
    request.letters = letters;
    let sent = world.send(request).await;
    if !succeeded(&sent) {
        return Some(sent);
    }
    let read = world.call("GET", place, None).await;
    // That what was pushed can be read at once is another requirement.
    succeeded(&read).then_some(read)
}

/// The same image, another manifest, which does not say what it is.
fn without_type(image: &Content, note: &str) -> Content {
    let mut json: Json = serde_json::from_slice(&image.bytes).unwrap_or_default();
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
async fn out_of_order(world: &mut World, repository: &str) -> Result<Request, NotReached> {
    let blob = world.maker().chunks(2, world.shared.chunk);
    let place = world.open(repository).await?;
    Ok(chunk(place, &blob.part(blob.chunk, blob.bytes.len())))
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
