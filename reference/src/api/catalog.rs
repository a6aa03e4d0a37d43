//! The list of repositories (Docker: Listing Repositories).

use serde_json::json;

use super::answer::Answer;
use super::paging;
use crate::api::context::Context;
use crate::http::body;
use crate::http::error::Failure;
use crate::http::routes::Route;

/// Lists the repositories.
pub(crate) fn list(context: &Context) -> Result<Answer, Failure> {
    let limit = paging::limit(context, context.config().limits.page_size)?;
    let page = context.store().repositories(paging::last(context), limit)?;
    let mut response = body::json(&json!({"repositories": page.entries}));
    if let Some(next) = page.next {
        let query = [("last", next.as_str()), ("n", &limit.to_string())];
        paging::link_next(context, &mut response, &Route::Catalog, &query);
    }
    Ok(response.into())
}
