//! Content that was refused, and is there all the same.

use std::sync::Arc;

use super::lost::is_read;
use crate::check::error_codes;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::ProgramLog;
use crate::values::json_of;
use crate::wire::Exchange;

/// How content was refused: by which request, and with which answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RefusedPush {
    method: String,
    kind: EndpointKind,
    status: u16,
    codes: Vec<String>,
}

impl RefusedPush {
    /// How what is read was refused before, if it was, and was never taken.
    pub(super) fn before(read: &Exchange, log: &ProgramLog) -> Option<RefusedPush> {
        let asked = Endpoint::of(&read.request.url);
        let digest = asked.reference().filter(|_| {
            is_read(read) && matches!(asked.kind(), EndpointKind::Blob | EndpointKind::Manifest)
        })?;
        let pushes = || {
            let earlier = log.exchanges().filter(|push| push.number < read.number);
            earlier.filter(|push| brings(push, digest))
        };
        // What was taken elsewhere is there for another reason.
        let is_taken = |push: &Arc<Exchange>| push.status().is_none_or(|status| status < 400);
        if pushes().any(is_taken) {
            return None;
        }
        let here = pushes().filter(|push| repository(push) == repository(read));
        let push = here.last()?;
        let answer = push.outcome.as_ref().ok().filter(|answer| answer.status < 500)?;
        Some(RefusedPush {
            method: push.request.method.clone(),
            kind: Endpoint::of(&push.request.url).kind(),
            status: answer.status,
            codes: json_of(answer).map(|json| error_codes(&json)).unwrap_or_default(),
        })
    }
}

/// Whether a request brings content of this digest, or says so.
fn brings(push: &Exchange, digest: &str) -> bool {
    let request = &push.request;
    let says = |name| Endpoint::of(&request.url).parameter(name) == Some(digest);
    let is_push = matches!(request.method.as_str(), "PUT" | "POST");
    is_push && (says("digest") || request.body.received().digest() == digest)
}

fn repository(exchange: &Exchange) -> Option<String> {
    Endpoint::of(&exchange.request.url)
        .repository()
        .map(str::to_owned)
}
