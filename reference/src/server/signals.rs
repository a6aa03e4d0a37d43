//! What the operating system asks of a program that serves.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Running;

/// The signals that end a program: SIGTERM and SIGINT.
#[derive(Debug)]
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Receives the signals from now on.
    ///
    /// # Errors
    /// Fails if the operating system does not let this process receive them.
    pub fn receive() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until the program is asked to end, once more than before.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signals of a program that serves: SIGTERM and SIGINT end it, SIGHUP makes it read its files again.
#[derive(Debug)]
pub struct Signals {
    end: EndSignals,
    hang_up: Signal,
}

impl Signals {
    /// Receives the signals from now on.
    ///
    /// # Errors
    /// Fails if the operating system does not let this process receive them.
    pub fn receive() -> io::Result<Self> {
        Ok(Self {
            end: EndSignals::receive()?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until the program is to end; lets the registry read certificates and accounts again when asked to.
    pub async fn end(&mut self, registry: &Running) {
        loop {
            tokio::select! {
                () = self.end.asked() => return,
                _ = self.hang_up.recv() => registry.reload(),
            }
        }
    }

    /// Waits until the program is to end at once: it was told to end before.
    pub async fn end_at_once(&mut self) {
        self.end.asked().await;
    }
}
