//! `given …`: the stage, set by the plainest route and not judged.

use std::sync::Arc;

use super::content::{Content, Family, ImageShape};
use super::describe;
use super::native::NotReached;
use super::outcome::Offer;
use super::request::plain;
use super::value::{Cause, Unusable, Value};
use super::world::World;
use crate::scenario::ast::{AnyContent, Extent, Name, Pushed, Way};
use crate::wire::Exchange;

/// The least size of a blob where a scenario asks for any.
const ANY_BLOB: u64 = 1500;

impl World {
    /// `given X pushed …`.
    pub(super) async fn set(&self, pushed: &Pushed) -> Result<(), Unusable> {
        let repository = match &pushed.to {
            Some(to) => self.scope.text(to)?,
            None => self.scope.text_of("repo")?,
        };
        let mut tags = Vec::new();
        for template in &pushed.tags {
            for tag in self.scope.whole(template)?.members() {
                tags.push(tag.text()?);
            }
        }
        for content in self.contents(&pushed.what)? {
            let content = match pushed.by {
                Some(algorithm) => Arc::new(Content {
                    algorithm,
                    ..(*content).clone()
                }),
                None => content,
            };
            match pushed.extent {
                Extent::Whole => self.push(&repository, &content, &tags).await?,
                Extent::Parts => self.push_parts(&repository, &content).await?,
                Extent::Config => {
                    if let Some(config) = &content.config {
                        self.push_blob(&repository, config).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// `given any … as NAME`: made and pushed, where the registry takes pushes.
    pub(super) async fn set_any(&mut self, any: AnyContent, name: &Name) -> Result<(), Unusable> {
        if let Offer::Refused(_) = self.shared.offer("push") {
            return Err(Unusable::Missing(Cause(
                "the registry takes no pushes, and no content to read was named".to_owned(),
            )));
        }
        let repository = self.scope.text_of("repo")?;
        let content = match any {
            AnyContent::Image => self.maker().image(Family::Oci, &ImageShape::default()),
            AnyContent::Index => {
                let child = self.maker().image(Family::Oci, &ImageShape::default());
                self.maker()
                    .index(Family::Oci, vec![Arc::new(child)], &ImageShape::default())
            }
            AnyContent::Blob { at_least } => {
                let size = at_least.unwrap_or(0).max(ANY_BLOB);
                self.maker().random(size)
            }
        };
        let tags = if content.is_manifest() {
            vec![content.tag()]
        } else {
            Vec::new()
        };
        self.push(&repository, &content, &tags).await?;
        self.scope.bind(name, Value::Content(Arc::new(content)));
        Ok(())
    }

    /// The scenario's first repository.
    pub(super) fn repository(&self) -> Result<String, NotReached> {
        Ok(self.scope.text_of("repo")?)
    }

    /// Sets the stage of a native scenario: a content and all that it refers to.
    pub(super) async fn given(
        &self,
        repository: &str,
        content: &Content,
        tags: &[String],
    ) -> Result<(), NotReached> {
        Ok(self.push(repository, content, tags).await?)
    }

    /// Pushes a content and all that it refers to.
    fn push<'a>(
        &'a self,
        repository: &'a str,
        content: &'a Content,
        tags: &'a [String],
    ) -> futures_util::future::BoxFuture<'a, Result<(), Unusable>> {
        Box::pin(async move {
            if !content.is_manifest() {
                return self.push_blob(repository, content).await;
            }
            self.push_parts(repository, content).await?;
            let by_digest = [content.digest()];
            let references = if tags.is_empty() {
                by_digest.as_slice()
            } else {
                tags
            };
            for reference in references {
                let path = format!("/v2/{repository}/manifests/{reference}");
                let url = self.shared.client.target().with_target(&path);
                success(&*self.send(plain("PUT", url, Some(content))).await)?;
            }
            Ok(())
        })
    }

    async fn push_parts(&self, repository: &str, content: &Content) -> Result<(), Unusable> {
        for blob in content.config.iter().chain(&content.layers) {
            self.push_blob(repository, blob).await?;
        }
        for child in &content.children {
            self.push(repository, child, &[]).await?;
        }
        Ok(())
    }

    async fn push_blob(&self, repository: &str, blob: &Content) -> Result<(), Unusable> {
        let query = format!("digest={}", blob.digest());
        success(
            &*self
                .upload(self.uploads(repository), blob, Way::PostAndPut, &query)
                .await,
        )
    }
}

/// A stage is set by any 2xx.
fn success(exchange: &Exchange) -> Result<(), Unusable> {
    match &exchange.outcome {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        _ => Err(Unusable::Missing(Cause(describe::exchange(exchange)))),
    }
}

impl From<Unusable> for NotReached {
    fn from(unusable: Unusable) -> NotReached {
        match unusable {
            Unusable::Missing(Cause(why)) | Unusable::Senseless(why) => NotReached(why),
        }
    }
}
