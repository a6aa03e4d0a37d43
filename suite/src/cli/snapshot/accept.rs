//! `assize snapshot --accept`: what is pending is taken over, all of it or a part.

use std::collections::BTreeMap;
use std::sync::Arc;

use assize::snapshot::{Answers, AnswersState, Difference, DifferenceKind, Pending, compare, taken_over};
use glob::Pattern;

use super::SnapshotContext;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;

/// How many scenarios are named before the others are counted.
const NAMED: usize = 4;

/// What is taken over.
pub(super) enum Accepted {
    /// Everything, of the scenarios whose name matches.
    Scenarios(Pattern),
    /// Only what a requirement gained.
    Better,
}

impl Accepted {
    /// Reads a glob, or the word `better`.
    pub(super) fn read(text: &str) -> Result<Accepted, Failure> {
        match text {
            "better" => Ok(Accepted::Better),
            glob => Pattern::new(glob)
                .map(Accepted::Scenarios)
                .map_err(|error| Failure::Arguments(format!("`{glob}` is not a pattern: {}", error.msg))),
        }
    }

    fn takes(&self, difference: &Difference) -> bool {
        match self {
            Accepted::Scenarios(glob) => glob.matches(&difference.scenario),
            Accepted::Better => difference.kind == DifferenceKind::Better,
        }
    }
}

/// Takes over, and says how much.
pub(super) fn execute(context: &SnapshotContext, accepted: &Accepted) -> Result<Exit, Failure> {
    let mut recorded = context.folder.recorded()?;
    let pending = context.folder.pending()?;
    if let Accepted::Scenarios(glob) = accepted {
        let library = context.suite.library().scenarios.iter();
        let mut known = library
            .map(|loaded| &*loaded.name)
            .chain(pending.keys().map(|name| &**name));
        if !known.any(|name| glob.matches(name)) {
            return Err(Failure::Arguments(format!(
                "--accept '{glob}' matches no scenario; {}",
                match pending.is_empty() {
                    true => "nothing is pending".to_owned(),
                    false => format!("pending are {}", names(&pending)),
                }
            )));
        }
    }
    let (mut taken, mut left) = (0, 0);
    for (name, pending) in pending {
        let differences = compare(&name, recorded.get(&name), pending.answers());
        let accepts = differences.iter().filter(|difference| accepted.takes(difference));
        let count = accepts.count();
        taken += count;
        left += differences.len() - count;
        if count > 0 || differences.is_empty() {
            let old = recorded.remove(&name);
            take_over(context, &name, old.as_ref(), &pending, &|one| accepted.takes(one))?;
        }
    }
    context.folder.write_codes()?;
    let rest = match left {
        0 => "nothing is pending any more".to_owned(),
        left => format!("{left} pending"),
    };
    output::print(&format!("{taken} taken over, {rest}\n"))?;
    Ok(Exit::Done)
}

/// The first of the scenarios of which something is pending.
fn names(pending: &BTreeMap<Arc<str>, Pending>) -> String {
    let named: Vec<&str> = pending.keys().take(NAMED).map(|name| &**name).collect();
    let more = match pending.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    named.join(", ") + &more
}

/// Records what is taken over of what is pending in a scenario; what is left stays pending.
pub(super) fn take_over(
    context: &SnapshotContext,
    name: &Arc<str>,
    old: Option<&Answers>,
    pending: &Pending,
    takes: &dyn Fn(&Difference) -> bool,
) -> Result<Option<Answers>, Failure> {
    let new = pending.answers();
    let now = taken_over(name, old, new, takes);
    if now.as_ref() != old {
        context.folder.record(name, now.as_ref())?;
    }
    if compare(name, now.as_ref(), new).is_empty() {
        context.folder.remove(name, AnswersState::Pending)?;
    }
    Ok(now)
}
