//! The course of a run: in which order programs are carried out, and which of them twice.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{join, join3};
use tokio::sync::oneshot;

use super::campaign::Campaign;
use super::order::{Turn, places_in_log};
use super::round::Round;
use super::session::Session;
use super::{PreflightError, Progress, RunSettings, preflight, random};
use crate::log::RunLog;
use crate::plan::Plan;
use crate::scenario::{Library, Program};
use crate::wire::Client;

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
    let places = places_in_log(&plan);
    let (probes, left) = campaign.probes(plan.probes, &progress).await;
    let programs = |turn| {
        let of_this = plan
            .workflows
            .iter()
            .filter(move |program| Turn::of(program) == turn);
        of_this.cloned().collect::<Vec<Arc<Program>>>()
    };
    let patient = Round::of(&campaign, Vec::new(), programs(Turn::WhileAllElse), &progress);
    let beside = random::try_beside(&campaign, &probes);
    let round = Round::of(&campaign, probes, programs(Turn::SideBySide), &progress);
    let others = async {
        let (firsts_over, broken) = oneshot::channel();
        let at_random = async {
            let known = beside.await;
            let broken = broken.await.unwrap_or_default();
            random::explore_at_random(&campaign, known, broken).await
        };
        // What probes left is removed now that it is known what can be.
        let ((), (done, cleaning), found) = join3(
            campaign.clean_up_all(left),
            round.carry_out(firsts_over),
            at_random,
        )
        .await;
        // They come late, so that nothing else is judged under their weight.
        let alone = campaign.one_by_one(programs(Turn::Alone), &progress).await;
        cleaning.end().await;
        (done, alone, found)
    };
    let (nobody, _) = oneshot::channel();
    let ((patient, cleaning), (mut done, mut alone, found)) = join(patient.carry_out(nobody), others).await;
    cleaning.end().await;
    campaign.remove_common().await;
    // It comes last, so that nothing else lacks what it removes.
    alone.extend(campaign.one_by_one(programs(Turn::Last), &progress).await);
    for carried in &mut alone {
        campaign.once_more_if_broken(carried).await;
    }
    campaign.remove_common().await;
    guard.abort();
    done.extend(patient.into_iter().chain(alone).chain(found));
    // Nobody has planned what was found at random.
    done.sort_by_key(|carried| places.get(carried.name()).copied().unwrap_or(usize::MAX));
    Ok(campaign.conclude(done, plan.asked, began))
}
