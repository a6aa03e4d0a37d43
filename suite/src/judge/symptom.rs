//! What was seen, seen from afar: broken checks of which the same was asked and which got the same have one cause.

use std::sync::Arc;

use super::anomaly::{Anomaly, anomaly, parameters};
use super::denial::Denial;
use super::entry::Entry;
use super::kept::RefusedPush;
use super::lost::{Lost, led_here_by, was_taken_unproven};
use super::reproduce::meets_a_write;
use crate::check::error_codes;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::{Evidence, ProgramLog};
use crate::scenario::ast::Aspect;
use crate::values::json_of;
use crate::wire::{Answer, Exchange, Fault};

/// The trace that a cause leaves: broken checks with one trace in common have one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Symptom {
    /// The answer is coded although nothing offered to take that.
    Coded,
    /// The front end of the registry answered in its place.
    Gateway(u16),
    /// This method of this endpoint fails inside the registry, in this company, and says these codes.
    Fails(String, EndpointKind, Company, u16, Vec<String>),
    /// This method of this endpoint gets no answer, or none that holds.
    NoAnswer(String, EndpointKind, &'static str),
    /// Such a request is granted nowhere.
    Denied(Denial),
    /// The endpoint does not know this method.
    NoMethod(String, EndpointKind, u16),
    /// An anomaly of the request has this effect.
    Odd(Anomaly, Reaction),
    /// The place that a chunk gives itself is not looked at.
    ChunkPlace,
    /// What was acknowledged is not there.
    Lost(Lost),
    /// What was refused in this way is there all the same.
    Kept(RefusedPush),
    /// The address in an acknowledgement is that of no content.
    LeadsNowhere(EndpointKind),
    /// A header of what this method of this endpoint answers, or is refused with, is amiss.
    Header(String, EndpointKind, Decision, String, HeaderProblem),
    /// A member of the answer's JSON is amiss.
    Json(EndpointKind, Vec<String>, String),
}

impl Symptom {
    /// The traces that say this one too, if one was left as well: who takes any upload takes one that was closed, who takes
    /// any name or any reference takes one with tricks in it, and what was taken as it came can spoil the answer that
    /// repeats it. What fails always fails beside others, too.
    pub(super) fn more_general(&self) -> Vec<Symptom> {
        let odd = |anomaly: &Anomaly, reaction: &Reaction| Symptom::Odd(anomaly.clone(), reaction.clone());
        match self {
            Symptom::Odd(Anomaly::ClosedUpload | Anomaly::ForeignUpload, reaction) => {
                vec![odd(&Anomaly::UnknownUpload, reaction)]
            }
            Symptom::Odd(Anomaly::Path, reaction @ Reaction::Taken) => {
                vec![odd(&Anomaly::Name, reaction), odd(&Anomaly::Reference, reaction)]
            }
            Symptom::Fails(method, kind, Company::Writes, status, codes) => vec![Symptom::Fails(
                method.clone(),
                *kind,
                Company::Nobody,
                *status,
                codes.clone(),
            )],
            Symptom::Odd(anomaly, Reaction::NoAnswer(MALFORMED)) => vec![odd(anomaly, &Reaction::Taken)],
            Symptom::Lost(lost) => lost.more_general().into_iter().map(Symptom::Lost).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the registry failed, or said nothing.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Symptom::Fails(..) | Symptom::NoAnswer(..) | Symptom::Gateway(_) => true,
            Symptom::Denied(denial) => denial.is_failure(),
            _ => false,
        }
    }

    /// What is granted nowhere, if that is it.
    pub(super) fn denial(&self) -> Option<&Denial> {
        match self {
            Symptom::Denied(denial) => Some(denial),
            _ => None,
        }
    }

    /// Whether it explains others only if a requirement met it every time: else it is a matter of luck itself.
    pub(super) fn is_of_luck(&self) -> bool {
        self.is_failure() || matches!(self, Symptom::Lost(_))
    }

    /// Whether it shows in the answer to an ordinary request, so that an anomalous one before it may be the cause.
    pub(super) fn is_afterwards(&self) -> bool {
        matches!(self, Symptom::Header(..) | Symptom::Json(..) | Symptom::Lost(_))
    }
}

/// In whose company a request fails: a race is another cause than what the request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Company {
    /// No write of the same scenario went on beside it.
    Nobody,
    /// One did.
    Writes,
}

/// How a registry reacts to an anomaly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reaction {
    /// It is taken as if it were sound.
    Taken,
    /// It is answered with this status.
    Answered(u16),
    /// It gets no answer, or none that holds.
    NoAnswer(&'static str),
}

/// Whether a request was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Decision {
    /// It was.
    Granted,
    /// It was not.
    Refused,
}

/// How a header is amiss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum HeaderProblem {
    /// It is not there.
    Absent,
    /// It is there, and not as it should be.
    Wrong,
}

/// The name of an answer that is not HTTP.
const MALFORMED: &str = "malformed";

