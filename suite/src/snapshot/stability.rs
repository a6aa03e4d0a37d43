//! What is the same in two runs of a scenario, and marks where they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::align::{Pair, align};
use super::answers::{Answer, Answers, Constancy, Ended, Entry, Facet, Said, Told};
use crate::catalogue::RequirementId;

/// What both runs answer; what differs between them is marked as unstable.
pub fn common(one: &Answers, other: &Answers) -> Answers {
    Answers {
        title: one.title.clone(),
        version: one.version,
        ended: if one.ended == other.ended {
            one.ended.clone()
        } else {
            Some(Ended::Unstable)
        },
        entries: align(&one.entries, &other.entries)
            .into_iter()
            .filter_map(entry)
            .collect(),
    }
}

fn entry(pair: Pair<'_>) -> Option<Entry> {
    let present = pair.one.or(pair.other)?;
    let said = match (
        pair.one.and_then(Entry::answer),
        pair.other.and_then(Entry::answer),
    ) {
        (Some(one), Some(other)) => Said::Answer(answer(one, other)),
        _ => Said::NowAndThen,
    };
    Some(Entry {
        said,
        ..present.clone()
    })
}

fn answer(one: &Answer, other: &Answer) -> Answer {
    let facets: BTreeSet<&Facet> = one.facets.keys().chain(other.facets.keys()).collect();
    let told = |facet: &Facet| match (one.facets.get(facet), other.facets.get(facet)) {
        (Some(one), Some(other)) if one == other => one.clone(),
        _ => Told::Unstable,
    };
    let ids: BTreeSet<&RequirementId> = one.breaks.keys().chain(other.breaks.keys()).collect();
    let always = |id: &RequirementId| {
        let is_always = |answer: &Answer| answer.breaks.get(id) == Some(&Constancy::Always);
        if is_always(one) && is_always(other) {
            Constancy::Always
        } else {
            Constancy::NowAndThen
        }
    };
    Answer {
        facets: facets
            .into_iter()
            .map(|facet| (facet.clone(), told(facet)))
            .collect(),
        breaks: ids
            .into_iter()
            .map(|id| (id.clone(), always(id)))
            .collect::<BTreeMap<_, _>>(),
    }
}
