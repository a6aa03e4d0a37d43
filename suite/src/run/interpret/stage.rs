//! `given …`: the stage, set by the plainest route and not judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};

use super::expressions::contents;
use super::requests::{plain, upload, uploads};
use super::{referrers, there};
use crate::cause::{Beyond, Cause};
use crate::judgement::Offer;
use crate::run::Access;
use crate::run::world::World;
use crate::scenario::ast::{AnyContent, Extent, Name, Pushed, Way};
use crate::values::{Content, Family, ImageShape, Value, ValueError};
use crate::wire::Exchange;

/// The least size of a blob where a scenario asks for any.
const ANY_BLOB: u64 = 1500;
/// The tags where a scenario asks for any, in the order in which every registry lists them.
const ANY_TAGS: [&str; 5] = ["1.0", "1.1", "edge", "latest", "stable"];
/// How much is pushed at once: as many as a browser's connections to a few servers, which no registry takes ill.
pub(in crate::run) const AT_ONCE: usize = 24;

/// `given X pushed …`.
pub(super) async fn set(world: &World, pushed: &Pushed) -> Result<(), ValueError> {
    if world.session.settings.access != Access::Write {
        return Err(ValueError::Missing(Cause::Beyond(Beyond::ReadOnly)));
    }
    let repository = match &pushed.to {
        Some(to) => world.scope().text(to)?,
        None => world.scope().text_of("repo")?,
    };
    let mut tags = Vec::new();
    for template in &pushed.tags {
        for tag in world.scope().whole(template)?.members() {
            tags.push(tag.text()?);
        }
    }
    let contents: Vec<Arc<Content>> = contents(world, &pushed.what)?
        .into_iter()
        .map(|content| match pushed.by {
            Some(algorithm) => Arc::new(Content {
                algorithm,
                ..(*content).clone()
            }),
            None => content,
        })
        .collect();
    let mut stage = StagedPush::default();
    for content in &contents {
        match pushed.extent {
            Extent::Whole => stage.add(content, &tags),
            Extent::Parts => stage.add_parts(content),
            Extent::Config => stage.add_blobs(content.config.as_deref()),
        }
    }
    stage.push(world, &repository).await
}

/// `given any … as NAME`: made and pushed, or, where the run only reads, chosen from what is there.
pub(super) async fn set_any(world: &mut World, any: AnyContent, name: &Name) -> Result<(), ValueError> {
    match &world.session.settings.access {
        Access::Write => make_any(world, any, name).await,
        Access::Read(_) => there::choose(world, any, name).await,
    }
}

async fn make_any(world: &mut World, any: AnyContent, name: &Name) -> Result<(), ValueError> {
    if let Offer::Refused(_) = world.session.offer("push") {
        return Err(ValueError::Missing(Cause::NothingToRead));
    }
    let repository = world.scope().text_of("repo")?;
    let content = match any {
        AnyContent::Image | AnyContent::Tags => world.maker().image(Family::Oci, &ImageShape::default()),
        AnyContent::Referrer => {
            let subject = world.maker().image(Family::Oci, &ImageShape::default());
            push(world, &repository, &subject, &[subject.tag()]).await?;
            let shape = ImageShape {
                artifact_type: Some("application/vnd.example.note".to_owned()),
                subject: Some(Arc::new(subject)),
                ..ImageShape::default()
            };
            world.maker().image(Family::Oci, &shape)
        }
        AnyContent::Index => {
            let child = world.maker().image(Family::Oci, &ImageShape::default());
            world
                .maker()
                .index(Family::Oci, vec![Arc::new(child)], &ImageShape::default())
        }
        AnyContent::Blob { at_least } => {
            let size = at_least.unwrap_or(0).max(ANY_BLOB);
            world.maker().random(size)
        }
    };
    let tags = match any {
        AnyContent::Image | AnyContent::Index => vec![content.tag()],
        AnyContent::Blob { .. } | AnyContent::Referrer => Vec::new(),
        AnyContent::Tags => ANY_TAGS.map(str::to_owned).to_vec(),
    };
    push(world, &repository, &content, &tags).await?;
    let value = match any {
        AnyContent::Tags => Value::List(tags.into_iter().map(Value::Text).collect()),
        AnyContent::Image | AnyContent::Index | AnyContent::Blob { .. } | AnyContent::Referrer => {
            Value::Content(Arc::new(content))
        }
    };
    world.bind_made(name, value);
    Ok(())
}

/// Pushes a content and all that it refers to.
pub(in crate::run) async fn push(
    world: &World,
    repository: &str,
    content: &Content,
    tags: &[String],
) -> Result<(), ValueError> {
    let mut stage = StagedPush::default();
    stage.add(content, tags);
    stage.push(world, repository).await
}

/// Pushes contents and all that they refer to, without tags.
pub(in crate::run) async fn push_all(
    world: &World,
    repository: &str,
    contents: &[Content],
) -> Result<(), ValueError> {
    let mut stage = StagedPush::default();
    for content in contents {
        stage.add(content, &[]);
    }
    stage.push(world, repository).await
}

/// What is to be pushed, each blob once, and manifests behind those that they refer to.
#[derive(Default)]
struct StagedPush<'a> {
    blobs: Vec<&'a Content>,
    digests: BTreeSet<String>,
    manifests: Vec<(&'a Content, &'a [String])>,
}

impl<'a> StagedPush<'a> {
    fn add(&mut self, content: &'a Content, tags: &'a [String]) {
        if content.is_manifest() {
            self.add_parts(content);
            self.manifests.push((content, tags));
        } else {
            self.add_blobs([content]);
        }
    }