/// The trace of a broken check; none where what was seen does not tell one cause from another.
pub(super) fn symptom(entry: &Entry, log: &ProgramLog) -> Option<Symptom> {
    let Evidence::Exchanges(exchanges) = &entry.evidence else {
        return None;
    };
    let [exchange] = exchanges.as_slice() else {
        return None;
    };
    let endpoint = Endpoint::of(&exchange.request.url);
    let no_answer = |fault: &Fault| {
        let anomaly = anomaly(exchange, &endpoint, log).filter(Anomaly::is_nonsense);
        Some(match anomaly {
            Some(anomaly) => Symptom::Odd(anomaly, Reaction::NoAnswer(name_of(fault))),
            None => Symptom::NoAnswer(exchange.request.method.clone(), endpoint.kind(), name_of(fault)),
        })
    };
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(fault) => return no_answer(fault),
    };
    if let (
        Some(fault),
        None | Some(Aspect::Json(..) | Aspect::Content(_) | Aspect::NoBody | Aspect::SignedManifest),
    ) = (&answer.cut, entry.check.as_ref().map(|check| &check.aspect.value))
    {
        return no_answer(fault);
    }
    if is_coded_unasked(exchange, answer) {
        return Some(Symptom::Coded);
    }
    of_answer(entry, log, exchange, &endpoint, answer)
}

fn of_answer(
    entry: &Entry,
    log: &ProgramLog,
    exchange: &Arc<Exchange>,
    endpoint: &Endpoint<'_>,
    answer: &Answer,
) -> Option<Symptom> {
    let (method, kind) = (exchange.request.method.clone(), endpoint.kind());
    let aspect = entry.check.as_ref().map(|check| &check.aspect.value);
    match (answer.status, aspect) {
        // What a header says is no matter of the status that it comes with.
        (_, Some(Aspect::Header(..))) => {}
        (502..=504, _) => return Some(Symptom::Gateway(answer.status)),
        (500.., _) => return Some(of_failure(log, exchange, endpoint, answer)),
        (400.., Some(Aspect::Status(_)) | None) if led_here_by(exchange, log).is_some() => {
            return Some(match Lost::seen_in(exchange, log) {
                Some(lost) => Symptom::Lost(lost),
                None => Symptom::LeadsNowhere(led_here_by(exchange, log)?),
            });
        }
        (405, asked) if is_of_method(asked) => return Some(Symptom::NoMethod(method, kind, answer.status)),
        // What is there and cannot be found to be deleted has no route for that, whatever it is.
        (404, Some(Aspect::Status(_))) if method == "DELETE" && is_content(kind) => {
            return Some(Symptom::NoMethod(method, EndpointKind::Other, answer.status));
        }
        _ => {}
    }
    if let Some(lost) = Lost::seen_in(exchange, log) {
        return Some(Symptom::Lost(lost));
    }
    let is_granted = (200..300).contains(&answer.status);
    let looks_at_content = matches!(aspect, None | Some(Aspect::Status(_) | Aspect::Content(_)));
    if is_granted && looks_at_content && was_taken_unproven(exchange, log) {
        return Some(Symptom::Odd(Anomaly::WrongDigest, Reaction::Taken));
    }
    if is_granted
        && looks_at_content
        && let Some(refused) = RefusedPush::before(exchange, log)
    {
        return Some(Symptom::Kept(refused));
    }
    let anomaly = anomaly(exchange, endpoint, log);
    match (anomaly, aspect) {
        (Some(anomaly), Some(Aspect::Status(_)) | None) if anomaly.is_nonsense() && is_granted => {
            Some(Symptom::Odd(anomaly, Reaction::Taken))
        }
        // What a header says wrongly of nonsense that was taken, it says because that was taken.
        (Some(anomaly), Some(Aspect::Header(name, _)))
            if anomaly.is_nonsense() && is_granted && answer.headers.contains(name) =>
        {
            Some(Symptom::Odd(anomaly, Reaction::Taken))
        }
        // Where the place of a chunk is not looked at, what comes of it depends on the bytes alone.
        (Some(Anomaly::ChunkPlace), Some(Aspect::Status(_))) => Some(Symptom::ChunkPlace),
        // A list that is there, and not with parameters, is served by who knows none of them.
        (Some(Anomaly::Parameters(kind, _)), Some(Aspect::Status(_))) if answer.status == 404 => Some(
            Symptom::Odd(Anomaly::Parameters(kind, Vec::new()), Reaction::Answered(404)),
        ),
        (Some(anomaly), Some(Aspect::Status(_))) => {
            Some(Symptom::Odd(anomaly, Reaction::Answered(answer.status)))
        }
        (_, Some(Aspect::Header(name, _))) => Some(of_header(method, kind, answer, name)),
        (_, Some(Aspect::Json(..))) => of_member(endpoint, member(&entry.asked)),
        _ => None,
    }
}

