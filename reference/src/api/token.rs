//! Tokens for whoever has shown who they are (Docker: Token Authentication), and what others check them with.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::answer::Answer;
use crate::api::context::Context;
use crate::auth::{GrantRefusal, GrantedTokens, Issuer, LIFETIME, Scope, TokenForm};
use crate::http::body::{self, Body};
use crate::http::error::{Failure, Fault};
use crate::http::request_body::RequestBody;

/// The type of a set of keys (RFC 7517, section 8.5), and of certificates in PEM (RFC 8555, section 9.1).
const KEY_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");
const CERTIFICATES: HeaderValue = HeaderValue::from_static("application/pem-certificate-chain");

/// The type of a form, and how long one is at most: with a refresh token and a hundred scopes it takes a tenth of it.
const FORM: &str = "application/x-www-form-urlencoded";
const LARGEST_FORM: usize = 64 * 1024;
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Gives a token for all scopes that are asked for, each in a parameter or several in one.
pub(crate) fn give(context: &Context) -> Result<Answer, Failure> {
    let query = context.query();
    let asked = query.all("scope").flat_map(str::split_ascii_whitespace);
    let scopes = asked.filter_map(Scope::parse).collect();
    let service = query.first("service").filter(|name| !name.is_empty());
    let token = issuer(context)?.token(context.principal(), service, scopes);
    let token = token.ok_or(Failure::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    // Some clients read the one name, some the other.
    let mut given = json!({
        "token": token,
        "access_token": token,
        "expires_in": LIFETIME,
    });
    if query.first("offline_token") == Some("true")
        && let Some(refresh_token) = context
            .authenticator()
            .refresh_token(context.principal(), service)
    {
        given["refresh_token"] = refresh_token.into();
    }
    Ok(body::json(&given).into())
}

/// Gives a token for what a form shows (Docker: Token Authentication using OAuth2).
pub(crate) async fn grant(context: &Context, body: &mut RequestBody) -> Result<Answer, Failure> {
    let granted = match form(context, body).await? {
        Ok(form) => context.authenticator().grant(form, context.client()).await?,
        Err(refusal) => Err(refusal),
    };
    let mut response = match granted {
        Ok(tokens) => body::json(&given(&tokens)),
        Err(refusal) => {
            let (error, why) = refusal.told();
            let mut response = body::json(&json!({ "error": error, "error_description": why }));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    };
    // RFC 6749, section 5.1.
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    Ok(response.into())
}

/// Reads the form; or says why it is none.
async fn form(context: &Context, body: &mut RequestBody) -> Result<Result<TokenForm, GrantRefusal>, Failure> {
    let wrong = |why: String| Ok(Err(GrantRefusal::InvalidRequest(why)));
    let kind = context.header(CONTENT_TYPE).unwrap_or_default();
    if !kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(FORM)
    {
        return wrong(format!("what is asked for stands in a form, of the type {FORM}"));
    }
    let mut content = Vec::new();
    while let Some(part) = body.next_part().await? {
        content.extend_from_slice(&part);
        if content.len() > LARGEST_FORM {
            return wrong(format!("the form is longer than {LARGEST_FORM} bytes"));
        }
    }
    Ok(match String::from_utf8(content) {
        Ok(form) => TokenForm::parse(&form),
        Err(_) => Err(GrantRefusal::InvalidRequest("the form is no UTF-8".to_owned())),
    })
}

fn given(tokens: &GrantedTokens) -> Value {
    let scopes = tokens.scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut given = json!({
        "access_token": tokens.access_token,
        "scope": scopes.join(" "),
        "expires_in": LIFETIME,
        // RFC 6749, section 7.1.
        "token_type": "Bearer",
    });
    if let Some(token) = &tokens.refresh_token {
        given["refresh_token"] = token.as_str().into();
    }
    given
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
