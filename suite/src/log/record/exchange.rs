//! Exchanges, as they are written down.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::fault::RecordedFault;
use super::{Bad, address, nanoseconds};
use crate::wire::{self, Letters, Protocol, Received, Url};

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedExchange {
    number: u64,
    request: RecordedRequest,
    #[serde(default, skip_serializing_if = "RecordedProtocol::is_usual")]
    protocol: RecordedProtocol,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hops: Vec<RecordedHop>,
    #[serde(flatten)]
    outcome: RecordedOutcome,
    elapsed_ns: u64,
    limit_ns: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<Pass>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
}

/// The version of HTTP that a request was written in.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedProtocol {
    #[default]
    Http1,
    Http1Alone,
    Http2,
}

/// A token that was fetched.
#[derive(Serialize, Deserialize)]
pub(super) struct Pass {
    realm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    scopes: Vec<String>,
    account: RecordedAccount,
    #[serde(default, skip_serializing_if = "RecordedShown::is_nothing")]
    shown: RecordedShown,
}

/// What a token server was shown.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedShown {
    #[default]
    Nothing,
    Password(String),
    PasswordInForm(String),
    RefreshToken,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedOutcome {
    Answer(RecordedAnswer),
    Fault(RecordedFault),
}

#[derive(Serialize, Deserialize)]
struct RecordedRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<RecordedSentBody>,
    account: RecordedAccount,
    redirects: RecordedRedirects,
}

/// A body that was sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedSentBody {
    Sized(RecordedBody),
    Chunked(RecordedBody),
    /// In either way; only its beginning is here, and how it is made.
    Cut(RecordedCut),
}

#[derive(Serialize, Deserialize)]
struct RecordedCut {
    #[serde(flatten)]
    body: RecordedBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<Vec<RecordedPart>>,
}

