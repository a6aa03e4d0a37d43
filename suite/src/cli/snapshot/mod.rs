//! `assize snapshot`: what a registry answers, written down and held against what it answered before.

mod accept;
mod observe;
mod report;
mod review;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use assize::Suite;
use assize::catalogue::Version;
use assize::snapshot::{
    self, AnswersState, Difference, Folder, Pending, compare, fold, selected, taken_over,
};

use super::arguments::SnapshotArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::run::check_capabilities;
use super::settings::{self, Settings};
use super::target::{self, BadTarget};
use super::{library, output};
use accept::Accepted;
use observe::Observed;
use report::Reports;

/// What is to be done.
enum Action {
    /// What is new is recorded, what differs is shown and put beside.
    Record,
    /// What differs is shown, and nothing is written.
    Check,
    /// What is pending is taken over, or this part of it.
    Accept(Accepted),
    /// What is pending is gone through.
    Review,
    /// The files are named whose scenario there is not.
    Unreferenced,
}

impl Action {
    fn of(arguments: &SnapshotArguments) -> Result<Action, Failure> {
        Ok(match &arguments.accept {
            Some(what) => Action::Accept(Accepted::read(what)?),
            None if arguments.check => Action::Check,
            None if arguments.review => Action::Review,
            None if arguments.unreferenced => Action::Unreferenced,
            None => Action::Record,
        })
    }

    /// Whether it can be done without asking any registry.
    fn goes_by_the_folder(&self) -> bool {
        match self {
            Action::Record | Action::Check => false,
            Action::Accept(_) | Action::Review | Action::Unreferenced => true,
        }
    }
}

/// Asks, compares, and writes down.
pub(crate) async fn execute(
    mut arguments: SnapshotArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let deed = Action::of(&arguments)?;
    folder_alone(&mut arguments)?;
    let asks = arguments.target.is_some() || !deed.goes_by_the_folder();
    let folder = Folder::at(std::mem::take(&mut arguments.folder));
    let reports = Reports::new(std::mem::take(&mut arguments.report))?;
    let settings = settings::of_snapshot(arguments, environment)?;
    let suite = Suite::of(library::load(settings.scenarios.as_deref())?);
    check_capabilities(suite.library(), &settings)?;
    let context = SnapshotContext {
        version: settings.run.version,
        selected: selected(suite.library(), &settings.selection, settings.run.version),
        suite,
        folder,
        reports,
    };
    let exit = match (&deed, asks) {
        (Action::Unreferenced, _) => return context.name_unreferenced(),
        (_, false) => Exit::Done,
        (Action::Check, true) => context.check(&context.observed(settings).await?)?,
        (Action::Record | Action::Accept(_) | Action::Review, true) => {
            context.record(&context.observed(settings).await?)?
        }
    };
    match deed {
        Action::Accept(accepted) => accept::execute(&context, &accepted),
        Action::Review => review::execute(&context),
        Action::Record | Action::Check | Action::Unreferenced => Ok(exit),
    }
}

/// A folder in the place of the registry is that of the answers; a registry in the place of the folder is a mistake.
fn folder_alone(arguments: &mut SnapshotArguments) -> Result<(), Failure> {
    let folder = arguments.folder.to_string_lossy();
    if folder.contains("://") {
        return Err(Failure::Arguments(format!(
            "`{folder}` stands where the folder of the recorded responses is named; a snapshot is of one registry"
        )));
    }
    let Some(named) = &arguments.target else {
        return Ok(());
    };
    let path = PathBuf::from(named);
    if path.is_dir() {
        arguments.folder = path;
        arguments.target = None;
    } else if matches!(target::target(named), Err(BadTarget::Word { .. })) {
        return Err(Failure::Arguments(format!(
            "`{named}` is no address of a registry, and there is no such folder: name the registry first, as in `assize \
             snapshot registry.example.com {named}`; for the bundled registry make the folder, and name it alone"
        )));
    }
    Ok(())
}

/// What a snapshot is made of and held against.
struct SnapshotContext {
    suite: Suite,
    folder: Folder,
    version: Version,
    /// The scenarios that are asked: no file of another one is touched.
    selected: BTreeSet<Arc<str>>,
    reports: Reports,
}

