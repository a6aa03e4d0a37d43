//! In what two snapshots differ: what a requirement lost or gained, and what no requirement asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::align::{Pair, align};
use super::answers::{Answer, AnswerEntry, Answers, Asked, Constancy, Ended, Facet, FacetValue, Said};
use crate::catalogue::RequirementId;
use crate::endpoint::{Endpoint, EndpointKind};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The scenario in which it shows.
    pub scenario: Arc<str>,
    /// Which pair of entries differs.
    pub(super) place: usize,
    /// What it means.
    pub kind: DifferenceKind,
    /// What differs.
    pub change: Change,
}

/// What a difference means, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// A requirement that held is broken.
    Worse,
    /// A requirement that was broken holds.
    Better,
    /// No requirement minds.
    Other,
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
    /// It differs from run to run, and did not before.
    Unstable,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// An answer.
    Answer(Changed),
    /// A request is made, or is not any more.
    Request(String),
    /// Why a scenario came to an end before its last line.
    Ended(Option<Ended>, Option<Ended>),
    /// A whole scenario.
    Scenario,
    /// The version by which it is said what is broken, before and now.
    Version(String, String),
}

/// A changed answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Changed {
    /// What was asked, by method and endpoint.
    pub asked: String,
    /// The facets that changed, each before and after; nothing where there was none.
    pub facets: BTreeMap<Facet, (Option<FacetValue>, Option<FacetValue>)>,
    /// The requirements that are broken now.
    pub broken: BTreeSet<RequirementId>,
    /// The requirements that hold now.
    pub mended: BTreeSet<RequirementId>,
}

impl DifferenceKind {
    /// Every kind, worst first.
    pub const ALL: [DifferenceKind; 6] = [
        DifferenceKind::Worse,
        DifferenceKind::Better,
        DifferenceKind::Other,
        DifferenceKind::New,
        DifferenceKind::Gone,
        DifferenceKind::Unstable,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            DifferenceKind::Worse => "worse",
            DifferenceKind::Better => "better",
            DifferenceKind::Other => "other",
            DifferenceKind::New => "new",
            DifferenceKind::Gone => "gone",
            DifferenceKind::Unstable => "unstable",
        }
    }
}

/// In what the answers in a scenario differ from those that are recorded.
pub fn compare(scenario: &Arc<str>, old: Option<&Answers>, new: Option<&Answers>) -> Vec<Difference> {
    let mut found = Found {
        scenario,
        place: 0,
        differences: Vec::new(),
    };
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => found.add(DifferenceKind::New, Change::Scenario),
        (Some(_), None) => found.add(DifferenceKind::Gone, Change::Scenario),
        (Some(old), Some(new)) => {
            found.versions(old, new);
            found.ended(old, new);
            for (place, (pair, asked)) in pairs(old, new).into_iter().enumerate() {
                found.place = place;
                found.pair(pair, &asked);
            }
        }
    }
    found.differences
}

/// The answers that are recorded, with those differences that are taken over; nothing if nothing is left.
pub fn taken_over(
    scenario: &Arc<str>,
    old: Option<&Answers>,
    new: Option<&Answers>,
    takes: &dyn Fn(&Difference) -> bool,
) -> Option<Answers> {
    let taken: Vec<Difference> = compare(scenario, old, new).into_iter().filter(takes).collect();
    let takes_all = |change: &Change| taken.iter().any(|difference| difference.change == *change);
    let (Some(old), Some(new)) = (old, new) else {
        return if takes_all(&Change::Scenario) { new } else { old }.cloned();
    };
    let mut entries = Vec::new();
    for (place, (pair, _)) in pairs(old, new).into_iter().enumerate() {
        let here = taken.iter().filter(|difference| difference.place == place);
        entries.extend(entry_taken(pair, &here.collect::<Vec<_>>()));
    }
    let is_of = |change: &dyn Fn(&Change) -> bool| taken.iter().any(|taken| change(&taken.change));
    let takes_end = is_of(&|change| matches!(change, Change::Ended(..)));
    let takes_version = is_of(&|change| matches!(change, Change::Version(..)));
    Some(Answers {
        title: new.title.clone(),
        version: if takes_version { new.version } else { old.version },
        ended: if takes_end { new } else { old }.ended.clone(),
        entries,
    })
}

