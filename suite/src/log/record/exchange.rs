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
    limit_ns: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<Pass>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
}

/// A token that was fetched.
#[derive(Serialize, Deserialize)]
pub(super) struct Pass {
    realm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    scopes: Vec<String>,
    account: Account,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
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
    /// In either way; only its beginning is here, and how it is made.
    Cut(Cut),
}

#[derive(Serialize, Deserialize)]
struct Cut {
    #[serde(flatten)]
    body: Body,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<Vec<Part>>,
}

/// A piece of a body that is made.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Plain(Content),
    Repeated {
        unit: Content,
        length: usize,
    },
    Counted {
        mark: String,
        skipped: usize,
        length: usize,
    },
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
            limit_ns: nanoseconds(exchange.limit),
            pass: exchange.pass.as_ref().map(Pass::of),
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
            limit: Duration::from_nanos(self.limit_ns),
            pass: self.pass.map(Pass::read),
            insecure: self.insecure,
        })
    }
}

impl Pass {
    pub(super) fn of(pass: &wire::Pass) -> Pass {
        Pass {
            realm: pass.realm.clone(),
            service: pass.service.clone(),
            scopes: pass.scopes.clone(),
            account: Account::of(&pass.account),
            user: pass.user.clone(),
        }
    }

    pub(super) fn read(self) -> wire::Pass {
        wire::Pass {
            realm: self.realm,
            service: self.service,
            scopes: self.scopes,
            account: self.account.read(),
            user: self.user,
        }
    }
}

impl Account {
    fn of(account: &wire::Account) -> Account {
        match account {
            wire::Account::Default => Account::Default,
            wire::Account::Nobody => Account::Nobody,
            wire::Account::Named(name) => Account::Named(name.clone()),
        }
    }

    fn read(self) -> wire::Account {
        match self {
            Account::Default => wire::Account::Default,
            Account::Nobody => wire::Account::Nobody,
            Account::Named(name) => wire::Account::Named(name),
        }
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
                wire::Body::Cut(_, recipe) => Some(Sent::Cut(Cut {
                    body,
                    made: recipe
                        .as_ref()
                        .map(|recipe| recipe.parts().iter().map(Part::of).collect()),
                })),
            },
            account: Account::of(&request.account),
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
                Some(Sent::Sized(body)) => wire::Body::Sized(body.kept.read()?),
                Some(Sent::Chunked(body)) => wire::Body::Chunked(body.kept.read()?),
                Some(Sent::Cut(cut)) => wire::Body::Cut(cut.body.read()?, recipe(cut.made)?),
            },
            account: self.account.read(),
            redirects: match self.redirects {
                Redirects::Follow => wire::Redirects::Follow,
                Redirects::Stop => wire::Redirects::Stop,
            },
            // The names of the header lines stand as they were spelled.
            letters: Letters::AsWritten,
        })
    }
}

fn recipe(made: Option<Vec<Part>>) -> Result<Option<wire::Recipe>, Bad> {
    let parts = made.map(|parts| parts.into_iter().map(Part::read).collect::<Result<_, Bad>>());
    Ok(parts.transpose()?.map(wire::Recipe::from_parts))
}

impl Part {
    fn of(part: &wire::Part) -> Part {
        match part {
            wire::Part::Plain(bytes) => Part::Plain(Content::of(bytes)),
            wire::Part::Repeated(unit, length) => Part::Repeated {
                unit: Content::of(unit),
                length: *length,
            },
            wire::Part::Counted(mark, skipped, length) => Part::Counted {
                mark: mark.clone(),
                skipped: *skipped,
                length: *length,
            },
        }
    }

    fn read(self) -> Result<wire::Part, Bad> {
        Ok(match self {
            Part::Plain(bytes) => wire::Part::Plain(bytes.read()?),
            Part::Repeated { unit, length } => match unit.read()? {
                unit if unit.is_empty() => return Err("nothing cannot be repeated".to_owned()),
                unit => wire::Part::Repeated(unit, length),
            },
            Part::Counted { mark, .. } if !mark.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                return Err(format!("`{mark}` is no mark of a text that counts"));
            }
            Part::Counted {
                mark,
                skipped,
                length,
            } => wire::Part::Counted(mark, skipped, length),
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
