//! A registry that is killed at any moment loses nothing that it has acknowledged.
//!
//! `ASSIZE_KILLS` says how often it is killed; 20 times unless told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assize_reference::{Check, check};
use reqwest::{Client, Method, StatusCode};
use support::{IMAGE, image, sha256};

/// How many clients push and delete at once, each in a repository of its own.
const CLIENTS: u64 = 4;

/// How long an upload waits for its client.
const EXPIRY: Duration = Duration::from_secs(2);

/// A registry in a process of its own.
struct Process {
    child: Child,
    url: String,
    started: Instant,
}

/// When a registry is killed.
enum Killed {
    /// So long after its process was made: it may still be opening what the one before it left.
    Opening(Duration),
    /// So long after it was found to have lost nothing.
    Serving(Duration),
}

impl Killed {
    fn of(kill: u64) -> Self {
        let moment = kill * 7919;
        match kill % 20 {
            // Long enough for garbage to be collected and uploads to expire.
            19 => Self::Serving(Duration::from_millis(3000 + moment % 400)),
            // A registry listens after some 40 ms.
            rest if rest % 4 == 3 => Self::Opening(Duration::from_millis(moment % 50)),
            _ => Self::Serving(Duration::from_millis(20 + moment % 230)),
        }
    }
}

impl Process {
    fn start(store: &Path) -> Self {
        let mut process = Self::spawn(store);
        let stdout = process.child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut process.url).unwrap();
        assert!(!process.url.is_empty(), "the registry did not start");
        process.url.truncate(process.url.trim_end().len());
        process
    }

    /// A registry that may not yet be reached.
    fn spawn(store: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_assize-reference"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--blob-grace",
                "1",
                "--upload-expiry",
                &EXPIRY.as_secs().to_string(),
                "--store",
            ])
            .arg(store)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            url: String::new(),
            started: Instant::now(),
        }
    }

    /// Ends the process without a warning: SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What one client knows of its repository.
#[derive(Default)]
struct Known {
    /// Tag -> the manifest that it was last acknowledged to point to; none if it was deleted.
    tags: BTreeMap<String, Option<String>>,
    /// The tag that was being changed when the registry went away, and the other state it may have.
    uncertain: Option<(String, Option<String>)>,
    /// The upload of which a first chunk was acknowledged when the registry went away.
    unfinished: Option<Unfinished>,
    /// Uploads that were opened and have received nothing, and when that was asked for.
    opened: Vec<(String, Instant)>,
    /// Uploads that were acknowledged to be over.
    over: Vec<String>,
    random: u64,
    pushes: u64,
    /// How many uploads went on after a restart.
    resumed: u64,
    /// How many uploads that had received nothing were found open after a restart.
    still_open: u64,
}

/// An upload with its first chunk.
struct Unfinished {
    /// The path and query that close it.
    place: String,
    rest: Vec<u8>,
    /// Whether the request that closes it had been sent: it may have been closed.
    is_closing: bool,
}

impl Known {
    /// A number that looks random and is the same in each run (xorshift).
    fn roll(&mut self, sides: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % sides
    }
}

/// Opens uploads that receive nothing, and cancels some of them.
async fn open_and_cancel(client: &Client, url: &str, name: &str, known: &mut Known) -> Option<()> {
    let asked = Instant::now();
    let opened = client.post(format!("{url}/v2/{name}/blobs/uploads/")).send();
    let opened = opened.await.ok()?;
    assert_eq!(opened.status(), StatusCode::ACCEPTED);
    let place = opened.headers()["location"].to_str().unwrap().to_owned();
    if known.roll(3) > 0 {
        known.opened.push((place, asked));
        return Some(());
    }
    let cancelled = client.delete(format!("{url}{place}")).send().await.ok()?;
    assert_eq!(cancelled.status(), StatusCode::NO_CONTENT);
    known.over.push(place);
    Some(())
}

/// Asserts that uploads that were opened are open, unless they have expired, and that those that are over are unknown.
async fn assert_open_and_over(client: &Client, url: &str, known: &mut Known) {
    let status = async |place: &str| {
        let answer = client.get(format!("{url}{place}")).send().await.unwrap();
        answer.status()
    };
    for (place, asked) in std::mem::take(&mut known.opened) {
        match status(&place).await {
            StatusCode::NO_CONTENT => known.still_open += 1,
            StatusCode::NOT_FOUND if asked.elapsed() >= EXPIRY => {}
            status => panic!("{place}: {status}"),
        }
    }
    for place in std::mem::take(&mut known.over) {
        assert_eq!(status(&place).await, StatusCode::NOT_FOUND, "{place}");
    }
}

