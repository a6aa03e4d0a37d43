//! Random workflows as a part of a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::runtime::Handle;

use super::OnFinding;
use super::campaign::{Campaign, Ran};
use super::round::Carried;
use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::explore::{Budget, Constraints, explore, first_workflows};
use crate::judgement::Offer;
use crate::scenario::{Program, parse};

/// The number of the first workflow that is tried beside the scenarios: more than are ever tried when these are done.
const BESIDE: u32 = 1_000_000;

/// What is known of random workflows when the scenarios are done.
pub(super) enum AtRandom {
    /// They hold.
    Holds,
    /// They have to be tried when it is known what is broken, but for these, which hold.
    Open(BTreeSet<String>),
}

impl AtRandom {
    /// Nothing is known.
    fn untried() -> AtRandom {
        AtRandom::Open(BTreeSet::new())
    }
}

/// Tries, beside the scenarios, the workflows that would be tried behind them, if nothing were found broken by then.
pub(super) fn try_beside<'c>(
    campaign: &'c Campaign,
    probes: &[Ran],
) -> impl Future<Output = AtRandom> + use<'c> {
    let broken = probes.iter().flat_map(|ran| ran.verdict.broken.iter().cloned());
    let broken = broken.collect();
    try_within(campaign, constraints(campaign, broken))
}

async fn try_within(campaign: &Campaign, constraints: Constraints) -> AtRandom {
    let session = &campaign.session;
    // What ends a run has to be told, and in a shared repository everything has its turn.
    let goes_on = matches!(session.settings.on_finding, OnFinding::GoOn);
    let has_own_repositories = session.territory().given().is_none();
    let cases = match session.settings.explore {
        Budget::Workflows(cases) if goes_on && has_own_repositories => cases,
        Budget::Workflows(_) | Budget::Time(_) | Budget::Nothing => return AtRandom::untried(),
    };
    if !is_worth_a_try(campaign, &constraints) {
        return AtRandom::untried();
    }
    let texts = first_workflows(session.catalogue(), &constraints, cases, session.seed());
    let name: Arc<str> = "explore/beside".into();
    let broken = texts
        .iter()
        .zip(BESIDE..)
        .map(|(text, attempt)| breaks(campaign, name.clone(), text, attempt));
    let broken = join_all(broken).await;
    // What is avoided when more is known takes operations away, and adds none.
    if broken.contains(&true) {
        let tried = texts.into_iter().zip(broken);
        AtRandom::Open(tried.filter(|(_, broke)| !broke).map(|(text, _)| text).collect())
    } else {
        AtRandom::Holds
    }
}

/// Tries random workflows, if it is open what comes of them, beside what is known to be broken; the one that failed, if
/// one did, in its shortest form.
pub(super) async fn explore_at_random(
    campaign: &Campaign,
    known: AtRandom,
    broken: BTreeSet<RequirementId>,
) -> Option<Carried> {
    match known {
        AtRandom::Holds => None,
        AtRandom::Open(held) => {
            let found = explore_within(campaign, constraints(campaign, broken), held).await?;
            let mut carried = Carried::once(found);
            campaign.once_more_if_broken(&mut carried).await;
            Some(carried)
        }
    }
}

async fn explore_within(
    campaign: &Campaign,
    constraints: Constraints,
    held: BTreeSet<String>,
) -> Option<Ran> {
    let session = &campaign.session;
    let (version, catalogue) = (session.settings.version, session.catalogue());
    if !is_worth_a_try(campaign, &constraints) {
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
                let texts = texts.iter().zip(first + 2..);
                let broken = texts.map(async |(text, attempt)| {
                    !held.contains(text) && breaks(&explorer, name.clone(), text, attempt).await
                });
                handle.block_on(join_all(broken))
            },
        )
    });
    let failing = failing.await.ok()??;
    let shortest = understood(failing.name.as_str().into(), &failing.text, catalogue, version)?;
    let _place = session.place().await;
    Some(campaign.carry_out(Arc::new(shortest), 1).await)
}

/// Whether there is anything that workflows could do.
fn is_worth_a_try(campaign: &Campaign, constraints: &Constraints) -> bool {
    constraints.offered.contains("push") && !campaign.session.has_ended()
}

/// Follows a workflow; whether something in it breaks.
async fn breaks(campaign: &Campaign, name: Arc<str>, text: &str, attempt: u32) -> bool {
    let session = &campaign.session;
    let program = understood(name, text, session.catalogue(), session.settings.version);
    let Some(program) = program.map(Arc::new) else {
        return false;
    };
    let _place = session.place().await;
    campaign.carry_out(program, attempt).await.is_broken()
}

/// What workflows may do, as far as it is known what the registry offers and what it breaks.
fn constraints(campaign: &Campaign, broken: BTreeSet<RequirementId>) -> Constraints {
    let session = &campaign.session;
    let (version, catalogue) = (session.settings.version, session.catalogue());
    // A step that asks for nothing in force is not taken, and the model would wait for what it does.
    let not_in_force = catalogue
        .iter()
        .filter(|requirement| requirement.levels.in_version(version).is_none())
        .map(|requirement| requirement.id.clone());
    let offers = session
        .offers()
        .into_iter()
        .filter(|(_, offer)| matches!(offer, Offer::Offered(_)));
    Constraints {
        offered: offers.map(|(name, _)| name).collect(),
        avoided: broken.into_iter().chain(not_in_force).collect(),
    }
}

/// A scenario that was written by the explorer.
fn understood(name: Arc<str>, text: &str, catalogue: &Catalogue, version: Version) -> Option<Program> {
    let (scenario, faults) = parse(text);
    let scenario = scenario.filter(|_| faults.is_empty())?;
    Some(Program::of(name, text.into(), &scenario, catalogue, version))
}
