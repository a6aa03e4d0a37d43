//! An exchange as an entry.

use std::time::Duration;

use http::StatusCode;

use super::har::{HarContent, HarEntry, HarPair, HarPostData, HarRequest, HarResponse};
use super::{content, part};
use crate::wire;

/// The entry of an exchange that was made in a step of a scenario.
pub(super) fn entry(exchange: &wire::Exchange, page: &str, ended: Duration, step: &str) -> HarEntry {
    let protocol = exchange.protocol.name();
    let messages = (
        request(&exchange.request, protocol),
        response(&exchange.outcome, protocol),
    );
    let hops: Vec<String> = exchange
        .hops
        .iter()
        .map(|hop| format!("{} {}", hop.status, hop.url))
        .collect();
    let comment = match hops.as_slice() {
        [] => format!("{}, exchange {}", step, exchange.number),
        hops => format!(
            "{}, exchange {}, after {}",
            step,
            exchange.number,
            hops.join(", ")
        ),
    };
    super::entry(page, ended, exchange.elapsed, messages, comment)
}

fn request(request: &wire::Request, protocol: &'static str) -> HarRequest {
    let body = request.body.received();
    let bytes = body.bytes();
    let kind = request.headers.get("Content-Type").unwrap_or_default();
    HarRequest {
        method: request.method.clone(),
        url: request.url.to_string(),
        http_version: protocol,
        cookies: [],
        headers: pairs(&request.headers),
        query_string: query(&request.url),
        post_data: (!body.is_empty()).then(|| HarPostData {
            mime_type: kind.to_owned(),
            params: [],
            text: String::from_utf8_lossy(&bytes).into_owned(),
            comment: part(bytes.len(), body.len()),
        }),
        headers_size: -1,
        body_size: i64::try_from(body.len()).unwrap_or(-1),
    }
}

fn response(outcome: &Result<wire::Answer, wire::Fault>, protocol: &'static str) -> HarResponse {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(fault) => return none(fault.to_string(), protocol),
    };
    let kind = answer.headers.get("Content-Type").unwrap_or_default();
    let status = StatusCode::from_u16(answer.status).ok();
    HarResponse {
        status: answer.status,
        status_text: status
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default()
            .to_owned(),
        http_version: protocol,
        cookies: [],
        headers: pairs(&answer.headers),
        content: content(&answer.body.bytes(), answer.body.len(), kind),
        redirect_url: answer.headers.get("Location").unwrap_or_default().to_owned(),
        headers_size: -1,
        body_size: i64::try_from(answer.body.len()).unwrap_or(-1),
        error: None,
    }
}

/// No answer, and why.
pub(super) fn none(why: String, protocol: &'static str) -> HarResponse {
    HarResponse {
        status: 0,
        status_text: String::new(),
        http_version: protocol,
        cookies: [],
        headers: Vec::new(),
        content: HarContent {
            size: 0,
            mime_type: String::new(),
            text: None,
            encoding: None,
            comment: None,
        },
        redirect_url: String::new(),
        headers_size: -1,
        body_size: -1,
        error: Some(why),
    }
}

fn pairs(headers: &wire::Headers) -> Vec<HarPair> {
    let pair = |(name, value): (&str, &str)| HarPair {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    headers.iter().map(pair).collect()
}

/// The parameters of a query, as written.
pub(super) fn query(url: &wire::Url) -> Vec<HarPair> {
    let pieces = url.query().unwrap_or_default().split('&');
    pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            HarPair {
                name: name.to_owned(),
                value: value.to_owned(),
            }
        })
        .collect()
}
