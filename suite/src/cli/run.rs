//! `assize run`: from settings to a verdict.

use std::path::Path;
use std::sync::Arc;

use assize::diagnostic::Source;
use assize::outcome::Outcome;
use assize::plan::{self, Plan};
use assize::report::baseline::Baseline;
use assize::report::{self, ProgressLine, Report, WriteError};
use assize::run::{coded, run};
use assize::scenario::Library;
use assize::wire::{Client, Url};

use super::exit::Exit;
use super::failure::Failure;
use super::settings::Settings;
use super::{library, output};

/// Runs the scenarios, and says what came out.
pub(crate) async fn execute(settings: Settings) -> Result<Exit, Failure> {
    let library = Arc::new(library::load(settings.scenarios.as_deref())?);
    let plan = plan(&library, &settings)?;
    let baseline = settings
        .baseline
        .as_deref()
        .map(|path| read_baseline(path, &library))
        .transpose()?;
    let outcome = match settings.target.clone() {
        Some(target) => against(target, Arc::clone(&library), plan, &settings).await?,
        None => against_the_bundled(Arc::clone(&library), plan, &settings).await?,
    };
    let report = Report {
        outcome: &outcome,
        library: &library,
        baseline: baseline.as_ref(),
        counted: &settings.counted,
    };
    write_reports(&report, &settings)?;
    Ok(report.ruling().into())
}

/// What is to be run; nothing at all is a mistake.
fn plan(library: &Library, settings: &Settings) -> Result<Plan, Failure> {
    let known = plan::capabilities(library);
    if let Some(unknown) = settings
        .run
        .require
        .iter()
        .find(|name| !known.contains_key(*name))
    {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        return Err(Failure::Arguments(format!(
            "there is no capability `{unknown}`; there are {}",
            names.join(", ")
        )));
    }
    let plan = Plan::new(
        library,
        coded::scenarios(),
        &settings.selection,
        settings.run.version,
    );
    if plan.workflows.is_empty() {
        let typed = settings.run.narrowed.join(" ");
        return Err(Failure::Arguments(format!(
            "no scenario is selected by {typed}; `assize list` shows them all"
        )));
    }
    Ok(plan)
}

fn read_baseline(path: &Path, library: &Library) -> Result<Baseline, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    let source = Source::new(path.display().to_string(), text);
    Baseline::parse(&source, &library.catalogue).map_err(|faulty| Failure::Faulty(vec![faulty]))
}

async fn against(
    target: Url,
    library: Arc<Library>,
    plan: Plan,
    settings: &Settings,
) -> Result<Outcome, Failure> {
    let client = Client::new(settings.manner.client(target))?;
    let progress = Arc::new(ProgressLine::new());
    let outcome = run(library, plan, client, settings.run.clone(), progress.clone()).await;
    progress.clear();
    Ok(outcome?)
}

#[cfg(feature = "bundled")]
async fn against_the_bundled(
    library: Arc<Library>,
    plan: Plan,
    settings: &Settings,
) -> Result<Outcome, Failure> {
    let registry = assize::bundled::in_memory().await?;
    anstream::eprintln!("note: no target is given, so this is about the bundled registry");
    let target = super::value::target(&registry.url())?;
    let outcome = against(target, library, plan, settings).await;
    registry.shutdown().await;
    outcome
}

#[cfg(not(feature = "bundled"))]
async fn against_the_bundled(_: Arc<Library>, _: Plan, _: &Settings) -> Result<Outcome, Failure> {
    Err(Failure::Arguments(
        "this build has no registry of its own: give the address of one".to_owned(),
    ))
}

/// The report for people, where it does not spoil one for programs; then the others.
fn write_reports(report: &Report<'_>, settings: &Settings) -> Result<(), Failure> {
    let text = report::styled(report, output::width());
    if settings.stdout_is_taken() {
        anstream::eprint!("{text}");
    } else {
        output::print(&text)?;
    }
    // One that cannot be written does not keep the others from it.
    let written: Vec<Result<(), WriteError>> = settings
        .reports
        .iter()
        .map(|request| report::write(report, request))
        .collect();
    written.into_iter().collect::<Result<(), WriteError>>()?;
    Ok(())
}
