//! `assize run`: from settings to a verdict.

use std::sync::Arc;

use assize::Suite;
use assize::log::{RunLog, record};
use assize::plan;
use assize::report::ProgressLine;
use assize::run::{CleanUp, OnFinding, Stop};
use assize::scenario::Library;

use super::exit::Exit;
use super::failure::Failure;
use super::library;
use super::settings::Settings;
use super::verdict::{Wanted, begun, written};

/// Runs the scenarios, and says what came out.
pub(crate) async fn execute(mut settings: Settings, wanted: Wanted) -> Result<Exit, Failure> {
    let suite = Suite::of(library::load(settings.scenarios.as_deref())?);
    check_capabilities(suite.library(), &settings)?;
    let wanted = wanted.prepare(&suite)?;
    if settings.fail_fast {
        let violations = wanted.violations(&suite.library().catalogue, settings.run.version);
        settings.run.on_finding = OnFinding::StopAt(violations);
    }
    let kept = settings
        .record
        .as_deref()
        .map(|path| begun(path, "--record"))
        .transpose()?;
    let log = match settings.target.as_ref().map(ToString::to_string) {
        Some(target) => against(&target, &suite, settings).await?,
        None => against_the_bundled(&suite, settings).await?,
    };
    let kept = kept.map(|file| written(file, |file| record::write(&log, suite.library(), file)));
    let exit = wanted.conclude(&suite, &log)?;
    kept.transpose()?;
    // The program ends, and what it holds goes at once; piece by piece it would take as long as dozens of requests.
    std::mem::forget((suite, log));
    Ok(exit)
}

pub(crate) fn check_capabilities(library: &Library, settings: &Settings) -> Result<(), Failure> {
    let known = plan::capabilities(library);
    let mut required = settings.run.require.iter();
    let Some(unknown) = required.find(|name| !known.contains_key(*name)) else {
        return Ok(());
    };
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    Err(Failure::Arguments(format!(
        "there is no capability `{unknown}`; there are {}",
        names.join(", ")
    )))
}

/// Runs the scenarios against a registry, and shows how far it is.
pub(crate) async fn against(target: &str, suite: &Suite, settings: Settings) -> Result<RunLog, Failure> {
    let progress = Arc::new(ProgressLine::new());
    let listening = tokio::spawn(listen(settings.run.stop.clone(), settings.run.clean_up));
    let shown = progress.clone();
    let ticking = tokio::spawn(async move { shown.tick().await });
    let narrowed = settings.run.narrowed.join(" ");
    let log = suite
        .against(target)
        .accounts(settings.client_options.credentials.clone())
        .client_settings(move |url| settings.client_options.client(url))
        .settings(settings.run)
        .select(settings.selection)
        .progress(progress.clone())
        .record()
        .await;
    listening.abort();
    ticking.abort();
    progress.clear();
    log.map_err(|error| Failure::of_run(error, &narrowed))
}

/// Stops the run at the first signal, and everything at the second.
async fn listen(stop: Stop, clean_up: CleanUp) {
    signalled().await;
    stop.stop();
    let stopping = match clean_up {
        CleanUp::Always => "stopping, and removing what the run has pushed",
        CleanUp::Never => "stopping",
    };
    anstream::eprintln!("\n{stopping}; once more ends at once");
    signalled().await;
    std::process::exit(Exit::Interrupted as i32);
}

/// Waits for ctrl-C, or for the signal by which a system ends a program.
async fn signalled() {
    #[cfg(unix)]
    if let Ok(mut ended) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = ended.recv() => {}
        }
        return;
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Whoever cannot be told is not stopped.
        std::future::pending::<()>().await;
    }
}

#[cfg(feature = "bundled")]
async fn against_the_bundled(suite: &Suite, mut settings: Settings) -> Result<RunLog, Failure> {
    // All of it goes with the registry.
    settings.run.clean_up = CleanUp::Never;
    let registry = assize::bundled::of_every_profile().await?;
    anstream::eprintln!("note: no target is given, so this is about the bundled registry");
    let log = against(&registry.url(), suite, settings).await;
    registry.shutdown().await;
    log
}

#[cfg(not(feature = "bundled"))]
async fn against_the_bundled(_: &Suite, _: Settings) -> Result<RunLog, Failure> {
    Err(Failure::Arguments(
        "this build has no registry of its own: give the address of one".to_owned(),
    ))
}
