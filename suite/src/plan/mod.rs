//! Which programs run, judged by which version, and in which order.

mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assize_language::at_once;

use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::due::breakable;
use crate::scenario::{CodedScenario, Library, Program, settles};

pub use select::{BadGlob, Selection};

/// What a run runs.
#[derive(Debug, Default)]
pub struct Plan {
    /// The probes, in an order in which each finds settled what it needs; always all of them.
    pub probes: Vec<Arc<Program>>,
    /// What is asked of every answer.
    pub invariants: Vec<Arc<Program>>,
    /// The other programs that were selected, in the order of their names.
    pub workflows: Vec<Arc<Program>>,
    /// The requirements that are asked; `None` for all.
    pub asked: Option<BTreeSet<RequirementId>>,
}

impl Plan {
    /// Plans a run of what is selected, from a library and from the scenarios that are coded in Rust.
    pub fn new(
        library: &Library,
        coded: impl IntoIterator<Item = &'static CodedScenario>,
        selection: &Selection,
        version: Version,
    ) -> Plan {
        let catalogue = &library.catalogue;
        let mut plan = Plan {
            asked: selection.requirements(catalogue),
            ..Plan::default()
        };
        let (mut probes, mut unselected) = (Vec::new(), Vec::new());
        let transcripts = at_once(&library.scenarios, |loaded| loaded.program(catalogue, version));
        let coded = coded
            .into_iter()
            .map(|coded| Program::coded(coded, catalogue, version));
        for program in transcripts.into_iter().chain(coded).map(Arc::new) {
            if !program.settles.is_empty() {
                probes.push(program);
            } else if program.is_invariant() {
                plan.invariants.push(program);
            } else if selection.takes(&program, catalogue) {
                plan.workflows.push(program);
            } else {
                unselected.push(program);
            }
        }
        plan.probes = in_order_of_need(probes);
        if selection.names_scenarios() || library.is_of_a_house() {
            let is_named =
                |probe: &Program| selection.takes(probe, catalogue) && !library.is_lent(&probe.name);
            plan.leave_out_what_probes_ask(is_named, &unselected, catalogue);
        }
        plan
    }

    /// Where scenarios are selected by name, or a project's own run, what only a probe asks that is not one of them is not
    /// asked: the probe runs to find out what the registry offers. What a failure breaks is still told, wherever it is met.
    fn leave_out_what_probes_ask(
        &mut self,
        is_named: impl Fn(&Program) -> bool,
        unselected: &[Arc<Program>],
        catalogue: &Catalogue,
    ) {
        let (named, silent): (Vec<_>, Vec<_>) = self.probes.iter().partition(|probe| is_named(probe));
        let speaking = self
            .workflows
            .iter()
            .chain(&self.invariants)
            .chain(unselected)
            .chain(named);
        let told: BTreeSet<&RequirementId> = speaking.flat_map(|program| &program.cites).collect();
        let is_silent =
            |id: &RequirementId| !told.contains(id) && silent.iter().any(|probe| probe.cites.contains(id));
        let all = || {
            catalogue
                .iter()
                .map(|requirement| requirement.id.clone())
                .collect()
        };
        let mut asked: BTreeSet<RequirementId> = self.asked.take().unwrap_or_else(all);
        asked.retain(|id| !is_silent(id) || breakable().any(|breakable| breakable == id.as_str()));
        self.asked = Some(asked);
    }

