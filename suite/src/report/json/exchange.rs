//! Exchanges, as programs read them: headers as they were written, short bodies as text, all bodies by their digest.

use serde::Serialize;

use crate::report::secret;
use crate::wire::{self, Protocol};

/// The longest body that is shown, in bytes.
const SHOWN: usize = 4096;
/// How much of the value of a header line is shown, in characters.
const VALUE_SHOWN: usize = 1024;
/// How many header lines are shown.
const LINES_SHOWN: usize = 64;

#[derive(Serialize)]
pub(super) struct JsonExchange<'a> {
    number: u64,
    request: JsonRequest<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    hops: Vec<JsonHop<'a>>,
    answer: Option<JsonAnswer<'a>>,
    fault: Option<String>,
    elapsed_ms: u128,
}

impl<'a> JsonExchange<'a> {
    pub(super) fn of(exchange: &'a wire::Exchange) -> JsonExchange<'a> {
        JsonExchange {
            number: exchange.number,
            request: JsonRequest::of(&exchange.request),
            protocol: (exchange.protocol == Protocol::Http2).then(|| exchange.protocol.to_string()),
            hops: exchange.hops.iter().map(JsonHop::of).collect(),
            answer: exchange.outcome.as_ref().ok().map(JsonAnswer::of),
            fault: exchange.fault().map(|fault| cut(fault.to_string())),
            elapsed_ms: exchange.elapsed.as_millis(),
        }
    }
}

#[derive(Serialize)]
struct JsonRequest<'a> {
    method: &'a str,
    url: String,
    headers: Vec<JsonHeader<'a>>,
    body: JsonBody,
}

impl<'a> JsonRequest<'a> {
    fn of(request: &'a wire::Request) -> JsonRequest<'a> {
        JsonRequest {
            method: &request.method,
            url: cut(secret::text(&request.url.to_string())),
            headers: headers(&request.headers),
            body: JsonBody::of(&request.body.received()),
        }
    }
}

#[derive(Serialize)]
struct JsonHop<'a> {
    url: String,
    status: u16,
    headers: Vec<JsonHeader<'a>>,
}

impl<'a> JsonHop<'a> {
    fn of(hop: &'a wire::Hop) -> JsonHop<'a> {
        JsonHop {
            url: cut(secret::text(&hop.url.to_string())),
            status: hop.status,
            headers: headers(&hop.headers),
        }
    }
}

#[derive(Serialize)]
struct JsonAnswer<'a> {
    url: String,
    status: u16,
    headers: Vec<JsonHeader<'a>>,
    body: JsonBody,
}

impl<'a> JsonAnswer<'a> {
    fn of(answer: &'a wire::Answer) -> JsonAnswer<'a> {
        JsonAnswer {
            url: cut(secret::text(&answer.url.to_string())),
            status: answer.status,
            headers: headers(&answer.headers),
            body: JsonBody::of(&answer.body),
        }
    }
}

#[derive(Serialize)]
struct JsonHeader<'a> {
    name: &'a str,
    value: String,
}

fn headers(headers: &wire::Headers) -> Vec<JsonHeader<'_>> {
    let shown = |(name, value)| JsonHeader {
        name,
        value: cut(secret::header(name, value)),
    };
    headers.iter().take(LINES_SHOWN).map(shown).collect()
}

/// The text, cut where it gets too long for a report.
fn cut(text: String) -> String {
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[derive(Serialize)]
struct JsonBody {
    size: u64,
    sha256: String,
    text: Option<String>,
}

impl JsonBody {
    fn of(body: &wire::Received) -> JsonBody {
        JsonBody {
            size: body.len(),
            sha256: body.digest().trim_start_matches("sha256:").to_owned(),
            text: JsonBody::text(&body.bytes()).filter(|_| body.is_whole()),
        }
    }

    fn text(bytes: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(bytes).ok();
        text.filter(|_| bytes.len() <= SHOWN).map(secret::text)
    }
}
