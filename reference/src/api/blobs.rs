//! Blobs (spec: Pulling blobs, Checking if content exists, Deleting Blobs; end-2, end-10).

use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, IF_RANGE, LOCATION, RANGE};
use http::{HeaderValue, Method, Response, StatusCode};

use super::answer::{Answer, empty, identify, set};
use crate::api::context::Context;
use crate::config::{Action, BlobRedirect};
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::http::routes::{Route, UrlBuilder};
use crate::notifications::Event;
use crate::protocol::{Digest, IfRange, Name, Selection, Span, select};

/// Sends a blob, or the part that is asked for.
pub(crate) async fn get(context: &Context, name: &Name, digest: &Digest) -> Result<Answer, Failure> {
    let size = context.store().blob_size(name, digest).await?;
    let condition = context.condition();
    if !condition
        .if_match
        .as_ref()
        .is_none_or(|tags| tags.matches_strongly(Some(digest)))
    {
        return Err(Fault::PreconditionFailed.into());
    }
    if condition
        .if_none_match
        .is_some_and(|tags| tags.matches_weakly(Some(digest)))
    {
        return Ok(identified(context, empty(StatusCode::NOT_MODIFIED), digest).into());
    }
    if let Some(redirect) = &context.offer().redirect_blobs
        && !context.is_signed()
    {
        let mut response = empty(StatusCode::TEMPORARY_REDIRECT);
        let route = Route::Blob(name.clone(), digest.clone());
        let location = match redirect {
            BlobRedirect::Itself => context.signed_url(&route),
            BlobRedirect::Elsewhere(base) => UrlBuilder::under(base).url(&route),
        };
        set(&mut response, LOCATION, &location);
        return Ok(pulled(
            context,
            identified(context, response, digest),
            name,
            digest,
            size,
        ));
    }
    let (status, part) = match selection(context, digest, size) {
        Selection::Whole => (
            StatusCode::OK,
            Span {
                first: 0,
                length: size,
            },
        ),
        Selection::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Selection::Unsatisfiable => return Err(unsatisfiable(size)),
    };
    let mut response = identified(context, empty(status), digest);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, part.length.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let last = part.first + part.length - 1;
        set(
            &mut response,
            CONTENT_RANGE,
            &format!("bytes {}-{last}/{size}", part.first),
        );
    }
    if context.method() == Method::GET {
        let blob = context.store().open_blob(name, digest).await?;
        *response.body_mut() = Body::blob(blob, part, context.transport(), context.memory());
    }
    Ok(pulled(context, response, name, digest, size))
}

/// Takes a blob out of a repository.
pub(crate) async fn delete(context: &Context, name: &Name, digest: &Digest) -> Result<Answer, Failure> {
    context.store().delete_blob(name, digest).await?;
    let event = Event::Deleted {
        repository: name.clone(),
        digest: digest.clone(),
    };
    Ok(Answer::with_event(empty(StatusCode::ACCEPTED), event))
}

/// The answer to a pull. With a signed URL the pull is told when the URL is signed; a HEAD is none.
fn pulled(context: &Context, response: Response<Body>, name: &Name, digest: &Digest, size: u64) -> Answer {
    if context.is_signed() || context.method() == Method::HEAD {
        return response.into();
    }
    let event = Event::Blob {
        action: Action::Pull,
        repository: name.clone(),
        digest: digest.clone(),
        size,
        from: None,
    };
    Answer::with_event(response, event)
}

/// What of the blob is asked for: `Range` has a meaning for GET only (RFC 9110, section 14.2).
fn selection(context: &Context, digest: &Digest, size: u64) -> Selection {
    let is_current = context
        .header(IF_RANGE)
        .is_none_or(|validator| IfRange(validator).allows_range(digest));
    match context.header(RANGE) {
        Some(range) if is_current && context.method() == Method::GET && !context.offer().no_ranges => {
            select(range, size)
        }
        _ => Selection::Whole,
    }
}

/// Adds what every answer about a blob has.
fn identified(context: &Context, mut response: Response<Body>, digest: &Digest) -> Response<Body> {
    identify(&mut response, digest);
    let ranges = if context.offer().no_ranges {
        "none"
    } else {
        "bytes"
    };
    response
        .headers_mut()
        .insert(ACCEPT_RANGES, HeaderValue::from_static(ranges));
    response
}

fn unsatisfiable(size: u64) -> Failure {
    let range = HeaderValue::try_from(format!("bytes */{size}"));
    let failure = Failure::from(Fault::RangeUnsatisfiable);
    match range {
        Ok(range) => failure.with_header(CONTENT_RANGE, range),
        Err(_) => failure,
    }
}
