//! `assize serve`: the registry that comes with the suite, until it is told to stop.

use assize::bundled::{Config, Log, serve};

use super::exit::Exit;
use super::failure::Failure;
use super::output;

/// Serves until the process is interrupted.
pub(crate) async fn execute(config: Config) -> Result<Exit, Failure> {
    let _log = Log::start(config.log_format);
    let registry = serve(config).await?;
    output::print(&format!("{}\n", registry.url()))?;
    interrupted().await.map_err(|source| Failure::System {
        doing: "cannot wait for signals",
        source,
    })?;
    registry.shutdown().await;
    Ok(Exit::Done)
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
