//! Random workflows: sequences of operations that nobody thought of, held against a model of a registry.
//!
//! A workflow is written down as a scenario in our own language and followed like any other, so that what it finds
//! comes under the same ids, with the same `curl` lines. One that fails is shrunk to the shortest that still does.

mod model;
mod operation;
mod scenario_writer;
mod shortest;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sha2::{Digest as _, Sha256};

use self::model::{Abilities, Model};
use self::operation::{Operation, any_workflow};
use self::scenario_writer::ScenarioWriter;
use self::shortest::shortest;
use crate::catalogue::{Catalogue, RequirementId};

/// How long workflows are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// None are.
    Nothing,
    /// As many as this.
    Workflows(u32),
    /// For as long as this (`--explore DURATION`).
    Time(Duration),
}

/// How many workflows are tried between two looks at the clock.
const BATCH: u32 = 20;

/// A registry as the explorer knows it before it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constraints {
    /// The capabilities that it offers.
    pub offered: BTreeSet<String>,
    /// The requirements that are known to be broken, or not in force in the version judged by; no operation that
    /// asks for one is tried.
    pub avoided: BTreeSet<RequirementId>,
}

/// A workflow that failed, in its shortest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// Its name.
    pub name: String,
    /// Its scenario.
    pub text: String,
}

/// Tries random workflows until the budget is spent, the run does not go on, or one fails. `fail` follows scenarios at
/// once, whose numbers, from the one given on, are their own, and says of each whether something in it broke.
pub(crate) fn explore(
    catalogue: &Catalogue,
    constraints: &Constraints,
    budget: Budget,
    seed: u64,
    goes_on: impl Fn() -> bool,
    fail: impl Fn(&Arc<str>, &[String], u32) -> Vec<bool>,
) -> Option<Failing> {
    let began = Instant::now();
    let number = AtomicU32::new(0);
    let mut batch = 0;
    while let Some(cases) = next_batch(budget, batch, began).filter(|_| goes_on()) {
        let name: Arc<str> = format!("explore/{batch}").into();
        let break_at_once = |workflows: &[Vec<Operation>]| {
            let texts = workflows
                .iter()
                .map(|operations| written(operations, catalogue, constraints));
            let texts: Vec<String> = texts.collect();
            let several = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            fail(&name, &texts, number.fetch_add(several, Ordering::Relaxed))
        };
        let workflows = drawn(cases, rng(seed, batch));
        let mut verdicts = break_at_once(&workflows).into_iter().zip(workflows);
        if let Some((_, failing)) = verdicts.find(|(broke, _)| *broke) {
            let short = shortest(failing, &break_at_once);
            return Some(Failing {
                name: name.to_string(),
                text: written(&short, catalogue, constraints),
            });
        }
        batch += 1;
    }
    None
}

/// The scenarios of the workflows that are tried first.
pub(crate) fn first_workflows(
    catalogue: &Catalogue,
    constraints: &Constraints,
    cases: u32,
    seed: u64,
) -> Vec<String> {
    let workflows = drawn(cases, rng(seed, 0));
    let texts = workflows
        .iter()
        .map(|operations| written(operations, catalogue, constraints));
    texts.collect()
}

/// The workflows that come of these random numbers.
fn drawn(cases: u32, rng: TestRng) -> Vec<Vec<Operation>> {
    let drawn = RefCell::new(Vec::new());
    let keep = |operations| {
        drawn.borrow_mut().push(operations);
        Ok(())
    };
    // Nothing fails that is only kept.
    let _ = TestRunner::new_with_rng(config(cases), rng).run(&any_workflow(), keep);
    drawn.into_inner()
}

/// How many workflows come next; `None` if the budget is spent.
fn next_batch(budget: Budget, batch: u32, began: Instant) -> Option<u32> {
    match budget {
        Budget::Workflows(cases) if batch == 0 && cases > 0 => Some(cases),
        Budget::Time(time) if began.elapsed() < time => Some(BATCH),
        _ => None,
    }
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// The same seed makes the same workflows.
fn rng(seed: u64, batch: u32) -> TestRng {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(batch.to_be_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &hash.finalize())
}

/// A workflow as a scenario.
fn written(operations: &[Operation], catalogue: &Catalogue, constraints: &Constraints) -> String {
    let able = Abilities::of(constraints);
    let mut model = Model::default();
    let mut say = ScenarioWriter::new(
        "Whatever a client does, the registry keeps to the specification",
        catalogue,
    );
    for operation in operations {
        let (before, mark) = (model.clone(), say.mark());
        model.perform(*operation, able, &mut say);
        if say.cites_since(mark, &constraints.avoided) {
            model = before;
            say.cut(mark);
        }
    }
    say.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use std::sync::LazyLock;

    use crate::scenario::{Library, Reading, check, parse};

    static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().unwrap());

    fn everything() -> Constraints {
        let names = [
            "delete-blob",
            "delete-manifest",
            "delete-tag",
            "tag-list",
            "referrers",
            "mount",
            "cancel-upload",
        ];
        Constraints {
            offered: names.iter().map(ToString::to_string).collect(),
            avoided: BTreeSet::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_workflow_is_a_scenario_of_the_language(operations in any_workflow()) {
            let text = written(&operations, &LIBRARY.catalogue, &everything());
            let (scenario, mut faults) = parse(&text);
            let scenario = scenario.filter(|_| faults.is_empty());
            faults.extend(scenario.iter().flat_map(|scenario| check(&"random".into(), scenario, &LIBRARY.catalogue, Reading::Whole)));
            // A sequence of which nothing is left over asks for nothing.
            prop_assert!(faults.is_empty() || !text.contains("=="), "{text}\n{faults:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nothing_is_asked_that_is_not_offered(operations in any_workflow()) {
            let text = written(&operations, &LIBRARY.catalogue, &Constraints::default());
            for optional in ["> DELETE", "/tags/list", "/referrers/", "mount="] {
                prop_assert!(!text.contains(optional), "{text}");
            }
        }
    }

    #[test]
    fn what_fails_is_shrunk_to_the_shortest_that_does() {
        let fails = |text: &String| text.contains("> DELETE") && text.contains("tags/list");
        let fail = |_: &Arc<str>, texts: &[String], _| texts.iter().map(fails).collect();
        let found = explore(
            &LIBRARY.catalogue,
            &everything(),
            Budget::Workflows(500),
            7,
            || true,
            fail,
        )
        .expect("it is found");
        let steps = found.text.matches("\n== ").count();
        assert!(steps <= 4, "{}", found.text);
    }

    #[test]
    fn the_same_seed_makes_the_same_workflows() {
        let told = |seed| {
            let texts = std::sync::Mutex::new(Vec::new());
            explore(
                &LIBRARY.catalogue,
                &everything(),
                Budget::Workflows(3),
                seed,
                || true,
                |_, tried, _| {
                    texts.lock().unwrap().extend_from_slice(tried);
                    vec![false; tried.len()]
                },
            );
            texts.into_inner().unwrap()
        };
        assert_eq!(told(5), told(5));
        assert_ne!(told(5), told(6));
    }

    #[test]
    fn nothing_is_asked_that_is_to_be_avoided() {
        let id = RequirementId::parse("push.put.201").unwrap();
        let constraints = Constraints {
            avoided: BTreeSet::from([id]),
            ..everything()
        };
        let text = written(
            &[Operation::PushBlob(operation::Repository::First, 0)],
            &LIBRARY.catalogue,
            &constraints,
        );
        assert!(!text.contains("push.put.201"), "{text}");
    }
}
