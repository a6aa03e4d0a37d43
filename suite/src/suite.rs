//! The entry point of the library: a suite, a run of it against a registry, and the outcome of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::BufRead;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::catalogue::{RequirementId, Version};
use crate::explore::Budget;
use crate::judge::judge;
use crate::judgement::{self, Finding, Verdict};
use crate::log::record::{ReadError, read};
use crate::log::{RunLog, Strictness};
use crate::plan::{BadGlob, Plan, Selection};
use crate::report::{Counted, Format, Report, Ruling};
use crate::run::{PreflightError, Progress, RunSettings, Silent, coded, record};
use crate::scenario::{Library, LoadError};
use crate::snapshot::{Answers, CutOff, Ignore, common, observe, selected};
use crate::values::RunId;
use crate::wire::{self, Client, ClientSettings, Credentials, Login, SettingsError, Url, UrlError};

/// A set of scenarios and requirements to test registries with.
#[derive(Clone, Debug)]
pub struct Suite {
    library: Arc<Library>,
}

impl Suite {
    /// The built-in scenarios and requirements.
    ///
    /// # Errors
    /// The built-in scenarios have faults, which happens only in a modified build.
    pub fn built_in() -> Result<Suite, LoadError> {
        Ok(Suite::of(Library::built_in()?))
    }

    /// The scenarios in a folder, or the one in a file, alone; its requirements and probes are added to the built-in ones.
    ///
    /// # Errors
    /// The folder cannot be read, contains no scenario, or contains scenarios with faults.
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Suite, LoadError> {
        Ok(Suite::of(Library::from_folder(path.as_ref())?))
    }

    /// A suite of the scenarios in this library.
    pub fn of(library: impl Into<Arc<Library>>) -> Suite {
        Suite {
            library: library.into(),
        }
    }

    /// The scenarios and the requirements.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Prepares a run with default settings against the registry at a URL such as `https://registry.example.com`.
    pub fn against(&self, target: &str) -> Run {
        Run {
            library: self.library.clone(),
            target: target.to_owned(),
            client_settings: Box::new(ClientSettings::new),
            credentials: Credentials::none(),
            settings: RunSettings::new(Version::V1_1, u64::from(rand::random::<u32>())),
            asks: Asks::Scenarios(Vec::new()),
            progress: Arc::new(Silent),
        }
    }

    /// Judges a recorded run.
    pub fn judge(&self, log: &RunLog) -> Outcome {
        Outcome {
            found: judge(&self.library, log),
            counted: Counted::usual(),
            library: self.library.clone(),
        }
    }

    /// Reads a log that `assize run --record` wrote.
    ///
    /// # Errors
    /// It is not such a log, has an unknown version or is truncated, or this suite has other scenarios than the run had.
    pub fn read_log(&self, source: impl BufRead) -> Result<RunLog, ReadError> {
        read(source, &self.library, coded::beside(&self.library))
    }
}

/// The part of a suite that a run tests.
enum Asks {
    /// The scenarios whose name matches one of these globs (default: all).
    Scenarios(Vec<String>),
    Selected(Selection),
    Requirements(Vec<RequirementId>),
}

/// A run that has not started yet.
#[must_use = "a run does nothing until it is awaited: `.run().await`"]
pub struct Run {
    library: Arc<Library>,
    target: String,
    client_settings: Box<dyn FnOnce(Url) -> ClientSettings + Send>,
    credentials: Credentials,
    settings: RunSettings,
    asks: Asks,
    progress: Arc<dyn Progress>,
}

impl Run {
    /// Version of the specification to test against (default: 1.1).
    pub fn spec(mut self, version: Version) -> Run {
        self.settings.version = version;
        self
    }

    /// Account to log in with (default: none).
    pub fn account(mut self, login: Login) -> Run {
        self.credentials = self.credentials.with_default(login);
        self
    }

    /// Replaces all accounts by these.
    pub fn accounts(mut self, credentials: Credentials) -> Run {
        self.credentials = credentials;
        self
    }

    /// Adds an account for the scenarios that need one of this name.
    pub fn named_account(mut self, name: &str, login: Login) -> Run {
        self.credentials = self.credentials.with_named(name, login);
        self
    }