/// Pushes, moves and deletes tags until the registry goes away.
async fn change_until_killed(client: &Client, url: &str, name: &str, known: &mut Known) {
    loop {
        let tag = format!("t{}", known.roll(5));
        let deletes = known.roll(4) == 0;
        let target = if deletes {
            None
        } else {
            push_blobs(client, url, name, known).await
        };
        if !deletes && target.is_none() {
            return;
        }
        known.uncertain = Some((tag.clone(), target.clone()));
        let place = format!("{url}/v2/{name}/manifests/{tag}");
        let request = match &target {
            Some(manifest) => client
                .put(place)
                .header("content-type", IMAGE)
                .body(manifest.clone()),
            None => client.delete(place),
        };
        let Ok(answer) = request.send().await else { return };
        let expected = if deletes {
            StatusCode::ACCEPTED
        } else {
            StatusCode::CREATED
        };
        match answer.status() {
            status if status == expected => {
                known.tags.insert(tag, target);
            }
            // Nothing to delete, or blobs so long unreferenced that they were collected.
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => {}
            status => panic!("{status}: {}", answer.text().await.unwrap_or_default()),
        }
        known.uncertain = None;
    }
}

/// Pushes the blobs of a new image, one in one request and one in chunks; returns its manifest.
async fn push_blobs(client: &Client, url: &str, name: &str, known: &mut Known) -> Option<String> {
    known.pushes += 1;
    // A config that all images share is pushed, collected and counted on again and again.
    let shared = known.roll(3);
    let (config, layer) = (
        format!("config {shared}"),
        format!("{name} {} ", known.pushes).repeat(2000),
    );
    let uploads = format!("{url}/v2/{name}/blobs/uploads/");
    let single = client
        .post(format!("{uploads}?digest={}", sha256(config.as_bytes())))
        .body(config.clone());
    assert_eq!(single.send().await.ok()?.status(), StatusCode::CREATED);
    let opened = client.post(&uploads).send().await.ok()?;
    let upload = format!("{url}{}", opened.headers()["location"].to_str().unwrap());
    let (first, last) = layer.as_bytes().split_at(layer.len() / 2);
    assert_eq!(
        client
            .patch(&upload)
            .body(first.to_vec())
            .send()
            .await
            .ok()?
            .status(),
        StatusCode::ACCEPTED
    );
    let location = upload.strip_prefix(url).unwrap();
    let unfinished = known.unfinished.insert(Unfinished {
        place: format!("{location}?digest={}", sha256(layer.as_bytes())),
        rest: last.to_vec(),
        is_closing: false,
    });
    // Some leave it at that for a moment, so that the registry is killed between two requests, too.
    if unfinished.rest.len().is_multiple_of(3) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.get(&upload).send().await.ok()?;
    }
    unfinished.is_closing = true;
    let close = client
        .put(format!("{url}{}", unfinished.place))
        .body(last.to_vec());
    assert_eq!(close.send().await.ok()?.status(), StatusCode::CREATED);
    known.unfinished = None;
    known.over.push(location.to_owned());
    open_and_cancel(client, url, name, known).await?;
    Some(image(&config, &layer).to_string())
}

/// Goes on with the upload that the registry left when it went away.
async fn finish_what_was_begun(client: &Client, registry: &Process, known: &mut Known) {
    let Some(unfinished) = known.unfinished.take() else {
        return;
    };
    let close = client
        .put(format!("{}{}", registry.url, unfinished.place))
        .body(unfinished.rest);
    match close.send().await.unwrap().status() {
        StatusCode::CREATED => known.resumed += 1,
        // It is closed, or this machine was so slow that nobody came back to it in time.
        StatusCode::NOT_FOUND if unfinished.is_closing || registry.started.elapsed() >= EXPIRY => {}
        status => panic!("{}: {status}", unfinished.place),
    }
}

