//! The requirement that is asked of every kind of request: a finding for each kind at which it broke, since each of them
//! has a cause of its own.

use crate::due::CLIENT_FAULT;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::{Finding, Way};

/// The kind of a request: its method, and what it is sent to.
type RequestKind = (String, EndpointKind);

/// A finding for each kind of request at which it broke, with those of its consequences that were seen there.
pub(super) fn one_for_each_kind_of_request(finding: Finding) -> Vec<Finding> {
    if finding.requirement.as_str() != CLIENT_FAULT {
        return vec![finding];
    }
    let mut apart: Vec<(Option<RequestKind>, Finding)> = Vec::new();
    let whole = Finding {
        ways: Vec::new(),
        consequences: Vec::new(),
        broken: 0,
        ..finding.clone()
    };
    for way in finding.ways {
        let kind = kind(&way);
        let at = apart.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            apart.push((kind, whole.clone()));
            apart.len() - 1
        });
        let part = &mut apart[at].1;
        part.broken += way.count;
        part.ways.push(way);
    }
    for consequence in finding.consequences {
        let kind = consequence.ways.first().and_then(kind);
        let at = apart.iter().position(|(known, _)| *known == kind);
        if let Some((_, part)) = apart.get_mut(at.unwrap_or_default()) {
            part.consequences.push(consequence);
        }
    }
    let parts = apart.into_iter().map(|(_, part)| part);
    parts.map(with_own_repetition).collect()
}

/// What breaks comes again if one of its ways does.
fn with_own_repetition(mut finding: Finding) -> Finding {
    let again = finding.ways.iter().map(|way| way.again);
    finding.again = again
        .max_by_key(|again| (again.broken, again.runs))
        .unwrap_or(finding.again);
    finding
}

/// The kind of the request that a way is about. By tag and by digest one manifest is asked for.
fn kind(way: &Way) -> Option<RequestKind> {
    let request = &way.exchange()?.request;
    let kind = match Endpoint::of(&request.url).kind() {
        EndpointKind::Tag => EndpointKind::Manifest,
        other => other,
    };
    Some((request.method.clone(), kind))
}
