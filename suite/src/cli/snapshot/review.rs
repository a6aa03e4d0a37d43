//! `assize snapshot --review`: what is pending, one difference after another.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Arc;

use assize::snapshot::{Answers, AnswersState, Difference, Folded, Pending, compare, fold, one, taken_over};

use super::SnapshotContext;
use super::accept::take_over;
use crate::cli::exit::Exit;
use crate::cli::explain::explained;
use crate::cli::failure::Failure;
use crate::cli::output;

/// What the user says to a difference.
#[derive(Clone, Copy)]
enum Say {
    Accept,
    Reject,
    Skip,
    Why,
    Quit,
}

impl Say {
    fn read(line: &str) -> Option<Say> {
        match line.trim() {
            "a" | "accept" => Some(Say::Accept),
            "r" | "reject" => Some(Say::Reject),
            "s" | "skip" => Some(Say::Skip),
            "w" | "why" => Some(Say::Why),
            "q" | "quit" => Some(Say::Quit),
            _ => None,
        }
    }
}

/// Goes through what is pending.
pub(super) fn execute(context: &SnapshotContext) -> Result<Exit, Failure> {
    let mut review = Review {
        context,
        recorded: context.folder.recorded()?,
        pending: context.folder.pending()?,
    };
    let folds = review.folds();
    if folds.is_empty() {
        output::print("nothing is pending\n")?;
        return Ok(Exit::Done);
    }
    let mut lines = io::stdin().lines();
    for (at, folded) in folds.iter().enumerate() {
        output::print(&format!(
            "\n{} of {}\n{}",
            at + 1,
            folds.len(),
            one(folded, output::width())
        ))?;
        loop {
            ask()?;
            let line = lines.next().transpose().map_err(|source| Failure::System {
                doing: "cannot read what is typed",
                source,
            })?;
            // Whoever says nothing any more has gone.
            let said = line.map_or(Some(Say::Quit), |line| Say::read(&line));
            match said {
                Some(Say::Accept) => review.accept(folded)?,
                Some(Say::Reject) => review.reject(folded)?,
                Some(Say::Skip) => {}
                Some(Say::Why) => {
                    review.explain(folded)?;
                    continue;
                }
                Some(Say::Quit) => return review.end(),
                None => continue,
            }
            break;
        }
    }
    review.end()
}

fn ask() -> Result<(), Failure> {
    output::print("accept, reject, skip, why, quit? ")?;
    // The line does not end, so that it has to be pushed out.
    io::stdout().flush().map_err(|source| Failure::System {
        doing: "cannot write to the standard output",
        source,
    })
}

struct Review<'a> {
    context: &'a SnapshotContext,
    recorded: BTreeMap<Arc<str>, Answers>,
    pending: BTreeMap<Arc<str>, Pending>,
}

impl Review<'_> {
    fn differences(&self) -> Vec<Difference> {
        let pending = self.pending.iter();
        pending
            .flat_map(|(name, pending)| compare(name, self.recorded.get(name), pending.answers()))
            .collect()
    }

    fn folds(&self) -> Vec<Folded> {
        let library = self.context.suite.library();
        fold(&self.differences(), &library.catalogue, self.context.version)
    }

    /// Takes a difference over, wherever it shows.
    fn accept(&mut self, folded: &Folded) -> Result<(), Failure> {
        for name in folded.scenarios() {
            let Some((name, pending)) = self.pending.get_key_value(name) else {
                continue;
            };
            let old = self.recorded.get(name);
            let now = take_over(self.context, name, old, pending, &|one| is_in(folded, one))?;
            match now {
                Some(now) => self.recorded.insert(name.clone(), now),
                None => self.recorded.remove(name),
            };
        }
        Ok(())
    }

    /// Takes a difference out of what is pending, wherever it shows.
    fn reject(&mut self, folded: &Folded) -> Result<(), Failure> {
        for name in folded.scenarios() {
            let Some((name, pending)) = self.pending.get_key_value(name) else {
                continue;
            };
            let name = name.clone();
            let old = self.recorded.get(&name);
            let kept = taken_over(&name, old, pending.answers(), &|one| !is_in(folded, one));
            if compare(&name, old, kept.as_ref()).is_empty() {
                self.context.folder.remove(&name, AnswersState::Pending)?;
                self.pending.remove(&name);
                continue;
            }
            let kept = kept.map_or(Pending::Gone, Pending::Answers);
            self.context.folder.put_beside(&name, &kept)?;
            self.pending.insert(name, kept);
        }
        Ok(())
    }

    /// Says what the requirements ask, or shows the scenario where there is none.
    fn explain(&self, folded: &Folded) -> Result<(), Failure> {
        let library = self.context.suite.library();
        let asked: Vec<String> = folded.requirements().map(ToString::to_string).collect();
        let names = if asked.is_empty() {
            folded
                .scenarios()
                .first()
                .map(|name| (*name).to_owned())
                .into_iter()
                .collect()
        } else {
            asked
        };
        for name in names {
            let text = explained(&name, library)
                .unwrap_or_else(|_| format!("there is no scenario {name} any more\n"));
            output::print(&text)?;
        }
        Ok(())
    }

    fn end(&self) -> Result<Exit, Failure> {
        self.context.folder.write_codes()?;
        let rest = match self.differences().len() {
            0 => "nothing is pending any more".to_owned(),
            left => format!("{left} pending"),
        };
        output::print(&format!("\n{rest}\n"))?;
        Ok(Exit::Done)
    }
}

/// Whether a difference is one of those that were folded: the places of entries move when others are taken over.
fn is_in(folded: &Folded, difference: &Difference) -> bool {
    let is_same = |one: &Difference| {
        one.scenario == difference.scenario && one.kind == difference.kind && one.change == difference.change
    };
    folded.differences.iter().any(is_same)
}
