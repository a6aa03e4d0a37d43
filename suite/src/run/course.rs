//! The course of a run: in which order programs are carried out, and which of them twice.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{BoxFuture, join3};
use tokio::sync::oneshot;

use super::campaign::Campaign;
use super::carried::{Carried, Ran};
use super::order::places_in_log;
use super::round::{Cleaning, Round};
use super::session::Session;
use super::turn::Turns;
use super::{PreflightError, Progress, RunSettings, preflight, random};
use crate::log::{Created, RunLog};
use crate::plan::Plan;
use crate::scenario::{Library, Program};
use crate::wire::Client;

/// Runs a plan against a target and writes down all that happens.
///
/// It is boxed, so that a run is compiled here and not again in each crate that waits for one.
pub fn record(
    library: Arc<Library>,
    plan: Plan,
    client: Client,
    settings: RunSettings,
    progress: Arc<dyn Progress>,
) -> BoxFuture<'static, Result<RunLog, PreflightError>> {
    Box::pin(async move {
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
        let turns = Turns::of(&plan.workflows);
        let probed = campaign.probes(plan.probes, &progress).await;
        let (mut done, cleaning) = side_by_side(&campaign, probed, turns.side_by_side, &progress).await;
        // They come late, so that nothing else is judged under their weight.
        done.extend(campaign.one_by_one(turns.alone, &progress).await);
        cleaning.end().await;
        campaign.remove_common().await;
        // They come last, so that nothing else lacks what they remove.
        done.extend(campaign.one_by_one(turns.last, &progress).await);
        campaign.remove_common().await;
        guard.abort();
        // Nobody has planned what was found at random.
        done.sort_by_key(|carried| places.get(carried.name()).copied().unwrap_or(usize::MAX));
        Ok(campaign.conclude(done, plan.asked, began))
    })
}

/// Carries out programs side by side, and random workflows beside them; what the programs left is still being removed.
async fn side_by_side(
    campaign: &Campaign,
    (probes, left): (Vec<Ran>, Vec<Created>),
    programs: Vec<Arc<Program>>,
    progress: &Arc<dyn Progress>,
) -> (Vec<Carried>, Cleaning) {
    let beside = random::try_beside(campaign, &probes);
    let round = Round::of(campaign, probes, programs, progress);
    let (firsts_over, broken) = oneshot::channel();
    let at_random = async {
        let known = beside.await;
        let broken = broken.await.unwrap_or_default();
        random::explore_at_random(campaign, known, broken).await
    };
    // What probes left is removed now that it is known what can be.
    let ((), (mut done, cleaning), found) = join3(
        campaign.clean_up_all(left),
        round.carry_out(firsts_over),
        at_random,
    )
    .await;
    done.extend(found);
    (done, cleaning)
}
