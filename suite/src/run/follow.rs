//! How a scenario is followed, line by line: what is asked, what stops it, and what is then not reached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};

use super::check::{Seen, check};
use super::describe;
use super::outcome::{Offer, Verdict};
use super::value::{Cause, Unusable, Value};
use super::world::{Governor, Last, Noted, World};
use crate::catalogue::{Level, RequirementId};
use crate::plan::spelled;
use crate::scenario::ast::{
    Account, Asked, Aspect, Capability, Check, Given, Item, Name, Polarity, Request, RequestLine, Rows, Slot,
    Span, Spanned, Stance, Statement, StatusSet, Text,
};
use crate::wire;

/// How long to wait before a late answer is asked for again.
const GRACE_STEP: Duration = Duration::from_millis(100);

/// Whether what stands behind a statement is reached.
pub(super) enum Flow {
    /// It is.
    On,
    /// It is not: this is the verdict of every check in it.
    Stop(Verdict),
}

impl World {
    /// Follows statements in order. Where one stops the flow, the checks behind it are noted as not reached.
    pub(super) fn follow<'a>(&'a mut self, items: &'a [Item]) -> BoxFuture<'a, Flow> {
        Box::pin(async move {
            let mut at = 0;
            while at < items.len() {
                if let Statement::Step(_) = &items[at].value {
                    self.governor = None;
                    let end = step_end(items, at);
                    if self.out_of_force(&items[at..end]) {
                        self.skip(&items[at..end], &self.not_in_force());
                        at = end;
                        continue;
                    }
                }
                if let Flow::Stop(verdict) = self.obey(&items[at]).await {
                    self.skip(&items[at + 1..], &verdict);
                    return Flow::Stop(verdict);
                }
                at += 1;
            }
            Flow::On
        })
    }