    fn add_parts(&mut self, content: &'a Content) {
        self.add_blobs(content.config.iter().chain(&content.layers).map(|blob| &**blob));
        for child in &content.children {
            self.add(child, &[]);
        }
    }

    fn add_blobs(&mut self, blobs: impl IntoIterator<Item = &'a Content>) {
        for blob in blobs {
            if self.digests.insert(blob.digest()) {
                self.blobs.push(blob);
            }
        }
    }

    /// Pushes blobs at once, for nobody can tell in which order they come, and then manifests, those that refer to none of
    /// the others at once, too.
    async fn push(&self, world: &World, repository: &str) -> Result<(), ValueError> {
        let mut together = Together::default();
        for blob in &self.blobs {
            let world = world.beside();
            let push = async move { push_blob(&world, repository, blob).await };
            together.add(push.boxed()).await;
        }
        together.end().await?;
        let mut left = &self.manifests[..];
        while !left.is_empty() {
            let (next, later) = left.split_at(at_once(left));
            left = later;
            let mut together = Together::default();
            for (manifest, tags) in next {
                let world = world.beside();
                let push = async move { push_manifest(&world, repository, manifest, tags).await };
                together.add(push.boxed()).await;
            }
            together.end().await?;
            let pushed: Vec<&Content> = next.iter().map(|(manifest, _)| *manifest).collect();
            for lost in referrers::lost(world, repository, &pushed).await {
                put(world, repository, lost, &lost.digest()).await?;
            }
        }
        Ok(())
    }
}

/// How many of these manifests are pushed at once: one that gets a tag goes alone, since the last of several has it, and one
/// that refers to another goes behind it.
fn at_once(manifests: &[(&Content, &[String])]) -> usize {
    let mut before = BTreeSet::new();
    let independent = manifests.iter().take_while(|(manifest, tags)| {
        let mut named = manifest.children.iter().map(|child| child.digest());
        let refers = !before.is_empty()
            && (named.any(|digest| before.contains(&digest))
                || referrers::subject_of(manifest).is_some_and(|subject| before.contains(&subject)));
        tags.is_empty() && !refers && before.insert(manifest.digest())
    });
    let independent = independent.count().max(1);
    let manifests = manifests[..independent].iter().map(|(manifest, _)| *manifest);
    // Few take little time, and nobody has to look whether one was lost.
    if independent < AT_ONCE && referrers::share_a_subject(manifests) {
        1
    } else {
        independent
    }
}

/// Pushes a manifest under its first tag, and then under the others at once.
async fn push_manifest(
    world: &World,
    repository: &str,
    manifest: &Content,
    tags: &[String],
) -> Result<(), ValueError> {
    let Some((first, others)) = tags.split_first() else {
        return put(world, repository, manifest, &manifest.digest()).await;
    };
    put(world, repository, manifest, first).await?;
    let mut together = Together::default();
    for tag in others {
        let world = world.beside();
        let push = async move { put(&world, repository, manifest, tag).await };
        together.add(push.boxed()).await;
    }
    together.end().await
}

/// Pushes that are under way together, never more than [`AT_ONCE`]: one that waits takes memory, and there may be a thousand.
#[derive(Default)]
struct Together<'a> {
    under_way: FuturesOrdered<BoxFuture<'a, Result<(), ValueError>>>,
    failure: Option<ValueError>,
}

impl<'a> Together<'a> {
    /// Adds one as soon as there is room for it.
    async fn add(&mut self, push: BoxFuture<'a, Result<(), ValueError>>) {
        if self.under_way.len() == AT_ONCE {
            self.next().await;
        }
        self.under_way.push_back(push);
    }

    /// Waits for all of them; why the first that failed did.
    async fn end(mut self) -> Result<(), ValueError> {
        while self.next().await.is_some() {}
        self.failure.map_or(Ok(()), Err)
    }

    /// Waits for the one that was added first.
    async fn next(&mut self) -> Option<()> {
        let pushed = self.under_way.next().await?;
        self.failure = self.failure.take().or(pushed.err());
        Some(())
    }
}

pub(super) async fn put(
    world: &World,
    repository: &str,
    manifest: &Content,
    reference: &str,
) -> Result<(), ValueError> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let url = world.session.client.target().below_mount(&path);
    success(&world.send(plain("PUT", url, Some(manifest))).await)
}

/// Pushes a blob: whole, or, where that is refused, as Docker's clients do. Registries that were made for these take
/// nothing else, and a finding tells it; what else they do is judged all the same.
async fn push_blob(world: &World, repository: &str, blob: &Content) -> Result<(), ValueError> {
    let query = format!("digest={}", blob.digest());
    let push = async |way| upload(world, uploads(world, repository), blob, way, &query).await;
    let whole = push(Way::PostAndPut).await?;
    let pushed = success(&whole);
    let is_refused = whole.request.method == "PUT" && whole.status().is_some_and(|status| status >= 400);
    if pushed.is_ok() || !is_refused || Cause::circumstance(&whole).is_some() {
        return pushed;
    }
    match push(Way::StreamedPatch).await {
        Ok(last) => success(&last).or(pushed),
        Err(_) => pushed,
    }
}

/// A stage is set by any 2xx.
fn success(exchange: &Arc<Exchange>) -> Result<(), ValueError> {
    match &exchange.outcome {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        _ => {
            let why = Cause::circumstance(exchange);
            Err(ValueError::Missing(
                why.unwrap_or_else(|| Cause::Came(exchange.clone())),
            ))
        }
    }
}