    /// Runs only the scenarios whose name matches this glob, such as `push/*`; can be repeated.
    pub fn only(mut self, scenarios: &str) -> Run {
        self.settings
            .narrowed
            .push(format!("--only {}", wire::quoted(scenarios)));
        let mut globs = match self.asks {
            Asks::Scenarios(globs) => globs,
            Asks::Selected(_) | Asks::Requirements(_) => Vec::new(),
        };
        globs.push(scenarios.to_owned());
        self.asks = Asks::Scenarios(globs);
        self
    }

    /// Seed for all generated names and content (default: random).
    pub fn seed(mut self, seed: u64) -> Run {
        self.settings.seed = seed;
        self
    }

    /// Treats warnings and late responses as failures.
    pub fn strict(mut self) -> Run {
        self.settings.strictness = Strictness::Warnings;
        self
    }

    /// Replaces all settings of the run, including those that the methods above have set.
    pub fn settings(mut self, settings: RunSettings) -> Run {
        self.settings = settings;
        self
    }

    /// Changes individual settings of the run.
    pub fn with(mut self, change: impl FnOnce(&mut RunSettings)) -> Run {
        change(&mut self.settings);
        self
    }

    /// Settings of the HTTP client, made from the target's URL; its accounts are those of this run.
    pub fn client_settings(
        mut self,
        client_settings: impl FnOnce(Url) -> ClientSettings + Send + 'static,
    ) -> Run {
        self.client_settings = Box::new(client_settings);
        self
    }

    /// Tests what this selection selects.
    pub fn select(mut self, selection: Selection) -> Run {
        self.asks = Asks::Selected(selection);
        self
    }

    /// Tests only these requirements, with as few scenarios as possible.
    pub fn asking(mut self, requirements: &[RequirementId]) -> Run {
        self.asks = Asks::Requirements(requirements.to_vec());
        self
    }

    /// Receiver of progress reports (default: none).
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Run {
        self.progress = progress;
        self
    }

    /// Runs and judges the scenarios.
    ///
    /// # Errors
    /// The registry cannot be tested, or no scenario is selected. Findings are not errors.
    pub async fn run(self) -> Result<Outcome, RunError> {
        let suite = Suite::of(self.library.clone());
        let log = self.record().await?;
        Ok(suite.judge(&log))
    }

    /// Runs the scenarios and returns the log of what happened.
    ///
    /// # Errors
    /// As for [`Run::run`].
    pub async fn record(mut self) -> Result<RunLog, RunError> {
        let client_settings = self.take_client_settings()?;
        self.once(client_settings).await
    }

    /// Runs twice, with other names and contents, and says what the registry answers, by the names of the scenarios;
    /// what differs between the runs is marked as unstable.
    ///
    /// # Errors
    /// As for [`Run::run`]; and a run that is cut off is an error, too.
    pub async fn answers(mut self) -> Result<BTreeMap<Arc<str>, Answers>, RunError> {
        let client_settings = self.take_client_settings()?;
        let first = self.observed(client_settings.clone()).await?;
        self.settings.seed = self.settings.seed.wrapping_add(1);
        self.settings.run_id = RunId::fresh();
        let mut again = self.observed(client_settings).await?;
        let both = first.into_iter().filter_map(|(name, answers)| {
            let both = common(&answers, &again.remove(&name)?);
            Some((name, both))
        });
        Ok(both.collect())
    }

    /// What the registry answers in one run of the scenarios that are asked.
    async fn observed(
        &self,
        client_settings: ClientSettings,
    ) -> Result<BTreeMap<Arc<str>, Answers>, RunError> {
        let log = self.once(client_settings).await?;
        let mut answers = observe(&self.library, &log, &Ignore::default())?;
        if let Asks::Scenarios(globs) = &self.asks {
            let selection = Selection::new(globs, &[], &[])?;
            let asked = selected(&self.library, &selection, self.settings.version);
            answers.retain(|name, _| asked.contains(name));
        }
        Ok(answers)
    }

    async fn once(&self, client_settings: ClientSettings) -> Result<RunLog, RunError> {
        let (plan, client) = (self.plan()?, Client::new(client_settings)?);
        let (library, progress) = (self.library.clone(), self.progress.clone());
        let mut settings = self.settings.clone();
        settings.narrowed.extend(narrowed_to(&library));
        Ok(record(library, plan, client, settings, progress).await?)
    }

