//! In which order the programs of a run are carried out, and told.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::length;
use super::turn::Turn;
use crate::plan::Plan;
use crate::scenario::Program;

/// The places of the programs of a plan in a log: those that are alone stand behind the others.
pub(super) fn places_in_log(plan: &Plan) -> BTreeMap<Arc<str>, usize> {
    let is_beside = |program: &&Arc<Program>| Turn::of(program) == Turn::SideBySide;
    let (others, alone): (Vec<_>, Vec<_>) = plan.workflows.iter().partition(is_beside);
    let all = plan.probes.iter().chain(others).chain(alone);
    all.map(|program| program.name.clone()).zip(0..).collect()
}

/// A program that has not begun.
pub(super) struct Ahead {
    /// Its place.
    pub(super) at: usize,
    pub(super) program: Arc<Program>,
    /// How many answers it waits for one after another.
    pub(super) length: usize,
}

/// Programs, those first that take longest over a distance: what is begun last decides when a run ends.
pub(super) fn longest_first(programs: Vec<Arc<Program>>) -> Vec<Ahead> {
    let ahead = programs.into_iter().enumerate().map(|(at, program)| Ahead {
        at,
        length: length::of(&program),
        program,
    });
    let mut ahead: Vec<_> = ahead.collect();
    ahead.sort_by_key(|one| Reverse(one.length));
    ahead
}

/// Probes, each with its place.
pub(super) type Probes = Vec<(usize, Arc<Program>)>;

/// The probes that need nothing which one that is not over settles, taken from those that wait; the first of them, if all
/// wait for one another.
pub(super) fn take_what_is_ready(waiting: &mut Probes, under_way: &[Arc<Program>]) -> Probes {
    let waits = |probe: &Program| {
        let needs = |name: &String| probe.needs.iter().any(|needed| needed.name == *name);
        let open = waiting.iter().map(|(_, other)| other).chain(under_way);
        let others = open.filter(|other| other.name != probe.name);
        others.flat_map(|other| &other.settles).any(needs)
    };
    let waits: Vec<bool> = waiting.iter().map(|(_, probe)| waits(probe)).collect();
    let is_stuck = under_way.is_empty() && waits.iter().all(|waits| *waits);
    let mut at = 0..;
    let (ready, later) = std::mem::take(waiting).into_iter().partition(|_| {
        let at = at.next().unwrap_or_default();
        !waits[at] || (is_stuck && at == 0)
    });
    *waiting = later;
    ready
}

/// What came of all, without the places and in their order.
pub(super) fn in_order<T>(mut done: Vec<(usize, T)>) -> Vec<T> {
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Version;
    use crate::plan::Selection;
    use crate::run::coded;
    use crate::scenario::{Library, parse};

    fn probes() -> Vec<Arc<Program>> {
        let library = Library::built_in().unwrap();
        Plan::new(&library, coded::scenarios(), &Selection::default(), Version::V1_1).probes
    }

    fn names(probes: &Probes) -> Vec<&str> {
        probes.iter().map(|(_, probe)| &*probe.name).collect()
    }

    #[test]
    fn a_probe_waits_for_what_settles_its_needs_and_for_nothing_else() {
        let probes = probes();
        let push = probes.iter().find(|probe| &*probe.name == "probe/push").unwrap();
        let mut waiting: Probes = probes.iter().cloned().enumerate().collect();
        let ready = take_what_is_ready(&mut waiting, &[]);
        assert!(names(&ready).contains(&"probe/push"));
        assert!(names(&waiting).contains(&"probe/mount"), "it needs push");
        let none = take_what_is_ready(&mut waiting, std::slice::from_ref(push));
        assert!(!names(&none).contains(&"probe/mount"));
        let ready = take_what_is_ready(&mut waiting, &[]);
        assert!(names(&ready).contains(&"probe/mount"));
    }

    #[test]
    fn of_probes_that_wait_for_one_another_the_first_goes_on() {
        let catalogue = Library::built_in().unwrap().catalogue;
        let probe = |name: &str, needed: &str, settled: &str| {
            let text =
                format!("scenario  {name}\nneeds {needed}\n\n== ask\n> GET /v2/\nprovides {settled}\n");
            let (scenario, faults) = parse(&text);
            assert!(faults.is_empty(), "{faults:?}");
            let scenario = scenario.unwrap();
            Arc::new(Program::of(
                name.into(),
                text.as_str().into(),
                &scenario,
                &catalogue,
                Version::V1_1,
            ))
        };
        let both = [probe("one", "mount", "range"), probe("other", "range", "mount")];
        let mut waiting: Probes = both.into_iter().enumerate().collect();
        assert_eq!(names(&take_what_is_ready(&mut waiting, &[])), ["one"]);
        assert_eq!(names(&waiting), ["other"]);
    }
}
