//! The tags of a repository (spec: Listing Tags; end-8).

use serde_json::json;

use super::answer::Answer;
use super::paging;
use crate::api::context::Context;
use crate::http::body;
use crate::http::error::Failure;
use crate::http::routes::Route;
use crate::protocol::Name;

/// Lists the tags of a repository.
pub(crate) fn list(context: &Context, name: &Name) -> Result<Answer, Failure> {
    let limit = paging::limit(context, context.config().limits.page_size)?;
    let page = context.store().tags(name, paging::last(context), limit)?;
    let mut response = body::json(&json!({"name": name.as_str(), "tags": page.entries}));
    if let Some(next) = page.next {
        let query = [("last", next.as_str()), ("n", &limit.to_string())];
        paging::link_next(context, &mut response, &Route::Tags(name.clone()), &query);
    }
    Ok(response.into())
}
