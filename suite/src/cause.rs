//! Why something was not reached: what came, as data. The reports put it into words.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::{RequirementId, Version};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::wire::{Account, Exchange, Fault, Request, Source, Step, Transcript, Withheld};

/// Why something was not reached.
#[derive(Clone, Debug)]
pub enum Cause {
    /// This came of a request.
    Came(Arc<Exchange>),
    /// This came of a request, without what was needed of it.
    Lacks(Arc<Exchange>, String),
    /// This came of a request, and broke a requirement that the rest builds on.
    Broke(Arc<Exchange>, RequirementId),
    /// Something was taken for granted, and it is not so.
    NotGranted {
        /// What came.
        came: Arc<Exchange>,
        /// What was taken for granted.
        asked: String,
        /// What was got in its place.
        got: String,
    },
    /// No probe could tell whether the registry offers something.
    Unsettled {
        /// The capability.
        capability: String,
        /// Why no probe could.
        because: Unsettled,
    },
    /// The registry takes no pushes, and nothing was named that could be read.
    NothingToRead,
    /// No token was to be had.
    NoToken(Fault),
    /// What an answer named cannot be asked, or must not be; or the server does not speak what it is written in.
    NotSent(Fault),
    /// A connection by hand could not be made, or did not hold.
    NoConnection(Fault),
    /// This address holds no id in whose place another one could stand.
    NoId(String),
    /// The target is not what it was any more.
    TargetLost(Loss),
    /// It took longer than a scenario may take.
    OutOfTime(Duration),
    /// It is no matter of this run.
    Beyond(Beyond),
    /// No request was sent that this could be asked of.
    NothingSent,
    /// What a check in Rust waited for, in its words.
    Said(String),
}

/// Why something is no matter of a run: it was not to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Beyond {
    /// It needs a repository that the run was not given.
    Confined(Vec<String>),
    /// It needs a second, or a third, repository.
    NoRepository(&'static str),
    /// It can be told only in a repository that nobody else uses.
    Shared,
    /// The account that was given may not delete.
    MayNotDelete,
    /// It might change something, and the run only reads.
    ReadOnly,
    /// Nothing of the kind was found where the run only reads.
    NothingFound(String),
    /// It needs a tag of what was found, and none is known.
    Untagged,
    /// The run came to its end before.
    Ended,
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Beyond::Confined(names) => write!(f, "the run is confined to {}", names.join(", ")),
            Beyond::NoRepository(which) => write!(f, "no {which} repository was given"),
            Beyond::Shared => write!(f, "the repository is shared with other content"),
            Beyond::MayNotDelete => write!(f, "the account may not delete"),
            Beyond::ReadOnly => write!(f, "the target is read-only"),
            Beyond::NothingFound(what) => write!(f, "no {what} to be found there"),
            Beyond::Untagged => write!(f, "no tag of what was found is known"),
            Beyond::Ended => write!(f, "the run ended early"),
        }
    }
}

/// What became of a target that was a registry when the run began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It answers nobody any more.
    Silent(Fault),
    /// It answers everybody with this status.
    Refuses(u16),
    /// It sends everybody to another server.
    Elsewhere(String),
}

impl Loss {
    /// What this exchange shows, if it shows a target that may be lost.
    pub fn seen_in(exchange: &Exchange) -> Option<Loss> {
        match &exchange.outcome {
            Err(
                Fault::CannotSend { .. }
                | Fault::Elsewhere { .. }
                | Fault::Http2Alone { .. }
                | Fault::Withheld(_),
            ) => None,
            Err(fault) => Some(Loss::Silent(fault.clone())),
            Ok(answer) if matches!(answer.status, 401 | 429 | 500..=506 | 508..) => {
                Some(Loss::Refuses(answer.status))
            }
            Ok(answer) if answer.cut.is_some() => answer.cut.clone().map(Loss::Silent),
            Ok(answer) => {
                let (asked, answered) = (exchange.request.url.origin(), answer.url.origin());
                let is_fine = asked == answered || (200..300).contains(&answer.status);
                (!is_fine).then(|| Loss::Elsewhere(answered.to_string()))
            }
        }
    }

    /// Whether what came of a request is what comes of every request since the target was lost.
    pub fn explains(&self, exchange: &Exchange) -> bool {
        match (self, Loss::seen_in(exchange)) {
            (Loss::Silent(_), Some(Loss::Silent(_))) => true,
            (loss, Some(seen)) => *loss == seen,
            (_, None) => false,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Silent(fault) => write!(f, "it answers nobody any more: {fault}"),
            Loss::Refuses(status) => write!(f, "it answers everything with {status}"),
            Loss::Elsewhere(server) => write!(f, "it sends everybody to {server}"),
        }
    }
}

