//! The course of a run: in which order programs are carried out, how many at once, and which of them twice.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::interpret::{self, Flow};
use super::session::{Session, locked};
use super::territory::Tenants;
use super::world::World;
use super::{CleanUp, PreflightError, Progress, RunSettings, clean, coded, preflight, random};

use crate::cause::{Beyond, Cause, Unsettled};
use crate::check::CheckResult;
use crate::explore::Budget;
use crate::judge::{ProgramVerdict, Standard, judge_program};
use crate::log::{
    Attempts, Created, End, Event, Facts, Observation, ProgramLog, Reason, Rerun, RunLog, Skipped,
};
use crate::plan::Plan;
use crate::scenario::{Library, Program, Script};
use crate::wire::Client;

/// A program that was carried out once, and what it came to by itself.
pub(super) struct Ran {
    pub(super) log: ProgramLog,
    pub(super) verdict: ProgramVerdict,
    /// What it created; what is kept of the log may say too little.
    created: Created,
}

impl Ran {
    pub(super) fn is_broken(&self) -> bool {
        !self.verdict.broken.is_empty()
    }
}

/// What the programs of a run are carried out by.
#[derive(Clone)]
pub(super) struct Campaign {
    pub(super) session: Arc<Session>,
    invariants: Arc<[Arc<Program>]>,
}

/// Runs a plan against a target and writes down all that happens.
pub async fn record(
    library: Arc<Library>,
    plan: Plan,
    client: Client,
    settings: RunSettings,
    progress: Arc<dyn Progress>,
) -> Result<RunLog, PreflightError> {
    let began = Instant::now();
    let learned = preflight::examine(&client, &settings)
        .await
        .map_err(|unusable| unusable.without(client.secrets()))?;
    let session = Session::new(client, library, &plan, settings, learned);
    let campaign = Campaign {
        session: Arc::new(session),
        invariants: plan.invariants.clone().into(),
    };
    let guard = campaign.guarded();
    progress.planned(plan.probes.len() + plan.workflows.len());
    let mut done = campaign.probes(plan.probes, &progress).await;
    let (heavy, light): (Vec<_>, Vec<_>) = plan.workflows.into_iter().partition(|program| is_heavy(program));
    done.extend(campaign.all_at_once(light, &progress).await);
    // What weighs on a registry comes last, and alone, so that nothing else is judged under its weight.
    done.extend(campaign.one_by_one(heavy, &progress).await);
    done.extend(random::explore_at_random(&campaign, &done).await);
    let programs = campaign.broken_once_more(done).await;
    guard.abort();
    Ok(campaign.conclude(programs, plan.asked, began))
}

/// The scenarios that weigh on a registry: manifests of many megabytes, thousands of entries, lists of hundreds.
const HEAVY: [&str; 3] = [
    "discovery/referrers-many",
    "push/manifest-without-end",
    "security/deep-manifests",
];

fn is_heavy(program: &Program) -> bool {
    HEAVY.contains(&&*program.name)
}

