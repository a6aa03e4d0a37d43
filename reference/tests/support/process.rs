//! A registry in a process of its own, of which one can ask what it takes of the machine.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A registry in a process of its own; it is ended when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts one with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_assize-reference")), arguments)
    }

    /// Starts one by a command that runs what its arguments say.
    pub(crate) fn start_by(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--no-access-log"])
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut url).unwrap();
        let (_, address) = url.trim().split_once("://").unwrap();
        Self {
            child,
            address: address.parse().unwrap(),
        }
    }

    /// Sends it SIGHUP.
    pub(crate) fn hang_up(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-HUP", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// The number of files that it may have open.
    pub(crate) fn most_open_files(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits for a line of its standard error, a pipe, that has these words in it, ends it, and returns all that it has
    /// written there.
    pub(crate) fn errors_once_it_says(&mut self, words: &str) -> String {
        let mut errors = BufReader::new(self.child.stderr.take().unwrap());
        let mut text = String::new();
        while !text.contains(words) {
            assert_ne!(errors.read_line(&mut text).unwrap(), 0, "it ended with {text}");
        }
        self.child.kill().unwrap();
        errors.read_to_string(&mut text).unwrap();
        text
    }

    /// The most memory that it has had, in MiB.
    pub(crate) fn peak_mebibytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
