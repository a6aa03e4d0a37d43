//! Every scenario as a trial: against the bundled registry, or against `ASSIZE_TARGET` where it is set.
//!
//! The bundled registry is held to the next version and to its warnings; another target to `ASSIZE_SPEC`, 1.1 unless
//! told, and to its violations.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use assize::catalogue::{Level, Version};
use assize::judgement::Verdict;
use assize::plan::{Plan, Selection};
use assize::report::reason;
use assize::run::coded;
use assize::{Outcome, Suite};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials(&arguments) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn trials(arguments: &Arguments) -> Anything<Vec<Trial>> {
    let suite = Suite::built_in()?;
    let names: Vec<Arc<str>> = suite
        .library()
        .scenarios
        .iter()
        .map(|loaded| loaded.name.clone())
        .chain(coded::scenarios().map(|coded| coded.name.into()))
        .collect();
    if names.is_empty() {
        return Err("there are no scenarios".into());
    }
    let mut results = if arguments.list {
        BTreeMap::new()
    } else {
        results(&suite)?
    };
    Ok(names
        .into_iter()
        .map(|name| {
            let result = results.remove(&name).unwrap_or(Ok(Completion::Completed));
            Trial::ignorable_test(name.to_string(), move || result.map_err(Failed::from))
        })
        .collect())
}

/// What became of each scenario.
fn results(suite: &Suite) -> Anything<BTreeMap<Arc<str>, Result<Completion, String>>> {
    let runtime = Runtime::new()?;
    let bench = runtime.block_on(Bench::build())?;
    let everything = Selection::default();
    let plan = Plan::new(suite.library(), coded::scenarios(), &everything, bench.version);
    let invariants: Vec<Arc<str>> = plan
        .invariants
        .iter()
        .map(|program| program.name.clone())
        .collect();
    let run = suite
        .against(&bench.target)
        .spec(bench.version)
        .seed(u64::from(std::process::id()))
        .strict()
        .with(|settings| settings.jobs = 16);
    let outcome = runtime.block_on(run.run())?;
    let named = outcome
        .scenarios
        .iter()
        .map(|scenario| (scenario.name.clone(), scenario.verdict.clone()));
    let invariants = invariants.into_iter().map(|name| (name, Verdict::Held));
    Ok(named
        .chain(invariants)
        .map(|(name, verdict)| (name.clone(), bench.result(&name, &verdict, &outcome)))
        .collect())
}

/// What is under test, and how hard it is judged.
struct Bench {
    target: String,
    version: Version,
    least: Level,
    _bundled: Option<assize_reference::Running>,
}

impl Bench {
    async fn build() -> Anything<Bench> {
        if let Ok(target) = std::env::var("ASSIZE_TARGET") {
            let version = std::env::var("ASSIZE_SPEC").unwrap_or_else(|_| "1.1".to_owned());
            let version = version
                .parse()
                .map_err(|()| format!("ASSIZE_SPEC: `{version}` is no version"))?;
            return Ok(Bench {
                target,
                version,
                least: Level::Must,
                _bundled: None,
            });
        }
        let config = assize_reference::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            ..Default::default()
        };
        let bundled = assize_reference::serve(config).await?;
        Ok(Bench {
            target: bundled.url(),
            version: Version::Next,
            least: Level::Should,
            _bundled: Some(bundled),
        })
    }

    /// A scenario fails by what was found in it, or by what could not be reached.
    fn result(&self, name: &str, verdict: &Verdict, outcome: &Outcome) -> Result<Completion, String> {
        let mut found = String::new();
        for finding in outcome
            .findings()
            .iter()
            .filter(|finding| finding.level >= self.least)
        {
            let here = finding.ways.iter().filter(|way| &*way.place.scenario == name);
            for way in here {
                let (level, id, line) = (finding.level, &finding.requirement, way.place.line);
                found += &format!(
                    "{level} {id}, line {line}: asked `{}`, got `{}`\n",
                    way.asked, way.got
                );
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let why = reason(verdict).unwrap_or_default();
        match verdict {
            Verdict::NotReached(_) | Verdict::Failed(_) => Err(why),
            Verdict::NotOffered(_) => Ok(Completion::ignored_with(format!("no {why}"))),
            Verdict::NotAsked(_) => Ok(Completion::ignored_with(why)),
            _ => Ok(Completion::Completed),
        }
    }
}
