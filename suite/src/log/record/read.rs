//! From lines to a log.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use thiserror::Error;

use super::cause::KnownExchanges;
use super::numbered::NumberedLine;
use super::write::digest;
use super::{Bad, FORM, RecordHead, RecordLine, id};
use crate::catalogue::{Catalogue, Version};
use crate::log::{Attempts, End, Event, Offer, ProgramLog, RunLog};
use crate::plan::{Plan, Selection};
use crate::scenario::{CodedScenario, Library, Program, Reading, check, parse};
use crate::wire::Transcript;

/// Why there is no log to be had of a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("line {line}: {source}")]
    Unreadable {
        /// The line, counted from one.
        line: usize,
        /// What the system says.
        source: io::Error,
    },
    /// It is something else.
    #[error("it is no record of a run: the first line of one names `{FORM}`")]
    NoRecord,
    /// It has another form.
    #[error("it is a record of the form `{0}`, and this assize reads `{FORM}`")]
    OtherForm(String),
    /// A line does not say what it should.
    #[error("line {line}: {why}")]
    Line {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The lines are not those that were written.
    #[error("line {line}: the record is not whole: {}", misplaced(*.written, *.line))]
    NotWhole {
        /// The line, counted from one.
        line: usize,
        /// The line as which it was written.
        written: usize,
    },
    /// Its end is missing.
    #[error("line {line}: the record ends here, before its run does: it was cut off")]
    Cut {
        /// The last line, counted from one.
        line: usize,
    },
}

/// Reads a log. Its scenarios are those of the library, and those that are coded in Rust; if one of them is not the one
/// that ran, that is an error.
pub fn read(
    source: impl BufRead,
    library: &Library,
    coded: impl IntoIterator<Item = &'static CodedScenario>,
) -> Result<RunLog, ReadError> {
    let coded: Vec<&'static CodedScenario> = coded.into_iter().collect();
    let mut lines = source.lines().zip(1..).map(|(line, number)| match line {
        Ok(line) => Ok((number, line)),
        Err(source) => Err(ReadError::Unreadable { line: number, source }),
    });
    let (_, first) = lines.next().ok_or(ReadError::NoRecord)??;
    let mut reader = RecordReader::new(head(&first)?, library, coded)?;
    let mut last = 1;
    for line in lines {
        let (number, text) = line?;
        last = number;
        let line_error = |why: Bad| ReadError::Line { line: number, why };
        if reader.end.is_some() {
            return Err(line_error("there is more behind the end of the run".to_owned()));
        }
        match serde_json::from_str(&text) {
            Ok(NumberedLine { number: written, .. }) if written != number => {
                return Err(ReadError::NotWhole {
                    line: number,
                    written,
                });
            }
            Ok(NumberedLine { said, .. }) => reader.take(said).map_err(line_error)?,
            Err(error) if error.is_eof() => return Err(ReadError::Cut { line: number }),
            Err(error) => return Err(line_error(in_line(&error))),
        }
    }
    reader.finish().ok_or(ReadError::Cut { line: last })
}

/// What is to be said of a line that is not where it was written.
fn misplaced(written: usize, line: usize) -> String {
    match written.checked_sub(line) {
        Some(1) => format!("its line {line} is missing"),
        Some(_) => format!("its lines {line} to {} are missing", written - 1),
        None => format!("this was its line {written}"),
    }
}

/// What is wrong with a line, without the line that it calls itself.
fn in_line(error: &serde_json::Error) -> Bad {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(&*text, |(what, _)| what);
    format!("{what}, at column {}", error.column())
}

fn head(line: &str) -> Result<RecordHead, ReadError> {
    let json: Json = serde_json::from_str(line).map_err(|_| ReadError::NoRecord)?;
    match json.get("record").and_then(Json::as_str) {
        Some(FORM) => {}
        Some(other) if other.starts_with("assize-log/") => {
            return Err(ReadError::OtherForm(other.to_owned()));
        }
        _ => return Err(ReadError::NoRecord),
    }
    serde_json::from_value(json).map_err(|error| ReadError::Line {
        line: 1,
        why: in_line(&error),
    })
}

struct RecordReader<'a> {
    library: &'a Library,
    coded: Vec<&'static CodedScenario>,
    /// The version of the suite that ran.
    suite: String,
    log: RunLog,
    known: KnownExchanges,
    /// The run of a program that is being read.
    present: Option<(ProgramLog, u32)>,
    connections: Vec<Arc<Transcript>>,
    end: Option<End>,
}

