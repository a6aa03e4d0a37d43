//! Credential helpers: programs that keep logins for Docker and podman, and are asked for one.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use assize::wire::Login;
use serde::Deserialize;
use thiserror::Error;

use super::docker_config::of_pair;
use crate::cli::environment::Environment;

/// How long a helper may take: one that asks a cloud for a login takes seconds, one that asks the user for leave as long as
/// he takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a helper says that has no login for a registry, as all that Docker ships do.
const NOTHING: &str = "credentials not found";

/// Why a helper gives no answer.
#[derive(Debug, Error)]
pub(crate) enum HelperError {
    /// There is no such program.
    #[error("there is no program `{0}` in PATH")]
    Missing(String),
    /// It does not begin.
    #[error("`{0}` does not start: {1}")]
    Start(String, std::io::Error),
    /// It does not end.
    #[error("`{0}` has not answered in time")]
    Hangs(String),
    /// It says that it cannot.
    #[error("`{0}` fails: {1}")]
    Fails(String, String),
    /// It says something else.
    #[error("`{0}` answers something that is no login")]
    NoLogin(String),
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    username: String,
    secret: String,
}

/// The program of a helper.
pub(super) fn program(helper: &str) -> String {
    format!("docker-credential-{helper}")
}

/// Asks a helper for the login of a registry; nothing if it has none.
pub(super) fn ask(
    helper: &str,
    registry: &str,
    environment: Environment<'_>,
) -> Result<Option<Login>, HelperError> {
    let program = program(helper);
    let path = find(&program, environment).ok_or_else(|| HelperError::Missing(program.clone()))?;
    let mut child = Command::new(path)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| HelperError::Start(program.clone(), error))?;
    if let Some(mut input) = child.stdin.take() {
        // One that ends before it has read this has its say in what it prints.
        let _ = input.write_all(registry.as_bytes());
    }
    let printed = printed(&mut child);
    let Some(printed) = printed else {
        // What does not end by itself is ended; one that is gone meanwhile is none the worse for it.
        let _ = child.kill();
        let _ = child.wait();
        return Err(HelperError::Hangs(program));
    };
    let ended = child
        .wait()
        .map_err(|error| HelperError::Start(program.clone(), error))?;
    if ended.success() {
        return read(&printed).ok_or(HelperError::NoLogin(program)).map(Some);
    }
    let said = printed.lines().next().unwrap_or_default().trim();
    if said.to_lowercase().contains(NOTHING) {
        return Ok(None);
    }
    let why = match said {
        "" => ended.to_string(),
        said => said.to_owned(),
    };
    Err(HelperError::Fails(program, why))
}

/// All that a program prints, if it comes to its end in time.
fn printed(child: &mut Child) -> Option<String> {
    let mut output = child.stdout.take()?;
    let (told, hear) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // What is cut off is no answer, and nobody listens to a thread that comes too late.
        let _ = output.read_to_end(&mut text);
        let _ = told.send(String::from_utf8_lossy(&text).into_owned());
    });
    hear.recv_timeout(PATIENCE).ok()
}

fn read(printed: &str) -> Option<Login> {
    let answer: HelperAnswer = serde_json::from_str(printed).ok()?;
    Some(of_pair(answer.username, answer.secret))
}

/// The first program of this name in `PATH`.
fn find(program: &str, environment: Environment<'_>) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = environment("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}
