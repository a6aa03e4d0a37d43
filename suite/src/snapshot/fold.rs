//! Equal differences in many places are one line.

use std::collections::BTreeMap;

use super::compare::{Change, Changed, Difference, Kind};
use crate::catalogue::{Catalogue, Level, RequirementId, Version};

/// Differences that are alike.
#[derive(Clone, Debug)]
pub struct Folded {
    /// What they mean.
    pub kind: Kind,
    /// What differs; the requirements are those of all.
    pub change: Change,
    /// The highest level of the requirements that they are about.
    pub level: Option<Level>,
    /// Each of them, in the order of the scenarios.
    pub differences: Vec<Difference>,
}

impl Folded {
    /// The scenarios in which they show, each once.
    pub fn scenarios(&self) -> Vec<&str> {
        let mut scenarios: Vec<&str> = Vec::new();
        for difference in &self.differences {
            if scenarios.last() != Some(&&*difference.scenario) {
                scenarios.push(&difference.scenario);
            }
        }
        scenarios
    }

    /// The requirements that they are about.
    pub fn requirements(&self) -> impl Iterator<Item = &RequirementId> {
        let changed = match &self.change {
            Change::Answer(changed) => Some(changed),
            _ => None,
        };
        changed
            .into_iter()
            .flat_map(|changed| changed.broken.iter().chain(&changed.mended))
    }
}

/// Folds differences, worst first; within a kind first what a higher level asks, then what shows in more places.
pub fn fold(differences: &[Difference], catalogue: &Catalogue, version: Version) -> Vec<Folded> {
    let mut folds: BTreeMap<(Kind, Change), Folded> = BTreeMap::new();
    for difference in differences {
        let key = (difference.kind, alike(difference));
        let folded = folds.entry(key).or_insert_with(|| Folded {
            kind: difference.kind,
            change: alike(difference),
            level: None,
            differences: Vec::new(),
        });
        if let (Change::Answer(all), Change::Answer(one)) = (&mut folded.change, &difference.change) {
            all.broken.extend(one.broken.iter().cloned());
            all.mended.extend(one.mended.iter().cloned());
        }
        folded.differences.push(difference.clone());
    }
    let mut folds: Vec<Folded> = folds.into_values().collect();
    for folded in &mut folds {
        let level = |id| catalogue.get(id)?.levels.in_version(version);
        folded.level = folded.requirements().filter_map(level).max();
    }
    folds.sort_by_key(|folded| {
        let (level, count) = (folded.level, folded.differences.len());
        (folded.kind, std::cmp::Reverse(level), std::cmp::Reverse(count))
    });
    folds
}

/// What makes a difference one with others: which requirements it is about does not, nor what was asked, where none minds.
fn alike(difference: &Difference) -> Change {
    match &difference.change {
        Change::Answer(changed) => Change::Answer(Changed {
            asked: match difference.kind {
                Kind::Worse | Kind::Better => changed.asked.clone(),
                Kind::Other | Kind::New | Kind::Gone | Kind::Unstable => String::new(),
            },
            facets: changed.facets.clone(),
            broken: Default::default(),
            mended: Default::default(),
        }),
        other => other.clone(),
    }
}