impl<'a> RecordReader<'a> {
    fn new(
        head: RecordHead,
        library: &'a Library,
        coded: Vec<&'static CodedScenario>,
    ) -> Result<RecordReader<'a>, ReadError> {
        let in_head = |why| ReadError::Line { line: 1, why };
        let facts = head.facts.read().map_err(in_head)?;
        let asked = head.asked.map(|ids| ids.iter().map(|text| id(text)).collect());
        let plan = Plan::new(
            library,
            coded.iter().copied(),
            &Selection::default(),
            facts.version,
        );
        Ok(RecordReader {
            library,
            coded,
            suite: head.suite,
            log: RunLog {
                facts,
                asked: asked.transpose().map_err(in_head)?,
                invariants: plan.invariants,
                offers: BTreeMap::new(),
                programs: Vec::new(),
                end: End::Complete,
            },
            known: KnownExchanges::default(),
            present: None,
            connections: Vec::new(),
            end: None,
        })
    }

    fn take(&mut self, line: RecordLine) -> Result<(), Bad> {
        match line {
            RecordLine::Program(program) => {
                self.put_away()?;
                let (attempt, elapsed) = (program.attempt, Duration::from_nanos(program.elapsed_ns));
                let program = Arc::new(self.understood(program)?);
                self.present = Some((ProgramLog::of(program, elapsed), attempt));
            }
            RecordLine::Exchange(exchange) => {
                self.known.add(exchange.read(&self.log.facts.target)?);
            }
            RecordLine::Offer(settled) => {
                let name = settled.capability.clone();
                let offer: Offer = settled.read(&self.known)?;
                self.log.offers.insert(name, offer);
            }
            RecordLine::End(end) => {
                self.put_away()?;
                self.end = Some(end.read());
            }
            event => self.event(event)?,
        }
        Ok(())
    }

    fn event(&mut self, line: RecordLine) -> Result<(), Bad> {
        let Some((log, _)) = &mut self.present else {
            return Err("no scenario has begun in which this could happen".to_owned());
        };
        let (event, ended) = match line {
            RecordLine::Sent(sent) => {
                let exchange = self.known.add(sent.exchange.read(&self.log.facts.target)?);
                if sent.beside {
                    log.beside.insert(exchange.number);
                }
                (Event::Sent(sent.action, exchange), sent.ended_ns)
            }
            RecordLine::Bound(faces) => {
                let faces = faces.into_iter().map(super::event::RecordedFace::read);
                (Event::Bound(faces.collect::<Vec<_>>().into()), None)
            }
            RecordLine::Connected(connected) => {
                let (ended, beside) = (connected.ended_ns, connected.beside);
                let connection = Arc::new(connected.read()?);
                if beside {
                    log.beside.insert(connection.number);
                }
                self.connections.push(connection.clone());
                (Event::Connected(connection), ended)
            }
            RecordLine::Saw(observation) => {
                let observation = observation.read(&log.program, &self.known, &self.connections)?;
                (Event::Observed(observation), None)
            }
            RecordLine::Passed(skipped) => (Event::Skipped(skipped.read(&self.known)?), None),
            RecordLine::Late(late) => (Event::Late(late.action, self.known.get(late.exchange)?), None),
            RecordLine::Refused(refusal) => (Event::Refused(refusal.read(&log.program, &self.known)?), None),
            RecordLine::Stopped(reason) => (Event::Stopped(reason.read(&self.known)?), None),
            RecordLine::Program(_) | RecordLine::Exchange(_) | RecordLine::Offer(_) | RecordLine::End(_) => {
                return Ok(());
            }
        };
        log.moments
            .extend(event.number().zip(ended.map(Duration::from_nanos)));
        log.events.push(event);
        Ok(())
    }

    /// Puts the run that was read to the others.
    fn put_away(&mut self) -> Result<(), Bad> {
        self.connections.clear();
        match self.present.take() {
            None => {}
            Some((first, 1)) => self.log.programs.push(Attempts { first, again: None }),
            Some((again, _)) => match self.log.programs.last_mut() {
                Some(attempts) if attempts.first.program.name == again.program.name => {
                    attempts.again = Some(again);
                }
                _ => return Err(format!("`{}` ran again before it ran", again.program.name)),
            },
        }
        Ok(())
    }

    /// The scenario that ran.
    fn understood(&self, told: super::RecordedProgram) -> Result<Program, Bad> {
        let (catalogue, version) = (&self.library.catalogue, self.log.facts.version);
        let name = &told.name;
        if let Some(text) = told.text {
            return of_text(name, text, catalogue, version);
        }
        let Some(ran) = told.digest else {
            let coded = self.coded.iter().find(|coded| coded.name == name);
            return coded
                .map(|coded| Program::coded(coded, catalogue, version))
                .ok_or_else(|| format!("there is no coded scenario `{name}`"));
        };
        let loaded = self.library.get(name).ok_or_else(|| {
            format!("there is no scenario `{name}`; what ran with --scenarios is judged with the same folder")
        })?;
        if digest(&loaded.text) != ran {
            return Err(format!(
                "the scenario `{name}` is not the one that ran: judge with the scenarios of assize {}",
                self.suite
            ));
        }
        Ok(loaded.program(catalogue, version))
    }

    fn finish(self) -> Option<RunLog> {
        let end = self.end?;
        Some(RunLog { end, ..self.log })
    }
}

fn of_text(name: &str, text: String, catalogue: &Catalogue, version: Version) -> Result<Program, Bad> {
    let (scenario, faults) = parse(&text);
    let name: Arc<str> = name.into();
    let scenario = scenario
        .filter(|scenario| faults.is_empty() && check(&name, scenario, catalogue, Reading::Whole).is_empty())
        .ok_or_else(|| format!("the scenario `{name}` makes no sense here"))?;
    Ok(Program::of(name, text.into(), &scenario, catalogue, version))
}
