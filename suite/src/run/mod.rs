//! A run: probes first, then every other scenario and random workflows at once, and all that broke once more.
//!
//! What happens is written down; the judge makes of it what it means.
//!
//! # How to read this folder
//!
//! Begin at [`record`] in `course`: it is a run from its first request to its log. `preflight` asks whether the
//! target can be used at all, and from what it learns a `session` is made, which all programs share: the client, the
//! settings, what the registry offers, and whether the run is over. A run ends early for one of three reasons, and
//! each is told to the session: somebody stops it (`stop`), it takes too long, or the target is lost. Of the last a
//! `watch` is kept: it sees every answer, asks what is known to be good when too many come to nothing, and bears
//! limits as long as they can be borne.
//!
//! The campaign then carries programs out (`turn` says when each has its turn, `order` in which order, `length` which of them are long): the probes
//! first, since what they settle decides about the others; the other scenarios side by side, in a `round`, and random
//! workflows (`random`) beside them; behind the last of these each one that has a finding a second time, in repositories
//! of its own, so that a finding is what happens twice; and at last those that must have a registry for themselves alone.
//! Behind each program `clean` removes what it created. (It is the command of that name, too, for what earlier runs left.)
//!
//! One program gets one `world`: its variables, its last answer, the number of the action under way, and a recorder. A
//! world is copied for each copy under `together`, and never shared between programs. `interpret` walks over the
//! actions of the program and changes the world. Each action ends in a *flow*: on, or stopped for a reason; where it
//! is stopped, what stands behind it in its block is written down as passed over, for that reason. The folder has a
//! file for each kind of action that is more than a line: `expressions` (what a `let` binds), `requests` (what is
//! sent), `stage` (`given`). A scenario that no transcript can say is a function in [`coded`], which gets the same
//! world and writes into the same log.
//!
//! All that is sent goes through the world and the session, and is checked on the way: `territory` says which
//! repositories a run may name, and `read_after_write` knows what the program wrote, so that an answer that shows the
//! state before is asked for again within `--grace`.
//!
//! Two things are easily missed. No file here decides that something is broken: what a check saw is an event, and the
//! verdict on which the campaign relies (whether to repeat a program, whether to clean up behind it) is the judge's.
//! And nothing here words anything for people: why something was not reached is a [`Cause`](crate::cause::Cause) up to
//! the report.

mod campaign;
mod carried;
mod clean;
pub mod coded;
mod course;
mod found;
mod interpret;
mod length;
mod lists;
mod lock;
mod order;
mod pace;
mod patience;
mod preflight;
mod random;
mod read_after_write;
mod round;
mod session;
mod settings;
mod stop;
mod territory;
mod turn;
mod under_way;
mod unusable;
mod watch;
mod world;

use std::sync::Arc;

use crate::judgement::ScenarioOutcome;

pub use crate::explore::Budget;
pub use crate::values::{BadImageName, BadRunId, ImageName, RunId, is_repository};
pub use clean::{Cleaned, ContentKind, Left, LeftIn, clean};
pub use course::record;
pub use settings::{Access, CleanUp, OnFinding, RunSettings};
pub use stop::Stop;
pub use unusable::PreflightError;

/// Told how a run goes on.
pub trait Progress: Send + Sync {
    /// So many scenarios will run.
    fn planned(&self, scenarios: usize);
    /// The one of this name begins.
    fn began(&self, scenario: &Arc<str>);
    /// One of them is over.
    fn finished(&self, scenario: &ScenarioOutcome);
    /// The one of this name, which has a finding, begins a second time.
    fn began_again(&self, _scenario: &Arc<str>) {}
    /// That is over, too.
    fn finished_again(&self, _scenario: &Arc<str>) {}
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn planned(&self, _: usize) {}
    fn began(&self, _: &Arc<str>) {}
    fn finished(&self, _: &ScenarioOutcome) {}
}
