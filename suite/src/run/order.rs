//! In which order the programs of a run are carried out, and which of them alone.

use std::cmp::Reverse;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::length;
use crate::scenario::Program;

/// The scenarios beside which no other one runs: those that weigh on a registry, with manifests of many megabytes, of
/// thousands of entries; and the one that deletes what others have pushed as well, where all repositories have one store.
const ALONE: [&str; 3] = [
    "push/manifest-without-end",
    "security/deep-manifests",
    "management/delete-well-known-blobs",
];

/// Whether no other scenario runs beside this one.
pub(super) fn is_alone(program: &Program) -> bool {
    ALONE.contains(&&*program.name)
}

/// Programs with their places, those first that take longest over a distance: what is begun last decides when a run ends.
pub(super) fn longest_first(programs: Vec<Arc<Program>>) -> Vec<(usize, Arc<Program>)> {
    let mut programs: Vec<_> = programs.into_iter().enumerate().collect();
    programs.sort_by_cached_key(|(_, program)| Reverse(length::of(program)));
    programs
}

/// Probes, each with its place.
pub(super) type Probes = Vec<(usize, Arc<Program>)>;

/// The probes that need nothing which another one settles, and those that wait; the first, if all wait for one another.
pub(super) fn without_what_waits(probes: Probes) -> (Probes, Probes) {
    let waits = |probe: &Program| {
        let needs = |name: &String| probe.needs.iter().any(|needed| needed.name == *name);
        let others = probes.iter().filter(|(_, other)| other.name != probe.name);
        others.flat_map(|(_, other)| &other.settles).any(needs)
    };
    let waiting: Vec<bool> = probes.iter().map(|(_, probe)| waits(probe)).collect();
    let first = waiting.iter().position(|waits| !waits).unwrap_or_default();
    let mut at = 0..;
    probes.into_iter().partition(|_| {
        let at = at.next().unwrap_or_default();
        at == first || !waiting[at]
    })
}

/// What all tasks came to; a task that panics is a fault of the suite and brings it down.
pub(super) async fn finished<T: 'static + Send>(mut tasks: JoinSet<(usize, T)>) -> Vec<(usize, T)> {
    let mut done = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(value) => done.push(value),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    done
}

/// The same without their places, in the order of these.
pub(super) fn in_order<T>(mut done: Vec<(usize, T)>) -> Vec<T> {
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, value)| value).collect()
}
