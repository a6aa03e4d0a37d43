//! What a registry granted in a run. What it never grants, whoever asks, is one cause, however many checks met it.

use std::collections::{BTreeMap, BTreeSet};

use super::Judged;
use super::anomaly::anomaly;
use super::entry::Entry;
use super::lost::led_here_by;
use super::symptom::{Symptom, is_of_method, symptom};
use super::upload::Holding;
use crate::catalogue::RequirementId;
use crate::check::error_codes;
use crate::due::Due;
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::{Attempts, Evidence, ProgramLog};
use crate::scenario::ast::Aspect;
use crate::values::json_of;
use crate::wire::Exchange;

/// A request, seen from afar: all of it that a registry may go by when nothing is amiss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shape {
    method: String,
    kind: EndpointKind,
    form: Form,
}

/// What distinguishes sound requests to one endpoint by one method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    /// Nothing.
    Plain,
    /// The types that a client takes a manifest in, as it says them.
    Taking(Vec<String>),
    /// What an upload holds, and what it is brought.
    Bringing {
        held: Amount,
        brought: Amount,
        says_where: bool,
    },
}

impl Form {
    /// A whole blob, to an upload that holds nothing.
    const WHOLE: Form = Form::Bringing {
        held: Amount::None,
        brought: Amount::Some,
        says_where: false,
    };
}

/// Whether there is any content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Amount {
    None,
    Some,
}

impl Amount {
    fn of(length: u64) -> Amount {
        match length {
            0 => Amount::None,
            _ => Amount::Some,
        }
    }
}

impl Shape {
    fn of(exchange: &Exchange, endpoint: &Endpoint, log: &ProgramLog) -> Shape {
        let request = &exchange.request;
        let form = match endpoint.kind() {
            EndpointKind::Tag | EndpointKind::Manifest if request.method != "PUT" => {
                Form::Taking(request.headers.all("Accept").map(str::to_owned).collect())
            }
            EndpointKind::Session if request.method != "GET" => Form::Bringing {
                held: Holding::before(exchange, log).map_or(Amount::None, |held| Amount::of(held.length())),
                brought: Amount::of(request.body.len()),
                says_where: request.headers.contains("Content-Range"),
            },
            _ => Form::Plain,
        };
        Shape {
            method: request.method.clone(),
            kind: endpoint.kind(),
            form,
        }
    }

    /// Itself, and what is denied to everybody to whom the one before is: what HEAD tells of GET sends, a manifest that is
    /// known by its digest has a tag, and who brings a last chunk could bring the whole.
    fn and_more_general(&self) -> impl Iterator<Item = Shape> {
        std::iter::successors(Some(self.clone()), Shape::more_general)
    }

    fn more_general(&self) -> Option<Shape> {
        let with = |method: &str, kind, form: &Form| Shape {
            method: method.to_owned(),
            kind,
            form: form.clone(),
        };
        let form = &self.form;
        match (self.method.as_str(), self.kind, form) {
            ("HEAD", kind, _) => Some(with("GET", kind, form)),
            ("GET", EndpointKind::Manifest, _) => Some(with("GET", EndpointKind::Tag, form)),
            (
                "PUT",
                kind,
                Form::Bringing {
                    brought: Amount::Some,
                    ..
                },
            ) if *form != Form::WHOLE => Some(with("PUT", kind, &Form::WHOLE)),
            _ => None,
        }
    }

    /// The requirement by which such a request is granted.
    fn stated_by(&self) -> Option<RequirementId> {
        RequirementId::parse(Due::Success.is_stated_by(&self.method, self.kind)?)
    }
}

/// A kind of request that was granted nowhere in a run, and an answer to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Denial {
    shape: Shape,
    status: u16,
    codes: Vec<String>,
}

impl Denial {
    /// Whether the registry failed.
    pub(super) fn is_failure(&self) -> bool {
        self.status >= 500
    }

    /// Whether a requirement says that such a request is granted.
    pub(super) fn breaks(&self, id: &RequirementId) -> bool {
        self.shape.stated_by().as_ref() == Some(id)
    }

    /// Whether this answer to requests of a shape is the one that another request got.
    fn is(&self, shape: &Shape, seen: &Denial) -> bool {
        // The answer to a HEAD has no body that could say a code.
        let says_none = seen.shape.method == "HEAD";
        self.shape == *shape && self.status == seen.status && (says_none || self.codes == seen.codes)
    }
}

