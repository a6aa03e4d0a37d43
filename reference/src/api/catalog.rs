//! The list of repositories (Docker: Listing Repositories).

use http::Response;
use serde_json::json;

use super::paging;
use crate::body::{self, Body};
use crate::context::Context;
use crate::error::Failure;
use crate::routes::Route;

/// Lists the repositories.
pub(crate) fn list(context: &Context) -> Result<Response<Body>, Failure> {
    let limit = paging::limit(context, context.config().limits.page_size)?;
    let page = context.store().repositories(paging::last(context), limit)?;
    let mut response = body::json(&json!({"repositories": page.entries}));
    if let Some(next) = page.next {
        let query = [("last", next.as_str()), ("n", &limit.to_string())];
        paging::link_next(context, &mut response, &Route::Catalog, &query);
    }
    Ok(response)
}
