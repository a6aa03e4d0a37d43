//! The base endpoint (spec: Determining Support; end-1).

use serde_json::json;

use super::answer::Answer;
use crate::http::body;

/// Says that this is a registry.
pub(crate) fn answer() -> Answer {
    body::json(&json!({})).into()
}
