//! Exchanges, as they are written down.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::{Bad, nanoseconds, url};
use crate::wire::{self, Letters, Received};

#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    number: u64,
    request: Request,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hops: Vec<Hop>,
    #[serde(flatten)]
    outcome: Outcome,
    elapsed_ns: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Answer(Answer),
    Fault(Fault),
}

#[derive(Serialize, Deserialize)]
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Sent>,
    account: Account,
    redirects: Redirects,
}

/// A body that was sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sent {
    Sized(Body),
    Chunked(Body),
    /// In either way; only its beginning is here.
    Cut(Body),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Account {
    Default,
    Nobody,
    Named(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Redirects {
    Follow,
    Stop,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    /// Why the body did not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<Fault>,
}

#[derive(Serialize, Deserialize)]
struct Hop {
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
}

/// A body: the length and the digest of all of it, and what is kept.
#[derive(Serialize, Deserialize)]
struct Body {
    length: u64,
    sha256: String,
    #[serde(flatten)]
    kept: Content,
}

/// Bytes: as text where they are one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    Text(String),
    Base64(String),
}

impl Exchange {
    pub(super) fn of(exchange: &wire::Exchange) -> Exchange {
        Exchange {
            number: exchange.number,
            request: Request::of(&exchange.request),
            hops: exchange.hops.iter().map(Hop::of).collect(),
            outcome: match &exchange.outcome {
                Ok(answer) => Outcome::Answer(Answer::of(answer)),
                Err(fault) => Outcome::Fault(Fault::of(fault)),
            },
            elapsed_ns: nanoseconds(exchange.elapsed),
            insecure: exchange.insecure,
        }
    }

    pub(super) fn read(self) -> Result<wire::Exchange, Bad> {
        Ok(wire::Exchange {
            number: self.number,
            request: self.request.read()?,
            hops: self.hops.into_iter().map(Hop::read).collect::<Result<_, Bad>>()?,
            outcome: match self.outcome {
                Outcome::Answer(answer) => Ok(answer.read()?),
                Outcome::Fault(fault) => Err(fault.read()),
            },
            elapsed: Duration::from_nanos(self.elapsed_ns),
            insecure: self.insecure,
        })
    }
}

impl Request {
    fn of(request: &wire::Request) -> Request {
        let body = Body::of(&request.body.received());
        Request {
            method: request.method.clone(),
            url: request.url.to_string(),
            headers: lines(&request.headers),
            body: match &request.body {
                wire::Body::None => None,
                wire::Body::Sized(_) => Some(Sent::Sized(body)),
                wire::Body::Chunked(_) => Some(Sent::Chunked(body)),
                wire::Body::Cut(_) => Some(Sent::Cut(body)),
            },
            account: match &request.account {
                wire::Account::Default => Account::Default,
                wire::Account::Nobody => Account::Nobody,
                wire::Account::Named(name) => Account::Named(name.clone()),
            },
            redirects: match request.redirects {
                wire::Redirects::Follow => Redirects::Follow,
                wire::Redirects::Stop => Redirects::Stop,
            },
        }
    }

    fn read(self) -> Result<wire::Request, Bad> {
        Ok(wire::Request {
            method: self.method,
            url: url(&self.url)?,
            headers: self.headers.into_iter().collect(),
            body: match self.body {
                None => wire::Body::None,
                Some(Sent::Sized(body)) => wire::Body::Sized(body.kept.read()?.into()),
                Some(Sent::Chunked(body)) => wire::Body::Chunked(body.kept.read()?.into()),
                Some(Sent::Cut(body)) => wire::Body::Cut(body.read()?),
            },
            account: match self.account {
                Account::Default => wire::Account::Default,
                Account::Nobody => wire::Account::Nobody,
                Account::Named(name) => wire::Account::Named(name),
            },
            redirects: match self.redirects {
                Redirects::Follow => wire::Redirects::Follow,
                Redirects::Stop => wire::Redirects::Stop,
            },
            // The names of the header lines stand as they were spelled.
            letters: Letters::AsWritten,
        })
    }
}

impl Answer {
    fn of(answer: &wire::Answer) -> Answer {
        Answer {
            url: answer.url.to_string(),
            status: answer.status,
            headers: lines(&answer.headers),
            body: Body::of(&answer.body),
            cut: answer.cut.as_ref().map(Fault::of),
        }
    }

    fn read(self) -> Result<wire::Answer, Bad> {
        Ok(wire::Answer {
            url: url(&self.url)?,
            status: self.status,
            headers: self.headers.into_iter().collect(),
            body: self.body.read()?,
            cut: self.cut.map(Fault::read),
        })
    }
}

impl Hop {
    fn of(hop: &wire::Hop) -> Hop {
        Hop {
            url: hop.url.to_string(),
            status: hop.status,
            headers: lines(&hop.headers),
        }
    }

    fn read(self) -> Result<wire::Hop, Bad> {
        Ok(wire::Hop {
            url: url(&self.url)?,
            status: self.status,
            headers: self.headers.into_iter().collect(),
        })
    }
}

fn lines(headers: &wire::Headers) -> Vec<(String, String)> {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    headers.iter().map(own).collect()
}

impl Body {
    fn of(body: &Received) -> Body {
        let digits = body.sha256();
        Body {
            length: body.len(),
            sha256: digits.iter().map(|byte| format!("{byte:02x}")).collect(),
            kept: Content::of(&body.bytes()),
        }
    }

    fn read(self) -> Result<Received, Bad> {
        let sha256 = digits(&self.sha256)
            .ok_or_else(|| format!("`{}` is not a SHA-256 in hexadecimal digits", self.sha256))?;
        let kept = self.kept.read()?;
        if kept.len() as u64 > self.length {
            return Err(format!(
                "a body of {} bytes has {} bytes in its beginning",
                self.length,
                kept.len()
            ));
        }
        Ok(Received::part(self.length, sha256, kept))
    }
}

fn digits(text: &str) -> Option<[u8; 32]> {
    let is_hexadecimal = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..32).filter(|_| is_hexadecimal).filter_map(byte).collect();
    bytes.try_into().ok()
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Content {
        match std::str::from_utf8(bytes) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(_) => Content::Base64(STANDARD.encode(bytes)),
        }
    }

    pub(super) fn read(self) -> Result<Bytes, Bad> {
        match self {
            Content::Text(text) => Ok(text.into()),
            Content::Base64(text) => STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|error| format!("it is not Base64: {error}")),
        }
    }
}