/// A piece of a body that is made.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedPart {
    Plain(RecordedBytes),
    Repeated {
        unit: RecordedBytes,
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
enum RecordedAccount {
    Default,
    Nobody,
    Named(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedRedirects {
    Follow,
    Stop,
}

#[derive(Serialize, Deserialize)]
struct RecordedAnswer {
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: RecordedBody,
    /// Why the body did not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<RecordedFault>,
}

#[derive(Serialize, Deserialize)]
struct RecordedHop {
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
}

/// A body: the length and the digest of all of it, and what is kept.
#[derive(Serialize, Deserialize)]
struct RecordedBody {
    length: u64,
    sha256: String,
    #[serde(flatten)]
    kept: RecordedBytes,
}

/// Bytes: as text where they are one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedBytes {
    Text(String),
    Base64(String),
}

impl RecordedExchange {
    pub(super) fn of(exchange: &wire::Exchange) -> RecordedExchange {
        RecordedExchange {
            number: exchange.number,
            request: RecordedRequest::of(&exchange.request),
            protocol: RecordedProtocol::of(exchange.protocol),
            hops: exchange.hops.iter().map(RecordedHop::of).collect(),
            outcome: match &exchange.outcome {
                Ok(answer) => RecordedOutcome::Answer(RecordedAnswer::of(answer)),
                Err(fault) => RecordedOutcome::Fault(RecordedFault::of(fault)),
            },
            elapsed_ns: nanoseconds(exchange.elapsed),
            limit_ns: nanoseconds(exchange.limit),
            pass: exchange.pass.as_ref().map(Pass::of),
            insecure: exchange.insecure,
        }
    }

    /// The exchange, which was one with this registry.
    pub(super) fn read(self, registry: &Url) -> Result<wire::Exchange, Bad> {
        Ok(wire::Exchange {
            number: self.number,
            request: self.request.read(registry)?,
            protocol: self.protocol.read(),
            hops: self
                .hops
                .into_iter()
                .map(|hop| hop.read(registry))
                .collect::<Result<_, Bad>>()?,
            outcome: match self.outcome {
                RecordedOutcome::Answer(answer) => Ok(answer.read(registry)?),
                RecordedOutcome::Fault(fault) => Err(fault.read()),
            },
            elapsed: Duration::from_nanos(self.elapsed_ns),
            limit: Duration::from_nanos(self.limit_ns),
            pass: self.pass.map(Pass::read),
            insecure: self.insecure,
        })
    }
}

impl RecordedProtocol {
    fn is_usual(&self) -> bool {
        matches!(self, RecordedProtocol::Http1)
    }

    fn of(protocol: Protocol) -> RecordedProtocol {
        match protocol {
            Protocol::Http1 => RecordedProtocol::Http1,
            Protocol::Http1Alone => RecordedProtocol::Http1Alone,
            Protocol::Http2 => RecordedProtocol::Http2,
        }
    }

    fn read(self) -> Protocol {
        match self {
            RecordedProtocol::Http1 => Protocol::Http1,
            RecordedProtocol::Http1Alone => Protocol::Http1Alone,
            RecordedProtocol::Http2 => Protocol::Http2,
        }
    }
}

impl Pass {
    pub(super) fn of(pass: &wire::Pass) -> Pass {
        Pass {
            realm: pass.realm.clone(),
            service: pass.service.clone(),
            scopes: pass.scopes.clone(),
            account: RecordedAccount::of(&pass.account),
            shown: RecordedShown::of(&pass.shown),
        }
    }

    pub(super) fn read(self) -> wire::Pass {
        wire::Pass {
            realm: self.realm,
            service: self.service,
            scopes: self.scopes,
            account: self.account.read(),
            shown: self.shown.read(),
        }
    }
}

impl RecordedShown {
    fn is_nothing(&self) -> bool {
        matches!(self, RecordedShown::Nothing)
    }

    fn of(shown: &wire::Shown) -> RecordedShown {
        match shown {
            wire::Shown::Nothing => RecordedShown::Nothing,
            wire::Shown::Password { user } => RecordedShown::Password(user.clone()),
            wire::Shown::PasswordInForm { user } => RecordedShown::PasswordInForm(user.clone()),
            wire::Shown::RefreshToken => RecordedShown::RefreshToken,
        }
    }

    fn read(self) -> wire::Shown {
        match self {
            RecordedShown::Nothing => wire::Shown::Nothing,
            RecordedShown::Password(user) => wire::Shown::Password { user },
            RecordedShown::PasswordInForm(user) => wire::Shown::PasswordInForm { user },
            RecordedShown::RefreshToken => wire::Shown::RefreshToken,
        }
    }
}

impl RecordedAccount {
    fn of(account: &wire::Account) -> RecordedAccount {
        match account {
            wire::Account::Default => RecordedAccount::Default,
            wire::Account::Nobody => RecordedAccount::Nobody,
            wire::Account::Named(name) => RecordedAccount::Named(name.clone()),
        }
    }

    fn read(self) -> wire::Account {
        match self {
            RecordedAccount::Default => wire::Account::Default,
            RecordedAccount::Nobody => wire::Account::Nobody,
            RecordedAccount::Named(name) => wire::Account::Named(name),
        }
    }
}

impl RecordedRequest {
    fn of(request: &wire::Request) -> RecordedRequest {
        let body = RecordedBody::of(&request.body.received());
        RecordedRequest {
            method: request.method.clone(),
            url: request.url.to_string(),
            headers: lines(&request.headers),
            body: match &request.body {
                wire::Body::None => None,
                wire::Body::Sized(_) => Some(RecordedSentBody::Sized(body)),
                wire::Body::Chunked(_) => Some(RecordedSentBody::Chunked(body)),
                wire::Body::Cut(_, recipe) => Some(RecordedSentBody::Cut(RecordedCut {
                    body,
                    made: recipe
                        .as_ref()
                        .map(|recipe| recipe.parts().iter().map(RecordedPart::of).collect()),
                })),
            },
            account: RecordedAccount::of(&request.account),
            redirects: match request.redirects {
                wire::Redirects::Follow => RecordedRedirects::Follow,
                wire::Redirects::Stop => RecordedRedirects::Stop,
            },
        }
    }

    fn read(self, registry: &Url) -> Result<wire::Request, Bad> {
        Ok(wire::Request {
            method: self.method,
            url: address(&self.url, registry)?,
            headers: self.headers.into_iter().collect(),
            body: match self.body {
                None => wire::Body::None,
                Some(RecordedSentBody::Sized(body)) => wire::Body::Sized(body.kept.read()?.into()),
                Some(RecordedSentBody::Chunked(body)) => wire::Body::Chunked(body.kept.read()?.into()),
                Some(RecordedSentBody::Cut(cut)) => wire::Body::Cut(cut.body.read()?, recipe(cut.made)?),
            },
            account: self.account.read(),
            redirects: match self.redirects {
                RecordedRedirects::Follow => wire::Redirects::Follow,
                RecordedRedirects::Stop => wire::Redirects::Stop,
            },
            // The names of the header lines stand as they were spelled.
            letters: Letters::AsWritten,
            keeping: None,
        })
    }
}

fn recipe(made: Option<Vec<RecordedPart>>) -> Result<Option<wire::Recipe>, Bad> {
    let parts = made.map(|parts| {
        parts
            .into_iter()
            .map(RecordedPart::read)
            .collect::<Result<_, Bad>>()
    });
    Ok(parts.transpose()?.map(wire::Recipe::from_parts))
}

impl RecordedPart {
    fn of(part: &wire::Part) -> RecordedPart {
        match part {
            wire::Part::Plain(bytes) => RecordedPart::Plain(RecordedBytes::of(bytes)),
            wire::Part::Repeated(unit, length) => RecordedPart::Repeated {
                unit: RecordedBytes::of(unit),
                length: *length,
            },
            wire::Part::Counted(mark, skipped, length) => RecordedPart::Counted {
                mark: mark.clone(),
                skipped: *skipped,
                length: *length,
            },
        }
    }

    fn read(self) -> Result<wire::Part, Bad> {
        Ok(match self {
            RecordedPart::Plain(bytes) => wire::Part::Plain(bytes.read()?),
            RecordedPart::Repeated { unit, length } => match unit.read()? {
                unit if unit.is_empty() => return Err("nothing cannot be repeated".to_owned()),
                unit => wire::Part::Repeated(unit, length),
            },
            RecordedPart::Counted { mark, .. } if !wire::Counted::is_mark(&mark) => {
                return Err(format!("`{mark}` is no mark of a text that counts"));
            }
            RecordedPart::Counted {
                mark,
                skipped,
                length,
            } => wire::Part::Counted(mark, skipped, length),
        })
    }
}

impl RecordedAnswer {
    fn of(answer: &wire::Answer) -> RecordedAnswer {
        RecordedAnswer {
            url: answer.url.to_string(),
            status: answer.status,
            headers: lines(&answer.headers),
            body: RecordedBody::of(&answer.body),
            cut: answer.cut.as_ref().map(RecordedFault::of),
        }
    }

    fn read(self, registry: &Url) -> Result<wire::Answer, Bad> {
        Ok(wire::Answer {
            url: address(&self.url, registry)?,
            status: self.status,
            headers: self.headers.into_iter().collect(),
            body: self.body.read()?,
            cut: self.cut.map(RecordedFault::read),
        })
    }
}

impl RecordedHop {
    fn of(hop: &wire::Hop) -> RecordedHop {
        RecordedHop {
            url: hop.url.to_string(),
            status: hop.status,
            headers: lines(&hop.headers),
        }
    }

    fn read(self, registry: &Url) -> Result<wire::Hop, Bad> {
        Ok(wire::Hop {
            url: address(&self.url, registry)?,
            status: self.status,
            headers: self.headers.into_iter().collect(),
        })
    }
}

fn lines(headers: &wire::Headers) -> Vec<(String, String)> {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    headers.iter().map(own).collect()
}

impl RecordedBody {
    fn of(body: &Received) -> RecordedBody {
        let digits = body.sha256();
        RecordedBody {
            length: body.len(),
            sha256: HEXLOWER.encode(&digits),
            kept: RecordedBytes::of(&body.bytes()),
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

impl RecordedBytes {
    pub(super) fn of(bytes: &[u8]) -> RecordedBytes {
        match std::str::from_utf8(bytes) {
            Ok(text) => RecordedBytes::Text(text.to_owned()),
            Err(_) => RecordedBytes::Base64(STANDARD.encode(bytes)),
        }
    }

    pub(super) fn read(self) -> Result<Bytes, Bad> {
        match self {
            RecordedBytes::Text(text) => Ok(text.into()),
            RecordedBytes::Base64(text) => STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|error| format!("it is not Base64: {error}")),
        }
    }
}
