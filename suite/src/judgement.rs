//! What a run found: one tree, made by the judgement and folded by every report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::{Level, RequirementId, Version};
use crate::cause::{Beyond, Cause};
pub use crate::log::{End, Facts, Lifetime, Offer, Rerun, Strictness};
pub use crate::scenario::Place;
use crate::wire::{Exchange, Transcript, Url};

/// All that one run found out about one registry.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What was run against what.
    pub facts: Facts,
    /// What the probes settled, by the capability's name.
    pub capabilities: BTreeMap<String, Offer>,
    /// What a person must look at: one for each cause, under the requirement that it breaks before others. First the
    /// violations of what the texts state and of what guards data, then what else the texts state, then the rest.
    pub findings: Vec<Finding>,
    /// Every requirement of the catalogue, in its order.
    pub requirements: Vec<RequirementOutcome>,
    /// Every scenario of the plan, in its order.
    pub scenarios: Vec<ScenarioOutcome>,
    /// The texts of scenarios that are not in the library, by their names: those that random workflows came to.
    pub generated: BTreeMap<Arc<str>, Arc<str>>,
    /// How the run ended.
    pub end: End,
}

/// A broken requirement.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level in the version judged by.
    pub level: Level,
    /// How many checks of it broke.
    pub broken: usize,
    /// How many checks of it were made.
    pub asked: usize,
    /// The different ways in which it broke, most frequent first; never empty.
    pub ways: Vec<Way>,
    /// In how many of how many runs of the scenario it broke.
    pub again: Repetition,
    /// The broken requirements that have their cause in common with this one.
    pub consequences: Vec<Consequence>,
}

/// How often a finding was seen when its scenario ran again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// Runs in which it broke.
    pub broken: u32,
    /// Runs that were made.
    pub runs: u32,
}

/// One way in which a requirement broke: this was asked, that was got.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where the check stands.
    pub place: Place,
    /// The first cell of the row, if the check stands in rows.
    pub row: Option<String>,
    /// What the check asked, its placeholders filled in.
    pub asked: String,
    /// What the registry answered.
    pub got: String,
    /// How many checks broke in this way.
    pub count: usize,
    /// In how many of how many runs of the scenario it broke in this way.
    pub again: Repetition,
    /// What shows it.
    pub proof: Proof,
}

impl Way {
    /// The exchange that broke it, if one did.
    pub fn exchange(&self) -> Option<&Arc<Exchange>> {
        let shows = |step: &&Step| step.part == Part::Shows;
        let last = self.proof.steps().rfind(shows)?;
        match &last.sent {
            Sent::Exchange(exchange) => Some(exchange),
            Sent::Connection(_) => None,
        }
    }
}

/// What shows that a check broke: what has to be sent for it to be seen again, round by round.
///
/// A round is over before the next begins. Most have one thread; the threads of the others went on side by side.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The rounds, in order; none if nothing that was sent shows it.
    pub rounds: Vec<Vec<Thread>>,
}

/// Steps of which each waited for the one before.
pub type Thread = Vec<Step>;

/// Something that was sent.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub sent: Sent,
    /// What it is for.
    pub part: Part,
    /// How long nothing is sent before it.
    pub pause: Duration,
}

/// The two ways of sending something.
#[derive(Clone, Debug)]
pub enum Sent {
    /// A request, and what came of it.
    Exchange(Arc<Exchange>),
    /// What was written and read on a connection by hand.
    Connection(Arc<Transcript>),
}

/// The part that a step has in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It comes before, so that what shows means the same again.
    Before,
    /// It shows.
    Shows,
}

impl Proof {
    /// A proof by one exchange.
    pub fn of(exchange: Arc<Exchange>) -> Proof {
        let step = Step {
            sent: Sent::Exchange(exchange),
            part: Part::Shows,
            pause: Duration::ZERO,
        };
        Proof {
            rounds: vec![vec![vec![step]]],
        }
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.rounds.iter().flatten().flatten()
    }
}

impl Sent {
    /// The number of the exchange or of the connection.
    pub fn number(&self) -> u64 {
        match self {
            Sent::Exchange(exchange) => exchange.number,
            Sent::Connection(connection) => connection.number,
        }
    }

    /// Where its answer says that an upload goes on.
    pub fn upload_address(&self) -> Option<Url> {
        match self {
            Sent::Exchange(exchange) => exchange.upload_address(),
            Sent::Connection(_) => None,
        }
    }
}

/// A broken requirement that has its cause in common with another one.
#[derive(Clone, Debug)]
pub struct Consequence {
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level in the version judged by.
    pub level: Level,
    /// The ways in which it broke.
    pub ways: Vec<Way>,
    /// What makes it one.
    pub link: Link,
}

/// What makes a broken requirement a consequence of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The same answer to the same kind of request breaks it.
    SameAnswer,
    /// It rests on the other requirement.
    Follows,
}

/// What became of one requirement.
#[derive(Clone, Debug)]
pub struct RequirementOutcome {
    /// The requirement.
    pub id: RequirementId,
    /// Its level in the version judged by; `None` where it is not in force.
    pub level: Option<Level>,
    /// The verdict over all its checks.
    pub verdict: Verdict,
    /// How many checks of it came to each kind of verdict.
    pub counts: Counts,
    /// The exchange in which it first held, if one shows that.
    pub held_by: Option<Arc<Exchange>>,
    /// Its part of the time of the scenarios that ask it: each shares its time among all that it asks.
    pub elapsed: Duration,
}

/// How many checks came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that held.
    pub held: usize,
    /// Checks that broke.
    pub broken: usize,
    /// Checks that held only within the grace.
    pub late: usize,
    /// Checks of any other verdict.
    pub other: usize,
}

/// What became of one scenario.
#[derive(Clone, Debug)]
pub struct ScenarioOutcome {
    /// Its name.
    pub name: Arc<str>,
    /// Its title.
    pub title: String,
    /// The worst that happened in it.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// What became of a check, a requirement or a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Held,
    /// It is broken.
    Broken,
    /// It held within the grace, not at once.
    Late,
    /// Something before it failed.
    NotReached(Cause),
    /// The registry does not offer this capability, as it may.
    NotOffered(String),
    /// The occasion never came up.
    NoOccasion,
    /// It was not to be asked.
    NotAsked(NotAsked),
    /// The suite itself failed.
    Failed(String),
}

/// Why something was not to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// It is not in force in the version judged by.
    NotInForce(Version),
    /// The user did not select it.
    NotSelected,
    /// No scenario of the run asks it.
    NoScenario,
    /// It needs an account of this name, and none was given.
    NoAccount(String),
    /// It is no matter of this run.
    Beyond(Beyond),
}

impl Verdict {
    /// The verdict on what this kept from being reached.
    pub fn kept_by(cause: &Cause) -> Verdict {
        match cause.beyond() {
            Some(beyond) => Verdict::NotAsked(NotAsked::Beyond(beyond.clone())),
            None => Verdict::NotReached(cause.clone()),
        }
    }
}
