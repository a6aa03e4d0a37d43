//! From all that happened in a run to what the registry answers, scenario by scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use thiserror::Error;

use super::answers::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet, FacetValue, Said};
use super::headers::Known;
use super::ignore::Ignore;
use super::names::ValueNames;
use super::read::NO_ANSWER;
use super::shape;
use crate::catalogue::{RequirementId, Version};
use crate::judge::{Standard, broken_by};
use crate::log::{End, Event, ProgramLog, Reason, RunLog};
use crate::plan::Selection;
use crate::scenario::ast::{Name, RequestLine, Text};
use crate::scenario::{Action, Block, Does, Library, Program, Script};
use crate::wire::{Exchange, Fault};

/// What was answered in a run, by the names of the scenarios.
///
/// Left out are the scenarios that do things at once or are coded in Rust, random workflows, and what was not asked.
///
/// # Errors
/// A run that was cut off says too little.
pub fn observe(
    library: &Library,
    log: &RunLog,
    ignore: &Ignore,
) -> Result<BTreeMap<Arc<str>, Answers>, CutOff> {
    if log.end.is_cut_off() {
        return Err(CutOff(log.end.clone()));
    }
    let standard = Standard {
        catalogue: &library.catalogue,
        version: log.facts.version,
        // What is said to be broken does not depend on what was selected.
        asked: None,
        invariants: &log.invariants,
        loss: None,
    };
    let known = Known::of(library, log.facts.version);
    let mut all = BTreeMap::new();
    for attempts in &log.programs {
        let ran = &attempts.first;
        let name = &ran.program.name;
        let Some(sources) = Sources::of(&ran.program) else {
            continue;
        };
        if library.get(name).is_none() || ignore.skips(name) {
            continue;
        }
        let observer = Observer {
            sources,
            known: &known,
            ignore,
            names: ValueNames::of(ran, &log.facts.target),
            broken: broken_by(&standard, ran, &log.facts.target),
            program: &ran.program,
        };
        let answers = observer.answers(ran, log);
        if !answers.entries.is_empty() || matches!(answers.ended, Some(Ended::NotOffered(_))) {
            all.insert(name.clone(), answers);
        }
    }
    Ok(all)
}

/// The names of the scenarios that are asked, probes only where they are meant.
pub fn selected(library: &Library, selection: &Selection, version: Version) -> BTreeSet<Arc<str>> {
    let catalogue = &library.catalogue;
    let taken = library
        .scenarios
        .iter()
        .filter(|loaded| selection.takes(&loaded.program(catalogue, version), catalogue));
    taken.map(|loaded| loaded.name.clone()).collect()
}

/// A run did not come to its end, so that nothing is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}, so nothing is made of what came before", end_in_words(.0))]
pub struct CutOff(pub End);

fn end_in_words(end: &End) -> String {
    match end {
        End::TargetLost(loss) => format!("the target was lost: {loss}"),
        End::Interrupted => "the run was interrupted".to_owned(),
        End::OutOfTime(longest) => format!("the run took longer than {} s", longest.as_secs()),
        End::Complete | End::FailedFast => "the run is over".to_owned(),
    }
}

/// What asks, by the number of its action.
struct Sources(BTreeMap<usize, Source>);

/// An action that sends something.
struct Source {
    /// What it asks, as the scenario writes it.
    asked: Asked,
    /// How many exchanges come of it.
    extent: Extent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// One.
    One,
    /// A page follows another, a part of an upload another.
    Several,
}

impl Sources {
    /// What asks in a program; nothing if it is none that is written down.
    fn of(program: &Program) -> Option<Sources> {
        let Script::Workflow(block) = &program.script else {
            return None;
        };
        let mut sources = Sources(BTreeMap::new());
        sources.gather(program, block, &[])?;
        Some(sources)
    }

