//! What is shown while a run goes on.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use super::words;
use crate::judgement::{ScenarioOutcome, Verdict};
use crate::run::Progress;

/// One line on the standard error, drawn again and again; silent where nobody watches.
#[derive(Debug, Default)]
pub struct ProgressLine {
    watched: bool,
    state: Mutex<ProgressState>,
}

#[derive(Debug, Default)]
struct ProgressState {
    planned: usize,
    finished: usize,
    broken: usize,
}

impl ProgressLine {
    /// A line that is drawn if the standard error is a terminal.
    pub fn new() -> ProgressLine {
        ProgressLine {
            watched: std::io::stderr().is_terminal(),
            state: Mutex::default(),
        }
    }

    /// Wipes the line away.
    pub fn clear(&self) {
        self.draw("");
    }

    fn change(&self, change: impl FnOnce(&mut ProgressState)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.draw(&state.line());
    }

    fn draw(&self, line: &str) {
        if self.watched {
            let mut stderr = std::io::stderr().lock();
            // Whether somebody sees the progress decides nothing.
            let _ = write!(stderr, "\r\u{1b}[K{line}").and_then(|()| stderr.flush());
        }
    }
}

impl Progress for ProgressLine {
    fn planned(&self, scenarios: usize) {
        self.change(|state| state.planned = scenarios);
    }

    fn finished(&self, scenario: &ScenarioOutcome) {
        self.change(|state| {
            state.finished += 1;
            state.broken += usize::from(scenario.verdict == Verdict::Broken);
        });
    }
}

impl ProgressState {
    fn line(&self) -> String {
        let scenarios = words::count(self.planned, "scenario");
        let broken = match self.broken {
            0 => String::new(),
            broken => format!(", {broken} broken"),
        };
        format!("{} of {scenarios}{broken}", self.finished)
    }
}
