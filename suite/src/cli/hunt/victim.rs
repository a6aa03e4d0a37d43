//! The client that is hunted with: a script, and what it came to over a registry.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assize::saboteur::hunt::SampleImage;
use assize::saboteur::mutation::Mutation;
use assize::saboteur::{Call, Reply, Saboteur, Upstream};
use assize::wire::{Client, ClientSettings};
use tempfile::TempDir;

use crate::cli::failure::Failure;

/// How long a client may take, in seconds: one that repeats what failed, with pauses, has given up by then.
const PATIENCE: &str = "60";
/// What `timeout` ends with if it had to end what it ran.
const OUT_OF_TIME: i32 = 124;
/// How much of what a client said is shown.
const SAID: usize = 200;

/// A client, the image that it is tried with, and the registry behind everything.
pub(super) struct Victim {
    script: String,
    image: SampleImage,
    folder: TempDir,
    registry: Client,
    count: u32,
    /// What it leaves over the registry as it is.
    leaves: WhereImageIs,
    /// What it asks the registry, and what that answers as it is.
    asks: Vec<(Call, Reply)>,
}

/// What a client came to.
#[derive(Debug)]
pub(super) enum ClientOutcome {
    /// To what it comes to over the registry as it is.
    Well,
    /// It said that it failed, in these words.
    Failed(String),
    /// To something else, though it said nothing.
    Wrong,
}

/// Where the image is when the client has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WhereImageIs {
    in_repository: bool,
    in_folder: bool,
}

impl Victim {
    /// A client that does well over the registry as it is.
    pub(super) async fn prepare(script: &str, over: &Upstream, seed: u64) -> Result<Victim, Failure> {
        let folder = TempDir::new().map_err(cannot("cannot make a folder for the client"))?;
        let image = SampleImage::new(seed);
        image
            .write_layout(&folder.path().join("image"))
            .map_err(cannot("cannot write an image for the client"))?;
        let mut victim = Victim {
            script: script.to_owned(),
            registry: Client::new(ClientSettings::new(over.url.clone()))?,
            image,
            folder,
            count: 0,
            leaves: WhereImageIs {
                in_repository: false,
                in_folder: false,
            },
            asks: Vec::new(),
        };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let watched = Saboteur::watch(over, move |call, reply| {
            locked(&seen).push((call.clone(), reply.clone()));
        });
        let watched = watched.await.map_err(cannot("cannot listen to the client"))?;
        let (left, failed) = victim.run(&watched.url()).await?;
        if let Some(said) = failed {
            let why = format!("--client: it fails over the registry as it is: {said}");
            return Err(Failure::Arguments(why));
        }
        victim.leaves = left;
        victim.asks = std::mem::take(&mut *locked(&asked));
        Ok(victim)
    }

    /// Whether a mutation changes anything that it is answered.
    pub(super) fn meets(&self, mutation: &Mutation) -> bool {
        self.asks
            .iter()
            .any(|(call, reply)| mutation.touches(call, reply))
    }

    /// What it comes to over a registry at an address.
    pub(super) async fn go(&mut self, url: &str) -> Result<ClientOutcome, Failure> {
        let (left, failed) = self.run(url).await?;
        Ok(match failed {
            Some(said) => ClientOutcome::Failed(said),
            None if left == self.leaves => ClientOutcome::Well,
            None => ClientOutcome::Wrong,
        })
    }

    async fn run(&mut self, url: &str) -> Result<(WhereImageIs, Option<String>), Failure> {
        self.count += 1;
        let (repository, held) = (
            format!("hunt/{}", self.count),
            format!("hunt/held-{}", self.count),
        );
        self.image.push(&self.registry, &held, &["v1", "a", "b"]).await;
        let home = self.folder.path().join(self.count.to_string());
        std::fs::create_dir(&home).map_err(cannot("cannot make a folder for the client"))?;
        let out = home.join("out");
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=1", PATIENCE, "sh", "-ec", &self.script])
            .env("REGISTRY", host)
            .env("REPO", &repository)
            .env("HELD", held)
            .env("DIGEST", self.image.digest())
            .env("IMAGE", self.folder.path().join("image"))
            .env("OUT", &out)
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &home)
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap_or_else(|gone| Err(std::io::Error::other(gone)))
            .map_err(cannot(
                "cannot run `timeout`, which ends a client that goes on for ever",
            ))?;
        let left = WhereImageIs {
            in_repository: self.image.is_in(&self.registry, &repository).await,
            in_folder: self.is_in(&out)?,
        };
        // What is left of it is of no use any more; a folder that stays goes with the others in the end.
        let _ = std::fs::remove_dir_all(&home);
        let failed = match output.status.code() {
            Some(0) => None,
            Some(OUT_OF_TIME) => Some(format!("ended after {PATIENCE} s")),
            _ => Some(last_line(&output.stderr)),
        };
        Ok((left, failed))
    }

    fn is_in(&self, folder: &Path) -> Result<bool, Failure> {
        self.image
            .is_below(folder)
            .map_err(cannot("cannot read what the client left"))
    }
}

fn cannot(doing: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |source| Failure::System { doing, source }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last thing that was said.
fn last_line(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("nothing").chars().take(SAID).collect()
}