/// Whether a check is about whether a method is known: who does not know it cannot say another code than that.
pub(super) fn is_of_method(asked: Option<&Aspect>) -> bool {
    match asked {
        None | Some(Aspect::Status(_)) => true,
        Some(Aspect::Error(codes)) => !codes.iter().any(|code| code == "UNSUPPORTED"),
        _ => false,
    }
}

/// What a failure of the registry shows.
fn of_failure(
    log: &ProgramLog,
    exchange: &Arc<Exchange>,
    endpoint: &Endpoint<'_>,
    answer: &Answer,
) -> Symptom {
    let anomaly = anomaly(exchange, endpoint, log);
    let method = match exchange.request.method.as_str() {
        // What nonsense makes of a read, it makes of a read without a body.
        "HEAD" if anomaly.as_ref().is_some_and(Anomaly::is_nonsense) => "GET".to_owned(),
        method => method.to_owned(),
    };
    let codes = json_of(answer).map(|json| error_codes(&json)).unwrap_or_default();
    let is_put_soundly = method == "PUT" && anomaly.is_none();
    // By whatever reference a manifest comes, it is the manifest that makes it fail.
    let kind = match endpoint.kind() {
        EndpointKind::Manifest if is_put_soundly => EndpointKind::Tag,
        kind => kind,
    };
    let company = match meets_a_write(exchange, log) {
        true => Company::Writes,
        false => Company::Nobody,
    };
    Symptom::Fails(method, kind, company, answer.status, codes)
}

/// What is amiss of a header.
fn of_header(method: String, kind: EndpointKind, answer: &Answer, name: &str) -> Symptom {
    let outcome = match answer.status {
        200..300 => Decision::Granted,
        _ => Decision::Refused,
    };
    let amiss = match answer.headers.contains(name) {
        true => HeaderProblem::Wrong,
        false => HeaderProblem::Absent,
    };
    // By tag or by digest, it is the same manifest that is answered with.
    let kind = match kind {
        EndpointKind::Manifest => EndpointKind::Tag,
        kind => kind,
    };
    Symptom::Header(method, kind, outcome, name.to_lowercase(), amiss)
}

/// Whether an endpoint is that of content, which stays until it is deleted.
fn is_content(kind: EndpointKind) -> bool {
    matches!(
        kind,
        EndpointKind::Tag | EndpointKind::Manifest | EndpointKind::Blob
    )
}

/// The trace of a member of a list's answer that is amiss.
///
/// Parameters choose among the elements of a list: where one is not looked at, too many of them come. Of a plain list
/// that has other elements than it should, nothing tells why. Whether a member is a list at all is no matter of them.
fn of_member(endpoint: &Endpoint<'_>, member: String) -> Option<Symptom> {
    if !member.ends_with(ELEMENTS) {
        return Some(Symptom::Json(endpoint.kind(), Vec::new(), member));
    }
    let parameters = parameters(endpoint);
    (!parameters.is_empty()).then(|| Symptom::Json(endpoint.kind(), parameters, member))
}

/// Whether an answer has a content coding that its request did not offer to take.
fn is_coded_unasked(exchange: &Exchange, answer: &Answer) -> bool {
    let coding = answer.headers.get("Content-Encoding").unwrap_or("identity");
    let offered = exchange
        .request
        .headers
        .get("Accept-Encoding")
        .unwrap_or("identity");
    !coding.eq_ignore_ascii_case("identity") && offered.trim().eq_ignore_ascii_case("identity")
}

/// What a JSON path says of the elements of a list.
const ELEMENTS: &str = "[*]";

/// The member at the top of a JSON path, or its elements: `$.tags[*]` of `$.tags[*]: a, b`.
fn member(asked: &str) -> String {
    let path = asked.split(':').next().unwrap_or_default().trim();
    let end = path
        .char_indices()
        .skip(2)
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '_'))
        .map_or(path.len(), |(at, _)| at);
    let (member, rest) = path.split_at(end);
    if rest.starts_with('[') {
        format!("{member}{ELEMENTS}")
    } else {
        member.to_owned()
    }
}

fn name_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::Connect(_) => "connect",
        Fault::Tls(_) => "tls",
        Fault::Timeout { .. } => "timeout",
        Fault::Closed(_) => "closed",
        Fault::TooLarge { .. } => "too large",
        Fault::TooManyRedirects(_) | Fault::BadRedirect(_) => "redirect",
        Fault::Malformed(_) => MALFORMED,
        Fault::Credentials(_) => "credentials",
        Fault::CannotSend { .. } => "cannot send",
        Fault::Elsewhere { .. } => "elsewhere",
        Fault::Http2Alone { .. } => "HTTP/2 alone",
        Fault::Withheld(_) => "withheld",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_path_is_known_by_its_first_member_or_the_elements_of_that() {
        assert_eq!(member("$.tags[*]: a, b"), "$.tags[*]");
        assert_eq!(member("$.tags[?@=='a']: absent"), "$.tags[*]");
        assert_eq!(member("$.manifests: an array"), "$.manifests");
        assert_eq!(member("$: an object"), "$");
    }
}
