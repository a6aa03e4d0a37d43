//! What is tried of a behaviour: a run against it, all reports of that run, and what they must never hold.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assize::judgement;
use assize::report::{Destination, Format, ReportRequest, Ruling, script};
use assize::wire::{ClientSettings, Login, Reach, Timeouts};
use assize::{Outcome, RunError, Suite};
use libtest_mimic::Failed;
use tokio::runtime::Runtime;

use super::honest::Honest;
use super::server::{Act, Script, greet, serve};

/// The password that every run has, with what is written otherwise in an address, in JSON, in HTML and in Base64.
pub(crate) const PASSWORD: &str = "s3ntinel/\"Pä&ss<1>";
/// The token that token servers give.
pub(crate) const TOKEN: &str =
    "eyJhbGciOiJub25lIn0.c2VudGluZWwtdG9rZW4tb2YtdGhlLWhvc3RpbGUtc2V0.c2lnbmF0dXJl";

/// The scenarios that are run: few, and of every kind.
const SCENARIOS: [&str; 12] = [
    "push/chunk-gap",
    "push/chunks",
    "push/mount",
    "push/upload-status",
    "pull/blob",
    "pull/manifest",
    "discovery/tags-n",
    "discovery/referrers",
    "management/delete-tag",
    "http/connection-after-error",
    "http/location",
    "security/tag-moved-at-once",
];

/// Set where this program runs for one case alone: to the address of the server, which is in another process.
const ALONE: &str = "ASSIZE_HOSTILE_ALONE";

/// The largest report that may be written, in bytes.
const LARGEST_REPORT: usize = 10 * 1024 * 1024;

/// A behaviour, and what a run against it has to come to.
pub(crate) struct Case {
    pub name: &'static str,
    pub behaviour: Behaviour,
    pub expect: Expect,
    pub weight: Weight,
    /// How long a run may last on a busy machine.
    pub within: Duration,
    pub reach: Reach,
    /// The scenarios that are run.
    pub only: &'static [&'static str],
    /// The requirements that must not be found broken.
    pub never: &'static [&'static str],
}

/// How a server behaves.
pub(crate) enum Behaviour {
    /// As a script says, request by request.
    Script(Script),
    /// It does these things as soon as somebody connects.
    Greet(Vec<Act>),
    /// As a script says, for who comes with `https`.
    Tls(Vec<Act>),
    /// As the bundled registry does, but for this change.
    Over(Honest),
}

impl Behaviour {
    /// Silence is waited for as briefly as can be; who answers rightly gets the time that a busy machine takes.
    fn timeouts(&self) -> Timeouts {
        let (connect, answer, total) = match self {
            Behaviour::Over(_) => (5, 5, 20),
            _ => (2, 1, 4),
        };
        let mut timeouts = Timeouts::default();
        timeouts.connect = Duration::from_secs(connect);
        timeouts.answer = Duration::from_secs(answer);
        timeouts.idle = Duration::from_secs(answer);
        timeouts.total = Duration::from_secs(total);
        timeouts
    }
}

/// What a run comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Exit 3, with these words.
    Unusable(&'static str),
    /// Any verdict about the registry: exit 0, 1 or 3, and never 4.
    Judged,
    /// The same, or exit 3 by the preflight.
    Either,
}

/// What a run costs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weight {
    /// Next to nothing, so that others run beside it.
    Light,
    /// So much that it runs alone, and memory is measured.
    Heavy { most_mib: u64 },
}

impl Case {
    /// A behaviour that the preflight refuses.
    pub(crate) fn unusable(name: &'static str, script: Script, words: &'static str) -> Case {
        Case::new(name, Behaviour::Script(script), Expect::Unusable(words))
    }

    /// A behaviour that is judged.
    pub(crate) fn judged(name: &'static str, behaviour: Behaviour) -> Case {
        Case::new(name, behaviour, Expect::Judged)
    }

    pub(crate) fn new(name: &'static str, behaviour: Behaviour, expect: Expect) -> Case {
        Case {
            name,
            behaviour,
            expect,
            weight: Weight::Light,
            within: Duration::from_secs(180),
            reach: Reach::Anywhere,
            only: &SCENARIOS,
            never: &[],
        }
    }
}

/// What all trials share.
pub(crate) struct Bench {
    runtime: Runtime,
    suite: Suite,
}

impl Bench {
    pub(crate) fn new(runtime: Runtime) -> Bench {
        Bench {
            runtime,
            suite: Suite::built_in().unwrap(),
        }
    }

    /// Runs the suite against a behaviour.
    pub(crate) fn try_out(&self, case: &Case) -> Result<(), Failed> {
        let target = self.runtime.block_on(served(case));
        self.runtime.block_on(self.follow(case, &target))
    }