/// The pairs of entries, each with its method and endpoint.
fn pairs<'a>(old: &'a Answers, new: &'a Answers) -> Vec<(Pair<'a>, String)> {
    let mut last = String::new();
    let named = |pair: Pair<'a>| {
        let entry = pair.other.or(pair.one);
        let asked = entry.map(|entry| asked(&entry.asked, &last)).unwrap_or_default();
        last.clone_from(&asked);
        (pair, asked)
    };
    align(&old.entries, &new.entries).into_iter().map(named).collect()
}

/// What is asked, by method and endpoint; of a further request, where the one before it went.
fn asked(asked: &Asked, last: &str) -> String {
    match asked {
        Asked::Given(_) => "the setting of a stage".to_owned(),
        Asked::Next(method) => {
            let (_, endpoint) = last.split_once(' ').unwrap_or_default();
            format!("{method} {endpoint}")
        }
        Asked::Request(lines) => lines.first().map(|line| endpoint(line)).unwrap_or_default(),
    }
}

/// Method and endpoint of the first line of a request: `GET /v2/…/blobs/<digest>`.
pub(crate) fn endpoint(line: &str) -> String {
    let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
    let target = rest.split_once(" ?").map_or(rest, |(target, _)| target);
    if method == "upload" {
        let (_, way) = target.rsplit_once(" by ").unwrap_or_default();
        return format!("upload by {way}");
    }
    let kind = if target.starts_with('{') {
        // What a registry gives an address for is an upload.
        EndpointKind::Session
    } else {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Endpoint::parse(&with_values(path), query).kind()
    };
    format!("{method} {}", kind.words())
}

/// A path in which a digest is one, and every other name a word.
fn with_values(path: &str) -> String {
    let mut text = String::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let is_digest = ["digest", "sha256", "sha512"]
            .iter()
            .any(|word| name.starts_with(word))
            || !name.contains(' ') && !["repo", "other", "third", "tag"].contains(&name);
        text.push_str(before);
        text.push_str(if is_digest { "sha256:0" } else { "x" });
        rest = behind;
    }
    text + rest
}

struct Found<'a> {
    scenario: &'a Arc<str>,
    place: usize,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn add(&mut self, kind: DifferenceKind, change: Change) {
        self.differences.push(Difference {
            scenario: self.scenario.clone(),
            place: self.place,
            kind,
            change,
        });
    }

    fn versions(&mut self, old: &Answers, new: &Answers) {
        if old.version != new.version {
            let change = Change::Version(old.version.to_string(), new.version.to_string());
            self.add(DifferenceKind::Other, change);
        }
    }

    fn ended(&mut self, old: &Answers, new: &Answers) {
        let kind = match (&old.ended, &new.ended) {
            (Some(Ended::Unstable), _) => return,
            (old, new) if old == new => return,
            (_, Some(Ended::Unstable)) => DifferenceKind::Unstable,
            _ => DifferenceKind::Other,
        };
        self.add(kind, Change::Ended(old.ended.clone(), new.ended.clone()));
    }

    fn pair(&mut self, pair: Pair<'_>, asked: &str) {
        let request = || Change::Request(asked.to_owned());
        match (
            pair.one.map(|entry| &entry.said),
            pair.other.map(|entry| &entry.said),
        ) {
            (Some(Said::NowAndThen), _) | (None, None) => {}
            (None, Some(Said::Answer(_))) => self.add(DifferenceKind::New, request()),
            (Some(Said::Answer(_)), None) => self.add(DifferenceKind::Gone, request()),
            (_, Some(Said::NowAndThen)) => self.add(DifferenceKind::Unstable, request()),
            (Some(Said::Answer(old)), Some(Said::Answer(new))) => self.answers(old, new, asked),
        }
    }

    fn answers(&mut self, old: &Answer, new: &Answer, asked: &str) {
        let change = |facets, broken, mended| {
            Change::Answer(Changed {
                asked: asked.to_owned(),
                facets,
                broken,
                mended,
            })
        };
        let nothing = BTreeSet::new;
        let (broken, mended) = (lost(old, new), lost(new, old));
        let (unstable, mut changed): (BTreeMap<_, _>, BTreeMap<_, _>) = changed(old, new)
            .into_iter()
            .partition(|(_, (_, new))| *new == Some(FacetValue::Unstable));
        if !broken.is_empty() || !mended.is_empty() {
            let kind = if broken.is_empty() {
                DifferenceKind::Better
            } else {
                DifferenceKind::Worse
            };
            self.add(kind, change(std::mem::take(&mut changed), broken, mended));
        }
        for (facet, values) in changed {
            self.add(
                DifferenceKind::Other,
                change(BTreeMap::from([(facet, values)]), nothing(), nothing()),
            );
        }
        let shaky = shaky(old, new);
        if !shaky.is_empty() {
            self.add(
                DifferenceKind::Unstable,
                change(BTreeMap::new(), shaky, nothing()),
            );
        }
        for (facet, values) in unstable {
            self.add(
                DifferenceKind::Unstable,
                change(BTreeMap::from([(facet, values)]), nothing(), nothing()),
            );
        }
    }
}

