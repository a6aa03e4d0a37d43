//! The matrix: the suite against every deviation, and what that proves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};

use super::deviation::Deviation;
use super::proxy::Saboteur;
use super::upstream::{Upstream, Upstreams};
use crate::catalogue::{Catalogue, Level, Requirement, RequirementId, Version};
use crate::judgement::{Strictness, Verdict};
use crate::run::{CleanUp, RunSettings};
use crate::scenario::Library;
use crate::suite::{Outcome, RunError, Suite};

/// How many deviations are tried at once.
const AT_ONCE: usize = 4;
/// Nothing was found.
static NOTHING: BTreeSet<RequirementId> = BTreeSet::new();
/// How many scenarios of one run run at once: more than one, since some deviations need company.
const JOBS: usize = 4;

/// By which version of a specification a deviation is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// The newest in which all that it breaks is in force, one of the OCI specification if there is one.
    Newest,
    /// This one.
    Version(Version),
}

impl JudgedBy {
    /// Whether all that a deviation breaks is in force.
    pub fn asks(self, deviation: &Deviation, catalogue: &Catalogue) -> bool {
        match self {
            JudgedBy::Newest => true,
            JudgedBy::Version(version) => in_force(catalogue, &broken_by(deviation), version),
        }
    }

    /// The version by which what breaks these requirements is judged.
    fn version(self, catalogue: &Catalogue, breaks: &[RequirementId]) -> Version {
        let oci = Version::OCI.into_iter().rev();
        match self {
            JudgedBy::Newest => oci
                .chain([Version::Docker, Version::Legacy])
                .find(|version| in_force(catalogue, breaks, *version))
                .unwrap_or(Version::Next),
            JudgedBy::Version(version) => version,
        }
    }
}

fn in_force(catalogue: &Catalogue, ids: &[RequirementId], version: Version) -> bool {
    ids.iter().all(|id| {
        catalogue
            .get(id)
            .is_some_and(|requirement| requirement.levels.in_version(version).is_some())
    })
}

fn broken_by(deviation: &Deviation) -> Vec<RequirementId> {
    let breaks = deviation.breaks.iter();
    breaks.filter_map(|id| RequirementId::parse(id)).collect()
}

/// What became of all deviations.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// One cell for each deviation, in the order of the table.
    pub cells: Vec<Cell>,
    /// Requirements that must be proven, and that no deviation proves.
    pub unproven: Vec<RequirementId>,
    /// What was found against the registry as it is. Nothing of it can be proven over that registry.
    pub honestly: BTreeSet<RequirementId>,
}

/// What became of one deviation.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The deviation's id.
    pub deviation: &'static str,
    /// What it breaks, as its entry says.
    pub breaks: Vec<RequirementId>,
    /// What the suite found, and what it says to break with it.
    pub found: BTreeSet<RequirementId>,
    /// What that means.
    pub verdict: Catch,
}

/// Whether a deviation was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catch {
    /// All that it breaks was found, and nothing else is a finding; what breaks with it rests on it.
    Caught,
    /// Some of what it breaks was not found.
    Missed(Vec<RequirementId>),
    /// Something was found that it does not break.
    Misreported(Vec<RequirementId>),
    /// The suite would not run against it.
    Refused(String),
    /// It could not be tried, since the registry that there is has not what it takes.
    NotTried(String),
}

impl Cell {
    fn new(deviation: &Deviation, verdict: Catch) -> Cell {
        Cell {
            deviation: deviation.id,
            breaks: broken_by(deviation),
            found: BTreeSet::new(),
            verdict,
        }
    }
}

impl Matrix {
    /// The requirements that deviations prove, each with their ids.
    pub fn proofs(&self) -> BTreeMap<&RequirementId, Vec<&'static str>> {
        let mut proofs: BTreeMap<&RequirementId, Vec<&'static str>> = BTreeMap::new();
        for cell in self.cells.iter().filter(|cell| cell.verdict == Catch::Caught) {
            for id in &cell.breaks {
                proofs.entry(id).or_default().push(cell.deviation);
            }
        }
        proofs
    }

    /// Whether every deviation was caught and every requirement proven.
    pub fn is_whole(&self) -> bool {
        self.unproven.is_empty()
            && self.honestly.is_empty()
            && self.cells.iter().all(|cell| cell.verdict == Catch::Caught)
    }
}

