//! The things that can happen in a run of a program.

use std::ops::Range;
use std::sync::Arc;

use crate::catalogue::{RequirementId, Version};
use crate::cause::{Cause, Unsettled};
use crate::check::CheckResult;
use crate::scenario::Place;
use crate::scenario::ast::Stance;
use crate::values::Faces;
use crate::wire::{Exchange, Transcript};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The action of this number made an exchange.
    Sent(usize, Arc<Exchange>),
    /// A read of the action of this number showed only within the grace what was written before.
    Late(usize, Arc<Exchange>),
    /// These looks of values have names from here on.
    Bound(Faces),
    /// A connection was written on by hand.
    Connected(Arc<Transcript>),
    /// A check looked at what came.
    Observed(Observation),
    /// Actions were passed over.
    Skipped(Skipped),
    /// A capability that the user demanded is refused.
    Refused(Refusal),
    /// The program came to an end before its last action.
    Stopped(Reason),
}

impl Event {
    /// The number of the exchange or of the connection that it is about.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Event::Sent(_, exchange) => Some(exchange.number),
            Event::Connected(connection) => Some(connection.number),
            Event::Bound(_)
            | Event::Observed(_)
            | Event::Late(..)
            | Event::Skipped(_)
            | Event::Refused(_)
            | Event::Stopped(_) => None,
        }
    }
}

/// A capability that the user demanded, and that the registry refuses.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The requirement that stands over the line.
    pub requirement: RequirementId,
    /// The line that says so.
    pub place: Place,
    /// The capability.
    pub capability: String,
    /// The exchange that shows it.
    pub exchange: Arc<Exchange>,
}

/// What one check saw.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Its index among the checks of the program.
    pub check: usize,
    /// The row it stood in, by its first cell, where there are rows.
    pub row: Option<String>,
    /// What was asked, its placeholders filled in.
    pub asked: String,
    /// What it saw.
    pub seen: CheckResult,
    /// Whether it saw it at once.
    pub timing: Timing,
    /// What it looked at.
    pub evidence: Evidence,
}

/// Whether something was so at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// At once.
    AtOnce,
    /// Only when it was asked again, within the grace.
    Late,
}

/// What a check looked at.
#[derive(Clone, Debug, Default)]
pub enum Evidence {
    /// Nothing that was sent.
    #[default]
    Nothing,
    /// The last of these exchanges, in the light of the others.
    Exchanges(Vec<Arc<Exchange>>),
    /// What was written and read on a connection by hand.
    Connection(Arc<Transcript>),
}

/// Actions that were passed over, and why.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Their numbers.
    pub actions: Range<usize>,
    /// Why.
    pub reason: Reason,
}

/// Why actions were passed over.
#[derive(Clone, Debug)]
pub enum Reason {
    /// What they wait for did not come.
    NotReached(Cause),
    /// The registry does not offer what they need, as it may.
    NotOffered(String),
    /// Their occasion never came up.
    NoOccasion,
    /// They need an account of this name, which was not given.
    NoAccount(String),
    /// Nothing that the program asks is in force in its version.
    NotInForce(Version),
    /// The suite itself failed.
    Failed(String),
}

impl Reason {
    /// What it is that a registry must offer, or must refuse, for a program to go on.
    pub fn of_need(stance: Stance, capability: &str) -> Reason {
        match stance {
            Stance::Offered => Reason::NotOffered(capability.to_owned()),
            Stance::Refused => Reason::NoOccasion,
        }
    }

    /// What it is that nothing is known of a capability.
    pub fn of_unsettled(capability: &str, because: Unsettled) -> Reason {
        match because {
            Unsettled::NotInForce(version) => Reason::NotInForce(version),
            Unsettled::NothingToRead => Reason::NotReached(Cause::NothingToRead),
            because => Reason::NotReached(Cause::Unsettled {
                capability: capability.to_owned(),
                because,
            }),
        }
    }
}
