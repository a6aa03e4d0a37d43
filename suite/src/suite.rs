//! The door to the library: a suite, a run of it against a registry, and an outcome that can be asked.

use std::collections::BTreeSet;
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
use crate::wire::{self, Client, Credentials, Login, SettingsError, Url, UrlError};

/// The scenarios and the requirements, ready to be asked of a registry.
#[derive(Clone, Debug)]
pub struct Suite {
    library: Arc<Library>,
}

impl Suite {
    /// The suite that is compiled in.
    ///
    /// # Errors
    /// What is compiled in has no faults, unless whoever built it changed it.
    pub fn built_in() -> Result<Suite, LoadError> {
        Ok(Suite::of(Library::built_in()?))
    }

    /// The scenarios of a folder, with the requirements and the probes that are compiled in where the folder has none.
    ///
    /// # Errors
    /// The folder cannot be read, has no scenario, or has scenarios with faults.
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Suite, LoadError> {
        Ok(Suite::of(Library::from_folder(path.as_ref())?))
    }

    /// The suite of these scenarios.
    pub fn of(library: impl Into<Arc<Library>>) -> Suite {
        Suite {
            library: library.into(),
        }
    }

    /// The scenarios and the requirements.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// A run against the registry at an address such as `https://registry.example.com`, with the usual settings.
    pub fn against(&self, target: &str) -> Run {
        Run {
            library: self.library.clone(),
            target: target.to_owned(),
            client_settings: Box::new(wire::ClientSettings::new),
            credentials: Credentials::none(),
            settings: RunSettings::new(Version::V1_1, u64::from(rand::random::<u32>())),
            asks: Asks::Scenarios(Vec::new()),
            progress: Arc::new(Silent),
        }
    }

    /// Judges what happened in a run.
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
    /// It is no such log, or one of another form; it was cut off; or the scenarios that ran are not those of this suite.
    pub fn read_log(&self, source: impl BufRead) -> Result<RunLog, ReadError> {
        read(source, &self.library, coded::scenarios())
    }
}

/// What of a suite is asked.
enum Asks {
    /// The scenarios whose name matches one of these globs; all if there is none.
    Scenarios(Vec<String>),
    Selected(Selection),
    Requirements(Vec<RequirementId>),
}

/// A run that is about to begin.
#[must_use = "a run does nothing until it is awaited: `.run().await`"]
pub struct Run {
    library: Arc<Library>,
    target: String,
    client_settings: Box<dyn FnOnce(Url) -> wire::ClientSettings + Send>,
    credentials: Credentials,
    settings: RunSettings,
    asks: Asks,
    progress: Arc<dyn Progress>,
}

impl Run {
    /// Judges by this version of the specification; 1.1 unless told.
    pub fn spec(mut self, version: Version) -> Run {
        self.settings.version = version;
        self
    }

    /// Logs in as this account.
    pub fn account(mut self, login: Login) -> Run {
        self.credentials = self.credentials.with_default(login);
        self
    }

    /// Has these accounts, in place of those that were given before.
    pub fn accounts(mut self, credentials: Credentials) -> Run {
        self.credentials = credentials;
        self
    }

    /// Gives the scenarios that ask for an account of this name one.
    pub fn named_account(mut self, name: &str, login: Login) -> Run {
        self.credentials = self.credentials.with_named(name, login);
        self
    }

    /// Runs only the scenarios whose name matches this glob, or one that was given before: `push/*`.
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

    /// Makes all names and contents from this number, so that they can be made again; from any number unless told.
    pub fn seed(mut self, seed: u64) -> Run {
        self.settings.seed = seed;
        self
    }

    /// Lets warnings and late answers count.
    pub fn strict(mut self) -> Run {
        self.settings.strictness = Strictness::Warnings;
        self
    }

    /// Does the run as these settings say, those of the methods above included.
    pub fn settings(mut self, settings: RunSettings) -> Run {
        self.settings = settings;
        self
    }

    /// Changes some settings, and leaves the others.
    pub fn with(mut self, change: impl FnOnce(&mut RunSettings)) -> Run {
        change(&mut self.settings);
        self
    }

    /// Talks to the registry as these settings say, but for the accounts.
    pub fn client_settings(
        mut self,
        client_settings: impl FnOnce(Url) -> wire::ClientSettings + Send + 'static,
    ) -> Run {
        self.client_settings = Box::new(client_settings);
        self
    }