/// Runs the suite against the registries as they are, and then with each deviation laid over one of them.
pub async fn matrix(
    library: Arc<Library>,
    deviations: Vec<Deviation>,
    upstreams: &Upstreams,
    judged_by: JudgedBy,
    seed: u64,
    told: impl Fn(&Cell),
) -> Result<Matrix, RunError> {
    let honestly = honestly(&library, &deviations, upstreams, judged_by, seed).await?;
    let mut cells = stream::iter(deviations.into_iter().enumerate())
        .map(|(at, deviation)| {
            let (library, honestly) = (library.clone(), &honestly);
            async move {
                let upstream = match upstreams.under(deviation.over) {
                    Ok(upstream) => upstream,
                    Err(why) => return (at, Cell::new(&deviation, Catch::NotTried(why))),
                };
                let found = honestly.get(&upstream.url.to_string()).unwrap_or(&NOTHING);
                // Every deviation has names of its own, since all may lie over one registry.
                let seed = seed.wrapping_mul(1_000_003).wrapping_add(at as u64 + 1);
                (
                    at,
                    prove(library, deviation, upstream, judged_by, found, seed)
                        .await
                        .cell,
                )
            }
        })
        .buffer_unordered(AT_ONCE)
        .inspect(|(_, cell)| told(cell))
        .collect::<Vec<(usize, Cell)>>()
        .await;
    cells.sort_by_key(|(at, _)| *at);
    let cells = cells.into_iter().map(|(_, cell)| cell).collect();
    let mut matrix = Matrix {
        cells,
        honestly: honestly.into_values().flatten().collect(),
        unproven: Vec::new(),
    };
    let proven: BTreeSet<RequirementId> = matrix.proofs().into_keys().cloned().collect();
    matrix.unproven = to_be_proven(&library.catalogue, judged_by)
        .filter(|id| !proven.contains(id))
        .collect();
    Ok(matrix)
}

/// What is found against each registry, by its address, that some deviation is laid over.
async fn honestly(
    library: &Arc<Library>,
    deviations: &[Deviation],
    upstreams: &Upstreams,
    judged_by: JudgedBy,
    seed: u64,
) -> Result<BTreeMap<String, BTreeSet<RequirementId>>, RunError> {
    let mut honestly = BTreeMap::new();
    let upstreams: BTreeMap<String, &Upstream> = deviations
        .iter()
        .filter_map(|deviation| upstreams.under(deviation.over).ok())
        .map(|upstream| (upstream.url.to_string(), upstream))
        .collect();
    for (address, upstream) in upstreams {
        honestly.insert(address, found_on(library, upstream, judged_by, seed).await?);
    }
    Ok(honestly)
}

/// What all of the suite finds against a registry as it is.
async fn found_on(
    library: &Arc<Library>,
    upstream: &Upstream,
    judged_by: JudgedBy,
    seed: u64,
) -> Result<BTreeSet<RequirementId>, RunError> {
    let version = judged_by.version(&library.catalogue, &[]);
    let outcome = Suite::of(library.clone())
        .against(&upstream.url.to_string())
        .accounts(upstream.credentials.clone())
        .settings(settings(version, seed))
        .run()
        .await?;
    Ok(found(&outcome, &[]))
}

/// Every MUST and SHOULD that can be seen from outside.
pub fn to_be_proven(catalogue: &Catalogue, judged_by: JudgedBy) -> impl Iterator<Item = RequirementId> + '_ {
    let level = move |requirement: &Requirement, version| match judged_by {
        JudgedBy::Version(only) if only != version => None,
        _ => requirement.levels.in_version(version),
    };
    catalogue
        .iter()
        .filter(|requirement| requirement.left_out.is_none())
        .filter(move |requirement| {
            let levels = Version::JUDGED_BY
                .into_iter()
                .filter_map(|version| level(requirement, version));
            levels.max() >= Some(Level::Should)
        })
        .map(|requirement| requirement.id.clone())
}

/// A deviation that was tried: what became of it, and what was found. It can be asked as long as this is held.
#[derive(Debug)]
pub struct Tried {
    /// What became of it.
    pub cell: Cell,
    /// All that was found, if the suite ran.
    pub outcome: Option<Outcome>,
    _saboteur: Option<Saboteur>,
}

