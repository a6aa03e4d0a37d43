//! A run: probes first, then every other scenario at once, then the judgement.

mod answer;
mod check;
mod compare;
mod content;
mod describe;
mod follow;
mod form;
mod judge;
mod ledger;
mod litter;
mod make;
pub mod native;
pub mod outcome;
mod random;
mod reproduce;
mod request;
mod scope;
mod shared;
mod skip;
mod stage;
mod standing;
mod usable;
mod value;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::catalogue::Version;
use crate::explore::Budget;
use crate::plan::{Plan, Planned, Script};
use crate::scenario::Library;
use crate::wire::Client;
use follow::Flow;
use judge::Judged;
use ledger::Ledger;
use outcome::{End, Facts, Outcome, ScenarioOutcome, Strictness, Verdict};
use shared::Shared;
pub use usable::Unusable;
use world::World;

/// What the user asked of a run.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The version that the registry is judged by.
    pub version: Version,
    /// What makes the run fail.
    pub strictness: Strictness,
    /// The seed of all content and names.
    pub seed: u64,
    /// How many scenarios run at once, at most.
    pub jobs: usize,
    /// How long a late answer is waited for.
    pub grace: Duration,
    /// What happens at a violation.
    pub on_finding: OnFinding,
    /// The repositories that the run is confined to; its own, one set for each scenario, if empty.
    pub repositories: Vec<String>,
    /// Capabilities whose refusal is a finding.
    pub require: Vec<String>,
    /// What becomes of what the run created.
    pub clean_up: CleanUp,
    /// How long random workflows are tried.
    pub explore: Budget,
    /// The options that kept a part of the suite from being asked.
    pub narrowed: Vec<String>,
}

/// What happens at a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFinding {
    /// The run goes on.
    GoOn,
    /// `--fail-fast`: no further scenario begins.
    Stop,
}

/// What becomes of what a run created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanUp {
    /// It is removed, but for what shows a finding.
    UnlessBroken,
    /// `--keep`: it stays.
    Never,
}

/// Told how a run goes on.
pub trait Progress: Send + Sync {
    /// So many scenarios will run.
    fn planned(&self, scenarios: usize);
    /// One of them is over.
    fn finished(&self, scenario: &ScenarioOutcome);
}

/// Runs a plan against a target and judges what was seen.
pub async fn run(
    library: Arc<Library>,
    plan: Plan,
    client: Client,
    settings: RunSettings,
    progress: Arc<dyn Progress>,
) -> Result<Outcome, Unusable> {
    let began = Instant::now();
    let manner = usable::examine(&client, settings.seed)
        .await
        .map_err(|unusable| unusable.without(client.secrets()))?;
    let shared = Arc::new(Shared::new(client, library, &plan, settings, manner));
    progress.planned(plan.probes.len() + plan.workflows.len());

    let mut runs = Vec::new();
    for probe in &plan.probes {
        let ran = run_once(shared.clone(), probe.clone(), 1).await;
        settle_the_rest(&shared, probe, &ran.ledger);
        progress.finished(&ran.outcome(probe));
        runs.push((probe.clone(), ran));
    }
    runs.extend(run_all(&shared, plan.workflows, &progress).await);
    let found = random::explore_at_random(&shared, &runs).await;
    runs.extend(found);
    let runs = run_broken_again(&shared, runs).await;

    Ok(conclude(&shared, runs, began))
}

/// One run of one scenario.
struct Ran {
    ledger: Ledger,
    elapsed: Duration,
    verdict: Verdict,
}

impl Ran {
    /// A scenario that was not followed.
    fn without(verdict: Verdict) -> Ran {
        Ran {
            ledger: Ledger::default(),
            elapsed: Duration::ZERO,
            verdict,
        }
    }

    fn outcome(&self, planned: &Planned) -> ScenarioOutcome {
        ScenarioOutcome {
            name: planned.name.clone(),
            title: planned.title.clone(),
            verdict: self.verdict.clone(),
            elapsed: self.elapsed,
        }
    }
}

async fn run_once(shared: Arc<Shared>, planned: Arc<Planned>, attempt: u32) -> Ran {
    let began = Instant::now();
    if let Some(why) = shared.stopped() {
        return Ran::without(Verdict::NotAsked(why));
    }
    if !planned.cites.is_empty() && planned.cites.iter().all(|id| shared.level(id).is_none()) {
        let why = format!("nothing in it is in force in {}", shared.settings.version);
        return Ran::without(Verdict::NotAsked(why));
    }
    let mut world = World::new(shared.clone(), planned.clone(), attempt);
    let flow = match &planned.script {
        Script::Transcript(scenario) => world.follow(&scenario.body).await,
        Script::Native(declared) => world.run_native(declared).await,
    };
    let (ledger, litter) = world.finish();
    let shown_again = ledger.is_broken() && attempt == 1 && shared.settings.repositories.is_empty();
    if shared.settings.clean_up == CleanUp::UnlessBroken && !shown_again {
        litter.remove(&shared).await;
    }
    let verdict = match flow {
        _ if ledger.is_broken() => Verdict::Broken,
        Flow::Stop(verdict @ (Verdict::Failed(_) | Verdict::NotReached(_) | Verdict::NotOffered(_))) => {
            verdict
        }
        _ => ledger
            .failure()
            .map_or(Verdict::Held, |why| Verdict::Failed(why.to_owned())),
    };
    Ran {
        ledger,
        elapsed: began.elapsed(),
        verdict,
    }
}