    /// The same in a process of its own, with an eye on its memory, where the system tells of it.
    pub(crate) fn measure(&self, case: &Case, most_mib: u64) -> Result<(), Failed> {
        if let Ok(target) = std::env::var(ALONE) {
            self.runtime.block_on(self.follow(case, &target))?;
            return match peak_mib() {
                Some(peak) if peak > most_mib => {
                    Err(format!("{peak} MiB of memory, more than {most_mib}").into())
                }
                _ => Ok(()),
            };
        }
        let target = self.runtime.block_on(served(case));
        let itself = std::env::current_exe().unwrap();
        let mut alone = Command::new(itself);
        alone.args(["--exact", case.name]).env(ALONE, target);
        let output = alone.output().unwrap();
        if !output.status.success() {
            let said = [&output.stdout[..], &output.stderr].concat();
            return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&said)).into());
        }
        Ok(())
    }

    async fn follow(&self, case: &Case, target: &str) -> Result<(), Failed> {
        let begin = Instant::now();
        let limit = case.within + Duration::from_secs(60);
        let outcome = tokio::time::timeout(limit, self.run(target, case))
            .await
            .map_err(|_| Failed::from(format!("no end within {} s", limit.as_secs())))?;
        let elapsed = begin.elapsed();
        match (outcome, case.expect) {
            (Err(unusable), Expect::Unusable(words)) => refused(&unusable.to_string(), words)?,
            (Err(unusable), Expect::Either) => refused(&unusable.to_string(), "")?,
            (Err(unusable), Expect::Judged) => return Err(format!("it is refused: {unusable}").into()),
            (Ok(_), Expect::Unusable(_)) => return Err("it is judged as a registry".into()),
            (Ok(outcome), Expect::Judged | Expect::Either) => {
                self.judged(&outcome)?;
                spared(&outcome, case.never)?;
            }
        }
        if elapsed > case.within {
            return Err(format!("it took {:.1} s", elapsed.as_secs_f64()).into());
        }
        Ok(())
    }

    async fn run(&self, target: &str, case: &Case) -> Result<Outcome, RunError> {
        let (timeouts, reach) = (case.behaviour.timeouts(), case.reach);
        let names = case.only.iter();
        let run = names.fold(self.suite.against(target), |run, name| run.only(name));
        run.account(Login::Password {
            user: "alice".to_owned(),
            password: PASSWORD.into(),
        })
        .client_settings(move |url| {
            let mut settings = ClientSettings::new(url);
            settings.timeouts = timeouts;
            settings.reach = reach;
            settings
        })
        .seed(7)
        .run()
        .await
    }

    /// A verdict about the registry, in reports that can be read.
    fn judged(&self, outcome: &Outcome) -> Result<(), Failed> {
        let report = outcome.as_report();
        if report.ruling() == Ruling::SuiteFailed {
            let failed: Vec<&judgement::ScenarioOutcome> = outcome
                .scenarios
                .iter()
                .filter(|scenario| matches!(scenario.verdict, judgement::Verdict::Failed(_)))
                .collect();
            return Err(format!("the suite itself failed: {failed:?}").into());
        }
        let folder = tempfile::tempdir().unwrap();
        for format in Format::ALL {
            let path = folder.path().join(format.to_string());
            let destination = Destination::File(path.clone());
            let begun = ReportRequest { format, destination }.begin().unwrap();
            begun.write(&report).map_err(|error| error.to_string())?;
            let text = std::fs::read_to_string(&path).unwrap();
            readable(&text).map_err(|why| format!("the report in {format}: {why}"))?;
            if format == Format::Json {
                serde_json::from_str::<serde_json::Value>(&text).map_err(|error| error.to_string())?;
            }
        }
        shell(outcome)
    }
}

/// What the behaviour says nothing of is not held against the registry.
fn spared(outcome: &Outcome, never: &[&str]) -> Result<(), Failed> {
    let broken = |id: &&&str| {
        outcome
            .findings
            .iter()
            .any(|finding| finding.requirement.as_str() == **id)
    };
    match never.iter().find(broken) {
        Some(id) => Err(format!("{id} is found broken").into()),
        None => Ok(()),
    }
}

/// A report says no secret, hides no character, and is not too long.
fn readable(text: &str) -> Result<(), String> {
    if text.len() > LARGEST_REPORT {
        return Err(format!("{} bytes", text.len()));
    }
    secretless(text)?;
    let hidden = |c: &char| {
        matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    match text.chars().find(hidden) {
        Some(c) => Err(format!("the character {c:?}")),
        None => Ok(()),
    }
}

fn secretless(text: &str) -> Result<(), String> {
    let pieces = [
        "s3ntinel",
        "S3NTINEL",
        "YWxpY2U6czNudGluZWw",
        "czNudGluZWwv",
        &TOKEN[..30],
        "c2VudGluZWwtdG9rZW4",
        "c2lnbmF0dXJl",
    ];
    match pieces.iter().find_map(|piece| text.find(piece)) {
        Some(at) => {
            let beside = text.get(at.saturating_sub(60)..(at + 60).min(text.len()));
            Err(format!("a secret, in {beside:?}"))
        }
        None => Ok(()),
    }
}

fn refused(said: &str, words: &str) -> Result<(), Failed> {
    secretless(said)?;
    if !said.contains(words) {
        return Err(format!("it says: {said}").into());
    }
    Ok(())
}

/// Every line that shows a finding again is one that a shell takes.
fn shell(outcome: &Outcome) -> Result<(), Failed> {
    let ways = outcome.findings.iter().flat_map(|finding| &finding.ways);
    let lines: Vec<String> = ways.map(|way| script(way, outcome)).collect();
    let mut sh = Command::new("sh")
        .args(["-n"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = sh.stdin.take().unwrap();
    let script = lines.join("\n");
    let writing = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = sh.wait_with_output().unwrap();
    let _ = writing.join();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(())
}

/// Starts a server that behaves so; its address.
async fn served(case: &Case) -> String {
    let (scheme, port) = match &case.behaviour {
        Behaviour::Script(script) => ("http", serve(Arc::clone(script)).await),
        Behaviour::Greet(acts) => ("http", greet(acts.clone()).await),
        Behaviour::Tls(acts) => ("https", greet(acts.clone()).await),
        Behaviour::Over(honest) => ("http", honest.serve().await),
    };
    format!("{scheme}://127.0.0.1:{port}")
}

/// The most memory that this process has had at once, without the pages of its program, which depend on how it was built.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    Some(kib("VmHWM:")?.saturating_sub(kib("RssFile:")?) / 1024)
}
