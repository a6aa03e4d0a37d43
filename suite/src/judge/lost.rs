//! Blobs that were acknowledged, and are not there when they are asked for.

use std::sync::Arc;

use super::anomaly::{Anomaly, anomaly};
use super::reproduce::meets_a_write;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::ProgramLog;
use crate::wire::{Answer, Exchange};

/// A blob that was acknowledged and is answered with 404: how it came, and what else went on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lost {
    arrival: Arrival,
    company: LostIn,
}

/// How a blob came into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Arrival {
    /// As a whole, in the request that closed its upload.
    Whole,
    /// As a whole, in the request that opened its upload.
    Single,
    /// In several requests.
    Parts,
    /// From another repository.
    Mounted,
}

/// What went on besides, so that it may be lost for another reason than what is lost by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum LostIn {
    /// Nothing: it was pushed, and asked for.
    Quiet,
    /// Something was deleted before.
    Deletions,
    /// Something was written at the same time.
    Writes,
    /// Nothing, but a part was asked for.
    Parts,
}

impl Lost {
    /// What is lost, if a plain read that was answered with 404 asks for what an answer before had acknowledged.
    pub(super) fn seen_in(exchange: &Arc<Exchange>, log: &ProgramLog) -> Option<Lost> {
        let oddity = anomaly(exchange, &Endpoint::of(&exchange.request.url), log);
        let is_plain = matches!(oddity, None | Some(Anomaly::Header("Range", _)));
        if !is_read(exchange) || !is_plain || exchange.status() != Some(404) {
            return None;
        }
        let earlier = || log.exchanges().filter(|earlier| earlier.number < exchange.number);
        let acknowledged = earlier()
            .filter(|push| acknowledges(push, exchange, log))
            .last()?;
        let deletes = |other: &&Arc<Exchange>| other.request.method == "DELETE" && is_granted(other);
        let company = if earlier().any(|other| deletes(&other)) {
            LostIn::Deletions
        } else if meets_a_write(exchange, log) || meets_a_write(acknowledged, log) {
            LostIn::Writes
        } else if exchange.request.headers.contains("Range") {
            LostIn::Parts
        } else {
            LostIn::Quiet
        };
        Some(Lost {
            arrival: Arrival::of(acknowledged),
            company,
        })
    }

    /// What explains it, if it is lost as well: what is lost by itself is lost in any company, and where a whole blob is
    /// lost, so is one that came in parts or from elsewhere.
    pub(super) fn more_general(&self) -> Vec<Lost> {
        let quiet = Lost {
            company: LostIn::Quiet,
            ..self.clone()
        };
        let whole = Lost {
            arrival: Arrival::Whole,
            ..quiet.clone()
        };
        [quiet, whole].into_iter().filter(|other| other != self).collect()
    }
}

/// The kind of content whose acknowledgement gave this address, if nothing of it can be there: it is that of no content.
pub(super) fn led_here_by(exchange: &Exchange, log: &ProgramLog) -> Option<EndpointKind> {
    let kind = Endpoint::of(&exchange.request.url).kind();
    if matches!(
        kind,
        EndpointKind::Blob | EndpointKind::Tag | EndpointKind::Manifest
    ) {
        return None;
    }
    let earlier = log.exchanges().filter(|earlier| earlier.number < exchange.number);
    let gave_it = |push: &&Arc<Exchange>| push.status() == Some(201) && gives(push, exchange);
    earlier.filter(gave_it).last().map(|push| kind_of(push))
}

/// Whether what is read was taken before by a digest that it does not have.
pub(super) fn was_taken_unproven(exchange: &Exchange, log: &ProgramLog) -> bool {
    let asked = Endpoint::of(&exchange.request.url);
    let digest = asked
        .reference()
        .filter(|_| asked.kind() == EndpointKind::Blob && is_read(exchange));
    log.exchanges().any(|push| {
        let pushed = Endpoint::of(&push.request.url);
        push.number < exchange.number
            && is_granted(push)
            && digest.is_some_and(|digest| pushed.parameter("digest") == Some(digest))
            && anomaly(push, &pushed, log) == Some(Anomaly::WrongDigest)
    })
}

pub(super) fn is_read(exchange: &Exchange) -> bool {
    matches!(exchange.request.method.as_str(), "GET" | "HEAD")
}

/// Whether an answer gives as its `Location` what a request asks for.
fn gives(push: &Exchange, read: &Exchange) -> bool {
    let place = push.outcome.as_ref().ok().and_then(Answer::location);
    place.is_some_and(|place| place.path() == read.request.url.path())
}

impl Arrival {
    fn of(push: &Exchange) -> Arrival {
        let endpoint = Endpoint::of(&push.request.url);
        let digest = endpoint.parameter("digest");
        match push.request.method.as_str() {
            "POST" if digest.is_none() => Arrival::Mounted,
            "POST" => Arrival::Single,
            _ if digest.is_some_and(|digest| digest != push.request.body.received().digest()) => {
                Arrival::Parts
            }
            _ => Arrival::Whole,
        }
    }
}

/// Whether a push says of what is read that it is there now.
fn acknowledges(push: &Exchange, read: &Exchange, log: &ProgramLog) -> bool {
    let Ok(answer) = &push.outcome else { return false };
    let request = &push.request;
    let pushed = Endpoint::of(&request.url);
    if answer.status != 201
        || !matches!(request.method.as_str(), "PUT" | "POST")
        || anomaly(push, &pushed, log).is_some_and(|anomaly| anomaly.is_nonsense())
    {
        return false;
    }
    let asked = Endpoint::of(&read.request.url);
    let digest = pushed.parameter("digest").or(pushed.parameter("mount"));
    let is_named = asked.kind() == EndpointKind::Blob && digest.is_some() && asked.reference() == digest;
    let is_there = asked.repository().is_some() && asked.repository() == repository_of(push, log).as_deref();
    is_named && is_there || kind_of(push) == EndpointKind::Blob && gives(push, read)
}

/// The repository into which something was pushed: the one in its path, or that in which its upload was opened, since an
/// upload may have any address.
fn repository_of(push: &Exchange, log: &ProgramLog) -> Option<String> {
    let named = |exchange: &Exchange| {
        Endpoint::of(&exchange.request.url)
            .repository()
            .map(str::to_owned)
    };
    named(push).or_else(|| {
        let path = push.request.url.path();
        let mut earlier = log.exchanges().filter(|earlier| earlier.number < push.number);
        let opening = earlier.find(|earlier| {
            earlier.request.method == "POST"
                && earlier.upload_address().is_some_and(|place| place.path() == path)
        });
        opening.and_then(|opening| named(opening))
    })
}

fn kind_of(push: &Exchange) -> EndpointKind {
    match Endpoint::of(&push.request.url).kind() {
        kind @ (EndpointKind::Tag | EndpointKind::Manifest) => kind,
        _ => EndpointKind::Blob,
    }
}

fn is_granted(exchange: &Exchange) -> bool {
    exchange
        .status()
        .is_some_and(|status| (200..300).contains(&status))
}