    /// Asks what is selected.
    pub fn select(mut self, selection: Selection) -> Run {
        self.asks = Asks::Selected(selection);
        self
    }

    /// Asks these requirements, by as few scenarios as possible.
    pub fn asking(mut self, requirements: &[RequirementId]) -> Run {
        self.asks = Asks::Requirements(requirements.to_vec());
        self
    }

    /// Tells somebody how the run goes on.
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Run {
        self.progress = progress;
        self
    }

    /// Runs, and judges what happened.
    ///
    /// # Errors
    /// The registry cannot be used at all, or nothing is to be asked of it. What is found is no error.
    pub async fn run(self) -> Result<Outcome, RunError> {
        let suite = Suite::of(self.library.clone());
        let log = self.record().await?;
        Ok(suite.judge(&log))
    }

    /// Runs, and writes down what happened.
    ///
    /// # Errors
    /// As for [`Run::run`].
    pub async fn record(self) -> Result<RunLog, RunError> {
        let plan = self.plan()?;
        let target = Url::parse(&self.target).map_err(|source| RunError::Target {
            target: self.target.clone(),
            source,
        })?;
        let mut client_settings = (self.client_settings)(target);
        client_settings.credentials = self.credentials;
        let client = Client::new(client_settings)?;
        Ok(record(self.library, plan, client, self.settings, self.progress).await?)
    }

    fn plan(&self) -> Result<Plan, RunError> {
        let (library, version) = (&self.library, self.settings.version);
        let plan = match &self.asks {
            Asks::Requirements(ids) => Plan::that_asks(library, coded::scenarios(), ids, version),
            Asks::Selected(selection) => Plan::new(library, coded::scenarios(), selection, version),
            Asks::Scenarios(globs) => {
                let selection = Selection::new(globs, &[], &[])?;
                Plan::new(library, coded::scenarios(), &selection, version)
            }
        };
        match &self.asks {
            Asks::Scenarios(_) | Asks::Selected(_)
                if plan.workflows.is_empty() && self.settings.explore == Budget::Nothing =>
            {
                Err(RunError::Nothing)
            }
            _ => Ok(plan),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("target", &self.target)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a run came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The target is no address.
    #[error("`{target}` is not the address of a registry")]
    Target {
        /// What was given.
        target: String,
        /// Why it is none.
        source: UrlError,
    },
    /// A pattern is none.
    #[error(transparent)]
    Pattern(#[from] BadGlob),
    /// No scenario is to be run.
    #[error("no scenario is selected")]
    Nothing,
    /// No client can be made of the settings.
    #[error(transparent)]
    Client(#[from] SettingsError),
    /// The target cannot be used.
    #[error(transparent)]
    Unusable(#[from] PreflightError),
}

/// What a run found, with all that is needed to explain it.
#[derive(Clone, Debug)]
pub struct Outcome {
    library: Arc<Library>,
    found: judgement::Judgement,
    counted: Counted,
}

impl Outcome {
    /// What a person must look at, heaviest first; one cause is one finding.
    pub fn findings(&self) -> &[Finding] {
        &self.found.findings
    }

    /// What became of the requirement with this id; nothing if there is no such requirement.
    pub fn requirement(&self, id: &str) -> Option<&Verdict> {
        let mut requirements = self.found.requirements.iter();
        let outcome = requirements.find(|outcome| outcome.id.as_str() == id)?;
        Some(&outcome.verdict)
    }

    /// The requirements that are broken, those that follow from a finding included.
    pub fn broken(&self) -> BTreeSet<&RequirementId> {
        let requirements = self.found.requirements.iter();
        let broken = requirements.filter(|outcome| outcome.verdict == Verdict::Broken);
        broken.map(|outcome| &outcome.id).collect()
    }

    /// The same, where other requirements count than what the texts state and what protects data.
    pub fn counting(self, counted: Counted) -> Outcome {
        Outcome { counted, ..self }
    }

    /// Whether the registry was shown to conform to what it was asked, as far as that counts.
    pub fn conforms(&self) -> bool {
        matches!(
            self.as_report().ruling(),
            Ruling::Conforms | Ruling::NothingBroken
        )
    }

    /// The report in this form.
    ///
    /// # Errors
    /// The form cannot say what was found, in words.
    pub fn report(&self, format: Format) -> Result<String, String> {
        format.render(&self.as_report())
    }

    /// The same, as reports are made of it.
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