    async fn obey<'a>(&'a mut self, item: &'a Item) -> Flow {
        match &item.value {
            Statement::Blank | Statement::Comment(_) | Statement::Step(_) => Flow::On,
            Statement::Needs(capabilities) => self.need(capabilities),
            Statement::Provides(capability) => self.provide(item, capability),
            Statement::Given(given) => self.give(given).await,
            Statement::Let(binding) => {
                let value = self.evaluate(&binding.value).await;
                self.bind(item, &binding.name, value)
            }
            Statement::Request(request) => self.request(item, request).await,
            Statement::Level(asked) => self.govern(asked),
            Statement::Check(asked) => self.ask(item, asked).await,
            Statement::When(condition, body) => self.branch(condition, body).await,
            Statement::For(rows, body) => self.each_row(rows, body).await,
            Statement::Together(copies, body) => self.together(*copies, body).await,
        }
    }

    fn need(&self, capabilities: &[Spanned<Capability>]) -> Flow {
        for needed in capabilities {
            match (needed.stance, self.shared.offer(&needed.name)) {
                (Stance::Offered, Offer::Offered(_)) | (Stance::Refused, Offer::Refused(_)) => {}
                (_, Offer::Unsettled(why)) => {
                    return Flow::Stop(Verdict::NotReached(format!("{}: {why}", needed.name)));
                }
                (Stance::Offered, Offer::Refused(_)) => {
                    return Flow::Stop(Verdict::NotOffered(needed.name.clone()));
                }
                (Stance::Refused, Offer::Offered(_)) => return Flow::Stop(Verdict::NoOccasion),
            }
        }
        Flow::On
    }

    fn provide(&mut self, item: &Item, capability: &Capability) -> Flow {
        let Last::Came(answered) = &self.last else {
            return Flow::On;
        };
        let exchange = answered.exchange().clone();
        self.shared.settle(&capability.name, capability.stance, exchange);
        let demanded = self.shared.settings.require.contains(&capability.name);
        if let (Stance::Refused, true, Some(Governor::Requirement(id, _))) =
            (capability.stance, demanded, &self.governor)
        {
            let seen = Noted {
                verdict: Verdict::Broken,
                asked: format!("provides {}, as --require asks", capability.name),
                got: spelled(capability),
            };
            self.note(&item.span, id, seen);
        }
        Flow::On
    }

    async fn give(&mut self, given: &Given) -> Flow {
        let set = match given {
            Given::Taken => {
                self.governor = Some(Governor::Given);
                Ok(())
            }
            Given::Pushed(pushed) => self.set(pushed).await,
            Given::Any(any, name) => self.set_any(*any, name).await,
            Given::Wait(seconds) => {
                tokio::time::sleep(Duration::from_secs(u64::from(*seconds))).await;
                Ok(())
            }
        };
        match set {
            Ok(()) => Flow::On,
            Err(Unusable::Missing(cause)) => Flow::Stop(Verdict::NotReached(cause.0)),
            Err(Unusable::Senseless(why)) => Flow::Stop(Verdict::Failed(why)),
        }
    }

    /// Binds a value. One that the registry did not give stops only what uses it.
    fn bind(&mut self, item: &Item, name: &Name, value: Result<Value, Unusable>) -> Flow {
        let value = match value {
            Ok(value) => value,
            Err(Unusable::Missing(cause)) => Value::Missing(cause),
            Err(Unusable::Senseless(why)) => return Flow::Stop(self.failed(&item.span, &why)),
        };
        self.scope.bind(name, value);
        Flow::On
    }

    async fn request(&mut self, item: &Item, request: &Request) -> Flow {
        self.governor = None;
        self.asked = Some(Arc::new(request.clone()));
        if let Some(why) = self.shared.lost() {
            return Flow::Stop(Verdict::NotReached(format!(
                "the target answers nobody any more: {why}"
            )));
        }
        if let Some(Account::Named(name)) = request.account.as_deref()
            && !self.shared.client.knows(&wire::Account::Named(name.clone()))
        {
            return Flow::Stop(Verdict::NotAsked(format!("no account `{name}` was given")));
        }
        self.last = match self.perform(request).await {
            Ok(answered) => Last::Came(Arc::new(answered)),
            Err(Unusable::Missing(cause)) => Last::NotSent(cause),
            Err(Unusable::Senseless(why)) => return Flow::Stop(self.failed(&item.span, &why)),
        };
        Flow::On
    }

    fn govern(&mut self, asked: &Asked) -> Flow {
        match self.cited(&asked.id) {
            Ok(id) => {
                let level = self.shared.level(&id);
                self.governor = Some(Governor::Requirement(id, level));
                Flow::On
            }
            Err(why) => Flow::Stop(self.failed(&asked.id.span, &why)),
        }
    }

    pub(super) fn cited(&self, id: &Spanned<Slot<RequirementId>>) -> Result<RequirementId, String> {
        match &id.value {
            Slot::Is(id) => Ok(id.clone()),
            Slot::Column(column) => {
                let text = self
                    .scope
                    .get(column)
                    .and_then(Value::text)
                    .map_err(|_| format!("no column `{column}`"))?;
                RequirementId::parse(&text).ok_or_else(|| format!("`{text}` is no requirement"))
            }
        }
    }

    async fn ask(&mut self, item: &Item, asked: &Check) -> Flow {
        let Some(governor) = self.governor.clone() else {
            return Flow::Stop(self.failed(&item.span, "nothing governs this check"));
        };
        let seen = self.look(asked);
        let text = self.filled(item, asked);
        let (id, level) = match governor {
            Governor::Requirement(id, level) => (id, level),
            Governor::Given => return self.take_for_granted(seen, &text),
        };
        let (seen, late) = self.wait_for(asked, &id, seen).await;
        let broke = matches!(seen, Seen::Breaks(_));
        let noted = noted(seen, late, text);
        if !self.is_asked(&id, level) {
            let reason = self.shared.settings.version.to_string();
            self.note(
                &item.span,
                &id,
                Noted {
                    verdict: Verdict::NotAsked(reason),
                    ..noted
                },
            );
        } else {
            if broke && level == Some(Level::Must) {
                self.shared.found_violation();
            }
            self.note(&item.span, &id, noted);
        }
        if broke { self.gate(asked, &id) } else { Flow::On }
    }

    fn look(&self, asked: &Check) -> Seen {
        match &self.last {
            Last::Came(answered) => check(asked, answered, &self.scope),
            Last::NotSent(cause) => Seen::NotReached(cause.clone()),
            Last::Nothing => Seen::Senseless("no request was sent before this check".to_owned()),
        }
    }

    pub(super) fn is_asked(&self, id: &RequirementId, level: Option<Level>) -> bool {
        level.is_some() && self.shared.asks(id)
    }

    fn take_for_granted(&mut self, seen: Seen, text: &str) -> Flow {
        match seen {
            Seen::Holds | Seen::NoOccasion => Flow::On,
            Seen::Breaks(got) => {
                let cause = self.cause().0;
                Flow::Stop(Verdict::NotReached(format!(
                    "{cause}; taken for granted: {text}, got {got}"
                )))
            }
            Seen::NotReached(cause) => Flow::Stop(Verdict::NotReached(cause.0)),
            Seen::Senseless(why) => Flow::Stop(Verdict::Failed(why)),
        }
    }

    /// Asks again, within the grace, where the requirement may lag.
    async fn wait_for(&mut self, asked: &Check, id: &RequirementId, seen: Seen) -> (Seen, Lateness) {
        let grace = self.shared.settings.grace;
        let may_lag = self
            .shared
            .catalogue()
            .get(id)
            .is_some_and(|requirement| requirement.may_lag);
        let (Seen::Breaks(_), true, Some(request)) = (&seen, may_lag && !grace.is_zero(), self.asked.clone())
        else {
            return (seen, Lateness::InTime);
        };
        if !reads(&request) {
            return (seen, Lateness::InTime);
        }
        let began = Instant::now();
        while began.elapsed() < grace {
            tokio::time::sleep(GRACE_STEP).await;
            let Ok(answered) = self.perform(&request).await else {
                break;
            };
            self.last = Last::Came(Arc::new(answered));
            if self.look(asked) == Seen::Holds {
                return (Seen::Holds, Lateness::Late);
            }
        }
        (self.look(asked), Lateness::InTime)
    }

    /// A step that asked for success and did not get it did not happen; what needs it is not reached.
    fn gate(&mut self, asked: &Check, id: &RequirementId) -> Flow {
        let Last::Came(answered) = &self.last else {
            return Flow::On;
        };
        let cause = format!("{} ({id})", describe::exchange(answered.exchange()));
        match answered.answer() {
            Err(_) if asks_for_success(asked) => Flow::Stop(Verdict::NotReached(cause)),
            Err(_) => {
                self.last = Last::NotSent(Cause(cause));
                Flow::On
            }
            Ok(answer) if asks_for_success(asked) && !is_success(answer.status) => {
                Flow::Stop(Verdict::NotReached(cause))
            }
            Ok(_) => Flow::On,
        }
    }

    async fn branch(&mut self, condition: &Check, body: &[Item]) -> Flow {
        match self.look(condition) {
            Seen::Holds => {}
            Seen::Breaks(_) | Seen::NoOccasion => {
                self.skip(body, &Verdict::NoOccasion);
                return Flow::On;
            }
            Seen::NotReached(cause) => {
                self.skip(body, &Verdict::NotReached(cause.0));
                return Flow::On;
            }
            Seen::Senseless(why) => return Flow::Stop(Verdict::Failed(why)),
        }
        let before = (self.last.clone(), self.governor.clone(), self.asked.clone());
        self.scope.open();
        let flow = self.follow(body).await;
        self.scope.close();
        (self.last, self.governor, self.asked) = before;
        flow
    }

    async fn each_row(&mut self, rows: &Rows, body: &[Item]) -> Flow {
        let rows = match self.rows(rows) {
            Ok(rows) => rows,
            Err(why) => return Flow::Stop(Verdict::Failed(why)),
        };
        let before = (
            self.last.clone(),
            self.governor.clone(),
            self.row.clone(),
            self.asked.clone(),
        );
        let mut flow = Flow::On;
        for (name, cells) in rows {
            (self.last, self.governor, self.row, self.asked) = before.clone();
            self.row = Some(name);
            self.scope.open();
            for (column, value) in cells {
                self.scope.bind(&column, value);
            }
            if self.out_of_force(body) {
                self.skip(body, &self.not_in_force());
            } else if let Flow::Stop(verdict) = self.follow(body).await {
                flow = Flow::Stop(verdict);
            }
            self.scope.close();
        }
        (self.last, self.governor, self.row, self.asked) = before;
        flow
    }

    /// The rows, each with its name and its cells' values.
    fn rows(&self, rows: &Rows) -> Result<Vec<NamedRow>, String> {
        let sense = |unusable| match unusable {
            Unusable::Missing(Cause(why)) | Unusable::Senseless(why) => why,
        };
        match rows {
            Rows::Table { columns, rows } => rows
                .iter()
                .map(|row| {
                    let cells: Result<Vec<(Name, Value)>, String> = columns
                        .iter()
                        .zip(&row.value)
                        .map(|(column, cell)| Ok((column.value.clone(), self.cell(cell).map_err(sense)?)))
                        .collect();
                    let name = self.planned.source(&row.span).trim().trim_start_matches('|');
                    let name = name.split(" | ").next().unwrap_or_default().trim();
                    Ok((name.to_owned(), cells?))
                })
                .collect(),
            Rows::Each { column, of } => {
                let mut all = Vec::new();
                for name in of {
                    let value = self.scope.get(name).map_err(sense)?;
                    let members = value.members();
                    for (at, member) in members.iter().enumerate() {
                        let label = match value {
                            Value::List(_) => format!("{} of {}", at + 1, name.value),
                            _ => name.value.to_string(),
                        };
                        all.push((label, vec![(column.value.clone(), member.clone())]));
                    }
                }
                Ok(all)
            }
        }
    }

    fn cell(&self, cell: &Text) -> Result<Value, Unusable> {
        let (Text::Plain(template) | Text::Exact(template)) = cell;
        match self.scope.whole(template) {
            Err(Unusable::Missing(cause)) => Ok(Value::Missing(cause)),
            other => other,
        }
    }

    async fn together(&mut self, copies: u32, body: &[Item]) -> Flow {
        let mut worlds: Vec<World> = (0..copies).map(|_| self.copy()).collect();
        let flows = join_all(worlds.iter_mut().map(|world| world.follow(body))).await;
        flows
            .into_iter()
            .find(|flow| matches!(flow, Flow::Stop(_)))
            .unwrap_or(Flow::On)
    }

    /// Notes a fault of the suite under the requirement in force, or under none.
    fn failed(&self, span: &Span, why: &str) -> Verdict {
        let line = self.planned.place(span).line;
        Verdict::Failed(format!("{}, line {line}: {why}", self.planned.name))
    }

    /// A check as it stands in the scenario, its placeholders filled in.
    fn filled(&self, item: &Item, asked: &Check) -> String {
        let mut text = self.planned.source(&item.span).to_owned();
        let mut holes = Vec::new();
        describe::holes(&asked.aspect, &mut |hole| holes.push(hole.clone()));
        holes.sort_by_key(|hole| std::cmp::Reverse(hole.span.start));
        for hole in holes {
            let Ok(value) = self.scope.value(&hole).and_then(|value| value.text()) else {
                continue;
            };
            let start = hole.span.start.saturating_sub(item.span.start);
            let end = hole.span.end.saturating_sub(item.span.start);
            if text.get(start..end).is_some() {
                text.replace_range(start..end, &value);
            }
        }
        describe::line(&text)
    }
}