    /// Plans the shortest run that asks all of `ids`: the programs that cite them, and the probes that those need.
    ///
    /// An invariant sends nothing itself. What it alone asks needs answers to look at: those of all probes and of its
    /// neighbours, the scenarios in its folder.
    pub fn that_asks(
        library: &Library,
        coded: impl IntoIterator<Item = &'static CodedScenario>,
        ids: &[RequirementId],
        version: Version,
    ) -> Plan {
        let mut plan = Plan::new(library, coded, &Selection::default(), version);
        let cites = |program: &Arc<Program>| ids.iter().any(|id| program.cites.contains(id));
        let folders = plan.folders_of_invariants(ids);
        let is_neighbour = |program: &Arc<Program>| folders.contains(program.folder());
        plan.workflows
            .retain(|program| cites(program) || is_neighbour(program));
        if !folders.is_empty() {
            return plan;
        }
        let mut needed: BTreeSet<String> = plan
            .workflows
            .iter()
            .flat_map(|program| needed_names(program))
            .collect();
        needed.insert("push".to_owned());
        for probe in plan.probes.iter().rev() {
            if cites(probe) || !needed.is_disjoint(&probe.settles) {
                needed.extend(probe.settles.iter().cloned());
                needed.extend(needed_names(probe));
            }
        }
        plan.probes.retain(|probe| !needed.is_disjoint(&probe.settles));
        plan
    }

    /// The folders of the invariants that alone ask some of `ids`.
    fn folders_of_invariants(&self, ids: &[RequirementId]) -> BTreeSet<String> {
        let is_asked = |id: &&RequirementId| {
            let mut asking = self.workflows.iter().chain(&self.probes);
            asking.any(|program| program.cites.contains(*id))
        };
        let silent: Vec<&RequirementId> = ids.iter().filter(|id| !is_asked(id)).collect();
        let invariants = self.invariants.iter();
        invariants
            .filter(|program| silent.iter().any(|id| program.cites.contains(*id)))
            .map(|program| program.folder().to_owned())
            .collect()
    }
}

/// The names of the capabilities that a program needs.
fn needed_names(program: &Program) -> impl Iterator<Item = String> {
    program.needs.iter().map(|capability| capability.name.clone())
}

/// Probes in an order in which each comes behind those that settle what it needs.
fn in_order_of_need(mut waiting: Vec<Arc<Program>>) -> Vec<Arc<Program>> {
    let mut ordered: Vec<Arc<Program>> = Vec::new();
    while !waiting.is_empty() {
        let unsettled: BTreeSet<String> = waiting
            .iter()
            .flat_map(|probe| probe.settles.iter().cloned())
            .collect();
        let (ready, later): (Vec<Arc<Program>>, Vec<Arc<Program>>) = waiting.into_iter().partition(|probe| {
            probe
                .needs
                .iter()
                .all(|need| probe.settles.contains(&need.name) || !unsettled.contains(&need.name))
        });
        if ready.is_empty() {
            ordered.extend(later);
            break;
        }
        ordered.extend(ready);
        waiting = later;
    }
    ordered
}

/// The capabilities that some probe settles, each with the name of the probe.
pub fn capabilities(library: &Library) -> BTreeMap<String, Arc<str>> {
    let settled = library.scenarios.iter().flat_map(|loaded| {
        settles(&loaded.scenario)
            .into_iter()
            .map(|name| (name, loaded.name.clone()))
    });
    settled.collect()
}

/// Whether a section of the specification is asked for, by a part of its name.
fn in_section(catalogue: &Catalogue, id: &RequirementId, sections: &[String]) -> bool {
    catalogue.get(id).is_some_and(|requirement| {
        let section = requirement.section().to_lowercase();
        sections
            .iter()
            .any(|asked| section.contains(&asked.to_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_probe_asks_is_not_asked_where_other_scenarios_are_named() {
        let library = Library::built_in().unwrap();
        let asked = |only: &str, id: &str| {
            let only: Vec<String> = only.split_whitespace().map(str::to_owned).collect();
            let selection = Selection::new(&only, &[], &[]).unwrap();
            let plan = Plan::new(&library, [], &selection, Version::V1_1);
            plan.asked
                .is_none_or(|asked| asked.contains(&RequirementId::parse(id).unwrap()))
        };
        assert!(asked("", "category.referrers"));
        assert!(!asked("push/*", "category.referrers"));
        assert!(asked("push/* probe/referrers", "category.referrers"));
        assert!(
            asked("pull/*", "push.manifest.by-digest-201"),
            "a failure breaks it"
        );
        assert!(asked("push/*", "referrers.200"), "another scenario asks it, too");
    }
}
