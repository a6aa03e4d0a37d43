//! What a transcript cannot say, in Rust, under the same ids and reports: false lengths, cut bodies, races.
//!
//! A coded scenario is one entry of a table in `ALL`: what it says of itself, and the function that carries it out.

mod actor;
mod addresses;
mod byteranges;
mod concurrency;
mod everything_found;
mod framing;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header_names;
mod history;
mod id_entropy;
mod malformed_input;
mod no_content;
mod ranges;
mod sessions;
mod sizes;
mod slow_clients;
mod tag_histories;
mod tools;
mod truncated_uploads;

use futures_util::future::BoxFuture;

use super::interpret::{Flow, lacking};
use super::world::World;
use crate::cause::Cause;
use crate::log::Reason;
use crate::scenario::ast::Stance;
use crate::scenario::{CodedScenario, Library};
use crate::values::ValueError;
use crate::wire::Fault;
use actor::{Actor, BrokenCheck};

/// A scenario that is coded in Rust.
struct Coded {
    /// What it says of itself.
    scenario: CodedScenario,
    /// How it is carried out. An error is why the rest was not reached.
    follow: for<'a> fn(&'a mut Actor) -> BoxFuture<'a, Result<(), NotReached>>,
}

/// Why the rest of a coded scenario was not reached.
struct NotReached(Cause);

impl From<Fault> for NotReached {
    fn from(fault: Fault) -> NotReached {
        NotReached(match fault {
            Fault::Http2Alone { .. } => Cause::NotSent(fault),
            other => Cause::NoConnection(other),
        })
    }
}

impl From<ValueError> for NotReached {
    fn from(unusable: ValueError) -> NotReached {
        match unusable {
            ValueError::Missing(cause) => NotReached(cause),
            ValueError::Senseless(why) => NotReached(Cause::Said(why)),
        }
    }
}

/// How often a scenario is carried out that is answered 429 on a connection by hand: registries that limit by the
/// second let a scenario through within a few tries, and five waits of 30 s are the most that is borne.
const ATTEMPTS: u32 = 5;

/// Every coded scenario, a table for each subject.
const ALL: &[&[Coded]] = &[
    addresses::SCENARIOS,
    truncated_uploads::SCENARIOS,
    everything_found::SCENARIOS,
    framing::SCENARIOS,
    header_names::SCENARIOS,
    malformed_input::SCENARIOS,
    no_content::SCENARIOS,
    slow_clients::SCENARIOS,
    concurrency::SCENARIOS,
    ranges::SCENARIOS,
    sessions::SCENARIOS,
    sizes::SCENARIOS,
    tag_histories::SCENARIOS,
];

/// What the coded scenarios say of themselves.
pub fn scenarios() -> impl Iterator<Item = &'static CodedScenario> {
    all().map(|coded| &coded.scenario)
}

/// The coded scenarios that run with those of a library: none where a project's own run alone.
pub fn beside(library: &Library) -> impl Iterator<Item = &'static CodedScenario> + use<> {
    let run_alone = library.is_of_a_house();
    scenarios().filter(move |_| !run_alone)
}

fn all() -> impl Iterator<Item = &'static Coded> {
    ALL.iter().copied().flatten()
}

/// Carries out a coded scenario, where the registry offers what it needs.
pub(super) async fn carry_out(world: World, scenario: &'static CodedScenario) -> Flow {
    let Some(coded) = all().find(|coded| coded.scenario.name == scenario.name) else {
        let why = format!("there is no coded scenario `{}`", scenario.name);
        return Flow::Stop(Reason::Failed(why));
    };
    let whole = 0..usize::MAX;
    let needs = scenario.needs.iter().map(|name| (Stance::Offered, &**name));
    if let Some(lacking) = lacking(&world, needs) {
        world.skip(whole, lacking.clone());
        return Flow::Stop(lacking);
    }
    let mut actor = Actor::new(world);
    let followed = followed(coded, &mut actor).await;
    match (followed, actor.trouble()) {
        (Ok(()), None) => {
            actor.skip(whole, Reason::NoOccasion);
            Flow::On
        }
        (Ok(()), Some(cause)) | (Err(_), Some(cause)) | (Err(NotReached(cause)), None) => {
            let reason = Reason::NotReached(cause);
            actor.skip(whole, reason.clone());
            Flow::Stop(reason)
        }
    }
}

/// Carries a scenario out, again where a connection by hand was answered that too many requests came.
async fn followed(coded: &Coded, actor: &mut Actor) -> Result<(), NotReached> {
    for _ in 0..ATTEMPTS {
        let followed = (coded.follow)(actor).await;
        let Some(limit) = actor.take_limit() else {
            return followed;
        };
        let Some(wait) = actor.wait(limit) else {
            let why = "429 Too Many Requests, and a wait that is longer than can be borne";
            return Err(NotReached(Cause::Said(why.to_owned())));
        };
        tokio::time::sleep(wait).await;
    }
    let why = "429 Too Many Requests, each time".to_owned();
    Err(NotReached(Cause::Said(why)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::Library;

    #[test]
    fn coded_scenarios_have_names_of_their_own_and_make_checks() {
        let library = Library::built_in().unwrap();
        let names: BTreeSet<&str> = scenarios().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), scenarios().count());
        for scenario in scenarios() {
            assert!(
                library.get(scenario.name).is_none(),
                "{} is a transcript, too",
                scenario.name
            );
            assert!(!scenario.checks.is_empty(), "{} asks nothing", scenario.name);
        }
    }
}