    /// Nothing where things are done at once.
    fn gather(&mut self, program: &Program, block: &Block, cells: &[(Name, Text)]) -> Option<()> {
        for action in &block.actions {
            match &action.does {
                Does::Together(..) => return None,
                Does::When(_, body) => self.gather(program, body, cells)?,
                Does::Each(each) => self.gather(program, &each.body, cells)?,
                Does::Rows(rows) => {
                    for row in rows {
                        let all = [&row.cells, cells].concat();
                        self.gather(program, &row.body, &all)?;
                    }
                }
                Does::Push(_) | Does::PushAny(..) | Does::Send(_) => {
                    self.0.insert(action.number, source(program, action, cells));
                }
                Does::Need(_)
                | Does::Settle(..)
                | Does::Wait(_)
                | Does::Bind(_)
                | Does::Check(_)
                | Does::Grant(_) => {}
            }
        }
        Some(())
    }
}

fn source(program: &Program, action: &Action, cells: &[(Name, Text)]) -> Source {
    let lines = program.lines.source(&action.span).lines();
    let filled = lines.map(|line| {
        let line = line.trim().trim_start_matches("> ");
        cells.iter().fold(line.to_owned(), |line, (column, cell)| {
            line.replace(&format!("{{{column}}}"), &cell.to_string())
        })
    });
    let filled: Vec<String> = filled.collect();
    match &action.does {
        Does::Send(request) => Source {
            extent: match &request.line.value {
                RequestLine::Http { .. } if request.paging.is_none() => Extent::One,
                RequestLine::Http { .. } | RequestLine::Upload { .. } => Extent::Several,
            },
            asked: Asked::Request(filled),
        },
        _ => Source {
            extent: Extent::Several,
            asked: Asked::Given(filled.concat()),
        },
    }
}

/// What turns the run of one program into answers.
struct Observer<'a> {
    sources: Sources,
    known: &'a Known,
    ignore: &'a Ignore,
    names: ValueNames,
    broken: BTreeMap<u64, BTreeSet<RequirementId>>,
    program: &'a Program,
}

impl Observer<'_> {
    fn answers(&self, ran: &ProgramLog, log: &RunLog) -> Answers {
        let mut entries: Vec<AnswerEntry> = Vec::new();
        let mut stage: Option<(usize, StageStatuses)> = None;
        let mut before: Option<usize> = None;
        for (action, exchange) in counted(ran) {
            let Some(source) = self.sources.0.get(&action) else {
                continue;
            };
            let is_further = before == Some(action) && source.extent == Extent::Several;
            before = Some(action);
            if let Asked::Given(_) = source.asked {
                let (_, told) = match &mut stage {
                    Some(present) if present.0 == action => present,
                    other => {
                        entries.extend(other.take().map(|done| self.staged(done)));
                        other.insert((action, StageStatuses::default()))
                    }
                };
                told.take(exchange, self.broken.get(&exchange.number));
                continue;
            }
            entries.extend(stage.take().map(|done| self.staged(done)));
            let asked = if is_further {
                Asked::Next(exchange.request.method.clone())
            } else {
                source.asked.clone()
            };
            entries.push(self.entry(action, asked, self.answer(exchange)));
        }
        entries.extend(stage.take().map(|done| self.staged(done)));
        Answers {
            title: self.program.title.clone(),
            version: log.facts.version,
            entries,
            ended: ended(ran),
        }
    }

    fn entry(&self, action: usize, asked: Asked, answer: Answer) -> AnswerEntry {
        AnswerEntry {
            step: self.program.step(action).unwrap_or_default().to_owned(),
            asked,
            said: Said::Answer(answer),
        }
    }

    fn staged(&self, (action, stage): (usize, StageStatuses)) -> AnswerEntry {
        let asked = self.sources.0.get(&action).map(|source| source.asked.clone());
        let asked = asked.unwrap_or_else(|| Asked::Given(String::new()));
        self.entry(action, asked, stage.answer())
    }

    fn answer(&self, exchange: &Exchange) -> Answer {
        let mut told = Answer::default();
        let mut tell = |facet, lines| told.facets.insert(facet, FacetValue::Lines(lines));
        tell(Facet::Status, vec![status(exchange)]);
        if let Ok(answer) = &exchange.outcome {
            let headers = self.known.lines(answer, &self.names);
            for (name, lines) in headers {
                if !self.ignore.leaves_out_header(&name) {
                    tell(Facet::Header(name), lines);
                }
            }
            if let Some(codes) = shape::error_codes(answer) {
                tell(Facet::Error, codes);
            }
            if let Some(body) = shape::body(answer, &self.names, &self.ignore.members) {
                tell(Facet::Body, vec![body]);
            }
        }
        told.breaks = always(self.broken.get(&exchange.number));
        told
    }
}

