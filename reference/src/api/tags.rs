//! The tags of a repository (spec: Listing Tags; end-8).

use http::Response;
use serde_json::json;

use super::paging;
use crate::body::{self, Body};
use crate::context::Context;
use crate::error::Failure;
use crate::protocol::Name;
use crate::routes::Route;

/// Lists the tags of a repository.
pub(crate) fn list(context: &Context, name: &Name) -> Result<Response<Body>, Failure> {
    let limit = paging::limit(context, context.config().limits.page_size)?;
    let page = context.store().tags(name, paging::last(context), limit)?;
    let mut response = body::json(&json!({"name": name.as_str(), "tags": page.entries}));
    if let Some(next) = page.next {
        let query = [("last", next.as_str()), ("n", &limit.to_string())];
        paging::link_next(context, &mut response, &Route::Tags(name.clone()), &query);
    }
    Ok(response)
}
