//! What has to be sent again for what was seen to be seen again: all that bears on it, in the order in which it was sent.

mod bearing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::bearing::{Concern, Reach, asks_by_name, is_write, puts};
use super::entry::Entry;
use crate::judgement::{Part, Proof, Sent, Step, Thread};
use crate::log::{Event, Evidence, ProgramLog};
use crate::scenario::ast::Aspect;
use crate::wire::Exchange;

/// Clocks that are read one after the other differ by less: what overlaps by no more went on one after the other.
const BLINK: Duration = Duration::from_micros(200);
/// The shortest time in which nothing was sent that was waited on purpose: half a second, as scenarios say it.
const PAUSE: Duration = Duration::from_millis(500);

/// The span of what meets nothing.
const ALONE: (Duration, Duration) = (Duration::MAX.saturating_sub(BLINK), Duration::ZERO);

/// What shows again what a check saw.
pub(super) fn proof(entry: &Entry, log: &ProgramLog) -> Proof {
    let shows: Vec<Sent> = match &entry.evidence {
        Evidence::Nothing => return Proof::default(),
        Evidence::Exchanges(looked_at) => looked_at.iter().cloned().map(Sent::Exchange).collect(),
        Evidence::Connection(connection) => vec![Sent::Connection(connection.clone())],
    };
    let Some(last) = shows.iter().map(Sent::number).max() else {
        return Proof::default();
    };
    let earlier = earlier(&shows, log, last);
    let aspect = entry.check.as_ref().map(|check| &check.aspect.value);
    // Other content than what was asked for came from somewhere.
    let is_read = !shows.iter().any(is_write);
    let reach = match aspect {
        Some(Aspect::Content(_) | Aspect::Header(..)) if is_read => Reach::Repository,
        _ => Reach::Named,
    };
    let mut before = bearing(&earlier, &shows, reach, log);
    // What nobody put there under its name may depend on anything.
    if !before.iter().any(puts) && shows.iter().any(asks_by_name) {
        before = bearing(&earlier, &shows, Reach::Repository, log);
    }
    let shown = shows.into_iter().map(|sent| (sent, Part::Shows));
    let before = before.into_iter().map(|sent| (sent, Part::Before));
    let mut steps: Vec<Step> = before
        .chain(shown)
        .map(|(sent, part)| Step {
            pause: pause(&sent, &earlier, log),
            sent,
            part,
        })
        .collect();
    let places = places(log);
    steps.sort_by_key(|step| {
        let number = step.sent.number();
        places.get(&number).copied().unwrap_or((number, 0))
    });
    Proof {
        rounds: rounds(steps.into_iter(), log),
    }
}

/// The places of what went on beside others only to be done sooner: each task by itself, where the first of them began.
pub(super) fn places(log: &ProgramLog) -> BTreeMap<u64, (u64, usize)> {
    // A connection is written down whenever it is looked at; the first time is when it was made.
    let mut known = BTreeSet::new();
    let numbers = log.events.iter().filter_map(Event::number);
    let numbers: Vec<u64> = numbers.filter(|number| known.insert(*number)).collect();
    let groups = numbers.chunk_by(|one, other| log.beside.contains(one) && log.beside.contains(other));
    let beside = groups.filter(|group| group.iter().all(|number| log.beside.contains(number)));
    let placed = beside.flat_map(|group| {
        let first = group.iter().min().copied().unwrap_or_default();
        group
            .iter()
            .enumerate()
            .map(move |(at, number)| (*number, (first, at)))
    });
    placed.collect()
}

/// What was sent before `last`, or beside it, in order.
fn earlier(shows: &[Sent], log: &ProgramLog, last: u64) -> Vec<Sent> {
    let is_shown = |sent: &Sent| shows.iter().any(|shown| shown.number() == sent.number());
    // A connection is written down whenever it is looked at; the last time says most.
    let earlier: BTreeMap<u64, Sent> = log
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Sent(_, exchange) => Some(Sent::Exchange(exchange.clone())),
            Event::Connected(connection) => Some(Sent::Connection(connection.clone())),
            _ => None,
        })
        .filter(|sent| sent.number() < last || shows.iter().any(|shown| overlap(sent, shown, log)))
        .filter(|sent| !is_shown(sent))
        .map(|sent| (sent.number(), sent))
        .collect();
    earlier.into_values().collect()
}

