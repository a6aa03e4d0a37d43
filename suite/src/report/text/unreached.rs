//! What was not reached, under what kept it from being reached.

use super::page::Page;
use crate::catalogue::Level;
use crate::cause::Cause;
use crate::judgement::{RequirementOutcome, Verdict};
use crate::report::{Report, causes, words};

/// The longest cause that is shown.
const CAUSE: usize = 400;

/// Requirements that were kept from being reached by one cause.
struct Unreached<'a> {
    /// What kept the first one from it.
    first: &'a Cause,
    /// Whether it was the same for all, to the letter.
    is_one: bool,
    requirements: Vec<&'a RequirementOutcome>,
}

/// Writes the causes, the most harmful first.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    let facts = &report.outcome.facts;
    let mut unreached = by_cause(report);
    if unreached.is_empty() {
        return;
    }
    unreached.sort_by_key(|unreached| std::cmp::Reverse(unreached.requirements.len()));
    page.heading("Not reached, so not shown to conform");
    for unreached in unreached {
        let text = if unreached.is_one {
            causes::cause(unreached.first)
        } else {
            causes::gist(unreached.first)
        };
        page.prose(2, &words::said(&text, facts, CAUSE));
        write_ids(page, 4, &unreached.requirements);
    }
}

/// Ids, heaviest level first.
pub(super) fn write_ids(page: &mut Page, indent: usize, requirements: &[&RequirementOutcome]) {
    for level in Level::ALL {
        let at_level = requirements
            .iter()
            .filter(|requirement| requirement.level == Some(level));
        let ids: Vec<&str> = at_level.map(|requirement| requirement.id.as_str()).collect();
        if !ids.is_empty() {
            page.item(indent, &format!("{level:<7}"), &ids.join(", "));
        }
    }
}

fn by_cause<'a>(report: &Report<'a>) -> Vec<Unreached<'a>> {
    let mut all: Vec<Unreached<'a>> = Vec::new();
    for requirement in &report.outcome.requirements {
        let Verdict::NotReached(cause) = &requirement.verdict else {
            continue;
        };
        if requirement.level <= Some(Level::May) {
            continue;
        }
        match all.iter_mut().find(|unreached| unreached.first == cause) {
            Some(unreached) => {
                unreached.is_one &= causes::cause(unreached.first) == causes::cause(cause);
                unreached.requirements.push(requirement);
            }
            None => all.push(Unreached {
                first: cause,
                is_one: true,
                requirements: vec![requirement],
            }),
        }
    }
    all
}
