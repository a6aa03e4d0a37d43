//! How a way is seen again: the lines for a shell, and our own command.

use std::sync::Arc;

use crate::judgement::{Judgement, Proof, Way};
use crate::log::{Lifetime, Rerun};
use crate::wire::{Exchange, Url, curl, quoted};

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

/// The lines for a shell that show a way again; none where the target is gone when they are read.
pub fn script(way: &Way, outcome: &Judgement) -> String {
    if outcome.facts.rerun.lifetime == Lifetime::EndsWithTheRun {
        return String::new();
    }
    match &way.proof {
        Proof::Nothing => String::new(),
        Proof::Exchanges(chain) => of_exchanges(chain),
        Proof::Connection { before, connection } => {
            let (mut lines, place) = leading(before);
            lines.push(match &place {
                Some(place) => connection.shell_at(place),
                None => connection.shell(),
            });
            lines.join("\n")
        }
    }
}

/// The lines that send these again. An address that an earlier answer gave is taken from that answer, not repeated.
fn of_exchanges(chain: &[Arc<Exchange>]) -> String {
    let Some((last, before)) = chain.split_last() else {
        return String::new();
    };
    let (mut lines, place) = leading(before);
    lines.push(line(last, place.as_ref()));
    lines.join("\n")
}

/// Lines each of which keeps in `$place` the address that its answer gives, and the last of those addresses.
fn leading(chain: &[Arc<Exchange>]) -> (Vec<String>, Option<Url>) {
    let mut place = None;
    let mut lines = Vec::new();
    for exchange in chain {
        let origin = exchange.request.url.origin();
        lines.push(format!(
            "place=$({} -s -o /dev/null -D - | tr -d '\\r' | sed -n 's/^[Ll]ocation: *//p' | sed 's|^/|{origin}/|')",
            line(exchange, place.as_ref())
        ));
        place = exchange.upload_address();
    }
    (lines, place)
}

/// The line that sends a request again; its address is `$place` where that is the one which was given.
fn line(exchange: &Exchange, place: Option<&Url>) -> String {
    let line = curl(exchange);
    match place {
        Some(place) => line
            .replace(&format!("'{place}"), "\"$place\"'")
            .replace("\"$place\"''", "\"$place\""),
        None => line,
    }
}
