//! What is there already on a target that is only read: the images that were named, or those to which the catalogue and the
//! lists of tags lead.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value as Json;

use super::RunSettings;
use super::lists::listed_on;
use super::patience;
use crate::check::describe;
use crate::values::{DOCKER_LIST, DOCKER_MANIFEST, ImageName, OCI_INDEX, OCI_MANIFEST, json_of};
use crate::wire::{Answer, Client, Exchange, Keeping, Request};

/// In so many repositories a look is taken where no image is named: as many as show images of different kinds.
const MOST_REPOSITORIES: usize = 20;
/// So many tags of a repository are looked at.
const MOST_TAGS: usize = 3;
/// So many of the manifests that refer to one are looked at.
const MOST_REFERRERS: usize = 2;
/// So many manifests are taken note of, those that an index lists among them: all of them are read, with all their blobs.
const MOST_MANIFESTS: usize = 24;

/// What is there already; nothing where a run makes its own content.
#[derive(Clone, Debug, Default)]
pub(super) struct ExistingContent(Vec<FoundManifest>);

/// A manifest that is there.
#[derive(Clone, Debug)]
pub(super) struct FoundManifest {
    /// The repository.
    pub(super) repository: String,
    /// The tag or the digest by which it was found.
    pub(super) reference: String,
    /// Whether it is the manifest of an image, or an index.
    pub(super) kind: ManifestKind,
    /// The blobs that it names, its config among them.
    pub(super) blobs: Vec<Descriptor>,
    /// The digest of the manifest that it refers to, if it does.
    pub(super) subject: Option<String>,
}

/// The kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ManifestKind {
    /// It has a config and layers.
    Image,
    /// It lists others.
    Index,
}

/// What a manifest says of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) digest: String,
    pub(super) size: u64,
}

impl FoundManifest {
    /// The tag by which it was found, if it was a tag.
    pub(super) fn tag(&self) -> Option<&str> {
        (!is_digest(&self.reference)).then_some(self.reference.as_str())
    }

    /// Whether it is an image that refers to another manifest.
    pub(super) fn is_referrer(&self) -> bool {
        self.kind == ManifestKind::Image && self.subject.is_some()
    }

    /// How a client names it.
    pub(super) fn name(&self) -> ImageName {
        ImageName {
            repository: self.repository.clone(),
            reference: Some(self.reference.clone()),
        }
    }
}

impl ExistingContent {
    /// The manifests, in the order in which they were named or found.
    pub(super) fn manifests(&self) -> &[FoundManifest] {
        &self.0
    }

    /// Their repositories, each once.
    pub(super) fn repositories(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for found in &self.0 {
            if !names.contains(&found.repository) {
                names.push(found.repository.clone());
            }
        }
        names
    }

    /// A request for the first of them.
    pub(super) fn first(&self, client: &Client) -> Option<Request> {
        let first = self.0.first()?;
        Some(request(client, &first.repository, &first.reference))
    }
}

/// Why there is nothing to read.
#[derive(Clone, Debug)]
pub(super) enum NothingFound {
    /// An image that was named is not there.
    NoImage {
        /// The image.
        image: ImageName,
        /// What came in its place.
        why: String,
    },
    /// None was named, and none is listed.
    Anywhere,
}

/// Looks for what is there: what was named has to be.
pub(super) async fn look(
    client: &Client,
    settings: &RunSettings,
    named: &[ImageName],
) -> Result<ExistingContent, NothingFound> {
    let mut looking = Looking {
        client,
        found: Vec::new(),
        known: BTreeSet::new(),
    };
    for image in named {
        match &image.reference {
            Some(reference) => looking.take(&image.repository, reference).await?,
            None => looking.take_tags(&image.repository).await,
        }
    }
    if named.is_empty() {
        for repository in repositories(client, settings).await {
            looking.take_tags(&repository).await;
        }
    }
    if looking.found.is_empty() {
        return Err(NothingFound::Anywhere);
    }
    Ok(ExistingContent(looking.found))
}

/// The repositories that were given, or the first of those that the registry lists.
async fn repositories(client: &Client, settings: &RunSettings) -> Vec<String> {
    if !settings.repositories.is_empty() {
        return settings.repositories.clone();
    }
    let path = format!("/v2/_catalog?n={MOST_REPOSITORIES}");
    let mut listed = listed_on(client, &path, "repositories", 1)
        .await
        .unwrap_or_default();
    listed.truncate(MOST_REPOSITORIES);
    listed
}

/// What was found so far.
struct Looking<'a> {
    client: &'a Client,
    found: Vec<FoundManifest>,
    known: BTreeSet<(String, String)>,
}