/// Why a capability is neither offered nor refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unsettled {
    /// No probe was run that settles it.
    NoProbe,
    /// Its probe came to no line that settles it.
    Nothing {
        /// The probe.
        probe: String,
    },
    /// Its probe found nothing to read, since the registry takes no pushes.
    NothingToRead,
    /// Its probe could not go on.
    Stopped {
        /// The probe.
        probe: String,
        /// The request behind which it stopped, without the names that belong to the probe, and what came of it.
        came: String,
    },
    /// Its probe broke a requirement first.
    Broke {
        /// The probe.
        probe: String,
        /// The requirement.
        requirement: RequirementId,
        /// What was got.
        got: String,
    },
    /// The version that the registry is judged by does not know it.
    NotInForce(Version),
    /// Its probe was no matter of this run.
    Beyond(Beyond),
}

impl Cause {
    /// Why what came of a request says nothing about what the registry does with it, if it does not: the network, the
    /// credentials, a front end or a limit stood in between, or the request was not sent.
    pub fn circumstance(exchange: &Arc<Exchange>) -> Option<Cause> {
        match &exchange.outcome {
            Err(Fault::Withheld(why)) => Some(Cause::Beyond(match why {
                Withheld::Confined(names) => Beyond::Confined(names.clone()),
                Withheld::Taken(_) => Beyond::Shared,
                Withheld::ReadOnly => Beyond::ReadOnly,
                Withheld::Ended => Beyond::Ended,
            })),
            Err(Fault::Connect(_) | Fault::Tls(_) | Fault::Timeout { .. } | Fault::Credentials(_)) => {
                Some(Cause::Came(exchange.clone()))
            }
            Err(
                fault @ (Fault::CannotSend {
                    from: Source::Answer, ..
                }
                | Fault::Elsewhere { .. }
                | Fault::Http2Alone { .. }),
            ) => Some(Cause::NotSent(fault.clone())),
            Ok(answer) if answer.status == 403 && deletes_with_credentials(&exchange.request) => {
                Some(Cause::Beyond(Beyond::MayNotDelete))
            }
            Ok(answer) if answer.status == 429 || OUT_OF_SERVICE.contains(&answer.status) => {
                Some(Cause::Came(exchange.clone()))
            }
            Ok(_) if is_full(exchange) => Some(Cause::Came(exchange.clone())),
            Ok(answer) if matches!(answer.cut, Some(Fault::Timeout { .. })) => {
                Some(Cause::Came(exchange.clone()))
            }
            _ => None,
        }
    }

    /// The same of what came on a connection by hand. A limit is waited for there, and is none.
    pub(crate) fn circumstance_by_hand(transcript: &Transcript) -> Option<Cause> {
        let mut answers = transcript.steps.iter().filter_map(answered);
        let why = answers.find_map(|(status, bytes)| match status {
            _ if says_full(status, bytes) => Some("there is no room for what is pushed".to_owned()),
            _ if OUT_OF_SERVICE.contains(&status) => Some(format!("out of service: answered with {status}")),
            _ => None,
        });
        why.map(Cause::Said)
    }

    /// Why what came of a request tells of nothing but itself, if it does not: the registry failed.
    pub fn failure(exchange: &Arc<Exchange>) -> Option<Cause> {
        let is_failure = match &exchange.outcome {
            Ok(answer) => answer.status >= 500 || answer.cut.is_some(),
            Err(fault) => matches!(fault, Fault::Closed(_)),
        };
        is_failure.then(|| Cause::Came(exchange.clone()))
    }

    /// Why the matter is none of this run's, if it is not.
    pub fn beyond(&self) -> Option<&Beyond> {
        match self {
            Cause::Beyond(beyond)
            | Cause::Unsettled {
                because: Unsettled::Beyond(beyond),
                ..
            } => Some(beyond),
            _ => None,
        }
    }

    /// What it shares with causes that are the same but for the names of one scenario.
    pub fn kind(&self) -> CauseKind {
        let detail = match self {
            Cause::Came(came) | Cause::Broke(came, _) | Cause::NotGranted { came, .. } => shape(came),
            Cause::Lacks(came, what) => format!("{} without {what}", shape(came)),
            Cause::Unsettled { because, .. } => format!("{because:?}"),
            Cause::NoToken(fault) | Cause::NotSent(fault) | Cause::NoConnection(fault) => fault.to_string(),
            Cause::TargetLost(loss) => loss.to_string(),
            Cause::OutOfTime(limit) => format!("{limit:?}"),
            Cause::Beyond(beyond) => beyond.to_string(),
            Cause::Said(words) => words.clone(),
            Cause::NoId(_) | Cause::NothingToRead | Cause::NothingSent => String::new(),
        };
        let requirement = match self {
            Cause::Broke(_, id) => Some(id.clone()),
            _ => None,
        };
        CauseKind {
            variant: std::mem::discriminant(self),
            detail,
            requirement,
        }
    }
}

