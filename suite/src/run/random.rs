//! Random workflows as a part of a run.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::runtime::Handle;

use super::campaign::{Campaign, Ran};
use crate::catalogue::Catalogue;
use crate::catalogue::Version;
use crate::explore::{Constraints, explore};
use crate::judgement::Offer;
use crate::scenario::{Program, parse};

/// Tries random workflows; the one that failed, if one did, in its shortest form.
pub(super) async fn explore_at_random(campaign: &Campaign, done: &[Ran]) -> Option<Ran> {
    let session = &campaign.session;
    let (version, catalogue) = (session.settings.version, session.catalogue());
    let broken = done.iter().flat_map(|ran| &ran.verdict.broken);
    // A step that asks for nothing in force is not taken, and the model would wait for what it does.
    let not_in_force = catalogue
        .iter()
        .filter(|requirement| requirement.levels.in_version(version).is_none())
        .map(|requirement| &requirement.id);
    let offers = session
        .offers()
        .into_iter()
        .filter(|(_, offer)| matches!(offer, Offer::Offered(_)));
    let constraints = Constraints {
        offered: offers.map(|(name, _)| name).collect(),
        avoided: broken.chain(not_in_force).cloned().collect(),
    };
    if !constraints.offered.contains("push") || session.has_ended() {
        return None;
    }
    let (explorer, handle) = (campaign.clone(), Handle::current());
    let failing = tokio::task::spawn_blocking(move || {
        let session = &explorer.session;
        explore(
            session.catalogue(),
            &constraints,
            session.settings.explore,
            session.seed(),
            || !session.has_ended(),
            |name, texts, first| {
                let broken = texts.iter().zip(first..).map(async |(text, number)| {
                    let program = understood(name.clone(), text, session.catalogue(), version);
                    let Some(program) = program.map(Arc::new) else {
                        return false;
                    };
                    let _place = session.place().await;
                    explorer.carry_out(program, number + 2).await.is_broken()
                });
                handle.block_on(join_all(broken))
            },
        )
    });
    let failing = failing.await.ok()??;
    let shortest = understood(failing.name.as_str().into(), &failing.text, catalogue, version)?;
    Some(campaign.carry_out(Arc::new(shortest), 1).await)
}

/// A scenario that was written by the explorer.
fn understood(name: Arc<str>, text: &str, catalogue: &Catalogue, version: Version) -> Option<Program> {
    let (scenario, faults) = parse(text);
    let scenario = scenario.filter(|_| faults.is_empty())?;
    Some(Program::of(name, text.into(), &scenario, catalogue, version))
}
