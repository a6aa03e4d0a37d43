//! What a failure of the registry breaks: the requirement about the status of the very request that it met.

use std::sync::Arc;

use super::anomaly::{Anomaly, anomaly};
use super::denial::RequestShape;
use super::entry::Entry;
use crate::cause::Cause;
use crate::check::{CheckResult, describe};
use crate::due::Due::{self, NotFound, Success};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::Verdict;
use crate::log::{Evidence, Observation, ProgramLog};
use crate::scenario::Checkpoint;
use crate::scenario::ast::{Aspect, Check, Polarity, StatusSet};
use crate::wire::Exchange;

/// The entry of a failure that told a check nothing of what it asked; none if the registry did not fail.
pub(super) fn entry(checkpoint: &Checkpoint, observation: &Observation, log: &ProgramLog) -> Option<Entry> {
    let (CheckResult::NotReached(Cause::Came(came)), Evidence::Exchanges(looked_at)) =
        (&observation.seen, &observation.evidence)
    else {
        return None;
    };
    let is_seen_here = looked_at.last().is_some_and(|last| Arc::ptr_eq(last, came));
    if !is_seen_here || Cause::circumstance(came).is_some() || Cause::failure(came).is_none() {
        return None;
    }
    let due = due(checkpoint.check.as_deref(), came, log)?;
    Some(Entry {
        requirement: RequestShape::of(came, &Endpoint::of(&came.request.url), log).is_stated_by(due)?,
        place: checkpoint.place.clone(),
        row: observation.row.clone(),
        verdict: Verdict::Broken,
        asked: match due {
            Success => "an answer that grants it",
            NotFound => "404",
            Due::Refusal if goes_on_with_a_spoilt_upload(came, log) => {
                "an answer that grants it, or refuses it with a 4xx"
            }
            Due::Refusal => "a refusal with a 4xx",
        }
        .to_owned(),
        got: match &came.outcome {
            Ok(answer) => match &answer.cut {
                Some(fault) => format!("{}, {fault}", describe::status(answer)),
                None => describe::status(answer),
            },
            Err(fault) => fault.to_string(),
        },
        count: 1,
        check: None,
        evidence: Evidence::Exchanges(vec![came.clone()]),
    })
}

/// What a request is to be answered with, as the check of the status says; as the request looks, where that lets it be
/// refused, too, or where Rust looked at it.
///
/// What else a check looks at is behind a check of the status, which has told the failure.
fn due(check: Option<&Check>, came: &Exchange, log: &ProgramLog) -> Option<Due> {
    let sets = match check.map(|check| (check.polarity, &check.aspect.value)) {
        Some((Polarity::Is, Aspect::Status(sets))) => sets,
        Some(_) => return None,
        None => return Some(due_to(came, log)),
    };
    let is_success = |status| sets.iter().any(|set| set.contains(status));
    let may_be_refused = sets.contains(&StatusSet::Class(4));
    Some(if may_be_refused && (200..300).any(is_success) {
        due_to(came, log)
    } else if may_be_refused || goes_on_with_a_spoilt_upload(came, log) {
        Due::Refusal
    } else if (200..400).any(is_success) {
        Success
    } else if sets.contains(&StatusSet::Exactly(404)) {
        NotFound
    } else {
        Due::Refusal
    })
}

/// Whether a request goes on with an upload to which something was refused, or that took what is nonsense: what it holds
/// now is anybody's guess, and no text says that it can be closed.
fn goes_on_with_a_spoilt_upload(came: &Exchange, log: &ProgramLog) -> bool {
    let session = |exchange: &Exchange| {
        let path = exchange.request.url.path();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let spoils = |earlier: &Exchange| {
        earlier.status().is_some_and(|status| status >= 400)
            || anomaly(earlier, &Endpoint::of(&earlier.request.url), log)
                .is_some_and(|anomaly| anomaly.is_nonsense())
    };
    let id = session(came);
    Endpoint::of(&came.request.url).kind() == EndpointKind::Session
        && log.exchanges().any(|earlier| {
            earlier.number < came.number
                && earlier.request.method != "GET"
                && session(earlier) == id
                && spoils(earlier)
        })
}

/// What is due to a request as it looks: what is wrong in itself is refused, and what goes on with it may be.
fn due_to(came: &Exchange, log: &ProgramLog) -> Due {
    let anomaly = anomaly(came, &Endpoint::of(&came.request.url), log);
    let is_wrong = anomaly.is_some_and(|anomaly| anomaly.is_nonsense() || anomaly == Anomaly::ChunkPlace);
    match is_wrong || goes_on_with_a_spoilt_upload(came, log) {
        true => Due::Refusal,
        false => Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Failure, RequirementId};
    use crate::due::UploadStep;
    use crate::scenario::Library;
    use crate::wire::Url;

    /// Every request that a table entry is about, and every thing that can be due.
    fn named() -> Vec<&'static str> {
        let paths = [
            "/v2/",
            "/v2/a/blobs/sha256:00",
            "/v2/a/manifests/sha256:00",
            "/v2/a/manifests/tag",
            "/v2/a/blobs/uploads/",
            "/v2/a/blobs/uploads/1",
            "/v2/a/tags/list",
            "/v2/a/referrers/sha256:00",
            "/v2/_catalog",
            "/nowhere",
        ];
        let mut named = Vec::new();
        for path in paths {
            for method in ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"] {
                let url = Url::parse("http://registry.example").unwrap().below_mount(path);
                let kind = Endpoint::of(&url).kind();
                for due in [Success, NotFound, Due::Refusal] {
                    let steps = [UploadStep::First, UploadStep::More, UploadStep::Nothing];
                    named.extend(
                        steps
                            .iter()
                            .filter_map(|step| due.is_stated_by(method, kind, *step)),
                    );
                }
            }
        }
        named
    }

    #[test]
    fn what_a_failure_breaks_is_in_the_catalogue_and_about_the_status() {
        let library = Library::built_in().unwrap();
        for id in named() {
            let requirement = library.catalogue.get(&RequirementId::parse(id).unwrap());
            let requirement = requirement.unwrap_or_else(|| panic!("{id} is not in the catalogue"));
            assert_eq!(requirement.failure, Failure::Breaks, "{id}");
        }
    }
}
