//! What is shown while a run goes on.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use terminal_size::{Width, terminal_size_of};

use super::words;
use crate::judgement::{ScenarioOutcome, Verdict};
use crate::run::Progress;

/// How long a scenario is under way before it is named: most are over sooner, and would only flicker.
const LONG: Duration = Duration::from_secs(2);
/// How many of the scenarios that broke are named in one line of a log.
const NAMED: usize = 4;

/// How far a run is, on the standard error: on a terminal one line that is drawn again and again, below those that name what
/// broke; elsewhere a line every ten seconds.
#[derive(Debug)]
pub struct ProgressLine {
    reader: ProgressReader,
    state: Mutex<ProgressState>,
}

/// Who reads the standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProgressReader {
    /// Somebody who watches.
    Terminal,
    /// Whoever reads it afterwards, and whoever waits for a job that says nothing.
    Log,
}

impl ProgressReader {
    /// How often there is something to be seen where nothing happens.
    fn every(self) -> Duration {
        match self {
            ProgressReader::Terminal => Duration::from_secs(1),
            // Jobs are ended that are silent for minutes; a line more often would bury what matters.
            ProgressReader::Log => Duration::from_secs(10),
        }
    }
}

#[derive(Debug)]
struct ProgressState {
    began: Instant,
    planned: usize,
    finished: usize,
    under_way: BTreeMap<Arc<str>, ShownAttempt>,
    broken: Vec<Arc<str>>,
    /// How many of these a line has named.
    named: usize,
}

/// An attempt at a scenario that is under way, with when it began.
#[derive(Clone, Copy, Debug)]
enum ShownAttempt {
    /// The first.
    First(Instant),
    /// The one that looks at a finding again.
    Again(Instant),
}

impl ShownAttempt {
    fn began(&self) -> Instant {
        let (ShownAttempt::First(began) | ShownAttempt::Again(began)) = self;
        *began
    }

    /// What it is called behind the name of the scenario.
    fn apposition(&self) -> &'static str {
        match self {
            ShownAttempt::First(_) => "",
            ShownAttempt::Again(_) => ", looked at again,",
        }
    }
}

impl ProgressLine {
    /// A line for whoever reads the standard error.
    #[expect(clippy::new_without_default, reason = "it begins to count the time")]
    pub fn new() -> ProgressLine {
        ProgressLine {
            reader: match std::io::stderr().is_terminal() {
                true => ProgressReader::Terminal,
                false => ProgressReader::Log,
            },
            state: Mutex::new(ProgressState::beginning(Instant::now())),
        }
    }

    /// Shows how far the run is, again and again.
    pub async fn tick(&self) {
        loop {
            tokio::time::sleep(self.reader.every()).await;
            let mut state = self.lock();
            match self.reader {
                ProgressReader::Terminal => draw(&state.line(Instant::now())),
                ProgressReader::Log => say(&state.entry(Instant::now())),
            }
        }
    }

    /// Wipes the line away.
    pub fn clear(&self) {
        if self.reader == ProgressReader::Terminal {
            draw("");
        }
    }

