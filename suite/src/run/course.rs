//! The course of a run: in which order programs are carried out, and which of them twice.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join3;

use super::campaign::Campaign;
use super::order::is_alone;
use super::session::Session;
use super::{PreflightError, Progress, RunSettings, preflight, random};
use crate::log::RunLog;
use crate::plan::Plan;
use crate::scenario::Library;
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
    let mut done = campaign.probes(plan.probes, &progress).await;
    let (alone, others): (Vec<_>, Vec<_>) = plan.workflows.into_iter().partition(|program| is_alone(program));
    // What probes left is removed now that it is known what can be.
    let ((), ran, at_random) = join3(
        campaign.clean_up_all(&done),
        campaign.all_at_once(others, &progress),
        random::try_beside(&campaign, &done),
    )
    .await;
    done.extend(ran);
    // They come last, so that nothing else is judged under their weight, or lacks what they remove.
    campaign.remove_common().await;
    done.extend(campaign.one_by_one(alone, &progress).await);
    let exploring = random::explore_at_random(&campaign, at_random, &done);
    let programs = campaign.broken_once_more(done, exploring).await;
    campaign.remove_common().await;
    guard.abort();
    Ok(campaign.conclude(programs, plan.asked, began))
}
