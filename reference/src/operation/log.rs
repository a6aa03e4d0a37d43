//! The log of a registry that runs as a program, on standard error.

use std::io::{self, IsTerminal as _};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// A log that is being written. When it is dropped, what is left of it is written first.
#[derive(Debug)]
pub struct Log {
    _writer: WorkerGuard,
}

impl Log {
    /// Starts the log of this process, which has one at most. `RUST_LOG` says what is worth a line; `info` unless told.
    #[must_use]
    pub fn start(format: LogFormat) -> Self {
        let (writer, guard) = tracing_appender::non_blocking(io::stderr());
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(io::stderr().is_terminal())
            .with_writer(writer);
        let started = match format {
            LogFormat::Text => log.try_init(),
            LogFormat::Json => log.json().flatten_event(true).try_init(),
        };
        // Whoever has a log of their own keeps it.
        drop(started);
        Self { _writer: guard }
    }
}
