//! Which scenarios run, judged by which version, and in which order.

mod place;
mod select;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalogue::{Catalogue, RequirementId};
use crate::scenario::Library;
use crate::scenario::ast::{Capability, Item, Nature, Scenario, Span, Stance};

pub use place::Place;
pub use select::{BadGlob, Selection};
pub use walk::{each_statement, literal, requirements_of};

/// A scenario that is part of a run.
#[derive(Debug)]
pub struct Planned {
    /// Its name: its path under `scenarios/`, without the ending.
    pub name: Arc<str>,
    /// A sentence that is true of a good registry.
    pub title: String,
    /// Its text; empty for a scenario that is written in Rust.
    pub text: Arc<str>,
    /// How it is followed.
    pub script: Script,
    /// The requirements that it cites.
    pub cites: BTreeSet<RequirementId>,
    line_starts: Vec<usize>,
}

/// How a scenario is followed.
#[derive(Debug)]
pub enum Script {
    /// Line by line.
    Transcript(Scenario),
    /// By a function of the run, known there by the scenario's name.
    Native(&'static Declared),
}

/// What a scenario that is written in Rust says of itself.
#[derive(Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// A sentence that is true of a good registry.
    pub title: &'static str,
    /// The capabilities that it needs.
    pub needs: &'static [&'static str],
    /// The requirements that it cites.
    pub cites: &'static [&'static str],
}

impl Planned {
    /// Prepares a scenario of the library for a run.
    pub fn transcript(name: Arc<str>, text: Arc<str>, scenario: Scenario) -> Planned {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Planned {
            cites: requirements_of(&scenario.body),
            title: scenario.title.value.clone(),
            script: Script::Transcript(scenario),
            name,
            text,
            line_starts,
        }
    }

    /// Prepares a scenario that is written in Rust.
    pub fn native(declared: &'static Declared) -> Planned {
        Planned {
            name: declared.name.into(),
            title: declared.title.to_owned(),
            text: "".into(),
            script: Script::Native(declared),
            cites: declared
                .cites
                .iter()
                .filter_map(|id| RequirementId::parse(id))
                .collect(),
            line_starts: vec![0],
        }
    }

    /// The statements of a transcript; none for a scenario that is written in Rust.
    pub fn statements(&self) -> &[Item] {
        match &self.script {
            Script::Transcript(scenario) => &scenario.body,
            Script::Native(_) => &[],
        }
    }

    /// The place of a span of its text.
    pub fn place(&self, span: &Span) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= span.start);
        Place {
            scenario: self.name.clone(),
            line,
            span: (span.start, span.end),
        }
    }

    /// The text of a span.
    pub fn source(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn is_standing(&self) -> bool {
        matches!(&self.script, Script::Transcript(scenario) if scenario.nature == Nature::Standing)
    }

    /// The capabilities that it settles.
    pub fn settles(&self) -> BTreeSet<String> {
        walk::provided(self.statements())
    }

    /// The folder that it is in.
    fn folder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The names of the capabilities that it needs.
    fn needed_names(&self) -> Vec<String> {
        self.needs()
            .into_iter()
            .map(|capability| capability.name)
            .collect()
    }

    /// The capabilities that it needs, with the stance that it needs of each.
    fn needs(&self) -> Vec<Capability> {
        match &self.script {
            Script::Transcript(scenario) => walk::needed(&scenario.body),
            Script::Native(declared) => declared.needs.iter().map(|name| offered(name)).collect(),
        }
    }
}

/// What a run runs.
#[derive(Debug, Default)]
pub struct Plan {
    /// The probes, in an order in which each finds settled what it needs; always all of them.
    pub probes: Vec<Arc<Planned>>,
    /// The standing scenarios.
    pub standing: Vec<Arc<Planned>>,
    /// The other scenarios that were selected, in the order of their names.
    pub workflows: Vec<Arc<Planned>>,
    /// The requirements that are asked; `None` for all.
    pub asked: Option<BTreeSet<RequirementId>>,
}

