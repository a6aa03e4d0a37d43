//! What is measured of a store, whatever its size.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::fill::{Image, SUBJECT, Shape, TAGS, post_blob, repository, subject};
use crate::process;
use crate::registry::{PROGRAM, Registry};

/// What is measured, in the order in which it is.
pub(crate) const MEASURES: &[&str] = &[
    "start, ms",
    "memory at rest, MiB",
    "page of 100 tags, ms",
    "page of 100 repositories, ms",
    "page of 100 referrers, ms",
    "pull of a manifest and a blob, ms",
    "push of an image, ms",
    "deletion of it, ms",
    "CPU of a collection, s",
    "memory of it, MiB",
    "audit, s",
    "memory of it, MiB",
];

/// How often each request is timed.
const TIMES: usize = 201;
/// How often a start is timed.
const STARTS: usize = 3;
/// How long after its start a registry is at rest: until then it looks through its files and its journal.
const REST: Duration = Duration::from_secs(60);
/// How many images are pushed and deleted.
const IMAGES: u64 = 51;
/// How often the memory of an audit is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Measures everything of the store in a folder.
pub(crate) fn take_all(folder: &Path, shape: Shape) -> Vec<f64> {
    let starts = (0..STARTS).map(|_| {
        let registry = Registry::start(folder, &[]);
        let start = registry.start;
        registry.stop();
        start
    });
    let mut results = vec![median(starts.collect())];
    let registry = Registry::start(folder, &["--referrers-page-size", "100"]);
    sleep(REST);
    results.push(registry.mebibytes("VmRSS"));
    let mut client = Client::new(registry.address);
    let middle = (shape.middle_tag(), repository(shape.tenth() / 2));
    let (tags, names) = (
        format!("GET /v2/{TAGS}/tags/list?n=100&last={}", middle.0),
        format!("GET /v2/_catalog?n=100&last={}", middle.1),
    );
    let referrers = format!("GET /v2/{SUBJECT}/referrers/{}", subject().manifest.digest);
    results.extend([tags, names, referrers].map(|line| {
        let ask = |_| timed(|| get(&mut client, &line));
        median((0..TIMES).map(ask).collect())
    }));
    let (name, image) = shape.middle();
    results.push(median(
        (0..TIMES)
            .map(|_| timed(|| pull(&mut client, &name, &image)))
            .collect(),
    ));
    let images = (0..IMAGES)
        .map(|number| Image::new(u64::MAX - 1 - number, 2))
        .collect::<Vec<_>>();
    let push = |image: &Image| timed(|| image.push(&mut client, &name, "new"));
    results.push(median(images.iter().map(push).collect()));
    let delete = |image: &Image| timed(|| delete(&mut client, &name, image));
    results.push(median(images.iter().map(delete).collect()));
    registry.stop();
    results.extend(collection(folder));
    results.extend(audit(folder));
    results
}

fn get(client: &mut Client, line: &str) {
    let answer = client.send(line, "", b"");
    assert_eq!(answer.status, 200, "{line}: {}", answer.head);
}

fn pull(client: &mut Client, name: &str, image: &Image) {
    get(
        client,
        &format!("GET /v2/{name}/manifests/{}", image.manifest.digest),
    );
    get(client, &format!("GET /v2/{name}/blobs/{}", image.blobs[0].digest));
}

fn delete(client: &mut Client, name: &str, image: &Image) {
    let manifest = format!("/v2/{name}/manifests/{}", image.manifest.digest);
    let blobs = image.blobs.iter();
    let blobs = blobs.map(|blob| format!("/v2/{name}/blobs/{}", blob.digest));
    for path in [manifest].into_iter().chain(blobs) {
        let deleted = client.send(&format!("DELETE {path}"), "", b"");
        assert_eq!(deleted.status, 202, "{path}: {}", deleted.head);
    }
}

/// One look for garbage over all blobs and manifests, of which one blob is garbage: its CPU time and its memory.
fn collection(folder: &Path) -> [f64; 2] {
    let mut registry = Registry::start(folder, &["--blob-grace", "1", "--manifest-grace", "1"]);
    let before = registry.cpu_seconds();
    let garbage = Image::new(u64::MAX / 2, 1);
    post_blob(&mut Client::new(registry.address), TAGS, &garbage.blobs[0]);
    registry.wait_for("dropped what was not needed");
    [registry.cpu_seconds() - before, registry.mebibytes("VmHWM")]
}

/// The time and the memory of `assize-reference check`.
fn audit(folder: &Path) -> [f64; 2] {
    let began = Instant::now();
    let mut check = Command::new(PROGRAM)
        .args(["check", "--store"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut highest = 0.0_f64;
    loop {
        if let Some(ended) = check.try_wait().unwrap() {
            assert!(ended.success(), "the audit finds faults: {ended}");
            return [began.elapsed().as_secs_f64(), highest];
        }
        highest = highest.max(process::mebibytes(check.id(), "VmHWM"));
        sleep(LOOK);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The median, in ms.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}