/// A row's name, and the value of each of its columns.
type NamedRow = (String, Vec<(Name, Value)>);

/// Whether a check held only after it was asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lateness {
    InTime,
    Late,
}

fn noted(seen: Seen, late: Lateness, asked: String) -> Noted {
    let (verdict, got) = match seen {
        Seen::Holds if late == Lateness::Late => (Verdict::Late, String::new()),
        Seen::Holds => (Verdict::Held, String::new()),
        Seen::Breaks(got) => (Verdict::Broken, got),
        Seen::NoOccasion => (Verdict::NoOccasion, String::new()),
        Seen::NotReached(cause) => (Verdict::NotReached(cause.0), String::new()),
        Seen::Senseless(why) => (Verdict::Failed(why), String::new()),
    };
    Noted { verdict, asked, got }
}

/// The position behind the last statement of the step that begins at `start`.
fn step_end(items: &[Item], start: usize) -> usize {
    let next = items[start + 1..]
        .iter()
        .position(|item| matches!(item.value, Statement::Step(_) | Statement::Needs(_)));
    next.map_or(items.len(), |offset| start + 1 + offset)
}

fn asks_for_success(asked: &Check) -> bool {
    let Aspect::Status(sets) = &asked.aspect.value else {
        return false;
    };
    asked.polarity == Polarity::Is
        && sets.iter().any(|set| match set {
            StatusSet::Exactly(status) => is_success(*status),
            StatusSet::Class(class) => matches!(class, 2 | 3),
        })
}

/// Whether a status says that the step happened.
fn is_success(status: u16) -> bool {
    (200..400).contains(&status)
}

/// Whether a request can be sent again without changing anything.
fn reads(request: &Request) -> bool {
    match &request.line.value {
        RequestLine::Http {
            method: Slot::Is(method),
            ..
        } => matches!(method.as_str(), "GET" | "HEAD"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(polarity: Polarity, sets: &[StatusSet]) -> Check {
        Check {
            polarity,
            aspect: Spanned::new(Aspect::Status(sets.to_vec()), 0..0),
        }
    }

    #[test]
    fn a_check_that_asks_for_success_is_a_gate_and_one_that_asks_for_a_refusal_is_none() {
        assert!(asks_for_success(&status(
            Polarity::Is,
            &[StatusSet::Exactly(202), StatusSet::Exactly(405)]
        )));
        assert!(asks_for_success(&status(Polarity::Is, &[StatusSet::Class(2)])));
        assert!(!asks_for_success(&status(Polarity::Is, &[StatusSet::Class(4)])));
        assert!(!asks_for_success(&status(
            Polarity::IsNot,
            &[StatusSet::Class(2)]
        )));
    }
}