impl Plan {
    /// Plans a run of what is selected, from a library and from the scenarios that are written in Rust.
    pub fn new(
        library: &Library,
        natives: impl IntoIterator<Item = &'static Declared>,
        selection: &Selection,
    ) -> Plan {
        let mut plan = Plan {
            asked: selection.requirements(&library.catalogue),
            ..Plan::default()
        };
        let mut probes = Vec::new();
        let transcripts = library.scenarios.iter().map(|loaded| {
            Planned::transcript(loaded.name.clone(), loaded.text.clone(), loaded.scenario.clone())
        });
        for planned in transcripts
            .chain(natives.into_iter().map(Planned::native))
            .map(Arc::new)
        {
            if !planned.settles().is_empty() {
                probes.push(planned);
            } else if planned.is_standing() {
                plan.standing.push(planned);
            } else if selection.takes(&planned, &library.catalogue) {
                plan.workflows.push(planned);
            }
        }
        plan.probes = in_order_of_need(probes);
        plan
    }

    /// Plans the shortest run that asks all of `ids`: the scenarios that cite them, and the probes that those need.
    ///
    /// A standing scenario sends nothing itself. What it alone asks needs answers to look at: those of all probes and
    /// of its neighbours, the scenarios in its folder.
    pub fn that_asks(
        library: &Library,
        natives: impl IntoIterator<Item = &'static Declared>,
        ids: &[RequirementId],
    ) -> Plan {
        let mut plan = Plan::new(library, natives, &Selection::default());
        let cites = |planned: &Arc<Planned>| ids.iter().any(|id| planned.cites.contains(id));
        let folders = plan.folders_of_standing(ids);
        let is_neighbour = |planned: &Arc<Planned>| folders.contains(planned.folder());
        plan.workflows
            .retain(|planned| cites(planned) || is_neighbour(planned));
        if !folders.is_empty() {
            return plan;
        }
        let mut needed: BTreeSet<String> = plan
            .workflows
            .iter()
            .flat_map(|planned| planned.needed_names())
            .collect();
        needed.insert("push".to_owned());
        for probe in plan.probes.iter().rev() {
            if cites(probe) || !needed.is_disjoint(&probe.settles()) {
                needed.extend(probe.settles());
                needed.extend(probe.needed_names());
            }
        }
        plan.probes.retain(|probe| !needed.is_disjoint(&probe.settles()));
        plan
    }

    /// The folders of the standing scenarios that alone ask some of `ids`.
    fn folders_of_standing(&self, ids: &[RequirementId]) -> BTreeSet<String> {
        let is_asked = |id: &&RequirementId| {
            let mut asking = self.workflows.iter().chain(&self.probes);
            asking.any(|planned| planned.cites.contains(*id))
        };
        let silent: Vec<&RequirementId> = ids.iter().filter(|id| !is_asked(id)).collect();
        let standing = self.standing.iter();
        standing
            .filter(|planned| silent.iter().any(|id| planned.cites.contains(*id)))
            .map(|planned| planned.folder().to_owned())
            .collect()
    }

    /// Whether a requirement is asked in this run.
    pub fn asks(&self, id: &RequirementId) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.contains(id))
    }
}

/// Probes in an order in which each comes behind those that settle what it needs.
fn in_order_of_need(mut waiting: Vec<Arc<Planned>>) -> Vec<Arc<Planned>> {
    let mut ordered: Vec<Arc<Planned>> = Vec::new();
    while !waiting.is_empty() {
        let unsettled: BTreeSet<String> = waiting.iter().flat_map(|probe| probe.settles()).collect();
        let (ready, later): (Vec<Arc<Planned>>, Vec<Arc<Planned>>) = waiting.into_iter().partition(|probe| {
            let own = probe.settles();
            probe
                .needs()
                .iter()
                .all(|need| own.contains(&need.name) || !unsettled.contains(&need.name))
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
        walk::provided(&loaded.scenario.body)
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

/// The stance as `needs` writes it.
pub fn spelled(capability: &Capability) -> String {
    match capability.stance {
        Stance::Offered => capability.name.clone(),
        Stance::Refused => format!("no {}", capability.name),
    }
}

fn offered(name: &str) -> Capability {
    Capability {
        name: name.to_owned(),
        stance: Stance::Offered,
    }
}