impl Looking<'_> {
    /// Takes note of a manifest that was named, and of those that it lists.
    async fn take(&mut self, repository: &str, reference: &str) -> Result<(), NothingFound> {
        let asked = self.manifest(repository, reference).await;
        let Some(read) = read(&asked) else {
            return Err(NothingFound::NoImage {
                image: ImageName {
                    repository: repository.to_owned(),
                    reference: Some(reference.to_owned()),
                },
                why: match &asked.outcome {
                    Ok(answer) if answer.status == 200 => "what came is no manifest of an image".to_owned(),
                    _ => describe::exchange(&asked),
                },
            });
        };
        self.note(repository, reference, read).await;
        Ok(())
    }

    /// Takes note of what some tags of a repository lead to.
    async fn take_tags(&mut self, repository: &str) {
        let path = format!("/v2/{repository}/tags/list");
        let tags = listed_on(self.client, &path, "tags", 1).await.unwrap_or_default();
        for tag in tags.iter().take(MOST_TAGS) {
            if self.found.len() >= MOST_MANIFESTS {
                return;
            }
            let asked = self.manifest(repository, tag).await;
            if let Some(read) = read(&asked) {
                self.note(repository, tag, read).await;
            }
        }
    }

    /// Takes note of a manifest, and of those that it lists and that are there: an index may list what is elsewhere.
    async fn note(&mut self, repository: &str, reference: &str, manifest: ReadManifest) {
        let mut open = VecDeque::from([(reference.to_owned(), manifest)]);
        while let Some((reference, manifest)) = open.pop_front() {
            if !self.known.insert((repository.to_owned(), reference.clone())) {
                continue;
            }
            self.found.push(FoundManifest {
                repository: repository.to_owned(),
                reference,
                kind: manifest.kind,
                blobs: manifest.blobs,
                subject: manifest.subject,
            });
            let referrers = self.referrers(repository, &manifest.digest).await;
            for child in manifest.children.into_iter().chain(referrers) {
                if self.found.len() + open.len() >= MOST_MANIFESTS {
                    break;
                }
                let asked = self.manifest(repository, &child).await;
                open.extend(read(&asked).map(|read| (child, read)));
            }
        }
    }

    /// What comes of a manifest that is asked for.
    async fn manifest(&self, repository: &str, reference: &str) -> Exchange {
        patience::send(self.client, request(self.client, repository, reference)).await
    }

    /// The digests of some manifests that refer to this one, if the registry lists them.
    async fn referrers(&self, repository: &str, digest: &str) -> Vec<String> {
        let path = format!("/v2/{repository}/referrers/{digest}");
        let url = self.client.target().below_mount(&path);
        let asked = patience::send(self.client, Request::new("GET", url)).await;
        let answer = asked.outcome.ok().filter(|answer| answer.status == 200);
        let list = answer.as_ref().and_then(json_of).unwrap_or_default();
        let listed = list["manifests"].as_array().into_iter().flatten();
        let digests = listed.filter_map(|listed| descriptor(listed).map(|listed| listed.digest));
        digests.take(MOST_REFERRERS).collect()
    }
}

/// A manifest that was read.
struct ReadManifest {
    /// By SHA-256.
    digest: String,
    kind: ManifestKind,
    blobs: Vec<Descriptor>,
    children: Vec<String>,
    subject: Option<String>,
}

/// The manifest that came, if it is one of a kind that has no bytes of its own beside those that were pushed.
fn read(asked: &Exchange) -> Option<ReadManifest> {
    let answer = asked.outcome.as_ref().ok()?;
    let json = json_of(answer).filter(|_| answer.status == 200 && answer.cut.is_none())?;
    let kind = kind(media_type(answer, &json)?)?;
    let parts = json["layers"].as_array().into_iter().flatten();
    let parts = std::iter::once(&json["config"]).chain(parts);
    let children = json["manifests"].as_array().into_iter().flatten();
    Some(ReadManifest {
        digest: answer.body.digest(),
        subject: descriptor(&json["subject"]).map(|subject| subject.digest),
        kind,
        blobs: match kind {
            ManifestKind::Image => parts.filter_map(descriptor).collect(),
            ManifestKind::Index => Vec::new(),
        },
        children: children
            .filter_map(|child| descriptor(child).map(|child| child.digest))
            .collect(),
    })
}

/// The media type of a manifest: what it says of itself, or else what the registry says.
pub(super) fn media_type<'a>(answer: &'a Answer, json: &'a Json) -> Option<&'a str> {
    let own = json["mediaType"].as_str();
    own.or_else(|| answer.headers.get("Content-Type")?.split(';').next())
}

fn kind(media_type: &str) -> Option<ManifestKind> {
    match media_type.trim() {
        OCI_MANIFEST | DOCKER_MANIFEST => Some(ManifestKind::Image),
        OCI_INDEX | DOCKER_LIST => Some(ManifestKind::Index),
        _ => None,
    }
}

/// What a descriptor says, unless what it describes is meant to lie elsewhere.
fn descriptor(json: &Json) -> Option<Descriptor> {
    let lies_elsewhere = json["urls"].as_array().is_some_and(|urls| !urls.is_empty());
    let digest = json["digest"].as_str().filter(|digest| is_digest(digest))?;
    (!lies_elsewhere).then_some(Descriptor {
        digest: digest.to_owned(),
        size: json["size"].as_u64()?,
    })
}

/// Whether a reference is a digest, and no tag.
fn is_digest(reference: &str) -> bool {
    reference.contains(':')
}

/// A request for a manifest, of which all is kept.
fn request(client: &Client, repository: &str, reference: &str) -> Request {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let mut request = Request::new("GET", client.target().below_mount(&path));
    let types = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];
    request.headers.set("Accept", &types.join(", "));
    request.keeping = Some(Keeping::Whole);
    request
}
