//! The manifests that refer to a manifest (spec: Listing Referrers; end-12).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response};

use super::answer::Answer;
use super::paging;
use crate::api::context::Context;
use crate::http::body::Body;
use crate::http::error::Failure;
use crate::http::routes::Route;
use crate::protocol::{Digest, INDEX_TYPE, Name};

/// `OCI-Filters-Applied`.
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Lists the referrers of a digest: none is an empty list, whatever does not exist.
pub(crate) fn list(context: &Context, name: &Name, subject: &Digest) -> Result<Answer, Failure> {
    let limits = &context.config().limits;
    let asked = context
        .query()
        .first("artifactType")
        .filter(|asked| !asked.is_empty());
    let filter = asked.filter(|_| !context.offer().no_referrers_filter);
    let size = (
        paging::limit(context, limits.referrers_page_size)?,
        limits.referrers_page_bytes.get(),
    );
    let page = context
        .store()
        .referrers(name, subject, filter, paging::last(context), size)?;
    let mut response = Response::new(Body::from(index(&page.entries)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(INDEX_TYPE));
    if filter.is_some() {
        headers.insert(FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    if let Some(next) = page.next {
        let limit = size.0.to_string();
        let mut query = vec![("last", next.as_str()), ("n", &limit)];
        query.extend(asked.map(|asked| ("artifactType", asked)));
        paging::link_next(
            context,
            &mut response,
            &Route::Referrers(name.clone(), subject.clone()),
            &query,
        );
    }
    Ok(response.into())
}

/// An image index of descriptors that are already written as JSON.
fn index(descriptors: &[String]) -> Bytes {
    let head = format!("{{\"schemaVersion\":2,\"mediaType\":\"{INDEX_TYPE}\",\"manifests\":[");
    Bytes::from(head + &descriptors.join(",") + "]}")
}