fn always(broken: Option<&BTreeSet<RequirementId>>) -> BTreeMap<RequirementId, Constancy> {
    let ids = broken.into_iter().flatten();
    ids.map(|id| (id.clone(), Constancy::Always)).collect()
}

/// What was answered while a stage was set: how often which status came.
#[derive(Default)]
struct StageStatuses {
    statuses: BTreeMap<String, usize>,
    broken: BTreeSet<RequirementId>,
}

impl StageStatuses {
    fn take(&mut self, exchange: &Exchange, broken: Option<&BTreeSet<RequirementId>>) {
        *self.statuses.entry(status(exchange)).or_default() += 1;
        self.broken.extend(broken.into_iter().flatten().cloned());
    }

    fn answer(self) -> Answer {
        let statuses = self.statuses.into_iter().map(|(status, count)| match count {
            1 => status,
            count => format!("{status} x{count}"),
        });
        Answer {
            facets: BTreeMap::from([(Facet::Status, FacetValue::Lines(statuses.collect()))]),
            breaks: always(Some(&self.broken)),
        }
    }
}

/// The exchanges that count: the last where the registry asked for patience, or came to it within the grace.
fn counted(ran: &ProgramLog) -> Vec<(usize, &Arc<Exchange>)> {
    let late: BTreeSet<u64> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Late(_, exchange) => Some(exchange.number),
            _ => None,
        })
        .collect();
    let mut counted: Vec<(usize, &Arc<Exchange>)> = Vec::new();
    for event in &ran.events {
        let Event::Sent(action, exchange) = event else {
            continue;
        };
        while let Some((last, before)) = counted.last()
            && last == action
            && before.request.method == exchange.request.method
            && before.request.url == exchange.request.url
            && (before.status() == Some(429) || late.contains(&exchange.number))
        {
            counted.pop();
        }
        counted.push((*action, exchange));
    }
    counted
}

/// The status, and those of the redirects that were followed before it.
fn status(exchange: &Exchange) -> String {
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(fault) => return format!("{NO_ANSWER}{}", no_answer(fault)),
    };
    let hops = exchange.hops.iter().map(|hop| hop.status);
    // Whether a token had to be fetched is a matter of time.
    let redirects: Vec<String> = hops
        .filter(|status| *status != 401)
        .map(|status| status.to_string())
        .collect();
    let mut told = answer.status.to_string();
    if !redirects.is_empty() {
        told.push_str(&format!(" after {}", redirects.join(" ")));
    }
    if answer.cut.is_some() {
        told.push_str(" cut short");
    }
    told
}

fn no_answer(fault: &Fault) -> &'static str {
    match fault {
        Fault::Connect(_) => "no connection",
        Fault::Tls(_) => "no TLS",
        Fault::Timeout { .. } => "timed out",
        Fault::Closed(_) => "closed",
        Fault::TooLarge { .. } => "too large",
        Fault::TooManyRedirects(_) => "too many redirects",
        Fault::BadRedirect(_) => "a redirect that leads nowhere",
        Fault::Malformed(_) => "malformed",
        Fault::Credentials(_) => "credentials wanted",
        Fault::Withheld(_)
        | Fault::Elsewhere { .. }
        | Fault::Http2Alone { .. }
        | Fault::CannotSend { .. } => "not sent",
    }
}

fn ended(ran: &ProgramLog) -> Option<Ended> {
    let reason = ran.events.iter().find_map(|event| match event {
        Event::Stopped(reason) => Some(reason),
        _ => None,
    })?;
    match reason {
        Reason::NotOffered(capability) => Some(Ended::NotOffered(capability.clone())),
        Reason::NoAccount(name) => Some(Ended::NoAccount(name.clone())),
        Reason::NotReached(_) | Reason::Failed(_) => Some(Ended::NotReached),
        Reason::NoOccasion | Reason::NotInForce(_) => None,
    }
}
