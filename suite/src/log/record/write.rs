//! From a log to lines.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::connection::RecordedConnection;
use super::event::{
    RecordedFace, RecordedLate, RecordedObservation, RecordedReason, RecordedRefusal, RecordedSent,
    RecordedSkipped,
};
use super::exchange::RecordedExchange;
use super::facts::{RecordedCapability, RecordedEnd, RecordedFacts};
use super::numbered::NumberedLine;
use super::{FORM, RecordHead, RecordLine, RecordedProgram, nanoseconds};
use crate::cause::Cause;
use crate::check::CheckResult;
use crate::log::{self, Event, Evidence, Offer, ProgramLog, RunLog};
use crate::scenario::Library;
use crate::wire::{self, Received, Transcript};

/// Writes a log, line by line. A scenario that is not in the library stands there with its text.
pub fn write(log: &RunLog, library: &Library, to: impl Write) -> io::Result<()> {
    let mut writer = RecordWriter {
        to: io::BufWriter::new(to),
        lines: 0,
        written: HashSet::new(),
        connections: Vec::new(),
    };
    writer.json(&RecordHead {
        record: FORM.to_owned(),
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        facts: RecordedFacts::of(&log.facts),
        asked: log
            .asked
            .as_ref()
            .map(|ids| ids.iter().map(ToString::to_string).collect()),
    })?;
    for attempts in &log.programs {
        writer.program(&attempts.first, 1, library)?;
        if let Some(again) = &attempts.again {
            writer.program(again, 2, library)?;
        }
    }
    for (capability, offer) in &log.offers {
        if let Offer::Offered(exchange) | Offer::Refused(exchange) = offer {
            writer.aside(exchange)?;
        }
        writer.line(RecordLine::Offer(RecordedCapability::of(capability, offer)))?;
    }
    writer.line(RecordLine::End(RecordedEnd::of(&log.end)))?;
    writer.to.flush()
}

struct RecordWriter<W: Write> {
    to: io::BufWriter<W>,
    /// How many lines there are so far.
    lines: usize,
    /// The numbers of the exchanges that were told of.
    written: HashSet<u64>,
    /// The connections that were told of in the present program.
    connections: Vec<Arc<Transcript>>,
}

impl<W: Write> RecordWriter<W> {
    fn line(&mut self, said: RecordLine) -> io::Result<()> {
        let number = self.lines + 1;
        self.json(&NumberedLine { number, said })
    }

    fn json(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.lines += 1;
        serde_json::to_writer(&mut self.to, line)?;
        self.to.write_all(b"\n")
    }

    fn program(&mut self, log: &ProgramLog, attempt: u32, library: &Library) -> io::Result<()> {
        let program = &log.program;
        let text = Some(program.lines.text()).filter(|text| !text.is_empty());
        let is_loaded = library.get(&program.name).is_some();
        self.connections.clear();
        self.line(RecordLine::Program(RecordedProgram {
            name: program.name.to_string(),
            attempt,
            digest: text.map(|text| digest(text)),
            text: text.filter(|_| !is_loaded).map(ToString::to_string),
            elapsed_ns: nanoseconds(log.elapsed),
        }))?;
        log.events.iter().try_for_each(|event| self.event(log, event))
    }

    fn event(&mut self, log: &ProgramLog, event: &Event) -> io::Result<()> {
        for exchange in looked_at(event) {
            self.aside(exchange)?;
        }
        let moment = event.number().and_then(|number| log.moments.get(&number));
        let ended_ns = moment.copied().map(nanoseconds);
        let line = match event {
            Event::Sent(action, exchange) => {
                self.written.insert(exchange.number);
                RecordLine::Sent(RecordedSent {
                    action: *action,
                    exchange: RecordedExchange::of(exchange),
                    ended_ns,
                    beside: log.beside.contains(&exchange.number),
                })
            }
            Event::Bound(faces) => RecordLine::Bound(faces.all().iter().map(RecordedFace::of).collect()),
            Event::Connected(connection) => {
                self.connections.push(connection.clone());
                let beside = log.beside.contains(&connection.number);
                RecordLine::Connected(RecordedConnection::of(connection, ended_ns, beside))
            }
            Event::Observed(observation) => RecordLine::Saw(RecordedObservation::of(
                observation,
                &log.program,
                &self.connections,
            )),
            Event::Late(action, exchange) => RecordLine::Late(RecordedLate {
                action: *action,
                exchange: exchange.number,
            }),
            Event::Skipped(skipped) => RecordLine::Passed(RecordedSkipped::of(skipped)),
            Event::Refused(refusal) => RecordLine::Refused(RecordedRefusal::of(refusal)),
            Event::Stopped(reason) => RecordLine::Stopped(RecordedReason::of(reason)),
        };
        self.line(line)
    }

    /// Tells of an exchange, unless that was done.
    fn aside(&mut self, exchange: &wire::Exchange) -> io::Result<()> {
        if self.written.insert(exchange.number) {
            self.line(RecordLine::Exchange(RecordedExchange::of(exchange)))?;
        }
        Ok(())
    }
}

/// The digest of a scenario's text.
pub(super) fn digest(text: &str) -> String {
    Received::from(text.as_bytes().to_vec()).digest()
}

/// The exchanges that an event names.
fn looked_at(event: &Event) -> Vec<&Arc<wire::Exchange>> {
    match event {
        Event::Sent(..) | Event::Bound(_) | Event::Connected(_) => Vec::new(),
        Event::Observed(observation) => {
            let mut named = match &observation.evidence {
                Evidence::Exchanges(all) => all.iter().collect(),
                Evidence::Nothing | Evidence::Connection(_) => Vec::new(),
            };
            if let CheckResult::NotReached(cause) = &observation.seen {
                named.extend(came(cause));
            }
            named
        }
        Event::Skipped(skipped) => came_of(&skipped.reason),
        Event::Stopped(reason) => came_of(reason),
        Event::Refused(refusal) => vec![&refusal.exchange],
        Event::Late(_, exchange) => vec![exchange],
    }
}

fn came_of(reason: &log::Reason) -> Vec<&Arc<wire::Exchange>> {
    match reason {
        log::Reason::NotReached(cause) => came(cause).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn came(cause: &Cause) -> Option<&Arc<wire::Exchange>> {
    match cause {
        Cause::Came(came)
        | Cause::Lacks(came, _)
        | Cause::Broke(came, _)
        | Cause::NotGranted { came, .. } => Some(came),
        Cause::Unsettled { .. }
        | Cause::NothingToRead
        | Cause::NoToken(_)
        | Cause::NotSent(_)
        | Cause::NoId(_)
        | Cause::NoConnection(_)
        | Cause::TargetLost(_)
        | Cause::NothingSent
        | Cause::OutOfTime(_)
        | Cause::Beyond(_)
        | Cause::Said(_) => None,
    }
}
