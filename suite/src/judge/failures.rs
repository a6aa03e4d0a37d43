//! What a failure of the registry breaks: the requirement about the status of the very request that it met.

use std::sync::Arc;

use self::Due::{NotFound, Success};
use super::anomaly::anomaly;
use super::entry::Entry;
use crate::catalogue::RequirementId;
use crate::cause::Cause;
use crate::check::{CheckResult, describe};
use crate::endpoint::EndpointKind::{Base, Blob, Manifest, Referrers, Session, Tag, Tags, Uploads};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::Verdict;
use crate::log::{Evidence, Observation, ProgramLog};
use crate::scenario::Checkpoint;
use crate::scenario::ast::{Aspect, Check, Polarity, StatusSet};
use crate::wire::Exchange;

/// The requirement that no request which is wrong in itself is answered with a failure.
pub(super) const CLIENT_FAULT: &str = "errors.client-fault-not-5xx";

/// What a request is to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// It is granted.
    Success,
    /// What it names is not there.
    NotFound,
    /// It is refused.
    Refusal,
}

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
        requirement: RequirementId::parse(about_the_status(came, due)?)?,
        place: checkpoint.place.clone(),
        row: observation.row.clone(),
        verdict: Verdict::Broken,
        asked: match due {
            Success => "an answer that grants it",
            NotFound => "404",
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

/// What a request is to be answered with, as the check of the status says; as the request looks, where Rust looked at it.
///
/// What else a check looks at is behind a check of the status, which has told the failure.
fn due(check: Option<&Check>, came: &Exchange, log: &ProgramLog) -> Option<Due> {
    let sets = match check.map(|check| (check.polarity, &check.aspect.value)) {
        Some((Polarity::Is, Aspect::Status(sets))) => sets,
        Some(_) => return None,
        None => return Some(due_to(came, log)),
    };
    let is_success = |status| sets.iter().any(|set| set.contains(status));
    Some(
        if sets.contains(&StatusSet::Class(4)) || goes_on_with_a_spoilt_upload(came, log) {
            Due::Refusal
        } else if (200..400).any(is_success) {
            Success
        } else if sets.contains(&StatusSet::Exactly(404)) {
            NotFound
        } else {
            Due::Refusal
        },
    )
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
    Endpoint::of(&came.request.url).kind() == Session
        && log.exchanges().any(|earlier| {
            earlier.number < came.number
                && earlier.request.method != "GET"
                && session(earlier) == id
                && spoils(earlier)
        })
}

/// What is due to a request as it looks: nonsense is refused, and what goes on with it may be.
fn due_to(came: &Exchange, log: &ProgramLog) -> Due {
    let anomaly = anomaly(came, &Endpoint::of(&came.request.url), log);
    let is_nonsense = anomaly.is_some_and(|anomaly| anomaly.is_nonsense());
    match is_nonsense || goes_on_with_a_spoilt_upload(came, log) {
        true => Due::Refusal,
        false => Success,
    }
}

/// The requirements that say how a request is answered, by what is due to it, its method and its endpoint.
const STATUSES: [(Due, &str, EndpointKind, &str); 25] = [
    (Success, "GET", Base, "base.get-200"),
    (Success, "GET", Blob, "pull.blob.get-200"),
    (Success, "HEAD", Blob, "head.blob.200"),
    (Success, "DELETE", Blob, "manage.blob.delete-202"),
    (Success, "GET", Manifest, "pull.manifest.get-by-digest-200"),
    (Success, "GET", Tag, "pull.manifest.get-by-tag-200"),
    (Success, "HEAD", Manifest, "head.manifest.200"),
    (Success, "HEAD", Tag, "head.manifest.200"),
    (Success, "PUT", Manifest, "push.manifest.by-digest-201"),
    (Success, "PUT", Tag, "push.manifest.by-tag-201"),
    (Success, "DELETE", Manifest, "manage.manifest.delete-202"),
    (Success, "DELETE", Tag, "manage.tag.delete-202"),
    (Success, "POST", Uploads, "push.session.post-202"),
    (Success, "PATCH", Session, "push.chunk.patch-202"),
    (Success, "PUT", Session, "push.put.201"),
    (Success, "GET", Session, "push.chunk.status-204"),
    (Success, "DELETE", Session, "push.cancel.204"),
    (Success, "GET", Tags, "discovery.tags.200"),
    (Success, "GET", Referrers, "referrers.200"),
    (NotFound, "GET", Blob, "pull.blob.404-unknown"),
    (NotFound, "HEAD", Blob, "head.blob.404"),
    (NotFound, "GET", Manifest, "pull.manifest.404-unknown-digest"),
    (NotFound, "GET", Tag, "pull.manifest.404-unknown-tag"),
    (NotFound, "HEAD", Manifest, "head.manifest.404"),
    (NotFound, "HEAD", Tag, "head.manifest.404"),
];

/// Every requirement that a failure may break, whatever was asked.
pub(crate) fn breakable() -> impl Iterator<Item = &'static str> {
    let ids = STATUSES.iter().map(|(.., id)| *id);
    ids.chain([CLIENT_FAULT])
}

/// The requirement that says how a request is answered.
fn about_the_status(came: &Exchange, due: Due) -> Option<&'static str> {
    let method = came.request.method.as_str();
    let kind = Endpoint::of(&came.request.url).kind();
    let row = STATUSES
        .iter()
        .find(|row| (row.0, row.1, row.2) == (due, method, kind));
    match (row, due) {
        (Some((.., id)), _) => Some(id),
        (None, NotFound | Due::Refusal) => Some(CLIENT_FAULT),
        (None, Success) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Failure;
    use crate::scenario::Library;
    use crate::wire::{Request, Url};

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
                let url = Url::parse("http://registry.example").unwrap().with_target(path);
                let came = Exchange::withheld(Request::new(method, url), crate::wire::Withheld::Ended);
                let dues = [Success, NotFound, Due::Refusal];
                named.extend(dues.iter().filter_map(|due| about_the_status(&came, *due)));
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
