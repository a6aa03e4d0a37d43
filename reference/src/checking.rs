//! The command `check`: an audit that says how far it is, and that can be interrupted and gone on with.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use assize_reference::{
    Audit, AuditRequest, AuditStage, AuditWatch, Check, EndSignals, StartError, check_watched,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, interval_at};

use super::{BAD_INPUT, fail, say};

/// How often it says how far it is: jobs are ended that are silent for minutes, and a line more often would bury what
/// was found.
const PROGRESS: Duration = Duration::from_secs(10);

/// The exit code of an audit that was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;

/// Audits a store until it is done or interrupted, says what is wrong with it, a line for each fault, and sums up.
pub(super) async fn run(store: PathBuf, request: AuditRequest) -> ExitCode {
    let mut signals = match EndSignals::receive() {
        Ok(signals) => signals,
        Err(error) => return fail(&format!("cannot receive signals: {error}"), BAD_INPUT),
    };
    let watch = Arc::new(AuditWatch::default());
    let mut ended = begin(store.clone(), request, Arc::clone(&watch));
    let mut ticks = interval_at(Instant::now() + PROGRESS, PROGRESS);
    let mut is_interrupted = false;
    loop {
        tokio::select! {
            outcome = &mut ended => return match outcome {
                Ok(Ok(audit)) => report(&store, &audit),
                Ok(Err(error)) => fail(&error, BAD_INPUT),
                Err(_) => fail(&"the audit broke down", BAD_INPUT),
            },
            () = signals.asked() => {
                if is_interrupted {
                    return ExitCode::from(INTERRUPTED);
                }
                is_interrupted = true;
                watch.stop();
                note(&match watch.stage() {
                    AuditStage::Mending => "what was found is being mended, and that is not broken off",
                    _ => "stopping",
                });
            }
            _ = ticks.tick() => note(&watch),
        }
    }
}

/// Begins an audit on a thread of its own: whoever interrupts it twice does not wait for it.
fn begin(
    store: PathBuf,
    request: AuditRequest,
    watch: Arc<AuditWatch>,
) -> oneshot::Receiver<Result<Audit, StartError>> {
    let (tell, ended) = oneshot::channel();
    // Nobody listens any more only where the program ends.
    thread::spawn(move || drop(tell.send(check_watched(&store, &request, &watch))));
    ended
}

/// Says what was found, and how it goes on.
fn report(store: &Path, audit: &Audit) -> ExitCode {
    say(&audit.to_string());
    match &audit.interruption {
        Some(interruption) => {
            say(&format!("to go on: {}", command(store, &interruption.next)));
            ExitCode::from(INTERRUPTED)
        }
        None if audit.faults.is_empty() || audit.is_mended => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

/// The command that asks this program for an audit.
fn command(store: &Path, request: &AuditRequest) -> String {
    let program = env::args_os()
        .next()
        .unwrap_or_else(|| OsString::from("assize-reference"));
    let store = quoted(store.as_os_str());
    let mut words = vec![quoted(&program), format!("check --store {store}")];
    match request.check {
        Check::Look => {}
        Check::Repair => words.push("--repair".to_owned()),
        Check::Rebuild => words.push("--rebuild".to_owned()),
    }
    if let Some(digest) = &request.resume_from {
        words.push(format!("--resume-from {digest}"));
    }
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:+@%=,".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Tells whoever waits how it goes.
fn note(line: &impl Display) {
    drop(writeln!(io::stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use assize_reference::{AuditRequest, Check};

    use super::command;

    #[test]
    fn the_command_that_goes_on_can_be_given_to_a_shell() {
        let digest = format!("sha256:{}", "0f".repeat(32));
        let request = AuditRequest {
            check: Check::Repair,
            resume_from: digest.parse().ok(),
        };
        let printed = command(Path::new("/a store/of 'mine'"), &request);
        let expected = format!(r" check --store '/a store/of '\''mine'\''' --repair --resume-from {digest}");
        assert!(printed.ends_with(&expected), "{printed}");
        let printed = command(Path::new("store"), &Check::Rebuild.into());
        assert!(printed.ends_with(" check --store store --rebuild"), "{printed}");
    }
}
