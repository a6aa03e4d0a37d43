//! `assize snapshot --accept`: what is pending is taken over, all of it or a part.

use std::sync::Arc;

use assize::snapshot::{Answers, Difference, Kind, Pending, State, compare, taken_over};
use glob::Pattern;

use super::Bench;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;

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
            Accepted::Better => difference.kind == Kind::Better,
        }
    }
}

/// Takes over, and says how much.
pub(super) fn execute(bench: &Bench, accepted: &Accepted) -> Result<Exit, Failure> {
    let mut recorded = bench.folder.recorded()?;
    let (mut taken, mut left) = (0, 0);
    for (name, pending) in bench.folder.pending()? {
        let differences = compare(&name, recorded.get(&name), pending.answers());
        let accepts = differences.iter().filter(|difference| accepted.takes(difference));
        let count = accepts.count();
        taken += count;
        left += differences.len() - count;
        if count > 0 || differences.is_empty() {
            let old = recorded.remove(&name);
            take_over(bench, &name, old.as_ref(), &pending, &|one| accepted.takes(one))?;
        }
    }
    bench.folder.write_codes()?;
    let rest = match left {
        0 => "nothing is pending any more".to_owned(),
        left => format!("{left} pending"),
    };
    output::print(&format!("{taken} taken over, {rest}\n"))?;
    Ok(Exit::Done)
}

/// Records what is taken over of what is pending in a scenario; what is left stays pending.
pub(super) fn take_over(
    bench: &Bench,
    name: &Arc<str>,
    old: Option<&Answers>,
    pending: &Pending,
    takes: &dyn Fn(&Difference) -> bool,
) -> Result<Option<Answers>, Failure> {
    let new = pending.answers();
    let now = taken_over(name, old, new, takes);
    if now.as_ref() != old {
        bench.folder.record(name, now.as_ref())?;
    }
    if compare(name, now.as_ref(), new).is_empty() {
        bench.folder.remove(name, State::Pending)?;
    }
    Ok(now)
}