/// The facets that differ, each before and after, but for those that were unstable before.
fn changed(old: &Answer, new: &Answer) -> BTreeMap<Facet, (Option<FacetValue>, Option<FacetValue>)> {
    let facets: BTreeSet<&Facet> = old.facets.keys().chain(new.facets.keys()).collect();
    let values = facets.into_iter().map(|facet| {
        let values = (old.facets.get(facet).cloned(), new.facets.get(facet).cloned());
        (facet.clone(), values)
    });
    values
        .filter(|(_, (old, new))| old != new && *old != Some(FacetValue::Unstable))
        .collect()
}

/// The requirements that one answer always breaks and another never.
fn lost(before: &Answer, after: &Answer) -> BTreeSet<RequirementId> {
    let ids = after.broken().filter(|id| !before.breaks.contains_key(*id));
    ids.cloned().collect()
}

/// The requirements that are broken now and then, and were not before.
fn shaky(old: &Answer, new: &Answer) -> BTreeSet<RequirementId> {
    let now = new.breaks.iter().filter(|(id, constancy)| {
        **constancy == Constancy::NowAndThen && old.breaks.get(*id) != Some(&Constancy::NowAndThen)
    });
    now.map(|(id, _)| id.clone()).collect()
}

/// What is recorded of a pair when these differences are taken over.
fn entry_taken(pair: Pair<'_>, taken: &[&Difference]) -> Option<AnswerEntry> {
    let takes_request = taken
        .iter()
        .any(|difference| matches!(difference.change, Change::Request(_)));
    match (pair.one, pair.other) {
        (Some(old), None) => (!takes_request).then(|| old.clone()),
        (None, Some(new)) => takes_request.then(|| new.clone()),
        (Some(_), Some(new)) if takes_request => Some(new.clone()),
        (Some(old), Some(new)) => {
            let mut entry = old.clone();
            if let (Said::Answer(present), Some(new)) = (&mut entry.said, new.answer()) {
                for difference in taken {
                    if let Change::Answer(changed) = &difference.change {
                        take(present, new, changed);
                    }
                }
            }
            Some(entry)
        }
        (None, None) => None,
    }
}

fn take(present: &mut Answer, new: &Answer, changed: &Changed) {
    for facet in changed.facets.keys() {
        match new.facets.get(facet) {
            Some(told) => present.facets.insert(facet.clone(), told.clone()),
            None => present.facets.remove(facet),
        };
    }
    for id in changed.broken.iter().chain(&changed.mended) {
        match new.breaks.get(id) {
            Some(constancy) => present.breaks.insert(id.clone(), *constancy),
            None => present.breaks.remove(id),
        };
    }
}
