//! What the arguments of a run mean, with everything from the environment put in.

use std::path::PathBuf;
use std::time::Duration;

use assize::catalogue::Version;
use assize::judgement::{Lifetime, Strictness};
use assize::plan::Selection;
use assize::run::{Access, Budget, CleanUp, ImageName, RunId, RunSettings, is_repository};
use assize::wire::{
    self, Address, Credentials, Headers, Identity, Proxies, Reach, Timeouts, Tls, Url, Versions,
};

use super::arguments::{
    ConductArguments, HttpVersion, PaceArguments, Profile, RegistryArguments, RunArguments,
    SelectionArguments, SnapshotArguments, Spec,
};
use super::environment::Environment;
use super::failure::Failure;
use super::{login, reproduce, target};

/// How many random workflows a run tries unless it is told for how long to explore.
const USUAL_WORKFLOWS: u32 = 10;

/// What a run is to do.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The registry; the bundled one if there is none.
    pub(crate) target: Option<Url>,
    /// How it is talked to.
    pub(crate) client_options: ClientOptions,
    /// The folder of scenarios; those that are compiled in if there is none.
    pub(crate) scenarios: Option<PathBuf>,
    /// Which of them run.
    pub(crate) selection: Selection,
    /// How the run is done.
    pub(crate) run: RunSettings,
    /// Whether it stops at a violation.
    pub(crate) fail_fast: bool,
    /// Where all that happens is written down.
    pub(crate) record: Option<PathBuf>,
}

/// How a registry is talked to.
#[derive(Clone, Debug)]
pub(crate) struct ClientOptions {
    /// Who asks.
    pub(crate) credentials: Credentials,
    tls: Tls,
    identity: Option<Identity>,
    versions: Versions,
    proxies: Proxies,
    addresses: Vec<Address>,
    reach: Reach,
    lines: Headers,
    user_agent: Option<String>,
    timeouts: Timeouts,
}

impl ClientOptions {
    /// What a client of `target` has to know.
    pub(crate) fn client(&self, target: Url) -> wire::ClientSettings {
        let mut settings = wire::ClientSettings::new(target);
        settings.credentials = self.credentials.clone();
        settings.tls = self.tls.clone();
        settings.identity = self.identity.clone();
        settings.versions = self.versions;
        settings.proxies = self.proxies.clone();
        settings.addresses = self.addresses.clone();
        settings.reach = self.reach;
        settings.lines = self.lines.clone();
        settings.user_agent = self.user_agent.clone();
        settings.timeouts = self.timeouts;
        settings
    }
}

impl Settings {
    /// Finds out what the arguments mean.
    pub(crate) fn new(arguments: RunArguments, environment: Environment<'_>) -> Result<Settings, Failure> {
        let command = reproduce::command(&arguments);
        let RunArguments {
            target,
            registry,
            selection,
            conduct,
            verdict,
        } = arguments;
        let strictness = if verdict.strict {
            Strictness::Warnings
        } else {
            Strictness::Violations
        };
        let lifetime = if target.is_some() {
            Lifetime::Stays
        } else {
            Lifetime::EndsWithTheRun
        };
        let target = target.as_deref().map(target::target).transpose()?;
        let client_options = client_options(&registry, target.as_ref(), environment)?;
        let mut run = run_settings(registry, &selection, &conduct, strictness)?;
        run.command = command;
        run.lifetime = lifetime;
        Ok(Settings {
            target,
            client_options,
            selection: Selection::new(&selection.only, &selection.requirement, &selection.section)?,
            run,
            scenarios: selection.scenarios,
            fail_fast: conduct.fail_fast,
            record: conduct.record,
        })
    }
}

