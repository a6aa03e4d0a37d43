//! Uploads (spec: Pushing blobs, Cancel a blob upload, Mounting a blob; end-4, -5, -6, -11, -13, -14).

use http::header::{CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use http::{HeaderValue, Response, StatusCode};
use uuid::Uuid;

use super::answer::{Answer, created, empty, set};
use crate::api::context::Context;
use crate::config::Action;
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::http::request_body::RequestBody;
use crate::http::routes::{Route, parse_digest};
use crate::notifications::Event;
use crate::protocol::{Algorithm, ChunkRange, Digest, Name};
use crate::store::{Appender, Session, StoreError};

/// `Docker-Upload-UUID`.
const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
/// `OCI-Chunk-Min-Length`.
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// Mounts a blob, takes a whole one, or opens an upload: what the query asks for and the registry offers.
pub(crate) async fn open(context: &Context, name: &Name, body: &mut RequestBody) -> Result<Answer, Failure> {
    if let Some(digest) = context.query().first("mount") {
        let digest = parse_digest(digest)?;
        if let Some(size) = mount(context, name, &digest).await? {
            let from = context.query().first("from").map(str::to_owned);
            let event = Event::Blob {
                action: Action::Mount,
                repository: name.clone(),
                digest: digest.clone(),
                size,
                from,
            };
            return Ok(Answer::with_event(blob_created(context, name, &digest), event));
        }
    } else if let Some(digest) = asked_digest(context)?
        && !context.offer().no_single_post
    {
        let upload = context.store().receive(name, digest.algorithm())?;
        return finish(context, name, upload, Expected::default(), &digest, body).await;
    }
    let session = context.store().open_upload(name, asked_algorithm(context)?);
    let mut response = progress(context, name, &session, StatusCode::ACCEPTED);
    let minimum = context.config().limits.chunk_min_length;
    if minimum > 0 {
        response.headers_mut().insert(CHUNK_MIN_LENGTH, minimum.into());
    }
    Ok(response.into())
}

/// Says how far an upload is.
pub(crate) async fn status(context: &Context, name: &Name, id: Uuid) -> Result<Answer, Failure> {
    let session = context.store().upload(name, id).await?;
    Ok(progress(context, name, &session, StatusCode::NO_CONTENT).into())
}

/// Adds a chunk, or a stream of any length, to an upload.
pub(crate) async fn append(
    context: &Context,
    name: &Name,
    id: Uuid,
    body: &mut RequestBody,
) -> Result<Answer, Failure> {
    let session = context.store().upload(name, id).await?;
    let at = |failure| at_progress(context, name, &session, failure);
    let range = chunk_range(context).map_err(at)?;
    refuse_after_short_chunk(context, &session)?;
    let mut upload = context
        .store()
        .append(&session, range.map(|range| range.first))
        .map_err(Failure::from)
        .map_err(at)?;
    let expected = Expected {
        range,
        before: session.offset(),
    };
    match receive(context, &mut upload, expected, body).await {
        Ok(()) => {
            let is_short = upload.received() < context.config().limits.chunk_min_length;
            context.store().keep_upload(upload).await?;
            session.set_ended(is_short);
            Ok(progress(context, name, &session, StatusCode::ACCEPTED).into())
        }
        Err(Interrupted::Cut(failure)) => {
            // What came before the connection broke is worth keeping.
            context.store().keep_upload(upload).await?;
            Err(failure)
        }
        Err(Interrupted::Wrong(failure)) => {
            upload.discard().await?;
            Err(failure)
        }
    }
}

/// Closes an upload, perhaps with a last chunk, and makes it a blob.
pub(crate) async fn close(
    context: &Context,
    name: &Name,
    id: Uuid,
    body: &mut RequestBody,
) -> Result<Answer, Failure> {
    let session = context.store().upload(name, id).await?;
    let digest = asked_digest(context)?.ok_or(Fault::DigestInvalid)?;
    let at = |failure| at_progress(context, name, &session, failure);
    let range = chunk_range(context).map_err(at)?;
    if !body.is_at_end() {
        refuse_after_short_chunk(context, &session)?;
    }
    let upload = context
        .store()
        .append(&session, range.map(|range| range.first))
        .map_err(Failure::from)
        .map_err(at)?;
    let expected = Expected {
        range,
        before: session.offset(),
    };
    finish(context, name, upload, expected, &digest, body).await
}

/// Ends an upload without a blob.
pub(crate) async fn cancel(context: &Context, name: &Name, id: Uuid) -> Result<Answer, Failure> {
    let session = context.store().upload(name, id).await?;
    context.store().cancel_upload(&session).await?;
    Ok(empty(StatusCode::NO_CONTENT).into())
}

/// Mounts a blob if it can be found; says how large it is.
async fn mount(context: &Context, name: &Name, digest: &Digest) -> Result<Option<u64>, Failure> {
    let offer = context.offer();
    let from = context.query().first("from").map(Name::parse);
    let source = match &from {
        _ if offer.no_mount => return Ok(None),
        // A source that is no name has no blobs.
        Some(None) => return Ok(None),
        None if offer.no_anonymous_mount => return Ok(None),
        None => None,
        Some(Some(source)) => Some(source),
    };
    // A mount reads what it copies.
    if !context.may_pull_from(source) {
        return Ok(None);
    }
    match context.store().mount_blob(name, digest, source).await {
        Ok(size) => Ok(Some(size)),
        Err(StoreError::BlobUnknown) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Takes the rest of a blob and commits it; whatever goes wrong, the upload is as it was before.
async fn finish(
    context: &Context,
    name: &Name,
    mut upload: Appender,
    expected: Expected,
    digest: &Digest,
    body: &mut RequestBody,
) -> Result<Answer, Failure> {
    if let Err(Interrupted::Cut(failure) | Interrupted::Wrong(failure)) =
        receive(context, &mut upload, expected, body).await
    {
        upload.discard().await?;
        return Err(failure);
    }
    let size = expected.before + upload.received();
    if asked_size(context).is_some_and(|asked| asked != Some(size)) {
        upload.discard().await?;
        return Err(Fault::SizeInvalid.into());
    }
    context.store().finish_upload(upload, digest).await?;
    let event = Event::Blob {
        action: Action::Push,
        repository: name.clone(),
        digest: digest.clone(),
        size,
        from: None,
    };
    Ok(Answer::with_event(blob_created(context, name, digest), event))
}

/// What is known of a body before it comes.
#[derive(Debug, Clone, Copy, Default)]
struct Expected {
    /// Its place, if the client says it.
    range: Option<ChunkRange>,
    /// The number of bytes of the blob that are there already.
    before: u64,
}

/// Why a body was not received.
enum Interrupted {
    /// It ended too early: the client is gone, or silent.
    Cut(Failure),
    /// It is not what was announced, or could not be stored.
    Wrong(Failure),
}

/// Receives a body, which is as long as its range, and makes no blob larger than is accepted.
async fn receive(
    context: &Context,
    upload: &mut Appender,
    expected: Expected,
    body: &mut RequestBody,
) -> Result<(), Interrupted> {
    let wrong = |fault: Fault| Interrupted::Wrong(fault.into());
    let cut = |fault: Fault| Interrupted::Cut(fault.into());
    let length = expected.range.map(|range| range.length);
    let announced = context.content_length();
    if length.is_some() && announced.is_some() && announced != length {
        return Err(wrong(Fault::SizeInvalid));
    }
    let largest = match context.config().limits.blob_size {
        0 => u64::MAX,
        limit => limit.saturating_sub(expected.before),
    };
    if announced.is_some_and(|announced| announced > largest) {
        return Err(wrong(Fault::BlobTooLarge));
    }
    while let Some(part) = body.next_part().await.map_err(cut)? {
        upload
            .add(part)
            .await
            .map_err(|fault| Interrupted::Wrong(fault.into()))?;
        if length.is_some_and(|length| upload.received() > length) {
            return Err(wrong(Fault::SizeInvalid));
        }
        if upload.received() > largest {
            return Err(wrong(Fault::BlobTooLarge));
        }
    }
    if length.is_some_and(|length| upload.received() != length) {
        Err(wrong(Fault::SizeInvalid))
    } else {
        Ok(())
    }
}

/// The digest that a whole blob is pushed under. Several would leave it open which of them counts.
fn asked_digest(context: &Context) -> Result<Option<Digest>, Failure> {
    let mut asked = context.query().all("digest");
    match (asked.next(), asked.next()) {
        (None, _) => Ok(None),
        (Some(digest), None) => context.storable_digest(digest).map(Some),
        (Some(_), Some(second)) => Err(Failure::with_detail(Fault::DigestInvalid, second)),
    }
}

/// The length that clients of 2014 say a blob has, as `length` at first and as `size` later: the number, or nothing if it is
/// none.
fn asked_size(context: &Context) -> Option<Option<u64>> {
    let query = context.query();
    let asked = query.first("size").or_else(|| query.first("length"));
    asked
        .filter(|_| context.offer().legacy)
        .map(|asked| asked.parse().ok())
}

/// The algorithm that an upload is opened for (end-4c).
fn asked_algorithm(context: &Context) -> Result<Algorithm, Failure> {
    let Some(asked) = context.query().first("digest-algorithm") else {
        return Ok(Algorithm::Sha256);
    };
    let algorithm = Algorithm::parse(asked).filter(|algorithm| algorithm.is_resumable());
    let algorithm = algorithm.ok_or_else(|| Failure::with_detail(Fault::DigestInvalid, asked))?;
    context.require_algorithm(algorithm)?;
    Ok(algorithm)
}

/// The place of the chunk, if the client says it.
fn chunk_range(context: &Context) -> Result<Option<ChunkRange>, Failure> {
    let Some(field) = context.header(CONTENT_RANGE) else {
        return Ok(None);
    };
    let range = ChunkRange::parse(field);
    range
        .map(Some)
        .ok_or_else(|| Failure::with_detail(Fault::ChunkRangeInvalid, field))
}

/// A chunk below the minimum can only have been the last.
fn refuse_after_short_chunk(context: &Context, session: &Session) -> Result<(), Failure> {
    let minimum = context.config().limits.chunk_min_length;
    if session.has_ended() {
        Err(Failure::with_detail(Fault::ChunkTooShort, minimum))
    } else {
        Ok(())
    }
}

/// `201 Created` for a blob.
fn blob_created(context: &Context, name: &Name, digest: &Digest) -> Response<Body> {
    created(&context.url(&Route::Blob(name.clone(), digest.clone())), digest)
}

/// An answer that says where the upload goes on. Before the first byte there is no right value for
/// `Range`; `0-0` is that of the Docker documents.
fn progress(context: &Context, name: &Name, session: &Session, status: StatusCode) -> Response<Body> {
    let mut response = empty(status);
    set(
        &mut response,
        LOCATION,
        &context.url(&Route::Upload(name.clone(), session.id())),
    );
    set(&mut response, RANGE, &range_so_far(session));
    set(&mut response, UPLOAD_UUID, &session.id().to_string());
    response
}

/// A refusal that says where the upload goes on.
fn at_progress(context: &Context, name: &Name, session: &Session, failure: Failure) -> Failure {
    let location = HeaderValue::try_from(context.url(&Route::Upload(name.clone(), session.id())));
    let range = HeaderValue::try_from(range_so_far(session));
    let upload = HeaderValue::try_from(session.id().to_string());
    let headers = [(LOCATION, location), (RANGE, range), (UPLOAD_UUID, upload)];
    headers
        .into_iter()
        .fold(failure, |failure, (name, value)| match value {
            Ok(value) => failure.with_header(name, value),
            Err(_) => failure,
        })
}

fn range_so_far(session: &Session) -> String {
    format!("0-{}", session.offset().saturating_sub(1))
}
