//! Random workflows as a part of a run.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::outcome::{Offer, Verdict};
use super::shared::Shared;
use super::{Ran, run_once};
use crate::explore::{Terrain, explore};
use crate::plan::Planned;
use crate::scenario::parse;

/// Tries random workflows; the one that failed, if one did, in its shortest form.
pub(super) async fn explore_at_random(
    shared: &Arc<Shared>,
    runs: &[(Arc<Planned>, Ran)],
) -> Option<(Arc<Planned>, Ran)> {
    let broken = runs
        .iter()
        .flat_map(|(_, ran)| ran.ledger.entries())
        .filter(|entry| entry.verdict == Verdict::Broken)
        .map(|entry| &entry.requirement);
    // A step that asks for nothing in force is not taken, and the model would wait for what it does.
    let not_in_force = shared
        .catalogue()
        .iter()
        .map(|requirement| &requirement.id)
        .filter(|id| shared.level(id).is_none());
    let offers = shared
        .offers()
        .into_iter()
        .filter(|(_, offer)| matches!(offer, Offer::Offered(_)));
    let terrain = Terrain {
        offered: offers.map(|(name, _)| name).collect(),
        avoided: broken.chain(not_in_force).cloned().collect(),
    };
    if !terrain.offered.contains("push") || shared.stopped().is_some() {
        return None;
    }
    let (explorer, handle) = (shared.clone(), Handle::current());
    let failing = tokio::task::spawn_blocking(move || {
        let budget = explorer.settings.explore;
        explore(
            &explorer.library.catalogue,
            &terrain,
            budget,
            explorer.seed(),
            |name, text, number| {
                let followed = planned(name.clone(), text).map(|scenario| {
                    handle
                        .block_on(run_once(explorer.clone(), Arc::new(scenario), number + 2))
                        .ledger
                        .is_broken()
                });
                followed.unwrap_or(false)
            },
        )
    });
    let failing = failing.await.ok()??;
    let shortest = Arc::new(planned(failing.name.as_str().into(), &failing.text)?);
    let ran = run_once(shared.clone(), shortest.clone(), 1).await;
    Some((shortest, ran))
}

/// A scenario that was written by the explorer.
fn planned(name: Arc<str>, text: &str) -> Option<Planned> {
    let (scenario, faults) = parse(text);
    scenario
        .filter(|_| faults.is_empty())
        .map(|scenario| Planned::transcript(name, text.into(), scenario))
}