/// What the runs of a snapshot are to do; random workflows are no part of it.
pub(crate) fn of_snapshot(
    arguments: SnapshotArguments,
    environment: Environment<'_>,
) -> Result<Settings, Failure> {
    let SnapshotArguments {
        target,
        registry,
        selection,
        pace,
        ..
    } = arguments;
    let target = target.as_deref().map(target::target).transpose()?;
    let client_options = client_options(&registry, target.as_ref(), environment)?;
    let mut run = paced(&registry, &selection, &pace.pace)?;
    run.repositories = registry.repository;
    Ok(Settings {
        target,
        client_options,
        selection: Selection::new(&selection.only, &selection.requirement, &selection.section)?,
        run,
        scenarios: selection.scenarios,
        fail_fast: false,
        record: None,
    })
}

/// How the user wants a registry to be talked to; the bundled one if there is no target.
pub(crate) fn client_options(
    registry: &RegistryArguments,
    target: Option<&Url>,
    environment: Environment<'_>,
) -> Result<ClientOptions, Failure> {
    Ok(ClientOptions {
        credentials: login::credentials(&registry.login, target, first_repository(registry), environment)?,
        tls: if registry.insecure {
            Tls::Insecure
        } else {
            Tls::Verified {
                extra_roots: registry.ca.clone(),
            }
        },
        identity: registry.cert.clone().map(|certificate| Identity {
            key: registry.key.clone().unwrap_or_else(|| certificate.clone()),
            certificate,
        }),
        versions: match registry.http {
            HttpVersion::V1_1 => Versions::Http1,
            HttpVersion::V2 => Versions::UpTo2,
        },
        proxies: match registry.proxy.clone() {
            Some(proxy) => Proxies::named(proxy),
            None => Proxies::from_environment(environment),
        },
        addresses: registry.resolve.clone(),
        reach: if registry.same_host {
            Reach::SameHost
        } else {
            Reach::Anywhere
        },
        lines: registry.header.iter().cloned().collect(),
        user_agent: registry.user_agent.clone(),
        timeouts: timeouts(registry.timeout),
    })
}

/// The name of a repository that is asked, or of what is above all of them, as far as one is given.
fn first_repository(registry: &RegistryArguments) -> Option<&str> {
    let given = registry
        .repository
        .first()
        .or(registry.repository_prefix.as_ref());
    given.map(String::as_str)
}

/// The whole of an exchange may take as long as usual, or as long as its slowest part.
fn timeouts(answer: Duration) -> Timeouts {
    let mut timeouts = Timeouts::default();
    timeouts.answer = answer;
    timeouts.idle = answer;
    timeouts.total = timeouts.total.max(answer);
    timeouts
}

fn run_settings(
    registry: RegistryArguments,
    selection: &SelectionArguments,
    conduct: &ConductArguments,
    strictness: Strictness,
) -> Result<RunSettings, Failure> {
    let mut run = paced(&registry, selection, &conduct.pace)?;
    run.strictness = strictness;
    if conduct.keep {
        run.clean_up = CleanUp::Never;
    }
    run.explore = match run.access {
        Access::Write => budget(conduct, selection),
        Access::Read(_) => Budget::Nothing,
    };
    run.repositories = registry.repository;
    Ok(run)
}

/// What every run is told, whatever is made of it.
fn paced(
    registry: &RegistryArguments,
    selection: &SelectionArguments,
    pace: &PaceArguments,
) -> Result<RunSettings, Failure> {
    if let Some(wrong) = registry.repository.iter().find(|name| !is_repository(name)) {
        return Err(Failure::Arguments(format!(
            "`{wrong}` is not the name of a repository"
        )));
    }
    // A short number is easier to type again.
    let seed = pace.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let mut run = RunSettings::new(version(selection.profile, selection.spec)?, seed);
    run.run_id = pace.run_id.clone().unwrap_or_else(RunId::fresh);
    run.longest = pace.longest;
    run.jobs = pace.jobs.get();
    run.grace = pace.grace;
    run.require.clone_from(&selection.require);
    run.narrowed = narrowed(selection);
    run.narrowed.extend(shared(&registry.repository));
    run.repository_prefix.clone_from(&registry.repository_prefix);
    if selection.read_only && registry.repository_prefix.is_some() {
        return Err(Failure::Arguments(
            "with --read-only no repository is made, and --repository-prefix is without effect: --repository and --image say what is read"
                .to_owned(),
        ));
    }
    if selection.read_only {
        run.access = Access::Read(selection.image.clone());
        run.narrowed.push("--read-only".to_owned());
        let image = |image: &ImageName| format!("--image {image}");
        run.narrowed.extend(selection.image.iter().map(image));
    }
    Ok(run)
}

