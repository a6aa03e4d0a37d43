//! `assize serve`: the registry that comes with the suite, until it is told to stop.

use assize::bundled::{Config, Log, Signals, serve};

use super::exit::Exit;
use super::failure::Failure;
use super::output;

/// Serves until the process is told to end; reads certificates and accounts again on SIGHUP.
pub(crate) async fn execute(config: Config) -> Result<Exit, Failure> {
    let _log = Log::start(config.log_format);
    let mut signals = Signals::receive().map_err(|source| Failure::System {
        doing: "cannot receive signals",
        source,
    })?;
    let registry = serve(config).await?;
    output::print(&format!("{}\n", registry.url()))?;
    signals.end(&registry).await;
    tokio::select! {
        () = registry.shutdown() => {}
        () = signals.end_at_once() => {}
    }
    Ok(Exit::Done)
}