    fn change(&self, change: impl FnOnce(&mut ProgressState)) {
        let mut state = self.lock();
        let known = state.broken.len();
        change(&mut state);
        if self.reader == ProgressReader::Terminal {
            for name in &state.broken[known..] {
                draw("");
                say(&format!("broken: {name}"));
            }
            draw(&state.line(Instant::now()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for ProgressLine {
    fn planned(&self, scenarios: usize) {
        self.change(|state| state.planned = scenarios);
    }

    fn began(&self, scenario: &Arc<str>) {
        self.change(|state| state.begin(scenario, ShownAttempt::First(Instant::now())));
    }

    fn began_again(&self, scenario: &Arc<str>) {
        self.change(|state| state.begin(scenario, ShownAttempt::Again(Instant::now())));
    }

    fn finished_again(&self, scenario: &Arc<str>) {
        self.change(|state| {
            state.under_way.remove(scenario);
        });
    }

    fn finished(&self, scenario: &ScenarioOutcome) {
        self.change(|state| {
            state.finished += 1;
            state.under_way.remove(&scenario.name);
            if scenario.verdict == Verdict::Broken {
                state.broken.push(scenario.name.clone());
            }
        });
    }
}

impl ProgressState {
    fn beginning(began: Instant) -> ProgressState {
        ProgressState {
            began,
            planned: 0,
            finished: 0,
            under_way: BTreeMap::new(),
            broken: Vec::new(),
            named: 0,
        }
    }

    fn begin(&mut self, scenario: &Arc<str>, attempt: ShownAttempt) {
        self.under_way.insert(scenario.clone(), attempt);
    }

    /// How far the run is, and what has been under way for longest.
    fn line(&self, now: Instant) -> String {
        let scenarios = words::count(self.planned, "scenario");
        let broken = match self.broken.len() {
            0 => String::new(),
            broken => format!(", {broken} broken"),
        };
        let longest = self.under_way.iter().min_by_key(|(_, attempt)| attempt.began());
        let longest = longest.and_then(|(name, attempt)| {
            let took = now.saturating_duration_since(attempt.began());
            let name = format!("{name}{}", attempt.apposition());
            (took >= LONG).then(|| format!("; {name} has taken {} s", took.as_secs()))
        });
        format!(
            "{} of {scenarios}{broken}{}",
            self.finished,
            longest.unwrap_or_default()
        )
    }

    /// A line of a log, which also names what broke since the last one.
    fn entry(&mut self, now: Instant) -> String {
        let new = &self.broken[self.named..];
        let names: Vec<&str> = new.iter().take(NAMED).map(|name| &**name).collect();
        let broken = match new.len() {
            0 => String::new(),
            some if some > NAMED => format!("; broken: {} and {} more", names.join(", "), some - NAMED),
            _ => format!("; broken: {}", names.join(", ")),
        };
        let seconds = now.saturating_duration_since(self.began).as_secs();
        let entry = format!("{seconds} s: {}{broken}", self.line(now));
        self.named = self.broken.len();
        entry
    }
}

/// Draws the line over what was drawn before; what is wider than the terminal could not be drawn over.
fn draw(line: &str) {
    let width = terminal_size_of(std::io::stderr()).map_or(80, |(Width(width), _)| usize::from(width));
    let line: String = line.chars().take(width.saturating_sub(1)).collect();
    let mut stderr = std::io::stderr().lock();
    // Whether somebody sees the progress decides nothing.
    let _ = write!(stderr, "\r\u{1b}[K{line}").and_then(|()| stderr.flush());
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is_and_what_has_taken_longest() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut state = ProgressState::beginning(now);
        state.planned = 214;
        state.finished = 12;
        insta::assert_snapshot!(state.line(at(1)), @"12 of 214 scenarios");
        state.begin(&"push/chunks".into(), ShownAttempt::First(at(30)));
        state.begin(&"security/slow-client".into(), ShownAttempt::First(at(5)));
        insta::assert_snapshot!(state.line(at(6)), @"12 of 214 scenarios");
        state.broken.push("pull/range".into());
        insta::assert_snapshot!(state.line(at(40)), @"12 of 214 scenarios, 1 broken; security/slow-client has taken 35 s");
        state.under_way.clear();
        state.begin(&"pull/range".into(), ShownAttempt::Again(at(41)));
        insta::assert_snapshot!(state.line(at(45)), @"12 of 214 scenarios, 1 broken; pull/range, looked at again, has taken 4 s");
    }

    #[test]
    fn a_log_names_each_failure_once() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut state = ProgressState::beginning(now);
        state.planned = 20;
        state.broken.push("pull/range".into());
        insta::assert_snapshot!(state.entry(at(10)), @"10 s: 0 of 20 scenarios, 1 broken; broken: pull/range");
        insta::assert_snapshot!(state.entry(at(20)), @"20 s: 0 of 20 scenarios, 1 broken");
        state.broken.extend(["a", "b", "c", "d", "e"].map(Arc::from));
        insta::assert_snapshot!(state.entry(at(30)), @"30 s: 0 of 20 scenarios, 6 broken; broken: a, b, c, d and 1 more");
    }
}
