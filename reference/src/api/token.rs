//! Tokens for whoever has shown who they are (Docker: Token Authentication), and what others check them with.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::answer::Answer;
use crate::api::context::Context;
use crate::auth::{Issuer, LIFETIME, Scope};
use crate::http::body::{self, Body};
use crate::http::error::{Failure, Fault};

/// The type of a set of keys (RFC 7517, section 8.5), and of certificates in PEM (RFC 8555, section 9.1).
const KEY_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");
const CERTIFICATES: HeaderValue = HeaderValue::from_static("application/pem-certificate-chain");

/// Gives a token for all scopes that are asked for, each in a parameter or several in one.
pub(crate) fn give(context: &Context) -> Result<Answer, Failure> {
    let query = context.query();
    let asked = query.all("scope").flat_map(str::split_ascii_whitespace);
    let scopes = asked.filter_map(Scope::parse).collect();
    let service = query.first("service").filter(|name| !name.is_empty());
    let token = issuer(context)?.token(context.principal(), service, scopes);
    let token = token.ok_or(Failure::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    // Some clients read the one name, some the other.
    let response = body::json(&json!({
        "token": token,
        "access_token": token,
        "expires_in": LIFETIME,
    }));
    Ok(response.into())
}

/// Gives the keys that check tokens.
pub(crate) fn keys(context: &Context) -> Result<Answer, Failure> {
    let mut response = body::json(&issuer(context)?.key_set());
    response.headers_mut().insert(CONTENT_TYPE, KEY_SET);
    Ok(response.into())
}

/// Gives the certificate that checks tokens.
pub(crate) fn certificate(context: &Context) -> Result<Answer, Failure> {
    let mut response = Response::new(Body::from(Bytes::from(issuer(context)?.certificate())));
    response.headers_mut().insert(CONTENT_TYPE, CERTIFICATES);
    Ok(response.into())
}

fn issuer(context: &Context) -> Result<&Issuer, Failure> {
    context.issuer().ok_or(Fault::RouteUnknown.into())
}
