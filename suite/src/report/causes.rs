//! Why something was not reached, not asked or not settled, in words.

use super::words;
use crate::cause::{Cause, Unsettled};
use crate::check::describe;
use crate::judgement::{NotAsked, Verdict};
use crate::wire::Exchange;

/// What a verdict gives as its reason, if it gives one.
pub fn reason(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::NotReached(why) => Some(cause(why)),
        Verdict::NotOffered(capability) => Some(capability.clone()),
        Verdict::NotAsked(why) => Some(not_asked(why)),
        Verdict::Failed(why) => Some(why.clone()),
        Verdict::Held | Verdict::Broken | Verdict::Late | Verdict::NoOccasion => None,
    }
}

/// What kept something from being reached.
pub(super) fn cause(cause: &Cause) -> String {
    in_words(cause, &describe::exchange)
}

/// The same without the names that belong to one scenario: many scenarios fail for one reason.
pub(super) fn gist(cause: &Cause) -> String {
    in_words(cause, &describe::exchange_of_any)
}

fn in_words(cause: &Cause, exchange: &dyn Fn(&Exchange) -> String) -> String {
    match cause {
        Cause::Came(came) => exchange(came),
        Cause::Lacks(came, what) => format!("{}, with no {what}", exchange(came)),
        Cause::Broke(came, requirement) => format!("{} ({requirement})", exchange(came)),
        Cause::NotGranted { came, asked, got } => {
            format!("{}; taken for granted: {asked}, got {got}", exchange(came))
        }
        // Others, which were stopped by the same, say the same of it.
        Cause::Unsettled {
            because: Unsettled::Stopped { came, .. },
            ..
        } => came.clone(),
        Cause::Unsettled { capability, because } => {
            format!("{capability}: {}", unsettled(because, None))
        }
        Cause::NothingToRead => {
            "the registry takes no pushes, and no content to read was named (--read-only --image NAME:TAG)"
                .to_owned()
        }
        Cause::NoToken(fault) | Cause::NotSent(fault) | Cause::NoConnection(fault) => fault.to_string(),
        Cause::TargetLost(loss) => format!("the target is lost: {loss}"),
        Cause::OutOfTime(limit) => format!("the scenario took longer than {}", words::time(*limit)),
        Cause::Beyond(beyond) => beyond.to_string(),
        Cause::NoId(address) => format!("{address} holds no id that could be another one"),
        Cause::NothingSent => "no request was sent".to_owned(),
        Cause::Said(words) => words.clone(),
    }
}

/// Why a capability is neither offered nor refused; the probe of this name is called `its probe`.
pub(super) fn unsettled(why: &Unsettled, own: Option<&str>) -> String {
    let named = |probe: &String| match own {
        Some(own) if own == probe => "its probe".to_owned(),
        _ => probe.clone(),
    };
    match why {
        Unsettled::NoProbe => "no probe settled it".to_owned(),
        Unsettled::NotInForce(version) => format!("not in {version}"),
        Unsettled::Beyond(beyond) => beyond.to_string(),
        Unsettled::Nothing { probe } => format!("{} settled nothing", named(probe)),
        Unsettled::NothingToRead => cause(&Cause::NothingToRead),
        Unsettled::Stopped { probe, came } => format!("{}: {came}", named(probe)),
        Unsettled::Broke {
            probe,
            requirement,
            got,
        } => format!("{} got {got} ({requirement})", named(probe)),
    }
}

fn not_asked(why: &NotAsked) -> String {
    match why {
        NotAsked::NotInForce(version) => format!("not in force in {version}"),
        NotAsked::NotSelected => "not selected".to_owned(),
        NotAsked::NoScenario => "no scenario of this run asks it".to_owned(),
        NotAsked::NoAccount(name) => format!("no account `{name}` was given"),
        NotAsked::Beyond(beyond) => beyond.to_string(),
    }
}
