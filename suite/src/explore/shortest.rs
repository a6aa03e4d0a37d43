//! The shortest form of a workflow that fails: what it does not need is left out, and what is left is made simple.
//!
//! It is found by delta debugging, whose changes are tried at once: over a distance a round of them takes no longer than
//! the longest.

use super::operation::Operation;

/// Says of each of several workflows whether it breaks; they are tried at once.
type BreakAtOnce<'a> = dyn Fn(&[Vec<Operation>]) -> Vec<bool> + 'a;

/// The shortest form that still breaks of a workflow that does: no operation can be left out of it.
pub(super) fn shortest(workflow: Vec<Operation>, break_at_once: &BreakAtOnce<'_>) -> Vec<Operation> {
    let short = without_the_needless(workflow, break_at_once);
    let simple = made_simple(short, break_at_once);
    // What was made simple may have become like others.
    without_the_needless(simple, break_at_once)
}

/// Leaves out what the rest does not need, by halves first and by single operations at last.
fn without_the_needless(mut workflow: Vec<Operation>, break_at_once: &BreakAtOnce<'_>) -> Vec<Operation> {
    let mut size = workflow.len().div_ceil(2);
    while workflow.len() > 1 {
        let parts: Vec<&[Operation]> = workflow.chunks(size).collect();
        let all = (0..parts.len()).collect();
        let without = |left_out: &[usize]| {
            let kept = (0..parts.len()).filter(|part| !left_out.contains(part));
            kept.flat_map(|part| parts[part]).copied().collect()
        };
        match best_of(all, without, break_at_once) {
            Some(shorter) => workflow = shorter,
            None if size == 1 => break,
            None => {}
        }
        size = size.min(workflow.len()).div_ceil(2);
    }
    workflow
}

/// Makes operations simpler where that still breaks.
fn made_simple(workflow: Vec<Operation>, break_at_once: &BreakAtOnce<'_>) -> Vec<Operation> {
    Operation::SIMPLER.iter().fold(workflow, |workflow, simpler| {
        let others = (0..workflow.len()).filter(|at| simpler(workflow[*at]) != workflow[*at]);
        let with = |simple: &[usize]| {
            let operations = workflow.iter().enumerate();
            let some_simple = operations.map(|(at, operation)| match simple.contains(&at) {
                true => simpler(*operation),
                false => *operation,
            });
            some_simple.collect()
        };
        best_of(others.collect(), with, break_at_once).unwrap_or(workflow)
    })
}

/// What comes of the changes that break alone, made together if that breaks as well, or else of the first of them.
fn best_of(
    changes: Vec<usize>,
    changed: impl Fn(&[usize]) -> Vec<Operation>,
    break_at_once: &BreakAtOnce<'_>,
) -> Option<Vec<Operation>> {
    let alone: Vec<_> = changes.iter().map(|change| changed(&[*change])).collect();
    let broke = break_at_once(&alone).into_iter();
    let breaking: Vec<usize> = changes
        .into_iter()
        .zip(broke)
        .filter_map(|(change, broke)| broke.then_some(change))
        .collect();
    let first = *breaking.first()?;
    let together = [changed(&breaking)];
    let as_well = breaking.len() > 1 && break_at_once(&together) == [true];
    let [together] = together;
    Some(if as_well { together } else { changed(&[first]) })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::super::operation::any_workflow;
    use super::*;

    /// Whether these stand in a workflow in this order, whatever stands between them.
    fn has(workflow: &[Operation], needed: &[Operation]) -> bool {
        let mut rest = workflow.iter();
        needed.iter().all(|one| rest.any(|operation| operation == one))
    }

    proptest! {
        #[test]
        fn nothing_is_left_but_what_is_needed(
            workflow in any_workflow(),
            is_needed in prop::collection::vec(prop::bool::weighted(0.1), 40),
        ) {
            let needed = workflow.iter().zip(is_needed).filter(|(_, is_needed)| *is_needed);
            let needed: Vec<Operation> = needed.map(|(operation, _)| *operation).collect();
            prop_assume!(!needed.is_empty());
            let breaks = |one: &Vec<Operation>| has(one, &needed);
            let short = shortest(workflow, &|several| several.iter().map(breaks).collect());
            prop_assert_eq!(short, needed);
        }
    }

    proptest! {
        #[test]
        fn what_breaks_in_any_form_is_made_simple(workflow in any_workflow()) {
            let longest = workflow.len();
            let rounds = Cell::new(0);
            let short = shortest(workflow, &|several| {
                rounds.set(rounds.get() + 1);
                several.iter().map(|one| one.len() >= longest.min(3)).collect()
            });
            prop_assert_eq!(short.len(), longest.min(3));
            let is_simple = |one: &Operation| Operation::SIMPLER.iter().all(|simpler| simpler(*one) == *one);
            prop_assert!(short.iter().all(is_simple), "{short:?}");
            prop_assert!(rounds.get() < 100, "{} rounds", rounds.get());
        }
    }
}
