//! What an upload holds when a request comes to it, as far as the exchanges before tell.

use crate::endpoint::Endpoint;
use crate::log::ProgramLog;
use crate::scenario::ast::Algorithm;
use crate::values::digest;
use crate::wire::{Body, Exchange, Payload};

/// What an upload holds.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    length: u64,
    /// The bytes, where they are known.
    content: Option<Payload>,
}

impl Holding {
    /// How many bytes it holds.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What the upload to which a request goes holds by then, if it was seen to be opened.
    pub(super) fn before(exchange: &Exchange, log: &ProgramLog) -> Option<Holding> {
        let mut path = exchange.request.url.path().to_owned();
        let mut taken = Vec::new();
        let earlier: Vec<_> = log
            .exchanges()
            .filter(|earlier| earlier.number < exchange.number)
            .collect();
        // From its address back to the request that opened it: each answer may have led to another one.
        for earlier in earlier.into_iter().rev() {
            let leads_here = earlier.upload_address().is_some_and(|place| place.path() == path);
            match earlier.request.method.as_str() {
                "POST" if leads_here => return Some(Holding::of(taken.into_iter().rev())),
                "PATCH" if leads_here => {
                    earlier.request.url.path().clone_into(&mut path);
                    taken.push(earlier);
                }
                _ => {}
            }
        }
        None
    }

    fn of<'a>(taken: impl Iterator<Item = &'a std::sync::Arc<Exchange>>) -> Holding {
        let empty = Holding {
            length: 0,
            content: Some(Payload::from("")),
        };
        taken.fold(empty, |holding, patch| holding.with(patch))
    }

    /// What it holds with what a request brings, if that is at its place; anything may come of what is not.
    fn with(&self, brings: &Exchange) -> Holding {
        let content = self
            .content
            .as_ref()
            .filter(|_| !self.is_out_of_place(brings))
            .zip(bytes(&brings.request.body))
            .map(|(held, more)| Payload::joined(&[held.clone(), more]));
        Holding {
            length: self.length + brings.request.body.len(),
            content,
        }
    }

    /// Whether a request says another place of what it brings than it has.
    pub(super) fn is_out_of_place(&self, brings: &Exchange) -> bool {
        let Some(said) = brings.request.headers.get("Content-Range") else {
            return false;
        };
        let Some((first, last)) = place(said) else {
            return true;
        };
        let length = brings.request.body.len();
        first != self.length || last.checked_sub(first).and_then(|span| span.checked_add(1)) != Some(length)
    }

    /// Whether the digest by which a request closes the upload is known to be that of something else.
    pub(super) fn is_closed_by_a_wrong_digest(&self, closing: &Exchange) -> bool {
        let endpoint = Endpoint::of(&closing.request.url);
        let Some(said) = endpoint.parameter("digest") else {
            return false;
        };
        is_wrong(said, self.with(closing).content.as_ref())
    }
}

/// Whether a digest is known not to be that of these bytes.
pub(super) fn is_wrong(said: &str, content: Option<&Payload>) -> bool {
    let Some(content) = content else {
        return false;
    };
    match said.split_once(':') {
        Some(("sha256", _)) => content.received(0).digest() != said,
        Some(("sha512", _)) => digest(Algorithm::Sha512, &content.bytes()) != said,
        _ => false,
    }
}

/// The bytes of a body, where they are all known.
pub(super) fn bytes(body: &Body) -> Option<Payload> {
    match body {
        Body::None => Some(Payload::from("")),
        Body::Sized(payload) | Body::Chunked(payload) => Some(payload.clone()),
        Body::Cut(part, _) => part.is_whole().then(|| Payload::from(part.bytes())),
    }
}

/// The first and the last position that a `Content-Range` of an upload says.
fn place(said: &str) -> Option<(u64, u64)> {
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = said.split_once('-')?;
    let (first, last) = (Some(first).filter(is_number)?, Some(last).filter(is_number)?);
    Some((first.parse().ok()?, last.parse().ok()?))
}