impl SnapshotContext {
    async fn observed(&self, settings: Settings) -> Result<Observed, Failure> {
        observe::observed(&self.suite, settings, &self.folder, &self.selected).await
    }

    /// Shows what is different from what is recorded, and writes nothing.
    fn check(&self, observed: &Observed) -> Result<Exit, Failure> {
        let differences: Vec<Difference> = self
            .selected
            .iter()
            .flat_map(|name| compare(name, observed.recorded.get(name), observed.present.get(name)))
            .collect();
        self.show(&differences)?;
        if !differences.is_empty() {
            return Ok(Exit::Fails);
        }
        if !observed.recorded.is_empty() && !self.folder.codes_are_current()? {
            let codes = self.folder.codes();
            output::print(&format!(
                "{} is not the table of these answers; `assize snapshot` writes it anew\n",
                codes.display()
            ))?;
            return Ok(Exit::Fails);
        }
        self.say_that_all_is_the_same(observed)
    }

    /// Records what is new, shows what is different, and puts it beside what is recorded.
    fn record(&self, observed: &Observed) -> Result<Exit, Failure> {
        let (mut differences, mut added) = (Vec::new(), 0);
        for name in &self.selected {
            let (old, new) = (observed.recorded.get(name), observed.present.get(name));
            if old.is_none() && new.is_some() {
                self.folder.record(name, new)?;
                self.folder.remove(name, AnswersState::Pending)?;
                added += 1;
                continue;
            }
            let found = compare(name, old, new);
            if found.is_empty() {
                self.folder.remove(name, AnswersState::Pending)?;
                continue;
            }
            let pending = taken_over(name, old, new, &|_| true);
            let pending = pending.map_or(Pending::Gone, Pending::Answers);
            self.folder.put_beside(name, &pending)?;
            differences.extend(found);
        }
        self.folder.write_codes()?;
        let path = self.folder.path().display();
        if added > 0 {
            let plural = if added == 1 { "" } else { "s" };
            output::print(&format!("{added} scenario{plural} recorded in {path}\n"))?;
        }
        self.show(&differences)?;
        if differences.is_empty() {
            return match added {
                0 => self.say_that_all_is_the_same(observed),
                _ => Ok(Exit::Done),
            };
        }
        output::print(
            "what differs lies beside what is recorded, as .answers.new; `assize snapshot --review` goes through \
             it,\nand `assize snapshot --accept` takes it over\n",
        )?;
        Ok(Exit::Fails)
    }

    fn say_that_all_is_the_same(&self, observed: &Observed) -> Result<Exit, Failure> {
        let path = self.folder.path().display();
        let count = self
            .selected
            .iter()
            .filter(|name| observed.recorded.contains_key(*name));
        output::print(&format!(
            "the registry answers as it is recorded in {path} ({} scenarios)\n",
            count.count()
        ))?;
        Ok(Exit::Done)
    }

    /// Shows differences, and writes the reports that are wanted of them.
    fn show(&self, differences: &[Difference]) -> Result<(), Failure> {
        let folds = fold(differences, &self.suite.library().catalogue, self.version);
        if !folds.is_empty() && !self.reports.take_the_output() {
            output::print(&format!(
                "{}{}\n",
                snapshot::text(&folds, output::width()),
                snapshot::summary(&folds)
            ))?;
        }
        self.reports.write(&folds)
    }

    /// Names the files whose scenario there is not.
    fn name_unreferenced(&self) -> Result<Exit, Failure> {
        let library = self.suite.library();
        let recorded = self
            .folder
            .recorded()?
            .into_keys()
            .map(|name| (name, AnswersState::Recorded));
        let pending = self
            .folder
            .pending()?
            .into_keys()
            .map(|name| (name, AnswersState::Pending));
        let unreferenced = recorded
            .chain(pending)
            .filter(|(name, _)| library.get(name).is_none());
        let mut text = String::new();
        for (name, state) in unreferenced {
            text.push_str(&format!("{}\n", self.folder.file(&name, state).display()));
        }
        output::print(&text)?;
        Ok(Exit::Done)
    }
}
