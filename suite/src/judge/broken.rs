//! Which requirements each exchange of a program breaks, whatever was selected.

use std::collections::{BTreeMap, BTreeSet};

use super::Standard;
use super::entry::Entries;
use super::invariants;
use crate::catalogue::RequirementId;
use crate::check::CheckResult;
use crate::log::{Event, Evidence, Observation, ProgramLog};
use crate::wire::Url;

/// The requirements that are broken, by the number of the exchange that shows it.
pub(crate) fn broken_by(
    standard: &Standard<'_>,
    log: &ProgramLog,
    target: &Url,
) -> BTreeMap<u64, BTreeSet<RequirementId>> {
    let mut broken: BTreeMap<u64, BTreeSet<RequirementId>> = BTreeMap::new();
    for event in &log.events {
        match event {
            Event::Sent(_, exchange) => {
                let mut entries = Entries::default();
                invariants::ask(standard, log, exchange, target, &mut entries);
                let ids = entries.broken().map(|entry| entry.requirement.clone());
                broken.entry(exchange.number).or_default().extend(ids);
            }
            Event::Observed(observation) => {
                if let Some((number, id)) = broke(standard, log, observation) {
                    broken.entry(number).or_default().insert(id);
                }
            }
            Event::Bound(_)
            | Event::Late(..)
            | Event::Connected(_)
            | Event::Skipped(_)
            | Event::Refused(_)
            | Event::Stopped(_) => {}
        }
    }
    broken
}

/// The exchange that a check looked at and the requirement that it breaks, if it does.
fn broke(
    standard: &Standard<'_>,
    log: &ProgramLog,
    observation: &Observation,
) -> Option<(u64, RequirementId)> {
    let checkpoint = log.program.checks.get(observation.check)?;
    let Evidence::Exchanges(looked_at) = &observation.evidence else {
        return None;
    };
    let is_broken = matches!(observation.seen, CheckResult::Breaks(_)) && checkpoint.level.is_some();
    let id = &checkpoint.requirement;
    let shows = looked_at.last().filter(|_| is_broken && standard.asks(id))?;
    Some((shows.number, id.clone()))
}