    /// How the registry is talked to; this can be asked once.
    fn take_client_settings(&mut self) -> Result<ClientSettings, RunError> {
        let target = Url::parse(&self.target).map_err(|source| RunError::Target {
            target: self.target.clone(),
            source,
        })?;
        let usual = Box::new(ClientSettings::new);
        let mut settings = std::mem::replace(&mut self.client_settings, usual)(target);
        settings.credentials = self.credentials.clone();
        Ok(settings)
    }

    fn plan(&self) -> Result<Plan, RunError> {
        let (library, version) = (&self.library, self.settings.version);
        let of = |selection: &Selection| {
            let plan = Plan::new(library, coded::beside(library), selection, version);
            let mut programs = plan.workflows.iter().chain(&plan.probes);
            let asks_something = programs.any(|program| selection.takes(program, &library.catalogue));
            if asks_something || self.settings.explore != Budget::Nothing {
                Ok(plan)
            } else {
                Err(RunError::Nothing)
            }
        };
        match &self.asks {
            Asks::Requirements(ids) => Ok(Plan::that_asks(library, coded::beside(library), ids, version)),
            Asks::Selected(selection) => of(selection),
            Asks::Scenarios(globs) => of(&Selection::new(globs, &[], &[])?),
        }
    }
}

/// The option by which a project's own scenarios run alone.
fn narrowed_to(library: &Library) -> Option<String> {
    let path = library.path().filter(|_| library.is_of_a_house())?;
    Some(format!(
        "--scenarios {}",
        wire::quoted(&path.display().to_string())
    ))
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("target", &self.target)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a run could not be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The target is not a URL.
    #[error("`{target}` is not the address of a registry")]
    Target {
        /// What was given.
        target: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// A pattern is not a valid glob.
    #[error(transparent)]
    Pattern(#[from] BadGlob),
    /// No scenario is selected.
    #[error("no scenario is selected")]
    Nothing,
    /// The run was cut off.
    #[error(transparent)]
    CutOff(#[from] CutOff),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Client(#[from] SettingsError),
    /// The target cannot be tested.
    #[error(transparent)]
    Unusable(#[from] PreflightError),
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    library: Arc<Library>,
    found: judgement::Judgement,
    counted: Counted,
}

impl Outcome {
    /// The findings, most severe first; one cause makes one finding.
    pub fn findings(&self) -> &[Finding] {
        &self.found.findings
    }

    /// The verdict on the requirement with this id; `None` if there is no such requirement.
    pub fn requirement(&self, id: &str) -> Option<&Verdict> {
        let mut requirements = self.found.requirements.iter();
        let outcome = requirements.find(|outcome| outcome.id.as_str() == id)?;
        Some(&outcome.verdict)
    }

    /// All broken requirements, including those that are consequences of a finding.
    pub fn broken(&self) -> BTreeSet<&RequirementId> {
        let requirements = self.found.requirements.iter();
        let broken = requirements.filter(|outcome| outcome.verdict == Verdict::Broken);
        broken.map(|outcome| &outcome.id).collect()
    }

    /// The same result, with other requirements counting as failures (default: those that the OCI specifications state and
    /// those that protect data).
    pub fn counting(self, counted: Counted) -> Outcome {
        Outcome { counted, ..self }
    }

    /// Whether the registry conforms to everything that was tested and counts.
    pub fn conforms(&self) -> bool {
        matches!(
            self.as_report().ruling(),
            Ruling::Conforms | Ruling::NothingBroken
        )
    }

    /// The report in this format.
    ///
    /// # Errors
    /// The format cannot represent the result; the error says why.
    pub fn report(&self, format: Format) -> Result<String, String> {
        format.render(&self.as_report())
    }

    /// The result in the form from which reports are rendered.
    pub fn as_report(&self) -> Report<'_> {
        Report {
            outcome: &self.found,
            library: &self.library,
            baseline: None,
            counted: &self.counted,
        }
    }
}

impl Deref for Outcome {
    type Target = judgement::Judgement;

    fn deref(&self) -> &judgement::Judgement {
        &self.found
    }
}
