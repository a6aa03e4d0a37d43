//! What a registry answers now: one run, and a second one of what is new or different, to tell what is stable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assize::log::RunLog;
use assize::plan::Selection;
use assize::run::RunId;
use assize::snapshot::{Answers, Folder, Ignore, common, compare, observe};
use assize::{RunError, Suite};

use crate::cli::failure::Failure;
use crate::cli::run;
use crate::cli::settings::Settings;

/// What is recorded, and what was answered now.
pub(super) struct Observed {
    /// What is recorded.
    pub(super) recorded: BTreeMap<Arc<str>, Answers>,
    /// What was answered now, marks of instability and all.
    pub(super) present: BTreeMap<Arc<str>, Answers>,
}

/// Asks a registry; the one that comes with the suite if no other is given.
pub(super) async fn observed(
    suite: &Suite,
    settings: Settings,
    folder: &Folder,
    selected: &BTreeSet<Arc<str>>,
) -> Result<Observed, Failure> {
    let recorded = folder.recorded()?;
    let asking = Asking {
        suite,
        ignore: folder.ignore()?,
    };
    let present = match settings.target.as_ref().map(ToString::to_string) {
        Some(target) => asking.twice(&target, settings, &recorded, selected).await?,
        None => asking.of_the_bundled(settings, &recorded, selected).await?,
    };
    Ok(Observed { recorded, present })
}

struct Asking<'a> {
    suite: &'a Suite,
    ignore: Ignore,
}

impl Asking<'_> {
    async fn once(&self, target: &str, settings: Settings) -> Result<BTreeMap<Arc<str>, Answers>, Failure> {
        let is_whole = settings.run.narrowed.is_empty();
        let log = run::against(target, self.suite, settings).await?;
        if is_whole {
            self.say_what_is_in_vain(&log);
        }
        let answers = observe(self.suite.library(), &log, &self.ignore);
        Ok(answers.map_err(RunError::from)?)
    }

    /// Says what `answers.toml` names that there is not: most likely it was mistyped.
    fn say_what_is_in_vain(&self, log: &RunLog) {
        let attempts = log.programs.iter();
        let answers = attempts
            .flat_map(|attempts| attempts.first.exchanges())
            .filter_map(|exchange| exchange.outcome.as_ref().ok());
        let headers = answers.flat_map(|answer| answer.headers.iter().map(|(name, _)| name.to_owned()));
        let scenarios = self.suite.library().scenarios.iter().map(|loaded| &*loaded.name);
        for fault in self.ignore.in_vain(scenarios, &headers.collect()) {
            anstream::eprintln!("note: answers.toml: {fault}");
        }
    }

    /// Asks, and asks once more what is new or different.
    async fn twice(
        &self,
        target: &str,
        settings: Settings,
        recorded: &BTreeMap<Arc<str>, Answers>,
        selected: &BTreeSet<Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, Answers>, Failure> {
        let mut present = self.once(target, settings.clone()).await?;
        let differs = |name: &&Arc<str>| {
            let (old, new) = (recorded.get(*name), present.get(*name));
            !self.ignore.skips(name) && !compare(name, old, new).is_empty()
        };
        let doubtful: Vec<String> = selected.iter().filter(differs).map(ToString::to_string).collect();
        if doubtful.is_empty() {
            return Ok(present);
        }
        let again = self.once(target, once_more(settings, &doubtful)?).await?;
        for (name, other) in again {
            if !doubtful.iter().any(|doubtful| **doubtful == *name) {
                continue;
            }
            let both = present.get(&name).map(|one| common(one, &other));
            present.insert(name, both.unwrap_or(other));
        }
        Ok(present)
    }

    #[cfg(feature = "bundled")]
    async fn of_the_bundled(
        &self,
        settings: Settings,
        recorded: &BTreeMap<Arc<str>, Answers>,
        selected: &BTreeSet<Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, Answers>, Failure> {
        let registry = assize::bundled::in_memory().await?;
        anstream::eprintln!("note: no target is given, so this is about the bundled registry");
        let answers = self.twice(&registry.url(), settings, recorded, selected).await;
        registry.shutdown().await;
        answers
    }

    #[cfg(not(feature = "bundled"))]
    async fn of_the_bundled(
        &self,
        _: Settings,
        _: &BTreeMap<Arc<str>, Answers>,
        _: &BTreeSet<Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, Answers>, Failure> {
        Err(Failure::Arguments(
            "this build has no registry of its own: give the address of one".to_owned(),
        ))
    }
}

/// A run of these scenarios with other contents and names.
fn once_more(settings: Settings, scenarios: &[String]) -> Result<Settings, Failure> {
    let mut run = settings.run;
    run.seed = run.seed.wrapping_add(1);
    run.run_id = RunId::fresh();
    Ok(Settings {
        selection: Selection::new(scenarios, &[], &[])?,
        run,
        ..settings
    })
}
