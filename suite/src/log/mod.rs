//! What happened in a run, in order: sent and received, seen by a check, passed over because of a cause.
//!
//! The judge, the clean-up, traces and records are folds over this log.

mod created;
mod event;
pub mod record;
mod redaction;
mod run;
pub mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::scenario::Program;
use crate::wire::Exchange;

pub(crate) use created::Created;
pub use event::{Event, Evidence, Observation, Reason, Refusal, Skipped, Timing};
pub(crate) use redaction::Redactor;
pub use run::{Attempts, End, Facts, Lifetime, Offer, Rerun, RunLog, Strictness};

/// All that happened in one run of one program.
#[derive(Clone, Debug)]
pub struct ProgramLog {
    /// What was carried out.
    pub program: Arc<Program>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// When each exchange and each connection by hand was over, by its number: the time since 1970.
    pub moments: BTreeMap<u64, Duration>,
    /// The numbers of the exchanges that went on beside others only to be done sooner: their order makes no difference.
    pub beside: BTreeSet<u64>,
    /// How long it took.
    pub elapsed: Duration,
}

impl ProgramLog {
    /// A run of a program in which nothing has happened.
    pub(crate) fn of(program: Arc<Program>, elapsed: Duration) -> ProgramLog {
        ProgramLog {
            program,
            events: Vec::new(),
            moments: BTreeMap::new(),
            beside: BTreeSet::new(),
            elapsed,
        }
    }

    /// A program that was not begun.
    pub fn not_begun(program: Arc<Program>, reason: Reason) -> ProgramLog {
        let skipped = Skipped {
            actions: 0..usize::MAX,
            reason: reason.clone(),
        };
        ProgramLog {
            events: vec![Event::Skipped(skipped), Event::Stopped(reason)],
            ..ProgramLog::of(program, Duration::ZERO)
        }
    }

    /// The exchanges, in order.
    pub fn exchanges(&self) -> impl Iterator<Item = &Arc<Exchange>> {
        self.events.iter().filter_map(|event| match event {
            Event::Sent(_, exchange) => Some(exchange),
            _ => None,
        })
    }
}

/// Where the events of one run of one program are written, by all its copies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    entries: Vec<RecorderEntry>,
    moments: BTreeMap<u64, Duration>,
}

#[derive(Debug)]
enum RecorderEntry {
    Event(Event),
    /// What happens beside the rest, and is told in this place.
    Beside(Recorder),
}

impl Recorder {
    /// Writes an event down.
    pub(crate) fn record(&self, event: Event) {
        let mut recorded = self.recorded();
        recorded.moments.extend(event.number().zip(since_1970()));
        recorded.entries.push(RecorderEntry::Event(event));
    }

    /// Where that is written which happens beside the rest: it is told as if all of it had happened now.
    #[must_use]
    pub(crate) fn beside(&self) -> Recorder {
        let beside = Recorder::default();
        self.recorded()
            .entries
            .push(RecorderEntry::Beside(beside.clone()));
        beside
    }

    /// Takes out all that was written of a program.
    pub(crate) fn take(&self, program: Arc<Program>) -> ProgramLog {
        let mut log = ProgramLog::of(program, Duration::ZERO);
        self.pour_into(&mut log);
        log
    }

    fn pour_into(&self, log: &mut ProgramLog) {
        let Recorded { entries, moments } = std::mem::take(&mut *self.recorded());
        log.moments.extend(moments);
        for entry in entries {
            match entry {
                RecorderEntry::Event(event) => log.events.push(event),
                RecorderEntry::Beside(beside) => {
                    let before = log.events.len();
                    beside.pour_into(log);
                    let poured = log.events[before..].iter().filter_map(Event::number);
                    log.beside.extend(poured);
                }
            }
        }
    }

    // What a panicking task left behind is still good, since every change is made whole.
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since_1970() -> Option<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok()
}
