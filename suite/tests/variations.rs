//! Nothing is found in what the specification allows: the suite against every variation, at 1.1 and at the next version.
//!
//! A finding here is a false alarm. What a variation forgoes, a SHOULD, is found as a warning, and is no alarm. The gate
//! tries some of them, always the same; with `ASSIZE_VARIATIONS=all` every one is tried, with a seed others.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use assize::bundled::{self, Both};
use assize::catalogue::{Level, RequirementId, Version};
use assize::saboteur::{Saboteur, Upstreams, Variation, variations};
use assize::scenario::Library;
use assize::{Outcome, Suite};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// The variable of the environment with which every variation is tried; it may hold the seed of a draw instead.
const ALL: &str = "ASSIZE_VARIATIONS";
/// Without it, so many are tried: as many as take less than a minute on two slow cores.
const DRAWN: usize = 8;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let bench = match Bench::build() {
        Ok(bench) => Arc::new(bench),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let is_named = arguments.filter.is_some();
    let trials = variations::all().into_iter().flat_map(|variation| {
        let versions = variation.versions.iter().copied();
        versions.map(move |version| (variation, version))
    });
    let trials: Vec<(Variation, Version)> = trials.collect();
    let drawn = Draw::new(is_named).of(trials.len());
    let trials = trials
        .into_iter()
        .zip(drawn)
        .map(|((variation, version), is_drawn)| {
            let bench = bench.clone();
            let name = format!("{} {version}", variation.id);
            Trial::test(name, move || bench.finds_nothing(&variation, version)).with_ignored_flag(!is_drawn)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Which trials are made.
enum Draw {
    Every,
    Some(u64),
}

impl Draw {
    fn new(is_named: bool) -> Draw {
        match std::env::var(ALL) {
            _ if is_named => Draw::Every,
            Ok(seed) => seed.parse().map_or(Draw::Every, Draw::Some),
            Err(_) => Draw::Some(0),
        }
    }

    /// Whether each of `count` is drawn.
    fn of(&self, count: usize) -> Vec<bool> {
        match self {
            Draw::Every => vec![true; count],
            Draw::Some(seed) => {
                let start = usize::try_from(*seed).unwrap_or_default();
                eprintln!("drawn by {ALL}={seed}; {ALL}=all tries every one");
                let step = count.div_ceil(DRAWN);
                (0..count).map(|at| (at + start).is_multiple_of(step)).collect()
            }
        }
    }
}

/// The suite, and well-behaved registries to lay variations over.
struct Bench {
    runtime: Runtime,
    suite: Suite,
    library: Library,
    upstreams: Upstreams,
    /// They run as long as it does.
    _both: Both,
}

impl Bench {
    fn build() -> Result<Bench, Box<dyn std::error::Error>> {
        let runtime = Runtime::new()?;
        let both = runtime.block_on(async { Both::with(bundled::in_memory().await?).await })?;
        Ok(Bench {
            runtime,
            suite: Suite::built_in()?,
            library: Library::built_in()?,
            upstreams: both.upstreams()?,
            _both: both,
        })
    }

    fn finds_nothing(&self, variation: &Variation, version: Version) -> Result<(), Failed> {
        let upstream = self.upstreams.under(variation.over)?;
        let outcome = self.runtime.block_on(async {
            let saboteur = Saboteur::lay(variation.act, upstream).await?;
            let run = self.suite.against(&saboteur.url()).spec(version).strict();
            let run = run.accounts(upstream.credentials.clone());
            let run = match variation.id {
                // They make a client wait, so that a few scenarios have to do.
                "rate-limited-by-seconds" | "rate-limited-by-date" => run.only("errors/*"),
                _ => run,
            };
            Ok::<Outcome, Box<dyn std::error::Error>>(run.run().await?)
        });
        let outcome = outcome.map_err(|error| error.to_string())?;
        let is_asked = |id: &&str| {
            let requirement = RequirementId::parse(id).and_then(|id| self.library.catalogue.get(&id));
            requirement.is_some_and(|requirement| requirement.levels.in_version(version).is_some())
        };
        let forgone: BTreeSet<&str> = variation.forgoes.iter().copied().filter(is_asked).collect();
        let alarms = [alarms(&forgone, &outcome), untold(variation, &outcome)].concat();
        match alarms.is_empty() {
            true => Ok(()),
            false => Err(alarms.join("\n").into()),
        }
    }
}

/// What should be told, since it breaks clients, and is not.
fn untold(variation: &Variation, outcome: &Outcome) -> Vec<String> {
    let findings = outcome.findings().iter();
    let told: BTreeSet<&str> = findings.map(|finding| finding.requirement.as_str()).collect();
    let missed = variation.told_by.iter().filter(|id| !told.contains(*id));
    missed.map(|id| format!("{id} does not tell of it")).collect()
}

/// What is found that should not be, and what should be and is not.
fn alarms(forgone: &BTreeSet<&str>, outcome: &Outcome) -> Vec<String> {
    let mut found: BTreeMap<&str, String> = BTreeMap::new();
    for finding in outcome
        .findings()
        .iter()
        .filter(|finding| finding.level > Level::May)
    {
        let way = &finding.ways[0];
        let (level, id, place) = (finding.level, finding.requirement.as_str(), &way.place);
        let (asked, got) = (&way.asked, &way.got);
        let line = format!(
            "{level} {id} ({}:{}): asked `{asked}`, got `{got}`",
            place.scenario, place.line
        );
        found.insert(id, line);
    }
    let missed = forgone.iter().filter(|id| !found.contains_key(*id));
    let missed = missed.map(|id| format!("{id} is forgone, and no warning says so"));
    let alarms = found.iter().filter(|(id, _)| !forgone.contains(*id));
    alarms.map(|(_, line)| line.clone()).chain(missed).collect()
}
