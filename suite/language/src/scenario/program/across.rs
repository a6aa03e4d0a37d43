//! What scenarios say beside each other: titles, and which probe settles what.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::{Diagnostic, Faulty, SourceFile, did_you_mean};
use crate::scenario::ast::{Capability, Spanned, Statement, each_statement};
use crate::scenario::library::{Loaded, is_probe};

/// Says what is wrong with scenarios beside each other, file by file; of two that want the same, the second is wrong.
pub fn check_all(scenarios: &[&Loaded]) -> Vec<Faulty> {
    let mut faults = vec![Vec::new(); scenarios.len()];
    names(scenarios, &mut faults);
    titles(scenarios, &mut faults);
    let probes = probes(scenarios, &mut faults);
    for (loaded, faults) in scenarios.iter().zip(&mut faults) {
        let needed = capabilities(loaded, needed_by);
        faults.extend(
            needed
                .into_iter()
                .filter_map(|capability| unsettled(capability, &probes)),
        );
    }
    let faulty = scenarios.iter().zip(faults);
    faulty
        .filter_map(|(loaded, faults)| Faulty::new(&source(loaded), faults))
        .collect()
}

fn source(loaded: &Loaded) -> SourceFile {
    SourceFile {
        path: loaded.path.clone(),
        text: loaded.text.clone(),
    }
}

/// Finds names that two scenarios have, one of a folder and one that is compiled in.
fn names(scenarios: &[&Loaded], faults: &mut [Vec<Diagnostic>]) {
    let mut seen: HashMap<&str, &Loaded> = HashMap::new();
    for (loaded, faults) in scenarios.iter().zip(faults) {
        if let Some(first) = seen.insert(&loaded.name, loaded) {
            faults.push(
                Diagnostic::error(
                    format!("there is a scenario `{}` already", loaded.name),
                    loaded.scenario.title.span.clone(),
                )
                .label("the second")
                .note(format!("the first is {}", first.path))
                .suggest("give the file another name"),
            );
        }
    }
}

/// Finds titles that two scenarios have.
fn titles(scenarios: &[&Loaded], faults: &mut [Vec<Diagnostic>]) {
    let mut seen: HashMap<String, &Loaded> = HashMap::new();
    for (loaded, faults) in scenarios.iter().zip(faults) {
        let title = &loaded.scenario.title;
        if let Some(first) = seen.insert(title.to_lowercase(), loaded) {
            faults.push(
                Diagnostic::error("two scenarios have this title", title.span.clone())
                    .label("the second")
                    .note(format!("the first is {}", first.path))
                    .suggest("say what is true here and not there"),
            );
        }
    }
}

/// The probe that settles each capability.
fn probes<'s>(scenarios: &[&'s Loaded], faults: &mut [Vec<Diagnostic>]) -> BTreeMap<&'s str, &'s Loaded> {
    let mut probes: BTreeMap<&str, &Loaded> = BTreeMap::new();
    for (loaded, faults) in scenarios.iter().zip(faults) {
        for capability in capabilities(loaded, provided_by) {
            let name = capability.value.name.as_str();
            let first = *probes.entry(name).or_insert(loaded);
            if !is_probe(&loaded.name) {
                faults.push(
                    Diagnostic::error("only a probe settles a capability", capability.span.clone())
                        .label("this scenario is not below `probe/`")
                        .suggest("move the scenario to `probe/`, or the line to a probe"),
                );
            } else if first.name != loaded.name {
                faults.push(
                    Diagnostic::error(format!("two probes settle `{name}`"), capability.span.clone())
                        .label("the second")
                        .note(format!("the first is {}", first.path))
                        .suggest("leave it to one of them"),
                );
            }
        }
    }
    probes
}

fn unsettled(needed: &Spanned<Capability>, probes: &BTreeMap<&str, &Loaded>) -> Option<Diagnostic> {
    let name = needed.value.name.as_str();
    if probes.contains_key(name) {
        return None;
    }
    let fault =
        Diagnostic::error(format!("no probe settles `{name}`"), needed.span.clone()).label("needed here");
    Some(match did_you_mean(name, probes.keys().copied()) {
        Some(meant) => fault.suggest(meant),
        None => fault.suggest(format!(
            "write a probe that says `provides {name}` and `provides no {name}`"
        )),
    })
}

/// The capabilities that the lines of a scenario speak of.
fn capabilities(loaded: &Loaded, of: fn(&Statement) -> &[Spanned<Capability>]) -> Vec<&Spanned<Capability>> {
    let mut found = Vec::new();
    each_statement(&loaded.scenario.body, &mut |item| found.extend(of(&item.value)));
    found
}

fn needed_by(statement: &Statement) -> &[Spanned<Capability>] {
    match statement {
        Statement::Needs(capabilities) => capabilities,
        _ => &[],
    }
}

fn provided_by(statement: &Statement) -> &[Spanned<Capability>] {
    match statement {
        Statement::Provides(capability) => std::slice::from_ref(capability),
        _ => &[],
    }
}