/// The denials of a run that were told by the requirement that such a request is granted.
#[derive(Debug, Default)]
pub(super) struct Denials {
    /// Each with the trace that it left there besides.
    told: BTreeMap<Denial, Option<Symptom>>,
    granted: BTreeSet<Shape>,
}

impl Denials {
    /// What was denied in every program of a run.
    pub(super) fn of(programs: &[Attempts], runs: &[Judged<'_>]) -> Denials {
        let mut told = BTreeMap::new();
        for run in runs {
            for entry in run.entries.broken() {
                if let Some((denial, Request::Sound)) = denial(entry, run.log)
                    && denial.breaks(&entry.requirement)
                {
                    told.entry(denial).or_insert_with(|| symptom(entry, run.log));
                }
            }
        }
        if told.is_empty() {
            return Denials::default();
        }
        let granted = granted(programs);
        told.retain(|denial, _| !granted.contains(&denial.shape));
        Denials { told, granted }
    }

    /// The trace of a broken check: that of the denial which it met, where it met one.
    pub(super) fn trace(&self, entry: &Entry, log: &ProgramLog) -> Option<Symptom> {
        match self.met_by(entry, log) {
            Some((_, Some(symptom))) => Some(symptom.clone()),
            Some((denial, None)) => Some(Symptom::Denied(denial.clone())),
            None => symptom(entry, log),
        }
    }

    fn met_by(&self, entry: &Entry, log: &ProgramLog) -> Option<(&Denial, &Option<Symptom>)> {
        if self.told.is_empty() {
            return None;
        }
        let (seen, request) = denial(entry, log)?;
        // What makes a registry fail may be what is odd of it.
        if request == Request::Odd && seen.is_failure() {
            return None;
        }
        let denied = seen
            .shape
            .and_more_general()
            .take_while(|shape| !self.granted.contains(shape));
        let told = |shape: Shape| self.told.iter().find(|(denial, _)| denial.is(&shape, &seen));
        denied.filter_map(told).last()
    }
}

/// The shapes of all requests that were granted.
fn granted(programs: &[Attempts]) -> BTreeSet<Shape> {
    let logs = programs
        .iter()
        .flat_map(|attempts| std::iter::once(&attempts.first).chain(&attempts.again));
    logs.flat_map(|log| {
        let granted = log
            .exchanges()
            .filter(|exchange| exchange.status().is_some_and(|status| status < 400));
        granted.map(|exchange| Shape::of(exchange, &Endpoint::of(&exchange.request.url), log))
    })
    .collect()
}

/// What a broken check looked at, if that is a denial, and whether anything was amiss of the request.
///
/// What is asked of every answer, and what a header of a denial says, has a cause of its own.
fn denial(entry: &Entry, log: &ProgramLog) -> Option<(Denial, Request)> {
    let Evidence::Exchanges(exchanges) = &entry.evidence else {
        return None;
    };
    let [exchange] = exchanges.as_slice() else {
        return None;
    };
    let aspect = entry.check.as_ref().map(|check| &check.aspect.value);
    let answer = exchange.outcome.as_ref().ok()?;
    let is_asked_of_all = entry.place.scenario != log.program.name;
    if is_asked_of_all || matches!(aspect, Some(Aspect::Header(..))) || !denies(answer.status) {
        return None;
    }
    if answer.status == 405 && !is_of_method(aspect) {
        return None;
    }
    let endpoint = Endpoint::of(&exchange.request.url);
    if exchange.request.method == "DELETE" || led_here_by(exchange, log).is_some() {
        return None;
    }
    let denial = Denial {
        shape: Shape::of(exchange, &endpoint, log),
        status: answer.status,
        codes: json_of(answer).map(|json| error_codes(&json)).unwrap_or_default(),
    };
    let request = match anomaly(exchange, &endpoint, log) {
        None => Request::Sound,
        Some(_) => Request::Odd,
    };
    Some((denial, request))
}

/// Whether anything is amiss of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// Nothing is.
    Sound,
    /// Something is, for which it may be denied by itself.
    Odd,
}

/// Whether a status denies a request for what it is, and not for who asks, how often, or through whom.
fn denies(status: u16) -> bool {
    matches!(status, 400.. if !matches!(status, 401 | 403 | 407 | 429 | 502..=504))
}
