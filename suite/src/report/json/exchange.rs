//! Exchanges, as programs read them: headers as they were written, short bodies as text, all bodies by their digest.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::report::secret;
use crate::wire;

/// The longest body that is shown, in bytes.
const SHOWN: usize = 4096;
/// How much of the value of a header line is shown, in characters.
const VALUE_SHOWN: usize = 1024;
/// How many header lines are shown.
const LINES_SHOWN: usize = 64;

#[derive(Serialize)]
pub(super) struct Exchange<'a> {
    number: u64,
    request: Request<'a>,
    hops: Vec<Hop<'a>>,
    answer: Option<Answer<'a>>,
    fault: Option<String>,
    elapsed_ms: u128,
}

impl<'a> Exchange<'a> {
    pub(super) fn of(exchange: &'a wire::Exchange) -> Exchange<'a> {
        Exchange {
            number: exchange.number,
            request: Request::of(&exchange.request),
            hops: exchange.hops.iter().map(Hop::of).collect(),
            answer: exchange.outcome.as_ref().ok().map(Answer::of),
            fault: exchange.fault().map(|fault| cut(fault.to_string())),
            elapsed_ms: exchange.elapsed.as_millis(),
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    url: String,
    headers: Vec<Header<'a>>,
    body: Body,
}

impl<'a> Request<'a> {
    fn of(request: &'a wire::Request) -> Request<'a> {
        Request {
            method: &request.method,
            url: cut(secret::text(&request.url.to_string())),
            headers: headers(&request.headers),
            body: Body::of(request.body.bytes()),
        }
    }
}

#[derive(Serialize)]
struct Hop<'a> {
    url: String,
    status: u16,
    headers: Vec<Header<'a>>,
}

impl<'a> Hop<'a> {
    fn of(hop: &'a wire::Hop) -> Hop<'a> {
        Hop {
            url: cut(secret::text(&hop.url.to_string())),
            status: hop.status,
            headers: headers(&hop.headers),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    url: String,
    status: u16,
    headers: Vec<Header<'a>>,
    body: Body,
}

impl<'a> Answer<'a> {
    fn of(answer: &'a wire::Answer) -> Answer<'a> {
        Answer {
            url: cut(secret::text(&answer.url.to_string())),
            status: answer.status,
            headers: headers(&answer.headers),
            body: Body::received(&answer.body),
        }
    }
}

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    value: String,
}

fn headers(headers: &wire::Headers) -> Vec<Header<'_>> {
    let shown = |(name, value)| Header {
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
struct Body {
    size: u64,
    sha256: String,
    text: Option<String>,
}

impl Body {
    fn of(bytes: &[u8]) -> Body {
        let digits = Sha256::digest(bytes)
            .into_iter()
            .map(|byte| format!("{byte:02x}"));
        Body {
            size: bytes.len() as u64,
            sha256: digits.collect(),
            text: Body::text(bytes),
        }
    }

    fn received(body: &wire::Received) -> Body {
        Body {
            size: body.len(),
            sha256: body.digest().trim_start_matches("sha256:").to_owned(),
            text: Body::text(&body.bytes()).filter(|_| body.is_whole()),
        }
    }

    fn text(bytes: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(bytes).ok();
        text.filter(|_| bytes.len() <= SHOWN).map(secret::text)
    }
}
