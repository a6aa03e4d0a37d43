//! How a way is seen again by our own command.

use crate::judgement::{Judgement, Way};
use crate::log::Rerun;
use crate::wire::quoted;

/// The command that runs the scenario of a way again.
pub(super) fn command(way: &Way, outcome: &Judgement) -> String {
    let Rerun { command, explore, .. } = &outcome.facts.rerun;
    let scenario = &way.place.scenario;
    let same = format!("--seed {} --run-id {}", outcome.facts.seed, outcome.facts.run_id);
    let is_generated = outcome.generated.contains_key(scenario);
    match (is_generated, explore) {
        (true, Some(time)) => format!("{command} {same} --explore {}ms", time.as_millis()),
        (true, None) => format!("{command} {same}"),
        (false, _) => format!("{command} {same} --only {}", quoted(scenario)),
    }
}
