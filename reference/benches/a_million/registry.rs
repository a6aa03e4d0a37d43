//! The registry that is measured, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_assize-reference");

/// A registry that is running.
pub(crate) struct Registry {
    pub(crate) address: SocketAddr,
    /// How long it took until it listened.
    pub(crate) start: Duration,
    process: Child,
}

impl Registry {
    /// Starts a registry over the store in a folder.
    pub(crate) fn start(store: &Path, arguments: &[&str]) -> Self {
        let began = Instant::now();
        let mut process = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0", "--no-access-log", "--scrub-rate", "0"])
            .args(arguments)
            .arg("--store")
            .arg(store)
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let start = began.elapsed();
        let (_, address) = url.trim().split_once("://").unwrap();
        Self {
            address: address.parse().unwrap(),
            start,
            process,
        }
    }

    /// The CPU time that it has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.process.id())
    }

    /// The memory that it has by one of the kernel's counts, in MiB.
    pub(crate) fn mebibytes(&self, count: &str) -> f64 {
        process::mebibytes(self.process.id(), count)
    }

    /// Waits until its log has a line with these words.
    pub(crate) fn wait_for(&mut self, words: &str) {
        let log = BufReader::new(self.process.stderr.take().unwrap());
        assert!(
            log.lines().any(|line| line.unwrap().contains(words)),
            "it never says {words:?}"
        );
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