/// What bears on what these show, directly or on what does: what changes it, and the writes that went on beside it.
fn bearing(earlier: &[Sent], shows: &[Sent], reach: Reach, log: &ProgramLog) -> Vec<Sent> {
    let mut concern = Concern::with(shows, reach);
    let mut left: Vec<&Sent> = earlier.iter().collect();
    let mut found: Vec<Sent> = Vec::new();
    loop {
        let beside = |sent: &Sent| {
            let mut others = shows.iter().chain(&found);
            is_write(sent) && others.any(|other| overlap(sent, other, log))
        };
        let (bears, rest): (Vec<&Sent>, Vec<&Sent>) = left
            .into_iter()
            .partition(|sent| concern.is_about(sent) || beside(sent));
        if bears.is_empty() {
            return found;
        }
        for sent in bears {
            concern.add(sent);
            found.push(sent.clone());
        }
        left = rest;
    }
}

/// Whether two things went on side by side.
fn overlap(one: &Sent, other: &Sent, log: &ProgramLog) -> bool {
    let ((begin, end), (other_begin, other_end)) = (span(one, log), span(other, log));
    begin + BLINK < other_end && other_begin + BLINK < end
}

/// Whether a write went on beside a request.
pub(super) fn meets_a_write(exchange: &Arc<Exchange>, log: &ProgramLog) -> bool {
    let one = Sent::Exchange(exchange.clone());
    let mut others = log.exchanges().filter(|other| other.number != exchange.number);
    others.any(|other| {
        let other = Sent::Exchange(other.clone());
        is_write(&other) && overlap(&one, &other, log)
    })
}

/// How long nothing was sent before this, if that was waited on purpose.
fn pause(sent: &Sent, earlier: &[Sent], log: &ProgramLog) -> Duration {
    let (begin, _) = time(sent, log);
    let before = earlier.iter().filter(|other| other.number() < sent.number());
    let idle = match before.map(|other| time(other, log).1).max() {
        Some(end) if matches!(sent, Sent::Exchange(_)) && !end.is_zero() => begin.saturating_sub(end),
        _ => Duration::ZERO,
    };
    if idle < PAUSE { Duration::ZERO } else { idle }
}

/// The steps in rounds: those that overlapped in time are the threads of one.
fn rounds(steps: impl Iterator<Item = Step>, log: &ProgramLog) -> Vec<Vec<Thread>> {
    let mut rounds: Vec<Vec<Running>> = Vec::new();
    for step in steps {
        let (begin, end) = span(&step.sent, log);
        let is_over = |thread: &Running| thread.end <= begin + BLINK;
        match rounds.last_mut() {
            Some(round) if !round.iter().all(is_over) => {
                let free = round.iter_mut().filter(|thread| is_over(thread));
                let next = free.max_by_key(|thread| (thread.leads_to(&step.sent), thread.end));
                match next {
                    Some(thread) => thread.go_on(step, end),
                    None => round.push(Running::begin(step, end)),
                }
            }
            _ => rounds.push(vec![Running::begin(step, end)]),
        }
    }
    let steps = |round: Vec<Running>| round.into_iter().map(|thread| thread.steps).collect();
    rounds.into_iter().map(steps).collect()
}

/// A thread, and when its last step was over.
struct Running {
    steps: Thread,
    end: Duration,
}

impl Running {
    fn begin(step: Step, end: Duration) -> Running {
        Running {
            steps: vec![step],
            end,
        }
    }

    fn go_on(&mut self, step: Step, end: Duration) {
        self.steps.push(step);
        self.end = end;
    }

    /// Whether its last answer gave the address that this asks.
    fn leads_to(&self, next: &Sent) -> bool {
        let place = self.steps.last().and_then(|step| step.sent.upload_address());
        place.is_some_and(|place| match next {
            Sent::Exchange(exchange) => exchange.request.url.path() == place.path(),
            Sent::Connection(connection) => connection.asks(&place),
        })
    }
}

/// The time in which something may meet others: what went on beside others only to be done sooner stands by itself.
fn span(sent: &Sent, log: &ProgramLog) -> (Duration, Duration) {
    match log.beside.contains(&sent.number()) {
        true => ALONE,
        false => time(sent, log),
    }
}

/// When something was begun and when it was over. What is written by hand is held to stand by itself.
fn time(sent: &Sent, log: &ProgramLog) -> (Duration, Duration) {
    let end = log.moments.get(&sent.number()).copied();
    match (sent, end) {
        (Sent::Exchange(exchange), Some(end)) => (end.saturating_sub(exchange.elapsed), end),
        _ => ALONE,
    }
}