/// Says why a probe settled nothing, for those that need what it was to settle.
fn settle_the_rest(shared: &Shared, probe: &Planned, ledger: &Ledger) {
    let broken = ledger
        .entries()
        .iter()
        .find(|entry| entry.verdict == Verdict::Broken);
    let why = broken.map_or_else(
        || format!("{} settled nothing", probe.name),
        |entry| format!("{} got {} ({})", probe.name, entry.got, entry.requirement),
    );
    for capability in probe.settles() {
        shared.leave_unsettled(&capability, why.clone());
    }
}

async fn run_all(
    shared: &Arc<Shared>,
    scenarios: Vec<Arc<Planned>>,
    progress: &Arc<dyn Progress>,
) -> Vec<(Arc<Planned>, Ran)> {
    let confined = !shared.settings.repositories.is_empty();
    let places = Arc::new(Semaphore::new(if confined {
        1
    } else {
        shared.settings.jobs.max(1)
    }));
    let mut tasks = JoinSet::new();
    for (at, planned) in scenarios.into_iter().enumerate() {
        let (shared, places, progress) = (shared.clone(), places.clone(), progress.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            let ran = run_once(shared, planned.clone(), 1).await;
            progress.finished(&ran.outcome(&planned));
            (at, planned, ran)
        });
    }
    let mut ran = in_order(tasks).await;
    ran.sort_by_key(|(at, ..)| *at);
    ran.into_iter().map(|(_, planned, ran)| (planned, ran)).collect()
}

/// What all tasks came to; a task that panics is a fault of the suite and brings it down.
async fn in_order<T: 'static + Send>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut done = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(value) => done.push(value),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    done
}

/// Runs every scenario with a finding once more, in fresh repositories.
async fn run_broken_again(
    shared: &Arc<Shared>,
    runs: Vec<(Arc<Planned>, Ran)>,
) -> Vec<(Arc<Planned>, Ran, Option<Ledger>)> {
    let places = Arc::new(Semaphore::new(shared.settings.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for (at, (planned, ran)) in runs.into_iter().enumerate() {
        let (shared, places) = (shared.clone(), places.clone());
        tasks.spawn(async move {
            if !ran.ledger.is_broken() || shared.stopped().is_some() {
                return (at, planned, ran, None);
            }
            let _place = places.acquire_owned().await;
            let again = run_once(shared, planned.clone(), 2).await;
            (at, planned, ran, Some(again.ledger))
        });
    }
    let mut done = in_order(tasks).await;
    done.sort_by_key(|(at, ..)| *at);
    done.into_iter()
        .map(|(_, planned, ran, again)| (planned, ran, again))
        .collect()
}

fn conclude(shared: &Shared, runs: Vec<(Arc<Planned>, Ran, Option<Ledger>)>, began: Instant) -> Outcome {
    let scenarios = runs
        .iter()
        .map(|(planned, ran, _)| ran.outcome(planned))
        .collect();
    let texts = runs
        .iter()
        .filter(|(planned, ..)| !planned.text.is_empty() && shared.library.get(&planned.name).is_none())
        .map(|(planned, ..)| (planned.name.clone(), planned.text.clone()))
        .collect();
    let judged: Vec<Judged> = runs
        .into_iter()
        .map(|(_, ran, again)| Judged {
            ledger: ran.ledger,
            again,
        })
        .collect();
    let (requirements, findings) = judge::judge(shared, &judged);
    let end = match (shared.lost(), shared.stopped()) {
        (Some(why), _) => End::TargetLost(why),
        (None, Some(_)) => End::FailedFast,
        (None, None) => End::Complete,
    };
    Outcome {
        facts: Facts {
            target: shared.client.target().to_string(),
            version: shared.settings.version,
            seed: shared.settings.seed,
            strictness: shared.settings.strictness,
            narrowed: shared.settings.narrowed.clone(),
            started: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |now| now.saturating_sub(began.elapsed()).as_secs()),
            elapsed: began.elapsed(),
            requests: shared.client.requests(),
            hosts: shared.client.hosts(),
            notes: [shared.client.notes(), shared.notes.clone()].concat(),
            secrets: shared.client.secrets().clone(),
        },
        capabilities: shared.offers(),
        findings,
        requirements,
        scenarios,
        generated: texts,
        end,
    }
}