/// A part of the suite, or other scenarios than its own, are asked without random workflows, unless they are asked for.
fn budget(conduct: &ConductArguments, selection: &SelectionArguments) -> Budget {
    let is_whole = narrowed(selection).is_empty() && selection.scenarios.is_none();
    match conduct.explore {
        Some(time) => Budget::Time(time),
        None if is_whole => Budget::Workflows(USUAL_WORKFLOWS),
        None => Budget::Nothing,
    }
}

/// The version that a profile judges by, and `spec` if that is one of the OCI specification.
pub(crate) fn version(profile: Profile, spec: Option<Spec>) -> Result<Version, Failure> {
    match (profile, spec) {
        (Profile::Oci, None | Some(Spec::V1_1)) => Ok(Version::V1_1),
        (Profile::Oci, Some(Spec::V1_0)) => Ok(Version::V1_0),
        (Profile::Oci, Some(Spec::Next)) => Ok(Version::Next),
        (Profile::Docker, None) => Ok(Version::Docker),
        (Profile::Both, None) => Ok(Version::Both),
        (Profile::Legacy, None) => Ok(Version::Legacy),
        (Profile::Docker, Some(_)) => Err(without_versions("docker")),
        (Profile::Both, Some(_)) => Err(without_versions("both")),
        (Profile::Legacy, Some(_)) => Err(without_versions("legacy")),
    }
}

fn without_versions(profile: &str) -> Failure {
    Failure::Arguments(format!("the {profile} profile has no versions: leave --spec out"))
}

/// The options by which a part of the suite is left out, as they were typed.
fn narrowed(selection: &SelectionArguments) -> Vec<String> {
    let options = [
        ("--only", &selection.only),
        ("--section", &selection.section),
        ("--requirement", &selection.requirement),
    ];
    let typed = options.into_iter().flat_map(|(option, values)| {
        values
            .iter()
            .map(move |value| format!("{option} {}", wire::quoted(value)))
    });
    typed.collect()
}

