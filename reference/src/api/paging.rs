//! Paging: `n`, `last` and `Link` (spec: Listing Tags; RFC 8288).

use std::num::NonZeroUsize;

use http::Response;
use http::header::LINK;

use super::answer::set;
use crate::api::context::Context;
use crate::http::body::Body;
use crate::http::error::{Failure, Fault};
use crate::http::routes::Route;

/// The number of entries that the client wants, at most those of a page.
pub(super) fn limit(context: &Context, page_size: NonZeroUsize) -> Result<usize, Failure> {
    match context.query().first("n") {
        None => Ok(page_size.get()),
        Some(n) if !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()) => {
            // A number that does not fit is more than a page.
            Ok(n.parse().unwrap_or(usize::MAX).min(page_size.get()))
        }
        Some(n) => Err(Failure::with_detail(Fault::PageInvalid, n)),
    }
}

/// The entry after which the list is to go on.
pub(super) fn last(context: &Context) -> &str {
    context.query().first("last").unwrap_or_default()
}

/// Says where the list goes on.
pub(super) fn link_next(
    context: &Context,
    response: &mut Response<Body>,
    route: &Route,
    query: &[(&str, &str)],
) {
    set(
        response,
        LINK,
        &format!("<{}>; rel=\"next\"", context.urls().url_with_query(route, query)),
    );
}