/// Runs the suite against one deviation, laid over a registry.
///
/// What is found against that registry `honestly` speaks neither for the deviation nor against it.
pub async fn prove(
    library: Arc<Library>,
    deviation: Deviation,
    over: &Upstream,
    judged_by: JudgedBy,
    honestly: &BTreeSet<RequirementId>,
    seed: u64,
) -> Tried {
    let mut cell = Cell::new(&deviation, Catch::Caught);
    let refused = |cell: Cell, why: String| Tried {
        cell: Cell {
            verdict: Catch::Refused(why),
            ..cell
        },
        outcome: None,
        _saboteur: None,
    };
    let saboteur = match Saboteur::lay(deviation.act, over).await {
        Ok(saboteur) => saboteur,
        Err(error) => return refused(cell, error.to_string()),
    };
    let run = Suite::of(library.clone())
        .against(&saboteur.url())
        .accounts(over.credentials.clone())
        .settings(settings(
            judged_by.version(&library.catalogue, &cell.breaks),
            seed,
        ))
        .asking(&cell.breaks);
    match run.run().await {
        Err(error) => refused(cell, error.to_string()),
        Ok(outcome) => {
            cell.found = found(&outcome, &cell.breaks)
                .difference(honestly)
                .cloned()
                .collect();
            cell.verdict = judged(&library.catalogue, &cell, &outcome, honestly);
            Tried {
                cell,
                outcome: Some(outcome),
                _saboteur: Some(saboteur),
            }
        }
    }
}

fn settings(version: Version, seed: u64) -> RunSettings {
    RunSettings {
        strictness: Strictness::Warnings,
        jobs: JOBS,
        clean_up: CleanUp::Never,
        ..RunSettings::new(version, seed)
    }
}

/// The requirements that were found broken. A freedom is none, unless the deviation means it.
fn found(outcome: &Outcome, breaks: &[RequirementId]) -> BTreeSet<RequirementId> {
    let findings = outcome.findings.iter().flat_map(|finding| {
        let consequences = finding.consequences.iter();
        std::iter::once((&finding.requirement, finding.level))
            .chain(consequences.map(|consequence| (&consequence.requirement, consequence.level)))
    });
    findings
        .filter(|(id, level)| *level > Level::May || breaks.contains(id))
        .map(|(id, _)| id.clone())
        .collect()
}

/// The requirements that are findings, and no consequences of others.
fn heads(outcome: &Outcome) -> BTreeSet<&RequirementId> {
    outcome
        .findings
        .iter()
        .map(|finding| &finding.requirement)
        .collect()
}

fn judged(
    catalogue: &Catalogue,
    cell: &Cell,
    outcome: &Outcome,
    honestly: &BTreeSet<RequirementId>,
) -> Catch {
    let missed: Vec<RequirementId> = cell
        .breaks
        .iter()
        .filter(|id| !cell.found.contains(id) && !honestly.contains(id))
        .cloned()
        .collect();
    let is_declared = |id: &RequirementId| cell.breaks.contains(id);
    let heads = heads(outcome);
    let stray: Vec<RequirementId> = cell
        .found
        .iter()
        .filter(|id| match heads.contains(id) {
            true => !is_declared(id),
            false => !rests_on_any(catalogue, id, &cell.breaks),
        })
        .cloned()
        .collect();
    let lacks = missed.iter().find_map(|id| capability_lacking_for(outcome, id));
    if let (Some(capability), true) = (lacks, stray.is_empty()) {
        Catch::NotTried(format!("the registry does not offer {capability}"))
    } else if !missed.is_empty() || cell.breaks.is_empty() {
        Catch::Missed(missed)
    } else if !stray.is_empty() {
        Catch::Misreported(stray)
    } else {
        Catch::Caught
    }
}

/// The capability without which a requirement could not be asked, if that is why it was not.
fn capability_lacking_for<'a>(outcome: &'a Outcome, id: &RequirementId) -> Option<&'a str> {
    let mut requirements = outcome.requirements.iter();
    match &requirements.find(|requirement| requirement.id == *id)?.verdict {
        Verdict::NotOffered(capability) => Some(capability),
        _ => None,
    }
}

/// Whether a requirement is one of `roots`, or rests on one of them.
fn rests_on_any(catalogue: &Catalogue, id: &RequirementId, roots: &[RequirementId]) -> bool {
    roots.contains(id)
        || catalogue.get(id).is_some_and(|requirement| {
            requirement
                .rests_on
                .iter()
                .any(|under| rests_on_any(catalogue, under, roots))
        })
}
