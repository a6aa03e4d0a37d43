//! Manifests and tags (spec: Pulling manifests, Pushing Manifests, Deleting; end-3, end-7, end-9).

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{Method, StatusCode};

use super::answer::{Answer, created, empty, identify, set};
use super::signed;
use crate::api::context::Context;
use crate::config::Action;
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::http::request_body::RequestBody;
use crate::http::routes::{Route, parse_tag};
use crate::notifications::Event;
use crate::protocol::{Algorithm, Digest, Manifest, ManifestType, Name, Reference, Tag};
use crate::store::NewManifest;

/// `OCI-Subject`.
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// `OCI-Tag`.
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// Sends a manifest as it was pushed, whatever `Accept` says, since its digest leaves no choice; clients of 2014 that ask by a
/// tag get what they understand.
pub(crate) async fn get(context: &Context, name: &Name, reference: &Reference) -> Result<Answer, Failure> {
    let stored = context.store().manifest(name, reference).await?;
    let stored = signed::for_old_clients(context, name, reference, stored).await?;
    let condition = context.condition();
    if !condition
        .if_match
        .as_ref()
        .is_none_or(|tags| tags.matches_strongly(Some(&stored.digest)))
    {
        return Err(Fault::PreconditionFailed.into());
    }
    if condition
        .if_none_match
        .is_some_and(|tags| tags.matches_weakly(Some(&stored.digest)))
    {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        identify(&mut response, &stored.digest);
        return Ok(response.into());
    }
    let mut response = empty(StatusCode::OK);
    identify(&mut response, &stored.digest);
    set(&mut response, CONTENT_TYPE, &stored.media_type);
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, stored.bytes.len().into());
    if context.method() == Method::HEAD {
        return Ok(response.into());
    }
    *response.body_mut() = Body::from(stored.bytes.clone());
    let event = Event::Manifest {
        action: Action::Pull,
        repository: name.clone(),
        digest: stored.digest,
        media_type: stored.media_type,
        content: stored.bytes,
        tags: own_tag(reference).into_iter().collect(),
    };
    Ok(Answer::with_event(response, event))
}

/// Stores a manifest, byte for byte as it is sent.
pub(crate) async fn put(
    context: &Context,
    name: &Name,
    reference: &Reference,
    body: &mut RequestBody,
) -> Result<Answer, Failure> {
    let parameters = tag_parameters(context, reference)?;
    let bytes = read_limited(context, body).await?;
    let content_type = context.header(CONTENT_TYPE);
    let kind = content_type.and_then(ManifestType::parse);
    if kind == Some(ManifestType::DockerSigned) {
        signed::check(context, name, reference, &bytes).await?;
    }
    let digest = digest_of(context, reference, kind, &bytes)?;
    let manifest = Manifest::parse(&bytes, content_type)
        .map_err(|why| Failure::with_detail(Fault::ManifestInvalid, why))?;
    let subject = manifest.subject.clone().filter(|_| !context.offer().no_referrers);
    let tags = own_tag(reference).into_iter().chain(parameters.iter().cloned());
    let tags = tags.collect::<Vec<_>>();
    let event = Event::Manifest {
        action: Action::Push,
        repository: name.clone(),
        digest: digest.clone(),
        media_type: manifest.kind.as_str().to_owned(),
        content: bytes.clone(),
        tags: tags.clone(),
    };
    let new = NewManifest {
        digest: digest.clone(),
        bytes,
        manifest,
        tags,
    };
    let (condition, missing) = (context.condition(), context.offer().missing_content);
    context
        .store()
        .put_manifest(name, reference, new, condition, missing)
        .await?;

    let route = Route::Manifest(name.clone(), Reference::Digest(digest.clone()));
    let mut response = created(&context.url(&route), &digest);
    if let Some(subject) = subject {
        set(&mut response, SUBJECT, subject.as_str());
    }
    if !parameters.is_empty() {
        let accepted = parameters.iter().map(Tag::as_str).collect::<Vec<_>>();
        set(&mut response, TAG, &accepted.join(", "));
    }
    Ok(Answer::with_event(response, event))
}

/// Deletes a tag, or a manifest with the tags that point to it.
pub(crate) async fn delete(context: &Context, name: &Name, reference: &Reference) -> Result<Answer, Failure> {
    context
        .store()
        .delete_manifest(name, reference, context.condition())
        .await?;
    let repository = name.clone();
    let event = match reference.clone() {
        Reference::Tag(tag) => Event::Untagged { repository, tag },
        Reference::Digest(digest) => Event::Deleted { repository, digest },
    };
    Ok(Answer::with_event(empty(StatusCode::ACCEPTED), event))
}

/// The tag that a manifest is pulled or pushed by.
fn own_tag(reference: &Reference) -> Option<Tag> {
    match reference {
        Reference::Tag(tag) => Some(tag.clone()),
        Reference::Digest(_) => None,
    }
}

/// The tags that a push by digest asks for as well (end-7b).
fn tag_parameters(context: &Context, reference: &Reference) -> Result<Vec<Tag>, Failure> {
    if matches!(reference, Reference::Tag(_)) || context.offer().no_tag_parameters {
        return Ok(Vec::new());
    }
    let mut tags = context
        .query()
        .all("tag")
        .map(parse_tag)
        .collect::<Result<Vec<_>, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > context.config().limits.tag_parameters {
        return Err(Fault::TooManyTags.into());
    }
    Ok(tags)
}

/// Reads a body that fits into memory.
async fn read_limited(context: &Context, body: &mut RequestBody) -> Result<Bytes, Failure> {
    let limit = context.config().limits.manifest_size;
    if context
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(Fault::ManifestTooLarge.into());
    }
    let mut bytes = BytesMut::new();
    while let Some(part) = body.next_part().await? {
        if bytes.len() + part.len() > limit {
            return Err(Fault::ManifestTooLarge.into());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// The digest of a manifest; one that is pushed by digest must have that digest.
fn digest_of(
    context: &Context,
    reference: &Reference,
    kind: Option<ManifestType>,
    bytes: &[u8],
) -> Result<Digest, Failure> {
    let of = |algorithm| {
        kind.map_or_else(
            || Digest::of(algorithm, bytes),
            |kind| kind.digest(algorithm, bytes),
        )
    };
    match reference {
        Reference::Tag(_) => Ok(of(Algorithm::Sha256)),
        Reference::Digest(claimed) => {
            context.require_algorithm(claimed.algorithm())?;
            let actual = of(claimed.algorithm());
            if actual == *claimed {
                return Ok(actual);
            }
            Err(Failure::with_detail(Fault::DigestInvalid, claimed.as_str()))
        }
    }
}