impl Campaign {
    /// What each program is judged by.
    fn standard(&self) -> Standard<'_> {
        Standard {
            catalogue: self.session.catalogue(),
            version: self.session.settings.version,
            asked: self.session.asked(),
            invariants: &self.invariants,
            loss: None,
        }
    }

    /// Ends the run when somebody stops it, or when it takes too long.
    fn guarded(&self) -> JoinHandle<()> {
        let session = self.session.clone();
        tokio::spawn(async move {
            let longest = session.settings.longest;
            let end = tokio::select! {
                () = session.settings.stop.stopped() => End::Interrupted,
                () = tokio::time::sleep(longest) => End::OutOfTime(longest),
            };
            session.come_to_an_end(end);
        })
    }

    /// Carries out the probes, one after the other; what they left is removed when it is known what can be.
    async fn probes(&self, probes: Vec<Arc<Program>>, progress: &Arc<dyn Progress>) -> Vec<Ran> {
        let mut done = Vec::new();
        for probe in probes {
            let ran = self.follow(probe, 1).await;
            self.settle_the_rest(&ran);
            progress.finished(&ran.verdict.outcome);
            done.push(ran);
        }
        for ran in &done {
            self.clean_up(ran).await;
        }
        done
    }

    /// Carries out programs, one after the other.
    async fn one_by_one(&self, programs: Vec<Arc<Program>>, progress: &Arc<dyn Progress>) -> Vec<Ran> {
        let mut done = Vec::new();
        for program in programs {
            let ran = self.carry_out(program, 1).await;
            progress.finished(&ran.verdict.outcome);
            done.push(ran);
        }
        done
    }

    /// Carries out a program, and removes what it created.
    pub(super) async fn carry_out(&self, program: Arc<Program>, attempt: u32) -> Ran {
        let ran = self.follow(program, attempt).await;
        self.clean_up(&ran).await;
        ran
    }

    /// Carries out a program.
    async fn follow(&self, program: Arc<Program>, attempt: u32) -> Ran {
        let session = &self.session;
        if session.has_ended() {
            return self.judged(ProgramLog::not_begun(program, NOT_BEGUN));
        }
        if program.is_out_of_force() {
            let reason = Reason::NotInForce(session.settings.version);
            return self.judged(ProgramLog::not_begun(program, reason));
        }
        let began = Instant::now();
        let tenants = Tenants::of(session.territory(), &session.client).await;
        let world = World::new(session.clone(), program.clone(), attempt, tenants);
        let recorder = world.clone();
        let limit = session.settings.longest_scenario;
        let flow = tokio::select! {
            flow = follow(world) => flow,
            () = session.over() => cut_off(&recorder, NOT_BEGUN),
            () = tokio::time::sleep(limit) => {
                cut_off(&recorder, Reason::NotReached(Cause::OutOfTime(limit)))
            }
        };
        if let Flow::Stop(reason) = flow {
            recorder.record(Event::Stopped(reason));
        }
        let whole = recorder.take_log();
        let created = Created::by(&whole.events);
        let mut log = session.keeper().program(whole);
        log.elapsed = began.elapsed();
        Ran {
            created,
            ..self.judged(log)
        }
    }

    fn judged(&self, log: ProgramLog) -> Ran {
        let verdict = judge_program(&self.standard(), &log, self.session.client.target());
        self.session.found(&verdict.broken);
        Ran {
            log,
            verdict,
            created: Created::default(),
        }
    }

    /// Removes what a program created.
    async fn clean_up(&self, ran: &Ran) {
        let session = &self.session;
        let can_be_reached = !matches!(session.ended(), Some(End::TargetLost(_)));
        if session.settings.clean_up == CleanUp::Always && can_be_reached {
            let removing = clean::remove(ran.created.clone(), session);
            // One that takes longer is not worth the wait of whoever interrupts.
            if let Ok(left) = tokio::time::timeout(CLEANING, removing).await {
                locked(&session.left).extend(left);
            }
        }
    }

    /// Says why a probe settled nothing, for those that need what it was to settle.
    fn settle_the_rest(&self, ran: &Ran) {
        let probe = ran.log.program.name.to_string();
        let known = ran.log.events.iter().find_map(|event| match event {
            Event::Stopped(Reason::NotInForce(version)) => Some(Unsettled::NotInForce(*version)),
            Event::Stopped(Reason::NotReached(cause))
            | Event::Skipped(Skipped {
                reason: Reason::NotReached(cause),
                ..
            })
            | Event::Observed(Observation {
                seen: CheckResult::NotReached(cause),
                ..
            }) => cause.beyond().cloned().map(Unsettled::Beyond),
            _ => None,
        });
        let why = ran.verdict.first_broken.as_ref().map_or(
            Unsettled::Nothing { probe: probe.clone() },
            |(id, got)| Unsettled::Broke {
                probe: probe.clone(),
                requirement: id.clone(),
                got: got.clone(),
            },
        );
        let why = known.unwrap_or(why);
        for capability in &ran.log.program.settles {
            self.session.leave_unsettled(capability, why.clone());
        }
    }

    async fn all_at_once(&self, programs: Vec<Arc<Program>>, progress: &Arc<dyn Progress>) -> Vec<Ran> {
        let places = Arc::new(Semaphore::new(self.jobs()));
        let mut tasks = JoinSet::new();
        for (at, program) in programs.into_iter().enumerate() {
            let (campaign, places, progress) = (self.clone(), places.clone(), progress.clone());
            tasks.spawn(async move {
                let _place = places.acquire_owned().await;
                let ran = campaign.carry_out(program, 1).await;
                progress.finished(&ran.verdict.outcome);
                (at, ran)
            });
        }
        in_order(tasks).await
    }

    /// Carries out every program with a finding once more, in fresh repositories.
    async fn broken_once_more(&self, done: Vec<Ran>) -> Vec<Attempts> {
        let places = Arc::new(Semaphore::new(self.jobs()));
        let mut tasks = JoinSet::new();
        for (at, ran) in done.into_iter().enumerate() {
            let (campaign, places) = (self.clone(), places.clone());
            tasks.spawn(async move {
                let mut attempts = Attempts {
                    again: None,
                    first: ran.log,
                };
                if !ran.verdict.broken.is_empty() && !campaign.session.has_ended() {
                    let _place = places.acquire_owned().await;
                    let again = campaign.carry_out(attempts.first.program.clone(), 2).await;
                    attempts.again = Some(again.log);
                }
                (at, attempts)
            });
        }
        in_order(tasks).await
    }

    /// How many programs are carried out at once; those that share a repository come one after another.
    fn jobs(&self) -> usize {
        match self.session.territory().given() {
            Some(_) => 1,
            None => self.session.settings.jobs.max(1),
        }
    }

    fn conclude(
        &self,
        programs: Vec<Attempts>,
        asked: Option<std::collections::BTreeSet<crate::catalogue::RequirementId>>,
        began: Instant,
    ) -> RunLog {
        let session = &self.session;
        let end = match session.ended() {
            Some(end) => session.keeper().end(end),
            None if session.has_failed_fast() => End::FailedFast,
            None => End::Complete,
        };
        RunLog {
            facts: facts(session, began),
            asked,
            invariants: self.invariants.to_vec(),
            offers: session.keeper().offers(session.offers()),
            programs,
            end,
        }
    }
}

