//! A kind of request that a registry grants nowhere, and how it is refused.

use super::upload::Holding;
use crate::catalogue::RequirementId;
use crate::due::{Due, UploadStep};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::log::ProgramLog;
use crate::wire::Exchange;

/// A request, seen from afar: all of it that a registry may go by when nothing is amiss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RequestShape {
    method: String,
    kind: EndpointKind,
    form: RequestForm,
}

/// What distinguishes sound requests to one endpoint by one method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RequestForm {
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

impl RequestForm {
    /// A whole blob, to an upload that holds nothing.
    const WHOLE: RequestForm = RequestForm::Bringing {
        held: Amount::None,
        brought: Amount::Some,
        says_where: false,
    };

    /// How it goes on with an upload.
    fn step(&self) -> UploadStep {
        match self {
            RequestForm::Bringing {
                held: Amount::Some,
                brought: Amount::Some,
                ..
            } => UploadStep::More,
            RequestForm::Bringing {
                held: Amount::Some,
                brought: Amount::None,
                ..
            } => UploadStep::Nothing,
            _ => UploadStep::First,
        }
    }
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

impl RequestShape {
    pub(super) fn of(exchange: &Exchange, endpoint: &Endpoint<'_>, log: &ProgramLog) -> RequestShape {
        let request = &exchange.request;
        let form = match endpoint.kind() {
            EndpointKind::Tag | EndpointKind::Manifest if request.method != "PUT" => {
                RequestForm::Taking(request.headers.all("Accept").map(str::to_owned).collect())
            }
            EndpointKind::Session if request.method != "GET" => RequestForm::Bringing {
                held: Holding::before(exchange, log).map_or(Amount::None, |held| Amount::of(held.length())),
                brought: Amount::of(request.body.len()),
                says_where: request.headers.contains("Content-Range"),
            },
            _ => RequestForm::Plain,
        };
        RequestShape {
            method: request.method.clone(),
            kind: endpoint.kind(),
            form,
        }
    }

    /// Itself, and what is denied to everybody to whom the one before is: what HEAD tells of GET sends, a manifest that is
    /// known by its digest has a tag, and who brings a last chunk could bring the whole.
    pub(super) fn and_more_general(&self) -> impl Iterator<Item = RequestShape> {
        std::iter::successors(Some(self.clone()), RequestShape::more_general)
    }

    fn more_general(&self) -> Option<RequestShape> {
        let with = |method: &str, kind, form: &RequestForm| RequestShape {
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
                RequestForm::Bringing {
                    brought: Amount::Some,
                    ..
                },
            ) if *form != RequestForm::WHOLE => Some(with("PUT", kind, &RequestForm::WHOLE)),
            _ => None,
        }
    }

    /// The requirement by which such a request is granted.
    fn stated_by(&self) -> Option<RequirementId> {
        self.is_stated_by(Due::Success)
    }

    /// The requirement that says how such a request is answered to which this is due.
    pub(super) fn is_stated_by(&self, due: Due) -> Option<RequirementId> {
        RequirementId::parse(due.is_stated_by(&self.method, self.kind, self.form.step())?)
    }
}

/// A kind of request that was granted nowhere in a run, and an answer to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Denial {
    pub(super) shape: RequestShape,
    pub(super) status: u16,
    pub(super) codes: Vec<String>,
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
    pub(super) fn is(&self, shape: &RequestShape, seen: &Denial) -> bool {
        // The answer to a HEAD has no body that could say a code.
        let says_none = seen.shape.method == "HEAD";
        self.shape == *shape && self.status == seen.status && (says_none || self.codes == seen.codes)
    }
}
