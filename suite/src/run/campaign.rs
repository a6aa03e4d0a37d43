//! How a program is carried out, judged by itself, and cleaned up behind.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinHandle;

use super::carried::{Carried, Ran};
use super::interpret::{self, Flow};
use super::lock::locked;
use super::order::{Probes, in_order, take_what_is_ready};
use super::session::Session;
use super::world::World;
use super::{Access, CleanUp, Progress, clean, coded};

use crate::catalogue::Version;
use crate::cause::{Beyond, Cause, Unsettled};
use crate::check::{CheckResult, describe};
use crate::explore::Budget;
use crate::judge::{Standard, judge_program};
use crate::log::{
    Attempts, Created, End, Event, Facts, Observation, ProgramLog, Reason, Rerun, RunLog, Skipped,
};
use crate::scenario::{Program, Script};

/// What the programs of a run are carried out by.
#[derive(Clone)]
pub(super) struct Campaign {
    pub(super) session: Arc<Session>,
    pub(super) invariants: Arc<[Arc<Program>]>,
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
    pub(super) fn guarded(&self) -> JoinHandle<()> {
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

    /// Carries out the probes, each as soon as what it needs is settled; what they left is still there.
    pub(super) async fn probes(
        &self,
        probes: Vec<Arc<Program>>,
        progress: &Arc<dyn Progress>,
    ) -> (Vec<Ran>, Vec<Created>) {
        let mut waiting: Probes = probes.into_iter().enumerate().collect();
        let mut open: Vec<Arc<Program>> = Vec::new();
        let mut under_way = FuturesUnordered::new();
        let mut done = Vec::new();
        loop {
            for (at, probe) in take_what_is_ready(&mut waiting, &open) {
                open.push(probe.clone());
                under_way.push(async move {
                    let _place = self.session.place().await;
                    progress.began(&probe.name);
                    (at, self.follow(probe, 1).await)
                });
            }
            let Some((at, (ran, created))) = under_way.next().await else {
                break;
            };
            open.retain(|probe| probe.name != ran.log.program.name);
            self.settle_the_rest(&ran);
            progress.finished(&ran.verdict.outcome);
            done.push((at, (ran, created)));
        }
        in_order(done).into_iter().unzip()
    }

    /// Carries out programs, one after the other, and each that has a finding once more.
    pub(super) async fn one_by_one(
        &self,
        programs: Vec<Arc<Program>>,
        progress: &Arc<dyn Progress>,
    ) -> Vec<Carried> {
        let mut done = Vec::new();
        for program in programs {
            let place = self.session.place().await;
            progress.began(&program.name);
            let ran = self.carry_out(program, 1).await;
            progress.finished(&ran.verdict.outcome);
            drop(place);
            let mut carried = Carried::once(ran);
            self.once_more_if_broken(&mut carried).await;
            done.push(carried);
        }
        done
    }

    /// Carries out a program once more if it has a finding, in fresh repositories.
    pub(super) async fn once_more_if_broken(&self, carried: &mut Carried) {
        if carried.first.is_broken() && !self.session.has_ended() {
            let _place = self.session.place().await;
            let program = carried.first.log.program.clone();
            carried.again = Some(self.carry_out(program, 2).await.log);
        }
    }

    /// Carries out a program, and removes what it created.
    pub(super) async fn carry_out(&self, program: Arc<Program>, attempt: u32) -> Ran {
        let (ran, created) = self.follow(program, attempt).await;
        self.clean_up(created).await;
        ran
    }

    /// Carries out a program; what is left of it in the registry.
    pub(super) async fn follow(&self, program: Arc<Program>, attempt: u32) -> (Ran, Created) {
        let session = &self.session;
        if session.has_ended() {
            let log = ProgramLog::not_begun(program, NOT_BEGUN);
            return (self.judged(log), Created::default());
        }
        if program.is_out_of_force() {
            let reason = Reason::NotInForce(session.settings.version);
            let log = ProgramLog::not_begun(program, reason);
            return (self.judged(log), Created::default());
        }
        let began = Instant::now();
        let tenants = session.tenants().await;
        let world = World::new(session.clone(), program.clone(), attempt, tenants);
        let recorder = world.clone();
        let limit = session.settings.longest_scenario;
        let mut following = pin!(follow(world));
        let cut = tokio::select! {
            flow = &mut following => Ok(flow),
            () = session.over() => Err(NOT_BEGUN),
            () = tokio::time::sleep(limit) => Err(Reason::NotReached(Cause::OutOfTime(limit))),
        };
        let flow = match cut {
            Ok(flow) => flow,
            Err(reason) => {
                tokio::select! {
                    _ = &mut following => {}
                    () = recorder.under_way.end() => {}
                    () = tokio::time::sleep(LAST_ANSWERS) => {}
                }
                cut_off(&recorder, reason)
            }
        };
        if let Flow::Stop(reason) = flow {
            recorder.record(Event::Stopped(reason));
        }
        let whole = recorder.take_log();
        // What is kept of the log may say too little.
        let created = Created::by(&whole.events);
        let mut log = session.redactor().program(whole);
        log.elapsed = began.elapsed();
        (self.judged(log), created)
    }

    fn judged(&self, log: ProgramLog) -> Ran {
        let verdict = judge_program(&self.standard(), &log, self.session.client.target());
        self.session.found(&verdict.broken);
        Ran { log, verdict }
    }

    /// Removes what programs created, in their place: where repositories are shared, others wait until it is gone.
    pub(super) async fn clean_up_all(&self, created: Vec<Created>) {
        let _place = self.session.place().await;
        join_all(created.into_iter().map(|created| self.clean_up(created))).await;
    }

    /// Removes what a program created.
    pub(super) async fn clean_up(&self, created: Created) {
        self.remove(clean::remove(created, &self.session)).await;
    }

    /// Removes what every client pushes, when nothing else is under way.
    pub(super) async fn remove_common(&self) {
        self.remove(clean::remove_common(&self.session)).await;
    }

    /// Lets content be removed, unless it is to be kept or the registry is gone.
    async fn remove(&self, removing: impl Future<Output = clean::Left>) {
        let session = &self.session;
        let can_be_reached = !matches!(session.ended(), Some(End::TargetLost(_)));
        let may_write = session.settings.access == Access::Write;
        if session.settings.clean_up == CleanUp::Always && may_write && can_be_reached {
            // One that takes longer is not worth the wait of whoever interrupts.
            if let Ok(left) = tokio::time::timeout(CLEANING, removing).await {
                locked(&session.left).extend(left);
            }
        }
    }

    /// Says why a probe settled nothing, for those that need what it was to settle.
    fn settle_the_rest(&self, ran: &Ran) {
        let probe = ran.log.program.name.to_string();
        let known = ran.log.events.iter().find_map(|event| known_of(event, &probe));
        let why = match (known, &ran.verdict.first_broken) {
            (Some(known), _) => known,
            (None, Some((requirement, got))) => Unsettled::Broke {
                probe,
                requirement: requirement.clone(),
                got: got.clone(),
            },
            (None, None) => Unsettled::Nothing { probe },
        };
        for capability in &ran.log.program.settles {
            self.session.leave_unsettled(capability, why.clone());
        }
    }

    pub(super) fn conclude(
        &self,
        programs: Vec<Carried>,
        asked: Option<std::collections::BTreeSet<crate::catalogue::RequirementId>>,
        began: Instant,
    ) -> RunLog {
        let session = &self.session;
        let end = match session.ended() {
            Some(end) => session.redactor().end(end),
            None if session.has_failed_fast() => End::FailedFast,
            None => End::Complete,
        };
        RunLog {
            facts: facts(session, began),
            asked,
            invariants: self.invariants.to_vec(),
            offers: session.redactor().offers(session.offers()),
            programs: programs.into_iter().map(Attempts::from).collect(),
            end,
        }
    }
}

/// Why a probe settled nothing, if this event of it tells.
fn known_of(event: &Event, probe: &str) -> Option<Unsettled> {
    match event {
        Event::Stopped(Reason::NotInForce(version)) => Some(Unsettled::NotInForce(*version)),
        Event::Stopped(Reason::NotReached(Cause::NothingToRead)) => Some(Unsettled::NothingToRead),
        Event::Stopped(Reason::NotReached(Cause::Came(came))) => Some(Unsettled::Stopped {
            probe: probe.to_owned(),
            came: describe::exchange_of_any(came),
        }),
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
    }
}

/// Why programs are passed over when a run has come to its end.
const NOT_BEGUN: Reason = Reason::NotReached(Cause::Beyond(Beyond::Ended));
/// How long the answers to what a program that is cut off has sent are waited for: they say what has to be removed, and
/// whoever interrupts waits no longer than for one that is usual.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// How long it may take to remove what one program created: a few hundred deletions at worst, and no more than the
/// wait for one answer.
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
        "" if Version::OCI.contains(&settings.version) => {
            format!("assize run {target} --spec {}", settings.version)
        }
        "" => format!("assize run {target} --profile {}", settings.version),
        command => command.to_owned(),
    };
    // The record tells them as they stand here.
    let secrets = session.client.secrets();
    let left = locked(&session.left)
        .lines()
        .map(|line| format!("left in the registry: {line}"))
        .collect();
    let notes = [session.client.notes(), session.notes(), left].concat();
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