/// Why programs are passed over when a run has come to its end.
const NOT_BEGUN: Reason = Reason::NotReached(Cause::Beyond(Beyond::Ended));
/// How long it may take to remove what one program created.
const CLEANING: Duration = Duration::from_secs(30);

async fn follow(mut world: World) -> Flow {
    let program = world.program.clone();
    match &program.script {
        Script::Workflow(block) => interpret::carry_out(&mut world, block).await,
        Script::Coded(scenario) => coded::carry_out(world, scenario).await,
        Script::Invariant(_) => Flow::On,
    }
}

/// A program that is cut off: what it has not seen yet it does not see.
fn cut_off(recorder: &World, reason: Reason) -> Flow {
    recorder.skip(0..usize::MAX, reason.clone());
    Flow::Stop(reason)
}

fn facts(session: &Session, began: Instant) -> Facts {
    let settings = &session.settings;
    let target = session.client.target();
    let command = match settings.command.as_str() {
        "" => format!("assize run {target} --spec {}", settings.version),
        command => command.to_owned(),
    };
    // The record tells them as they stand here.
    let secrets = session.client.secrets();
    let left = locked(&session.left)
        .lines()
        .map(|line| format!("left in the registry: {line}"))
        .collect();
    let notes = [session.client.notes(), session.notes.clone(), left].concat();
    Facts {
        target: target.clone(),
        version: settings.version,
        seed: settings.seed,
        run_id: settings.run_id.clone(),
        strictness: settings.strictness,
        narrowed: settings.narrowed.clone(),
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.saturating_sub(began.elapsed()).as_secs()),
        elapsed: began.elapsed(),
        requests: session.client.requests(),
        hosts: session.client.hosts(),
        notes: notes.iter().map(|note| secrets.redact(note)).collect(),
        secrets: secrets.clone(),
        rerun: Rerun {
            command: secrets.redact(&command),
            explore: match settings.explore {
                Budget::Time(time) => Some(time),
                Budget::Workflows(_) | Budget::Nothing => None,
            },
            lifetime: settings.lifetime,
        },
    }
}

/// What all tasks came to, in their order; a task that panics is a fault of the suite and brings it down.
async fn in_order<T: 'static + Send>(mut tasks: JoinSet<(usize, T)>) -> Vec<T> {
    let mut done = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(value) => done.push(value),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, value)| value).collect()
}
