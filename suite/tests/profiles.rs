//! Every choice that the specification leaves open, taken: a trial for each profile of the bundled registry, in memory
//! and on disk, and for each way to ask who is there, in which nothing is found.

use std::process::ExitCode;

use assize::bundled::{Authentication, Config, Guarded, in_memory, serve};
use assize::catalogue::{Level, Version};
use assize::judgement::Verdict;
use assize::{Outcome, Run, Suite};
use assize_reference::{PROFILES, Profile};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;
use tokio::runtime::Runtime;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = match Suite::built_in() {
        Ok(suite) => suite,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let profiles = PROFILES.iter().flat_map(|profile| {
        Storage::ALL.map(|storage| {
            let suite = suite.clone();
            let name = format!("{} {}", profile.name, storage.words());
            Trial::test(name, move || {
                conforms(async move { of_profile(&suite, profile, storage).await })
            })
        })
    });
    let accounts = [
        ("accounts-with-passwords", Authentication::Password),
        ("accounts-with-tokens", Authentication::Token),
    ];
    // The next version asks most; Docker's API is asked of each way to ask who is there.
    let accounts = accounts.into_iter().flat_map(|(name, authentication)| {
        [Version::Next, Version::Docker].map(|version| {
            let suite = suite.clone();
            Trial::test(format!("{name}, by {version}"), move || {
                conforms(async move { with_accounts(&suite, authentication, version).await })
            })
        })
    });
    let foreign = [Version::Next, Version::Docker].map(|version| {
        let suite = suite.clone();
        Trial::test(format!("tokens-of-another, by {version}"), move || {
            conforms(async move { with_tokens_of_another(&suite, version).await })
        })
    });
    let by_both = {
        let suite = suite.clone();
        Trial::test("open, by both", move || {
            conforms(async move { by_both(&suite).await })
        })
    };
    let trials = profiles.chain(accounts).chain(foreign).chain([by_both]);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Where the registry keeps its content.
#[derive(Clone, Copy)]
enum Storage {
    Memory,
    Disk,
}

impl Storage {
    const ALL: [Storage; 2] = [Storage::Memory, Storage::Disk];

    fn words(self) -> &'static str {
        match self {
            Storage::Memory => "in memory",
            Storage::Disk => "on disk",
        }
    }

    /// A folder, where one is needed.
    fn folder(self) -> std::io::Result<Option<TempDir>> {
        match self {
            Storage::Memory => Ok(None),
            Storage::Disk => tempfile::tempdir().map(Some),
        }
    }
}

fn conforms(outcome: impl Future<Output = Anything<Outcome>>) -> Result<(), Failed> {
    let outcome = Runtime::new()?
        .block_on(outcome)
        .map_err(|error| error.to_string())?;
    let found = outcome
        .findings()
        .iter()
        .filter(|finding| finding.level >= least(finding.requirement.as_str()))
        .map(|finding| {
            let way = &finding.ways[0];
            let (level, id, place) = (finding.level, &finding.requirement, &way.place);
            format!(
                "{level} {id} ({}:{}): asked `{}`, got `{}`",
                place.scenario, place.line, way.asked, way.got
            )
        });
    // What a registry may refuse is not asked of it: where nothing is broken, nothing keeps a MUST from being reached, but
    // that nothing is there to be asked about.
    let requirement = |id: &str| outcome.requirements.iter().find(|one| one.id.as_str() == id);
    let takes_blobs = requirement("push.put.201").is_some_and(|one| one.verdict == Verdict::Held);
    let unreached = outcome.requirements.iter().filter_map(|one| match &one.verdict {
        Verdict::NotReached(_) | Verdict::Failed(_) if takes_blobs && one.level == Some(Level::Must) => {
            Some(format!("{} is not reached", one.id))
        }
        _ => None,
    });
    let found: Vec<String> = found.chain(unreached).collect();
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.join("\n").into())
    }
}

/// A profile that leaves out what a registry SHOULD offer is found to do so, and breaks no MUST.
fn least(id: &str) -> Level {
    if id.starts_with("category.") || SHOULD_BE_OFFERED.contains(&id) {
        Level::Must
    } else {
        Level::Should
    }
}

/// What a registry SHOULD offer and may refuse.
const SHOULD_BE_OFFERED: &[&str] = &[
    "range.supported",
    "referrers.filter-supported",
    "push.manifest.four-megabytes",
    "push.manifest.tag-parameters-ten",
];

async fn of_profile(suite: &Suite, profile: &Profile, storage: Storage) -> Anything<Outcome> {
    let folder = storage.folder()?;
    let config = (profile.apply)(Config {
        listen: ([127, 0, 0, 1], 0).into(),
        store: folder.as_ref().map(|folder| folder.path().to_owned()),
        ..Config::default()
    });
    let registry = serve(config).await?;
    let run = against(suite, &registry.url());
    let run = match profile.name {
        // It makes a client wait, so that a few scenarios have to do.
        "rate-limit" => run.only("errors/*"),
        _ => run,
    };
    Ok(run.run().await?)
}

async fn by_both(suite: &Suite) -> Anything<Outcome> {
    let registry = in_memory().await?;
    let run = against(suite, &registry.url()).spec(Version::Both);
    Ok(run.run().await?)
}

async fn with_accounts(suite: &Suite, authentication: Authentication, version: Version) -> Anything<Outcome> {
    let registry = Guarded::start(authentication).await?;
    let run = against(suite, &registry.url()).spec(version);
    Ok(run.accounts(Guarded::credentials()).run().await?)
}

async fn with_tokens_of_another(suite: &Suite, version: Version) -> Anything<Outcome> {
    let issuer = Guarded::start(Authentication::Token).await?;
    let registry = Guarded::behind(&issuer).await?;
    let run = against(suite, &registry.url()).spec(version);
    Ok(run.accounts(Guarded::credentials()).run().await?)
}

fn against(suite: &Suite, target: &str) -> Run {
    let seed = u64::from(std::process::id());
    suite.against(target).spec(Version::Next).seed(seed).strict()
}
