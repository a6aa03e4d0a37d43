//! Tokens for whoever has shown who they are (Docker: Token Authentication).

use http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use crate::api::context::Context;
use crate::auth::{LIFETIME, Scope};
use crate::http::body;
use crate::http::error::Failure;

/// Gives a token for all scopes that are asked for, each in a parameter or several in one.
pub(crate) fn give(context: &Context) -> Result<Answer, Failure> {
    let asked = context.query().all("scope").flat_map(str::split_ascii_whitespace);
    let scopes = asked.filter_map(Scope::parse).collect();
    let token = context
        .token(scopes)
        .ok_or(Failure::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    // Some clients read the one name, some the other.
    let response = body::json(&json!({
        "token": token,
        "access_token": token,
        "expires_in": LIFETIME,
    }));
    Ok(response.into())
}
