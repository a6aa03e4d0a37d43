//! Why something was not reached: what came, as data. The reports put it into words.

use std::fmt;
use std::sync::Arc;

use crate::catalogue::RequirementId;
use crate::endpoint::Endpoint;
use crate::wire::{Exchange, Fault};

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
    /// What an answer named cannot be asked, or must not be.
    NotSent(Fault),
    /// A connection by hand could not be made, or did not hold.
    NoConnection(Fault),
    /// This address holds no id in whose place another one could stand.
    NoId(String),
    /// The target answers nobody any more.
    TargetLost(Fault),
    /// No request was sent that this could be asked of.
    NothingSent,
    /// What a check in Rust waited for, in its words.
    Said(String),
}

/// Why a capability is neither offered nor refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unsettled {
    /// No probe was run that settles it.
    NoProbe,
    /// Its probe came to no line that settles it.
    Nothing {
        /// The probe.
        probe: String,
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
}

impl Cause {
    /// What it shares with causes that are the same but for the names of one scenario.
    pub fn kind(&self) -> CauseKind {
        let detail = match self {
            Cause::Came(came) | Cause::Broke(came, _) | Cause::NotGranted { came, .. } => shape(came),
            Cause::Lacks(came, what) => format!("{} without {what}", shape(came)),
            Cause::Unsettled { because, .. } => format!("{because:?}"),
            Cause::NoToken(fault)
            | Cause::NotSent(fault)
            | Cause::NoConnection(fault)
            | Cause::TargetLost(fault) => fault.to_string(),
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

/// What was asked of which endpoint, and what came.
fn shape(exchange: &Exchange) -> String {
    let endpoint = Endpoint::of(&exchange.request.url);
    let came: &dyn fmt::Display = match &exchange.outcome {
        Ok(answer) => &answer.status,
        Err(fault) => fault,
    };
    format!("{} {}: {came}", exchange.request.method, endpoint.kind().words())
}
