//! The base endpoint (spec: Determining Support; end-1).

use http::Response;
use serde_json::json;

use crate::body::{self, Body};

/// Says that this is a registry.
pub(crate) fn answer() -> Response<Body> {
    body::json(&json!({}))
}