/// The repositories by which a run is confined: in what others share not everything can be asked.
fn shared(repositories: &[String]) -> Vec<String> {
    let option = |name: &String| format!("--repository {}", wire::quoted(name));
    repositories.iter().map(option).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::Arguments;

    fn settings(line: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let words = std::iter::once("assize").chain(line.split_whitespace());
        let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        let held = |name: &str| {
            let found = environment.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::new(arguments.run, &held).map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_arguments_it_is_the_bundled_registry_and_the_newest_published_version() {
        let settings = settings("", &[]).unwrap();
        assert_eq!(settings.target, None);
        assert_eq!(settings.run.version, Version::V1_1);
        assert_eq!(settings.run.strictness, Strictness::Violations);
        assert!(settings.run.narrowed.is_empty());
    }

    #[test]
    fn a_selection_is_remembered_as_it_was_typed() {
        let settings = settings("--only push/* --section tags", &[]).unwrap();
        assert_eq!(settings.run.narrowed, ["--only 'push/*'", "--section tags"]);
    }

    #[test]
    fn a_shared_repository_is_a_part_and_is_explored() {
        let settings = settings("--repository me/app", &[]).unwrap();
        assert_eq!(settings.run.narrowed, ["--repository me/app"]);
        assert_eq!(settings.run.explore, Budget::Workflows(USUAL_WORKFLOWS));
    }

    #[test]
    fn scenarios_that_are_given_run_alone_unless_random_workflows_are_asked_for() {
        let explored = |line: &str| settings(line, &[]).unwrap().run.explore;
        assert_eq!(explored(""), Budget::Workflows(USUAL_WORKFLOWS));
        assert_eq!(explored("--scenarios mine"), Budget::Nothing);
        assert_eq!(
            explored("--scenarios mine --explore 1m"),
            Budget::Time(Duration::from_secs(60))
        );
    }

    #[test]
    fn what_is_only_read_is_a_part_and_is_not_explored() {
        let settings = settings("--read-only --image team/app:v1", &[]).unwrap();
        assert_eq!(
            settings.run.access,
            Access::Read(vec!["team/app:v1".parse().unwrap()])
        );
        assert_eq!(settings.run.narrowed, ["--read-only", "--image team/app:v1"]);
        assert_eq!(settings.run.explore, Budget::Nothing);
        for wrong in [
            "--image team/app:v1",
            "--read-only --image Team",
            "--read-only --explore 1m",
        ] {
            assert!(self::settings(wrong, &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_docker_profile_has_no_versions() {
        assert_eq!(
            settings("--profile docker", &[]).unwrap().run.version,
            Version::Docker
        );
        assert_eq!(
            settings("--profile legacy", &[]).unwrap().run.version,
            Version::Legacy
        );
        assert!(settings("--profile legacy --spec 1.0", &[]).is_err());
        assert!(settings("--profile oci --spec 1.0", &[]).is_ok());
        assert!(settings("--profile docker --spec 1.0", &[]).is_err());
    }

    #[test]
    fn a_client_is_made_as_it_was_asked_for() {
        let line = "https://r.example --cert c.pem --header X-Tenant:me --header Cookie:a --user-agent me/1 \
                    --resolve r.example:443:127.0.0.1 --same-host --http 1.1";
        let client = |line, environment: &[_]| {
            let settings = settings(line, environment).unwrap();
            settings.client_options.client(settings.target.unwrap())
        };
        let made = client(line, &[]);
        let identity = made.identity.unwrap();
        assert_eq!(identity.key, identity.certificate);
        assert_eq!(made.versions, Versions::Http1);
        assert_eq!(client("https://r.example", &[]).versions, Versions::UpTo2);
        assert_eq!(made.lines.get("x-tenant"), Some("me"));
        assert_eq!(made.user_agent.as_deref(), Some("me/1"));
        assert_eq!((made.addresses.len(), made.reach), (1, Reach::SameHost));
        let with_token = client("https://r.example", &[("ASSIZE_TOKEN", "secret")]);
        assert!(with_token.credentials.has(&wire::Account::Default));
        let environment = [("https_proxy", "p.example:1")];
        let notes = |line| client(line, &environment).notes();
        assert_eq!(
            notes("https://r.example"),
            ["https://r.example was asked through the proxy http://p.example:1"]
        );
        assert!(notes("http://r.example").is_empty());
        assert!(notes("https://localhost:5000").is_empty());
        assert_eq!(notes("http://localhost:5000 --proxy q.example:2").len(), 1);
        assert_eq!(client("https://r.example --insecure", &[]).notes().len(), 1);
        assert!(settings("https://r.example --key k.pem", &[]).is_err());
    }

    #[test]
    fn repositories_are_made_below_a_prefix() {
        let run = settings("--repository-prefix team/qa", &[]).unwrap().run;
        assert_eq!(run.repository_prefix.as_deref(), Some("team/qa"));
        assert!(run.narrowed.is_empty(), "all can be asked there");
        for wrong in [
            "--repository-prefix Team",
            "--repository-prefix a --repository b",
            "--repository-prefix a --read-only",
        ] {
            assert!(settings(wrong, &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_repository_has_the_form_of_one() {
        assert!(settings("--repository me/app", &[]).is_ok());
        assert!(settings("--repository Me", &[]).is_err());
    }
}
