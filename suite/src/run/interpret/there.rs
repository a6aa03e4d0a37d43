//! `given any …` where a run only reads: one of the things that are there, read anew each time, since a tag may move.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::requests::plain;
use crate::cause::{Beyond, Cause};
use crate::check::next_link;
use crate::run::found::{Descriptor, FoundManifest, ManifestKind, media_type};
use crate::run::world::World;
use crate::scenario::ast::{Algorithm, AnyContent, Name};
use crate::values::{Content, Tagged, Value, ValueError, json_of};
use crate::wire::{Answer, Exchange, Keeping, Request, Url, WHOLE};

/// A repository with more tags than this is not asked for them one by one: it would be asked for nothing else.
const MOST_TAGS: usize = 200;

/// Binds a name to something that is there, and `repo` to its repository.
pub(super) async fn choose(world: &mut World, any: AnyContent, name: &Name) -> Result<(), ValueError> {
    let (repository, value) = match any {
        AnyContent::Image => manifest(world, any, |_| true).await?,
        AnyContent::Index => manifest(world, any, |found| found.kind == ManifestKind::Index).await?,
        AnyContent::Blob { at_least } => blob(world, any, at_least.unwrap_or(0)).await?,
        AnyContent::Referrer => manifest(world, any, FoundManifest::is_referrer).await?,
        AnyContent::Tags => tags(world, any).await?,
    };
    if world.found_in.as_deref() != Some(repository.as_str()) {
        world.bind_made(&Name("repo".to_owned()), Value::Text(repository.clone()));
        world.found_in = Some(repository.into());
    }
    world.bind_made(name, value);
    Ok(())
}

/// The manifests that a scenario may choose from: if it has chosen before, those of the same repository.
fn candidates(world: &World) -> Vec<FoundManifest> {
    let all = world.session.found.manifests().iter();
    let is_beside = |found: &&FoundManifest| {
        let before = world.found_in.as_deref();
        before.is_none_or(|before| before == found.repository)
    };
    all.filter(is_beside).cloned().collect()
}

fn nothing(any: AnyContent) -> ValueError {
    let what = match any {
        AnyContent::Blob { .. } => format!("{any}, and {} MiB at most,", WHOLE / (1024 * 1024)),
        _ => any.to_string(),
    };
    ValueError::Missing(Cause::Beyond(Beyond::NothingFound(what)))
}

/// A manifest, by its tag if there is one that has a tag.
async fn manifest(
    world: &World,
    any: AnyContent,
    fits: impl Fn(&FoundManifest) -> bool,
) -> Result<(String, Value), ValueError> {
    let mut fitting: Vec<FoundManifest> = candidates(world).into_iter().filter(fits).collect();
    fitting.sort_by_key(|found| found.tag().is_none());
    let found = fitting.into_iter().next().ok_or_else(|| nothing(any))?;
    let path = format!("/v2/{}/manifests/{}", found.repository, found.reference);
    let asked = read(world, at(world, &path)).await;
    let answer = whole(&asked)?;
    let json = json_of(answer).unwrap_or_default();
    let media_type = media_type(answer, &json).unwrap_or_default().trim();
    let content = Content {
        tagged: match found.tag() {
            Some(tag) => Tagged::Found(tag.to_owned()),
            None => Tagged::Unknown,
        },
        ..Content::of_type(answer.body.bytes(), media_type)
    };
    let content = match found.tag() {
        Some(_) => content,
        None => known_by(content, &found.reference, &asked)?,
    };
    Ok((found.repository, Value::Content(Arc::new(content))))
}

/// The shortest blob that is long enough, so that little is sent for it, and no longer than what is kept of an answer.
async fn blob(world: &World, any: AnyContent, at_least: u64) -> Result<(String, Value), ValueError> {
    let lengths = at_least.max(1)..=WHOLE as u64;
    let candidates = candidates(world);
    let blobs = candidates
        .iter()
        .flat_map(|found| found.blobs.iter().map(|blob| (&found.repository, blob)));
    let fitting = blobs.filter(|(_, blob)| lengths.contains(&blob.size));
    let chosen = fitting.min_by_key(|(_, blob)| blob.size);
    let (repository, Descriptor { digest, .. }) = chosen.ok_or_else(|| nothing(any))?;
    let asked = read(world, at(world, &format!("/v2/{repository}/blobs/{digest}"))).await;
    let content = Content::blob(whole(&asked)?.body.bytes());
    let content = known_by(content, digest, &asked)?;
    Ok((repository.clone(), Value::Content(Arc::new(content))))
}

/// All tags of a repository, in the order in which they are listed.
async fn tags(world: &World, any: AnyContent) -> Result<(String, Value), ValueError> {
    let mut looked_at = BTreeSet::new();
    for FoundManifest { repository, .. } in candidates(world) {
        if !looked_at.insert(repository.clone()) {
            continue;
        }
        if let Some(tags) = listed(world, &repository).await {
            let tags = tags.into_iter().map(Value::Text).collect();
            return Ok((repository, Value::List(tags)));
        }
    }
    Err(nothing(any))
}

/// The tags that a repository lists, if there are some and not too many.
async fn listed(world: &World, repository: &str) -> Option<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    let mut next = Some(at(world, &format!("/v2/{repository}/tags/list")));
    while let Some(page) = next {
        let asked = read(world, page).await;
        let answer = whole(&asked).ok()?;
        let page = json_of(answer)?;
        let page = page["tags"].as_array()?.iter().filter_map(Json::as_str);
        let before = tags.len();
        tags.extend(page.map(str::to_owned));
        let links: Vec<&str> = answer.headers.all("Link").collect();
        next = match next_link(&links) {
            // A page without a tag, and with another one behind it, need not come to an end.
            Some(_) if tags.len() == before || tags.len() > MOST_TAGS => return None,
            Some(link) => Some(answer.url.resolve(&link).ok()?),
            None => None,
        };
    }
    (1..=MOST_TAGS).contains(&tags.len()).then_some(tags)
}

/// The content, if it is what this digest says.
fn known_by(content: Content, digest: &str, asked: &Arc<Exchange>) -> Result<Content, ValueError> {
    let algorithm = match digest.split_once(':') {
        Some(("sha512", _)) => Algorithm::Sha512,
        _ => Algorithm::Sha256,
    };
    let content = Content { algorithm, ..content };
    if content.digest() == digest {
        Ok(content)
    } else {
        Err(ValueError::Missing(Cause::Lacks(
            asked.clone(),
            "bytes of this digest".to_owned(),
        )))
    }
}

fn at(world: &World, path: &str) -> Url {
    world.session.client.target().below_mount(path)
}

/// Asks for something as the stage of a scenario, and keeps all of it.
async fn read(world: &World, url: Url) -> Arc<Exchange> {
    let request = Request {
        keeping: Some(Keeping::Whole),
        ..plain("GET", url, None)
    };
    world.send(request).await
}

/// The answer, if all of it came.
fn whole(asked: &Arc<Exchange>) -> Result<&Answer, ValueError> {
    let missing = || {
        let why = Cause::circumstance(asked);
        ValueError::Missing(why.unwrap_or_else(|| Cause::Came(asked.clone())))
    };
    let answer = asked.outcome.as_ref().map_err(|_| missing())?;
    let is_whole = answer.status == 200 && answer.cut.is_none() && answer.body.is_whole();
    if is_whole { Ok(answer) } else { Err(missing()) }
}
