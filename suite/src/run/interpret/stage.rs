//! `given …`: the stage, set by the plainest route and not judged.

use std::sync::Arc;

use super::expressions::contents;
use super::requests::{plain, upload, uploads};
use crate::cause::Cause;
use crate::judgement::Offer;
use crate::run::world::World;
use crate::scenario::ast::{AnyContent, Extent, Name, Pushed, Way};
use crate::values::{Content, Family, ImageShape, Value, ValueError};
use crate::wire::Exchange;

/// The least size of a blob where a scenario asks for any.
const ANY_BLOB: u64 = 1500;

/// `given X pushed …`.
pub(super) async fn set(world: &World, pushed: &Pushed) -> Result<(), ValueError> {
    let repository = match &pushed.to {
        Some(to) => world.scope.text(to)?,
        None => world.scope.text_of("repo")?,
    };
    let mut tags = Vec::new();
    for template in &pushed.tags {
        for tag in world.scope.whole(template)?.members() {
            tags.push(tag.text()?);
        }
    }
    for content in contents(world, &pushed.what)? {
        let content = match pushed.by {
            Some(algorithm) => Arc::new(Content {
                algorithm,
                ..(*content).clone()
            }),
            None => content,
        };
        match pushed.extent {
            Extent::Whole => push(world, &repository, &content, &tags).await?,
            Extent::Parts => push_parts(world, &repository, &content).await?,
            Extent::Config => {
                if let Some(config) = &content.config {
                    push_blob(world, &repository, config).await?;
                }
            }
        }
    }
    Ok(())
}

/// `given any … as NAME`: made and pushed, where the registry takes pushes.
pub(super) async fn set_any(world: &mut World, any: AnyContent, name: &Name) -> Result<(), ValueError> {
    if let Offer::Refused(_) = world.session.offer("push") {
        return Err(ValueError::Missing(Cause::NothingToRead));
    }
    let repository = world.scope.text_of("repo")?;
    let content = match any {
        AnyContent::Image => world.maker().image(Family::Oci, &ImageShape::default()),
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
    let tags = if content.is_manifest() {
        vec![content.tag()]
    } else {
        Vec::new()
    };
    push(world, &repository, &content, &tags).await?;
    world.bind_made(name, Value::Content(Arc::new(content)));
    Ok(())
}

/// Pushes a content and all that it refers to.
pub(in crate::run) fn push<'a>(
    world: &'a World,
    repository: &'a str,
    content: &'a Content,
    tags: &'a [String],
) -> futures_util::future::BoxFuture<'a, Result<(), ValueError>> {
    Box::pin(async move {
        if !content.is_manifest() {
            return push_blob(world, repository, content).await;
        }
        push_parts(world, repository, content).await?;
        let by_digest = [content.digest()];
        let references = if tags.is_empty() {
            by_digest.as_slice()
        } else {
            tags
        };
        for reference in references {
            let path = format!("/v2/{repository}/manifests/{reference}");
            let url = world.session.client.target().with_target(&path);
            success(&world.send(plain("PUT", url, Some(content))).await)?;
        }
        Ok(())
    })
}

async fn push_parts(world: &World, repository: &str, content: &Content) -> Result<(), ValueError> {
    for blob in content.config.iter().chain(&content.layers) {
        push_blob(world, repository, blob).await?;
    }
    for child in &content.children {
        push(world, repository, child, &[]).await?;
    }
    Ok(())
}

async fn push_blob(world: &World, repository: &str, blob: &Content) -> Result<(), ValueError> {
    let query = format!("digest={}", blob.digest());
    success(&upload(world, uploads(world, repository), blob, Way::PostAndPut, &query).await)
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