/// Asserts that every tag is as it was acknowledged, and that what it points to is whole.
async fn assert_whole(client: &Client, url: &str, name: &str, known: &mut Known) {
    let mut uncertain = known.uncertain.take();
    if let Some((tag, _)) = &uncertain {
        known.tags.entry(tag.clone()).or_default();
    }
    for (tag, acknowledged) in &mut known.tags {
        let answer = client
            .get(format!("{url}/v2/{name}/manifests/{tag}"))
            .send()
            .await
            .unwrap();
        let found = match answer.status() {
            StatusCode::OK => Some(answer.text().await.unwrap()),
            StatusCode::NOT_FOUND => None,
            status => panic!("{status}"),
        };
        if found != *acknowledged {
            let possible = uncertain.take().filter(|(changing, _)| changing == tag);
            assert_eq!(
                Some(&found),
                possible.as_ref().map(|(_, target)| target),
                "{name}:{tag}"
            );
            acknowledged.clone_from(&found);
        }
        for digest in found.iter().flat_map(|manifest| blobs_of(manifest)) {
            let blob = client
                .get(format!("{url}/v2/{name}/blobs/{digest}"))
                .send()
                .await
                .unwrap();
            assert_eq!(sha256(&blob.bytes().await.unwrap()), digest, "{name}:{tag}");
        }
    }
}

async fn assert_all_whole(client: &Client, registry: &Process, all: &mut [Known]) {
    for known in all.iter_mut() {
        finish_what_was_begun(client, registry, known).await;
    }
    for (number, known) in all.iter_mut().enumerate() {
        assert_open_and_over(client, &registry.url, known).await;
        assert_whole(client, &registry.url, &format!("client/{number}"), known).await;
    }
}

fn blobs_of(manifest: &str) -> Vec<String> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    let descriptors = manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .chain([&manifest["config"]]);
    descriptors
        .map(|descriptor| descriptor["digest"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_being_killed() {
    let kills = std::env::var("ASSIZE_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new();
    let mut all = (0..CLIENTS)
        .map(|number| Known {
            random: 0x9E37_79B9_7F4A_7C15 ^ (number + 1),
            ..Known::default()
        })
        .collect::<Vec<_>>();
    let mut opening = 0;
    for kill in 0..kills {
        let life = match Killed::of(kill) {
            Killed::Serving(life) => life,
            Killed::Opening(life) => {
                let registry = Process::spawn(folder.path());
                tokio::time::sleep(life).await;
                registry.kill();
                opening += 1;
                continue;
            }
        };
        let registry = Process::start(folder.path());
        assert_all_whole(&client, &registry, &mut all).await;
        let mut clients = Vec::new();
        for (number, mut known) in all.drain(..).enumerate() {
            let (client, url, name) = (client.clone(), registry.url.clone(), format!("client/{number}"));
            clients.push(tokio::spawn(async move {
                change_until_killed(&client, &url, &name, &mut known).await;
                known
            }));
        }
        tokio::time::sleep(life).await;
        registry.kill();
        for client in clients {
            all.push(client.await.unwrap());
        }
    }
    let registry = Process::start(folder.path());
    assert_all_whole(&client, &registry, &mut all).await;
    let pushes = all.iter().map(|known| known.pushes).sum::<u64>();
    assert!(pushes > kills, "{pushes} pushes in {kills} lives say little");
    let resumed = all.iter().map(|known| known.resumed).sum::<u64>();
    assert!(
        resumed > kills / 10,
        "{resumed} uploads resumed in {kills} lives say little"
    );
    let still_open = all.iter().map(|known| known.still_open).sum::<u64>();
    assert!(still_open > kills, "{still_open} open uploads say little");
    println!(
        "{kills} kills, {opening} of them soon after the start: {pushes} pushes, {resumed} uploads resumed, \
         {still_open} found open"
    );
    let ping = client
        .request(Method::GET, format!("{}/v2/", registry.url))
        .send()
        .await
        .unwrap();
    assert_eq!(ping.status(), StatusCode::OK);
    registry.kill();
    let audit = check(folder.path(), Check::Look).unwrap();
    let real = audit.faults.iter().map(|fault| &fault.what);
    let real = real.filter(|what| !what.ends_with("belongs to nothing"));
    assert_eq!(real.collect::<Vec<_>>(), [""; 0]);
}
