//! What is measured of a store, whatever its size.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::fill::{Image, SUBJECT, Shape, TAGS, post_blob, repository, subject};
use crate::process;
use crate::registry::{PROGRAM, Registry};

/// What was measured: of the smaller store, and of the larger one.
pub(crate) type Row = (&'static str, [f64; 2]);

/// How often each request is timed.
const TIMES: u64 = 201;
/// How often a start is timed.
const STARTS: u64 = 3;
/// How long after its start a registry is at rest: until then it looks through its files and its journal.
const REST: Duration = Duration::from_secs(60);
/// How many images are pushed and deleted.
const IMAGES: u64 = 51;
/// How often the memory of an audit is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A store that is measured.
pub(crate) struct Filled {
    pub(crate) folder: PathBuf,
    pub(crate) shape: Shape,
}

/// Measures everything of two stores; each request goes to the one and to the other in turn, so that whatever else the
/// machine does happens to both.
pub(crate) fn take_all(stores: &[Filled; 2]) -> Vec<Row> {
    let start = in_turn(&mut stores.each_ref(), STARTS, |store| {
        let registry = Registry::start(&store.folder, &[]);
        let start = registry.start;
        registry.stop();
        start
    });
    let mut rows = vec![("start, ms", start)];
    let registries = stores.each_ref().map(|store| {
        let registry = Registry::start(&store.folder, &["--referrers-page-size", "100"]);
        (store.shape, registry)
    });
    sleep(REST);
    let memory = registries
        .each_ref()
        .map(|(_, registry)| registry.mebibytes("VmRSS"));
    rows.push(("memory at rest, MiB", memory));
    let asked = registries
        .each_ref()
        .map(|(shape, registry)| Asked::new(*shape, registry));
    rows.extend(take_requests(asked));
    for (_, registry) in registries {
        registry.stop();
    }
    let [collections, audits] =
        [collection, audit].map(|take| stores.each_ref().map(|store| take(&store.folder)));
    rows.extend([
        ("CPU of a collection, s", collections.map(|(cpu, _)| cpu)),
        ("memory of it, MiB", collections.map(|(_, memory)| memory)),
        ("audit, s", audits.map(|(time, _)| time)),
        ("memory of it, MiB", audits.map(|(_, memory)| memory)),
    ]);
    rows
}

/// A registry that is asked, and what for.
struct Asked {
    client: Client,
    shape: Shape,
    /// The repository in the middle of the store, and its image.
    middle: (String, Image),
    new: Vec<Image>,
}

impl Asked {
    fn new(shape: Shape, registry: &Registry) -> Self {
        Self {
            client: Client::new(registry.address),
            shape,
            middle: shape.middle(),
            new: (0..IMAGES)
                .map(|number| Image::new(u64::MAX - 1 - number, 2))
                .collect(),
        }
    }
}

fn take_requests(mut asked: [Asked; 2]) -> Vec<Row> {
    let mut page = |name, line: fn(Shape) -> String| {
        let take = |of: &mut Asked| timed(|| get(&mut of.client, &line(of.shape)));
        (name, in_turn(&mut asked, TIMES, take))
    };
    let mut rows = vec![
        page("page of 100 tags, ms", |shape| {
            format!("GET /v2/{TAGS}/tags/list?n=100&last={}", shape.middle_tag())
        }),
        page("page of 100 repositories, ms", |shape| {
            format!("GET /v2/_catalog?n=100&last={}", repository(shape.tenth() / 2))
        }),
        page("page of 100 referrers, ms", |_| {
            format!("GET /v2/{SUBJECT}/referrers/{}", subject().manifest.digest)
        }),
    ];
    let pulled = in_turn(&mut asked, TIMES, |of| {
        let (name, image) = &of.middle;
        timed(|| pull(&mut of.client, name, image))
    });
    rows.push(("pull of a manifest and a blob, ms", pulled));
    let mut number = (0..).map(|taken| taken / 2);
    let pushed = in_turn(&mut asked, IMAGES, |of| {
        let image = &of.new[number.next().unwrap()];
        timed(|| image.push(&mut of.client, &of.middle.0, "new"))
    });
    rows.push(("push of an image, ms", pushed));
    let mut number = (0..).map(|taken| taken / 2);
    let deleted = in_turn(&mut asked, IMAGES, |of| {
        let image = &of.new[number.next().unwrap()];
        timed(|| delete(&mut of.client, &of.middle.0, image))
    });
    rows.push(("deletion of it, ms", deleted));
    rows
}

/// The median of what is taken of the one and of the other in turn, so many times; in ms.
fn in_turn<T>(of: &mut [T; 2], times: u64, mut take: impl FnMut(&mut T) -> Duration) -> [f64; 2] {
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..times {
        for (one, taken) in of.iter_mut().zip(&mut taken) {
            taken.push(take(one));
        }
    }
    taken.map(median)
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
fn collection(folder: &Path) -> (f64, f64) {
    let mut registry = Registry::start(folder, &["--blob-grace", "1", "--manifest-grace", "1"]);
    let before = registry.cpu_seconds();
    let garbage = Image::new(u64::MAX / 2, 1);
    post_blob(&mut Client::new(registry.address), TAGS, &garbage.blobs[0]);
    registry.wait_for("dropped what was not needed");
    (registry.cpu_seconds() - before, registry.mebibytes("VmHWM"))
}

/// The time and the memory of `assize-reference check`.
fn audit(folder: &Path) -> (f64, f64) {
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
            return (began.elapsed().as_secs_f64(), highest);
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
