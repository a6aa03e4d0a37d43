//! The course of a run: in which order programs are carried out, how many at once, and which of them twice.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::interpret::{self, Flow};
use super::session::Session;
use super::world::World;
use super::{CleanUp, Progress, RunSettings, Unusable, cleanup, coded, preflight, random};
use crate::cause::Unsettled;
use crate::explore::Budget;
use crate::judge::{ProgramVerdict, Standard, judge_program};
use crate::log::{Attempts, Created, End, Event, Facts, ProgramLog, Reason, Rerun, RunLog};
use crate::plan::Plan;
use crate::scenario::{Library, Program, Script};
use crate::wire::Client;

/// A program that was carried out once, and what it came to by itself.
pub(super) struct Ran {
    pub(super) log: ProgramLog,
    pub(super) verdict: ProgramVerdict,
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

/// Runs a plan and writes down all that happens.
pub(super) async fn record(
    library: Arc<Library>,
    plan: Plan,
    client: Client,
    settings: RunSettings,
    progress: Arc<dyn Progress>,
) -> Result<RunLog, Unusable> {
    let began = Instant::now();
    let learned = preflight::examine(&client, settings.seed)
        .await
        .map_err(|unusable| unusable.without(client.secrets()))?;
    let session = Session::new(client, library, &plan, settings, learned);
    let campaign = Campaign {
        session: Arc::new(session),
        invariants: plan.invariants.clone().into(),
    };
    progress.planned(plan.probes.len() + plan.workflows.len());
    let mut done = Vec::new();
    for probe in plan.probes {
        let ran = campaign.carry_out(probe, 1).await;
        campaign.settle_the_rest(&ran);
        progress.finished(&ran.verdict.outcome);
        done.push(ran);
    }
    done.extend(campaign.all_at_once(plan.workflows, &progress).await);
    done.extend(random::explore_at_random(&campaign, &done).await);
    let programs = campaign.broken_once_more(done).await;
    Ok(campaign.conclude(programs, plan.asked, began))
}

impl Campaign {
    /// What each program is judged by.
    fn standard(&self) -> Standard<'_> {
        Standard {
            catalogue: self.session.catalogue(),
            version: self.session.settings.version,
            asked: self.session.asked(),
            invariants: &self.invariants,
        }
    }

    /// Carries out a program, and removes what it created.
    pub(super) async fn carry_out(&self, program: Arc<Program>, attempt: u32) -> Ran {
        let session = &self.session;
        if session.lost().is_some() || session.has_failed_fast() {
            return self.judged(ProgramLog::not_begun(program, Reason::EndedEarly));
        }
        if program.is_out_of_force() {
            let reason = Reason::NotInForce(session.settings.version);
            return self.judged(ProgramLog::not_begun(program, reason));
        }
        let began = Instant::now();
        let mut world = World::new(session.clone(), program.clone(), attempt);
        let recorder = world.clone();
        let flow = match &program.script {
            Script::Workflow(block) => interpret::carry_out(&mut world, block).await,
            Script::Coded(scenario) => coded::carry_out(world, scenario).await,
            Script::Invariant(_) => Flow::On,
        };
        if let Flow::Stop(reason) = flow {
            recorder.record(Event::Stopped(reason));
        }
        let whole = recorder.take_log();
        let created = Created::by(whole.exchanges());
        let mut ran = self.judged(session.keeper().program(whole));
        self.clean_up(created, &ran, attempt).await;
        ran.log.elapsed = began.elapsed();
        ran.verdict.outcome.elapsed = began.elapsed();
        ran
    }

    fn judged(&self, log: ProgramLog) -> Ran {
        let verdict = judge_program(&self.standard(), &log, self.session.client.target());
        Ran { log, verdict }
    }

    /// Removes what a program created, but for what shows a finding.
    async fn clean_up(&self, created: Created, ran: &Ran, attempt: u32) {
        let settings = &self.session.settings;
        let is_shown = ran.is_broken() && attempt == 1 && settings.repositories.is_empty();
        if settings.clean_up == CleanUp::UnlessBroken && !is_shown {
            cleanup::remove(created, &self.session).await;
        }
    }

    /// Says why a probe settled nothing, for those that need what it was to settle.
    fn settle_the_rest(&self, ran: &Ran) {
        let probe = ran.log.program.name.to_string();
        let why = ran.verdict.first_broken.as_ref().map_or(
            Unsettled::Nothing { probe: probe.clone() },
            |(id, got)| Unsettled::Broke {
                probe: probe.clone(),
                requirement: id.clone(),
                got: got.clone(),
            },
        );
        for capability in &ran.log.program.settles {
            self.session.leave_unsettled(capability, why.clone());
        }
    }

    async fn all_at_once(&self, programs: Vec<Arc<Program>>, progress: &Arc<dyn Progress>) -> Vec<Ran> {
        let is_confined = !self.session.settings.repositories.is_empty();
        let places = Arc::new(Semaphore::new(if is_confined { 1 } else { self.jobs() }));
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
                let has_ended = campaign.session.lost().is_some() || campaign.session.has_failed_fast();
                if !ran.verdict.broken.is_empty() && !has_ended {
                    let _place = places.acquire_owned().await;
                    let again = campaign.carry_out(attempts.first.program.clone(), 2).await;
                    attempts.again = Some(again.log);
                }
                (at, attempts)
            });
        }
        in_order(tasks).await
    }

    fn jobs(&self) -> usize {
        self.session.settings.jobs.max(1)
    }

    fn conclude(
        &self,
        programs: Vec<Attempts>,
        asked: Option<std::collections::BTreeSet<crate::catalogue::RequirementId>>,
        began: Instant,
    ) -> RunLog {
        let session = &self.session;
        let end = match session.lost() {
            Some(fault) => End::TargetLost(session.keeper().fault(&fault)),
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

fn facts(session: &Session, began: Instant) -> Facts {
    let settings = &session.settings;
    let target = session.client.target();
    let command = match settings.command.as_str() {
        "" => format!("assize run {target} --spec {}", settings.version),
        command => command.to_owned(),
    };
    Facts {
        target: target.clone(),
        version: settings.version,
        seed: settings.seed,
        strictness: settings.strictness,
        narrowed: settings.narrowed.clone(),
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.saturating_sub(began.elapsed()).as_secs()),
        elapsed: began.elapsed(),
        requests: session.client.requests(),
        hosts: session.client.hosts(),
        notes: [session.client.notes(), session.notes.clone()].concat(),
        secrets: session.client.secrets().clone(),
        rerun: Rerun {
            command,
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