/// A cause without the names of one scenario: equal kinds are one cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CauseKind {
    variant: std::mem::Discriminant<Cause>,
    detail: String,
    requirement: Option<RequirementId>,
}

impl PartialEq for Cause {
    /// Two causes are equal if they differ in nothing but the names of one scenario.
    fn eq(&self, other: &Cause) -> bool {
        self.kind() == other.kind()
    }
}

impl Eq for Cause {}

/// The statuses by which a front end says that the registry is out of service for a while.
const OUT_OF_SERVICE: RangeInclusive<u16> = 502..=504;

/// The statuses by which registries say that there is no room for what is pushed.
const FULL: [u16; 5] = [403, 409, 412, 413, 507];

/// The shortest manifest that a registry may refuse for its length: none of clients is as long.
const LONG_MANIFEST: u64 = 1024 * 1024;

/// Whether a write was refused since there is no room for more: a quota, or a disk.
pub(crate) fn is_full(exchange: &Exchange) -> bool {
    let is_write = !matches!(exchange.request.method.as_str(), "GET" | "HEAD" | "DELETE");
    let Ok(answer) = &exchange.outcome else {
        return false;
    };
    is_write && !is_long_manifest(&exchange.request) && says_full(answer.status, &answer.body.bytes())
}

fn is_long_manifest(request: &Request) -> bool {
    let kind = Endpoint::of(&request.url).kind();
    matches!(kind, EndpointKind::Tag | EndpointKind::Manifest) && request.body.len() >= LONG_MANIFEST
}

/// The status and the whole of an answer that came on a connection by hand.
fn answered(step: &Step) -> Option<(u16, &[u8])> {
    let Step::Received(bytes) = step else { return None };
    let text = String::from_utf8_lossy(bytes);
    let status = text.strip_prefix("HTTP/")?.split(' ').nth(1)?;
    Some((status.parse().ok()?, bytes))
}

/// Whether an answer means that there is no room: 507 says so itself, and so does 413 with the code of what is denied; of
/// any other status the words of the error do, since a lack of rights has the same codes.
fn says_full(status: u16, body: &[u8]) -> bool {
    match status {
        507 => true,
        413 if is_denied(body) => true,
        _ => FULL.contains(&status) && speaks_of_room(body),
    }
}

/// Whether the code of the error is that of what somebody may not do.
fn is_denied(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("\"DENIED\"")
}

fn speaks_of_room(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let is_of_storage = text.contains("storage") || text.contains("space");
    text.contains("quota")
        || is_of_storage && ["exceed", "limit", "left"].iter().any(|word| text.contains(word))
}

/// Whether the owner of the credentials asks for a deletion, so that a refusal may be about his rights.
fn deletes_with_credentials(request: &Request) -> bool {
    request.method == "DELETE"
        && request.account == Account::Default
        && request.headers.contains("Authorization")
}

/// What was asked of which endpoint, and what came.
fn shape(exchange: &Exchange) -> String {
    let endpoint = Endpoint::of(&exchange.request.url);
    let came: &dyn fmt::Display = match &exchange.outcome {
        Ok(answer) => &answer.status,
        Err(fault) => fault,
    };
    format!("{} {}: {came}", exchange.request.method, endpoint.kind().words())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::Url;

    /// The words of the circumstance that these answers tell of, on one connection by hand.
    fn told(answers: &[&'static str]) -> Option<String> {
        let answers = answers.iter().map(|text| Step::Received(text.as_bytes().into()));
        let transcript = Transcript {
            number: 1,
            registry: Url::parse("http://registry.test").unwrap(),
            steps: std::iter::once(Step::Sent("GET /503 HTTP/1.1".into()))
                .chain(answers)
                .collect(),
            elapsed: Duration::ZERO,
            insecure: false,
            limited: None,
            pass: None,
        };
        match Cause::circumstance_by_hand(&transcript)? {
            Cause::Said(words) => Some(words),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn a_front_end_is_told_of_on_a_connection_by_hand_too() {
        let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let away = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n\r\n";
        let full = "HTTP/1.1 507 Insufficient Storage\r\n\r\n";
        assert_eq!(told(&[missing, "HTTP/1.1 500 Oh\r\n\r\nnot 503"]), None);
        assert_eq!(told(&["not HTTP 503 "]), None);
        let out = told(&[missing, away]);
        assert_eq!(out.as_deref(), Some("out of service: answered with 503"));
        let out = told(&[full, away]);
        assert_eq!(out.as_deref(), Some("there is no room for what is pushed"));
    }
}
